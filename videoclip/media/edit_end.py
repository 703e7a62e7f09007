"""Ends the picture of a copied MP4 where it shall end, though packets behind the end are stored.

Packets are copied up to a decoding time, so with B-frames pictures behind the end come along; the
last ones before the end are predicted from them. Players show what the track's edit list covers
(ISO/IEC 14496-12, 8.6.6), so its end is set like its start: by a number, in place.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

__all__ = ["end_edit"]

_MAX_INDEX = 256 * 1024**2


def end_edit(path: Path, seconds: Fraction) -> bool:
    """Let the picture of an MP4 end at ``seconds``, counted from its shown start, if it lasts longer.

    Args:
        path: written by our own FFmpeg, index first (``+faststart``).
        seconds: shown length of the video track.

    Returns:
        Whether the file was changed: not where it is short enough, or made in another way than
        FFmpeg's muxer does by default.
    """
    with path.open("r+b") as stream:
        kind, size = b"", 0
        while kind != b"moov":
            stream.seek(size - 8 if size else 0, 1)
            head = stream.read(8)
            if len(head) < 8:
                return False
            size, kind = struct.unpack(">I4s", head)
            if size < 8:
                return False
        if size > _MAX_INDEX:
            return False
        place = stream.tell()
        index = bytearray(stream.read(size - 8))
        if not _end(index, seconds):
            return False
        stream.seek(place)
        stream.write(index)
        return True


def _end(index: bytearray, seconds: Fraction) -> bool:
    """Change the numbers in the content of ``moov``: the edit, the track's length, the movie's."""
    movie = _find(index, (0, len(index)), b"mvhd")
    if movie is None or index[movie[0]] != 0:
        return False
    scale = struct.unpack_from(">I", index, movie[0] + 12)[0]
    wanted, lengths, changed = round(seconds * scale), [0], False
    for kind, *track in _boxes(index, (0, len(index))):
        if kind != b"trak":
            continue
        place = (track[0], track[1])
        header = _find(index, place, b"tkhd")
        handler = _find(index, place, b"mdia", b"hdlr")
        edits = _find(index, place, b"edts", b"elst")
        if header is None or handler is None or index[header[0]] != 0:
            return False
        length = struct.unpack_from(">I", index, header[0] + 20)[0]
        if index[handler[0] + 8 : handler[0] + 12] == b"vide" and length > wanted:
            if edits is None or not _shorten(index, edits[0], length - wanted):
                return False
            struct.pack_into(">I", index, header[0] + 20, wanted)
            length, changed = wanted, True
        lengths.append(length)
    struct.pack_into(">I", index, movie[0] + 16, max(lengths))
    return changed


def _shorten(index: bytearray, place: int, ticks: int) -> bool:
    """Take ``ticks`` from the last entry of an edit list with 32-bit entries."""
    version, count = index[place], struct.unpack_from(">I", index, place + 4)[0]
    last = place + 8 + 12 * (count - 1)
    if version != 0 or count < 1:
        return False
    length = struct.unpack_from(">I", index, last)[0]
    if length <= ticks:
        return False
    struct.pack_into(">I", index, last, length - ticks)
    return True


def _find(index: bytearray, place: tuple[int, int], *path: bytes) -> tuple[int, int] | None:
    """Start and end of the content of the first box along a path of types."""
    for wanted in path:
        found = next(
            ((start, end) for kind, start, end in _boxes(index, place) if kind == wanted), None
        )
        if found is None:
            return None
        place = found
    return place


def _boxes(index: bytearray, place: tuple[int, int]) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of each box."""
    start, end = place
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", index, start)
        if size < 8 or start + size > end:
            return
        yield kind, start + 8, start + size
        start += size
