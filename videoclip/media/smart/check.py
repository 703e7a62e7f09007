"""Verifies a finished smart cut against the source's list of packets.

That it decodes without error, across its seams too, and gives every frame, is what the proof checks.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from videoclip.media.boxes import index_first
from videoclip.media.smart.build import Built, Part
from videoclip.media.smart.mp4_read import BrokenFile, Track, read_tracks
from videoclip.media.smart.mp4_write import Piece
from videoclip.media.smart.nal import Codec, Unfit, read_codec, units

__all__ = ["verify"]

_START_CODE = re.compile(rb"\x00\x00\x01")


def verify(path: Path, parts: Sequence[Part], built: Built) -> None:
    """Open the file anew and compare.

    Raises:
        Unfit: something is not as it must be.
    """
    try:
        tracks = read_tracks(path)
        video = next(track for track in tracks if track.kind == "vide")
    except (BrokenFile, StopIteration) as error:
        raise Unfit("the finished file cannot be read back") from error
    if not index_first(path):
        raise Unfit("the finished file has its index at the end")
    _check_times(video, built)
    _check_sets(video, parts, built.codec)
    _check_packets(video, parts, built)


def _check_times(video: Track, built: Built) -> None:
    origin = video.media_time
    if [sample.pts - origin for sample in video.samples] != list(built.track.pts):
        raise Unfit("the finished file shows its frames at other times")
    if any(a.dts >= b.dts for a, b in zip(video.samples, video.samples[1:], strict=False)):
        raise Unfit("the finished file's decoding times do not increase")
    if any(sample.pts < sample.dts for sample in video.samples):
        raise Unfit("the finished file decodes frames after they are shown")
    # Nothing is hidden: the edit list begins with the first frame and ends with the last.
    if min(built.track.pts) != 0 or len(video.edits) != 1:
        raise Unfit("the finished file hides frames")


def _check_sets(video: Track, parts: Sequence[Part], codec: Codec) -> None:
    """Every parameter set of source and edges is there."""
    have = read_codec(video.entries[0])
    wanted = set(codec.sets)
    if codec.name == "h264":
        wanted |= {
            unit
            for part in parts
            for edge in (part.head, part.tail)
            if edge
            for unit in edge.codec.sets
        }
    if have.sets != wanted:
        raise Unfit("the finished file has other parameter sets")


def _check_packets(video: Track, parts: Sequence[Part], built: Built) -> None:
    """Each copied packet is the one that the source's demuxer gave."""
    starts = [_raw_starts(part) for part in parts]
    with ExitStack() as stack:
        data = _mapped(stack, video.path)
        raws = [_mapped(stack, part.grab.raw) if part.grab.raw else None for part in parts]
        for sample, origin, piece in zip(
            video.samples, built.origins, built.track.pieces, strict=True
        ):
            if origin is None:
                continue
            have = data[sample.offset + len(piece.before) : sample.offset + sample.size]
            if piece.mask is not None:
                have = _unmasked(have, piece)
            listed, raw = parts[origin.part].grab.pictures[origin.number], raws[origin.part]
            if raw is None:
                same = len(have) == listed.size and zlib.crc32(have) == listed.check
            else:
                first = starts[origin.part][origin.number]
                theirs = raw[first : first + listed.size]
                same = zlib.crc32(theirs) == listed.check and _annex_b_units(theirs) == [
                    bytes(unit).rstrip(b"\0") for unit in units(have)
                ]
            if not same:
                raise Unfit("a copied packet is not what the source has")


def _mapped(stack: ExitStack, path: Path) -> mmap.mmap:
    stream = stack.enter_context(path.open("rb"))
    return stack.enter_context(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def _unmasked(have: bytes, piece: Piece) -> bytes:
    """The source's bytes, where only the type in unit headers was changed."""
    with piece.path.open("rb") as stream:
        stream.seek(piece.offset)
        source = stream.read(piece.size)
    place, fixed = 0, bytearray(have)
    for unit in units(source):
        if place + 4 < len(fixed) and fixed[place + 4] & 0x81 == unit[0] & 0x81:
            fixed[place + 4] = unit[0]
        place += 4 + len(unit)
    return bytes(fixed)


def _raw_starts(part: Part) -> list[int]:
    starts, place = [], 0
    for item in part.grab.pictures:
        starts.append(place)
        place += item.size
    return starts


def _annex_b_units(data: bytes) -> list[bytes]:
    # Zeros at the end belong to the byte stream and to no unit.
    found = [unit.rstrip(b"\0") for unit in _START_CODE.split(data)[1:]]
    return [unit for unit in found if unit]
