"""Reads the tracks of MP4 files that our own FFmpeg has written: where each sample lies and when it is shown.

Boxes and fields are those of ISO/IEC 14496-12. Nothing of the media itself is interpreted here.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["BrokenFile", "Sample", "Track", "boxes", "child", "most_edits", "read_tracks"]

_MAX_INDEX = 512 * 1024**2


class BrokenFile(ValueError):
    """The file is not an MP4 file as FFmpeg writes them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One access unit."""

    offset: int
    """In the file, bytes."""
    size: int
    pts: int
    """On the media's own time line (edit lists not applied), ticks."""
    dts: int
    sync: bool


@dataclass(frozen=True, slots=True)
class Track:
    """One track; boxes are kept as they are, so that another file can take them over."""

    path: Path
    kind: str
    """Handler: ``vide``, ``soun``, ``sbtl``, ``text``."""
    timescale: int
    """Ticks a second."""
    entries: tuple[bytes, ...]
    """Sample entries of ``stsd``, whole boxes."""
    samples: list[Sample]
    media_time: int
    """What the edit list skips at the start, ticks."""
    edits: tuple[tuple[int, int], ...]
    """Duration (ticks of the movie) and media time of each edit; media time -1 is a hole."""
    movie_timescale: int
    duration: int
    """Of the media, ticks."""
    header: bytes
    """Content of ``tkhd``: holds the display matrix."""
    handler: bytes
    """``hdlr``, whole box."""
    media_header: bytes
    """``vmhd``, ``smhd`` or the like, whole box."""
    language: int


def boxes(
    data: bytes | memoryview, start: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, int, int, int]]:
    """Type, start of the box, start and end of its content."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1:
            if start + 16 > end:
                raise BrokenFile("a box is cut off")
            size, content = struct.unpack_from(">Q", data, start + 8)[0], start + 16
        elif size == 0:
            size = end - start
        if size < content - start or start + size > end:
            raise BrokenFile("a box has a wrong size")
        yield bytes(kind), start, content, start + size
        start += size


def child(data: bytes, path: str, start: int = 0, end: int | None = None) -> bytes | None:
    """The content of the first box at a path such as ``mdia/minf/stbl``."""
    for name in path.encode().split(b"/"):
        for kind, _, first, last in boxes(data, start, end):
            if kind == name:
                start, end = first, last
                break
        else:
            return None
    return data[start:end]


def read_tracks(path: Path) -> list[Track]:
    """All tracks, in their order in the file.

    Raises:
        BrokenFile: the index is missing or does not make sense.
    """
    with path.open("rb") as stream:
        moov = _index(stream)
    header = child(moov, "mvhd")
    if header is None:
        raise BrokenFile("the movie header is missing")
    scale = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)[0]
    try:
        return [
            _track(path, moov[first:last], scale)
            for kind, _, first, last in boxes(moov)
            if kind == b"trak"
        ]
    except (struct.error, IndexError) as error:
        raise BrokenFile("the index is damaged") from error


def most_edits(path: Path) -> int:
    """Of how many stretches the most divided track's edit list consists; holes do not count.

    Raises:
        BrokenFile: the index does not make sense.
    """
    with path.open("rb") as stream:
        moov = _index(stream)
    try:
        lists = [
            _edits(child(moov, "edts/elst", first, last))
            for kind, _, first, last in boxes(moov)
            if kind == b"trak"
        ]
    except struct.error as error:
        raise BrokenFile("the index is damaged") from error
    return max((sum(time >= 0 for _, time in edits) for edits in lists), default=0)


def _index(stream: BinaryIO) -> bytes:
    end = stream.seek(0, os.SEEK_END)
    place = 0
    while place + 8 <= end:
        stream.seek(place)
        head = stream.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        content = 8
        if size == 1:
            if len(head) < 16:
                break
            size, content = struct.unpack_from(">Q", head, 8)[0], 16
        elif size == 0:
            size = end - place
        if size < content or place + size > end:
            break
        if kind == b"moov" and size <= _MAX_INDEX:
            stream.seek(place + content)
            return stream.read(size - content)
        place += size
    raise BrokenFile("the index is missing")


def _needed(data: bytes, path: str) -> bytes:
    found = child(data, path)
    if found is None:
        raise BrokenFile(f"the box {path} is missing")
    return found


def _whole(data: bytes, name: bytes) -> bytes:
    for kind, start, _, last in boxes(data):
        if kind == name:
            return data[start:last]
    return b""


def _track(path: Path, trak: bytes, movie_timescale: int) -> Track:
    media = _needed(trak, "mdia")
    mdhd = _needed(media, "mdhd")
    if mdhd[0] == 1:
        timescale, duration, language = struct.unpack_from(">IQH", mdhd, 20)
    else:
        timescale, duration, language = struct.unpack_from(">IIH", mdhd, 12)
    info = _needed(media, "minf")
    table = _needed(info, "stbl")
    stsd = _needed(table, "stsd")
    edits = _edits(child(trak, "edts/elst"))
    names = (b"vmhd", b"smhd", b"nmhd", b"gmhd", b"sthd")
    return Track(
        path, _needed(media, "hdlr")[8:12].decode("latin-1"), timescale,
        tuple(stsd[start:last] for _, start, _, last in boxes(stsd, 8)),
        _samples(table), next((time for _, time in edits if time >= 0), 0), edits,
        movie_timescale, duration, _needed(trak, "tkhd"), _whole(media, b"hdlr"),
        next((box for name in names if (box := _whole(info, name))), b""), language,
    )  # fmt: skip


def _edits(elst: bytes | None) -> tuple[tuple[int, int], ...]:
    if elst is None:
        return ()
    form = ">Qq" if elst[0] == 1 else ">Ii"
    step = struct.calcsize(form) + 4
    count = min(struct.unpack_from(">I", elst, 4)[0], len(elst) // step)
    return tuple(
        (duration, time)
        for duration, time in (struct.unpack_from(form, elst, 8 + n * step) for n in range(count))
    )


def _numbers(data: bytes, count: int, offset: int, code: str) -> array[int]:
    """Big-endian integers of a table."""
    values = array(code)
    width = values.itemsize
    values.frombytes(data[offset : offset + count * width])
    if len(values) != count:
        raise BrokenFile("a table is cut off")
    values.byteswap()
    return values


def _runs(data: bytes | None, code: str) -> list[int]:
    """A run-length coded table (``stts``, ``ctts``), one value a sample."""
    if data is None:
        return []
    count = struct.unpack_from(">I", data, 4)[0]
    flat = _numbers(data, count * 2, 8, code)
    found: list[int] = []
    for place in range(0, len(flat), 2):
        found += [flat[place + 1]] * flat[place]
    return found


def _samples(table: bytes) -> list[Sample]:
    stsz = _needed(table, "stsz")
    size, count = struct.unpack_from(">II", stsz, 4)
    sizes = [size] * count if size else list(_numbers(stsz, count, 12, "I"))
    steps = _runs(_needed(table, "stts"), "I")
    # Offsets are small; as signed numbers both versions of the box read right.
    shifts = _runs(child(table, "ctts"), "i") or [0] * count
    stss = child(table, "stss")
    marks = None
    if stss is not None:
        marks = set(_numbers(stss, struct.unpack_from(">I", stss, 4)[0], 8, "I"))
    offsets = _offsets(table, sizes)
    if not len(sizes) == len(steps) == len(shifts) == len(offsets):
        raise BrokenFile("the tables disagree about the number of samples")
    samples, clock = [], 0
    for number, place in enumerate(offsets):
        sync = marks is None or number + 1 in marks
        samples.append(Sample(place, sizes[number], clock + shifts[number], clock, sync))
        clock += steps[number]
    return samples


def _offsets(table: bytes, sizes: list[int]) -> list[int]:
    wide = child(table, "co64")
    data = wide if wide is not None else _needed(table, "stco")
    count = struct.unpack_from(">I", data, 4)[0]
    chunks = _numbers(data, count, 8, "Q" if wide is not None else "I")
    stsc = _needed(table, "stsc")
    runs = _numbers(stsc, struct.unpack_from(">I", stsc, 4)[0] * 3, 8, "I")
    if any(runs[place + 2] != 1 for place in range(0, len(runs), 3)):
        raise BrokenFile("samples have several descriptions")
    found: list[int] = []
    for place in range(0, len(runs), 3):
        last = runs[place + 3] - 1 if place + 3 < len(runs) else count
        for number in range(runs[place] - 1, last):
            at = chunks[number]
            for _ in range(runs[place + 1]):
                if len(found) == len(sizes):
                    break
                found.append(at)
                at += sizes[len(found) - 1]
    return found
