"""Writes MP4 files (ISO/IEC 14496-12) from samples that lie in other files: the index first, nothing decoded.

Decoding times are made from the sorted presentation times, so any order of samples that a decoder
can take gives increasing ones. An edit list takes back the delay that this costs.
"""

from __future__ import annotations

import itertools
import os
import struct
from array import array
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

__all__ = ["OutTrack", "Piece", "decode_times", "write_mp4"]

_INTERLEAVE = Fraction(1, 2)
"""Seconds of one track that lie together in the file."""
_IDENTITY = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one sample: a stretch of a file, with something of ours around it."""

    path: Path
    offset: int
    size: int
    before: bytes = b""
    mask: bytes | None = None
    """Takes the place of the stretch's first bytes."""

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self.before) + self.size


@dataclass(frozen=True, slots=True)
class OutTrack:
    """One track to write. Lists have one item a sample, in decoding order."""

    timescale: int
    entry: bytes
    """Sample entry, whole box."""
    handler: bytes
    media_header: bytes
    header: bytes
    """Content of a ``tkhd`` whose matrix, size, volume and group are taken over."""
    pieces: Sequence[Piece]
    pts: Sequence[int]
    """Presentation times, ticks, from whatever origin."""
    sync: Sequence[bool] | None
    """None: a decoder can start at every sample."""
    end: int
    """When the last shown sample ends, ticks on the same clock as ``pts``."""
    edits: tuple[tuple[int, int], ...]
    """Length (ticks of this track) and first tick on the clock of ``pts`` (-1: nothing is shown) of
    each stretch that is shown."""
    language: int = 0x55C4
    """``und``."""


def decode_times(pts: Sequence[int]) -> list[int]:
    """Increasing decoding times, none later than its presentation time."""
    ordered = sorted(pts)
    delay = max((late - own for late, own in zip(ordered, pts, strict=True)), default=0)
    return [time - delay for time in ordered]


def write_mp4(path: Path, tracks: Sequence[OutTrack]) -> None:
    """Write the file, index first, so that it plays from its first bytes.

    Raises:
        OSError: the disk is full or a source of samples cannot be read.
    """
    layout = _layout(tracks)
    total = sum(piece.length for track in tracks for piece in track.pieces)
    # How long the index is does not depend on the offsets in it, only on their width.
    size = len(_FTYP) + len(_movie(tracks, layout, 0, wide=True)) + 16
    wide = size + total > 2**32 - 1
    if not wide:
        size = len(_FTYP) + len(_movie(tracks, layout, 0, wide=False)) + 8
    with path.open("wb") as out:
        out.write(_FTYP)
        out.write(_movie(tracks, layout, size, wide=wide))
        out.write(
            struct.pack(">I4sQ", 1, b"mdat", total + 16)
            if wide
            else struct.pack(">I4s", total + 8, b"mdat")
        )
        _copy(out, tracks, layout)


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples of one track that lie together."""

    track: int
    first: int
    last: int
    """Exclusive."""


def _layout(tracks: Sequence[OutTrack]) -> list[_Run]:
    runs: list[tuple[int, int, _Run]] = []
    for index, track in enumerate(tracks):
        times = decode_times(track.pts)
        slots = [int((time - times[0]) / (track.timescale * _INTERLEAVE)) for time in times]
        place = 0
        for slot, group in itertools.groupby(slots):
            count = len(list(group))
            runs.append((slot, index, _Run(index, place, place + count)))
            place += count
    return [run for _, _, run in sorted(runs, key=lambda item: item[:2])]


def _copy(out: BinaryIO, tracks: Sequence[OutTrack], layout: list[_Run]) -> None:
    with ExitStack() as stack:
        files: dict[Path, BinaryIO] = {}
        for run in layout:
            for piece in tracks[run.track].pieces[run.first : run.last]:
                if piece.path not in files:
                    files[piece.path] = stack.enter_context(piece.path.open("rb"))
                data = os.pread(files[piece.path].fileno(), piece.size, piece.offset)
                if len(data) != piece.size:
                    raise OSError(f"{piece.path.name} is shorter than its index says")
                if piece.mask is not None:
                    data = piece.mask + data[len(piece.mask) :]
                out.write(piece.before + data)


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


_FTYP = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")


def _movie(tracks: Sequence[OutTrack], layout: list[_Run], start: int, *, wide: bool) -> bytes:
    # At least a tick for each sample of sound, so that no edit is rounded audibly.
    scale = tracks[0].timescale * -(-48_000 // tracks[0].timescale)
    offsets: list[list[int]] = [[] for _ in tracks]
    for run in layout:
        offsets[run.track].append(start)
        start += sum(piece.length for piece in tracks[run.track].pieces[run.first : run.last])
    traks, longest = [], 0
    for index, track in enumerate(tracks):
        runs = [run for run in layout if run.track == index]
        shown = [
            (round(Fraction(length * scale, track.timescale)), first)
            for length, first in track.edits
        ]
        length = sum(duration for duration, _ in shown)
        longest = max(longest, length)
        traks.append(_trak(index + 1, track, runs, offsets[index], shown, length, wide=wide))
    mvhd = _box(
        b"mvhd", struct.pack(">IQQIQ", 1 << 24, 0, 0, scale, longest), struct.pack(">IHH8x", 1 << 16, 1 << 8, 0),
        _IDENTITY, bytes(24), struct.pack(">I", len(tracks) + 1),
    )  # fmt: skip
    return _box(b"moov", mvhd, *traks)


def _trak(
    number: int, track: OutTrack, runs: list[_Run], offsets: list[int],
    shown: list[tuple[int, int]], length: int, *, wide: bool,
) -> bytes:  # fmt: skip
    times = decode_times(track.pts)
    steps = [b - a for a, b in itertools.pairwise(times)]
    steps.append(max(1, track.end - max(track.pts)))
    flags = 1 << 24 | int.from_bytes(track.header[1:4], "big")
    tkhd = _box(b"tkhd", struct.pack(">IQQIIQ", flags, 0, 0, number, 0, length), track.header[-60:])
    edits = [
        struct.pack(">QqI", duration, first - times[0] if first >= 0 else -1, 1 << 16)
        for duration, first in shown
    ]
    elst = _box(b"elst", struct.pack(">II", 1 << 24, len(edits)), *edits)
    mdhd = _box(
        b"mdhd",
        struct.pack(">IQQIQHH", 1 << 24, 0, 0, track.timescale, sum(steps), track.language, 0),
    )
    url = _box(b"url ", struct.pack(">I", 1))
    dinf = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1), url))
    table = _table(track, times, steps, runs, offsets, wide=wide)
    minf = _box(b"minf", track.media_header, dinf, table)
    return _box(b"trak", tkhd, _box(b"edts", elst), _box(b"mdia", mdhd, track.handler, minf))


def _table(
    track: OutTrack, times: list[int], steps: list[int], runs: list[_Run], offsets: list[int], *, wide: bool
) -> bytes:  # fmt: skip
    shifts = [own - time for own, time in zip(track.pts, times, strict=True)]
    parts = [_box(b"stsd", struct.pack(">II", 0, 1), track.entry), _runs_box(b"stts", steps)]
    if any(shifts):
        parts.append(_runs_box(b"ctts", shifts))
    if track.sync is not None and not all(track.sync):
        marks = [number for number, sync in enumerate(track.sync, 1) if sync]
        parts.append(_box(b"stss", struct.pack(">II", 0, len(marks)), _array(marks)))
    groups: list[tuple[int, int]] = []
    for number, run in enumerate(runs, 1):
        if not groups or groups[-1][1] != run.last - run.first:
            groups.append((number, run.last - run.first))
    flat = [value for number, count in groups for value in (number, count, 1)]
    sizes = [piece.length for piece in track.pieces]
    parts += [
        _box(b"stsc", struct.pack(">II", 0, len(groups)), _array(flat)),
        _box(b"stsz", struct.pack(">III", 0, 0, len(sizes)), _array(sizes)),
        _box(b"co64" if wide else b"stco", struct.pack(">II", 0, len(offsets)), _array(offsets, "Q" if wide else "I")),
    ]  # fmt: skip
    return _box(b"stbl", *parts)


def _runs_box(kind: bytes, values: Iterable[int]) -> bytes:
    runs = [(len(list(group)), value) for value, group in itertools.groupby(values)]
    flat = [number for run in runs for number in run]
    return _box(kind, struct.pack(">II", 0, len(runs)), _array(flat))


def _array(values: Iterable[int], code: str = "I") -> bytes:
    packed = array(code, values)
    packed.byteswap()
    return packed.tobytes()
