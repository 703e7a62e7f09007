"""Walks the boxes of MP4 files (ISO/IEC 14496-12), as far as FFmpeg does not tell."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from videoclip.media.formats import PROTECTED_TAGS

__all__ = ["index_first", "is_encrypted", "is_mp4", "turns"]

_MAX_BOXES = 20_000
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_FIRST = frozenset({b"ftyp", b"mdat", b"free", b"skip", b"wide", b"moov", b"styp"})


def _walk(
    stream: BinaryIO, start: int, end: int, budget: list[int]
) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of each box between two places."""
    while start + 8 <= end and budget[0] > 0:
        budget[0] -= 1
        stream.seek(start)
        head = stream.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        content = start + 8
        if size == 1 and len(head) == 16:
            size, content = struct.unpack(">Q", head[8:])[0], start + 16
        elif size == 0:
            size = end - start
        if start + size < content:
            return
        yield kind, content, min(end, start + size)
        start += size


def is_mp4(path: Path) -> bool:
    """Whether the file begins like one."""
    with path.open("rb") as stream:
        return stream.read(8)[4:] in _FIRST


def index_first(path: Path) -> bool:
    """Whether the index stands before the media data, so that playing can start at once."""
    with path.open("rb") as stream:
        for kind, _, _ in _walk(stream, 0, path.stat().st_size, [_MAX_BOXES]):
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
    return False


def is_encrypted(path: Path) -> bool:
    """Whether a track is stored encrypted; FFmpeg reports such tracks as if they were not."""
    with path.open("rb") as stream:
        return _has_protected(stream, 0, path.stat().st_size, [_MAX_BOXES])


def _has_protected(stream: BinaryIO, start: int, end: int, budget: list[int]) -> bool:
    for kind, first, last in _walk(stream, start, end, budget):
        if kind in _PARENTS and _has_protected(stream, first, last, budget):
            return True
        if kind == b"stsd":
            # Version, flags and count come before the sample entries.
            entries = _walk(stream, first + 8, last, budget)
            if any(entry.decode("latin-1") in PROTECTED_TAGS for entry, _, _ in entries):
                return True
    return False


def turns(path: Path) -> list[int]:
    """Clockwise degrees that each track with a picture is turned by for display (``tkhd``)."""
    with path.open("rb") as stream:
        return list(_turns(stream, 0, path.stat().st_size, [_MAX_BOXES]))


def _turns(stream: BinaryIO, start: int, end: int, budget: list[int]) -> Iterator[int]:
    for kind, first, last in _walk(stream, start, end, budget):
        if kind in (b"moov", b"trak"):
            yield from _turns(stream, first, last, budget)
        if kind != b"tkhd":
            continue
        stream.seek(first)
        content = stream.read(min(last - first, 128))
        # Version 1 has longer times; the matrix stands before width and height, which end the box.
        place = 52 if content[:1] == b"\1" else 40
        if len(content) < place + 44:
            continue
        a, b = struct.unpack_from(">2i", content, place)
        if any(struct.unpack_from(">2I", content, place + 36)):
            yield round(math.degrees(math.atan2(b, a))) % 360
