"""Which frames a time range holds, from packet time stamps, without decoding.

Everything is exact: ticks of the stream's time base, and Fractions of a second on the file's own
clock. Millisecond ranges count from the first frame that the file shows.
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videoclip.errors import MediaToolFailed, SourceNotMedia
from videoclip.media.ffmpeg import input_args, run_probe
from videoclip.schemas import MediaInfo, TimeRange
from videoclip.settings import MediaLimits

__all__ = [
    "FrameSpan",
    "Packet",
    "expected_frames",
    "first_frame_pts",
    "frame_span",
    "keyframes_ms",
    "plan_spans",
    "scan",
    "time_base",
]

_INDEXED = frozenset({"mov", "matroska"})
_NEAR_S = Fraction(1, 4)
"""The first try in containers with an index, where a seek lands on the keyframe before the place."""
_MARGINS_S = (2, 10, 60)
"""How far before a range the search for a keyframe begins; after the last one, at the file's start."""
_REORDER_S = 3
"""How far behind a range packets are read, so that frames that come late in decoding order are seen."""
_SNAP = Fraction(1, 10)
"""A first frame that comes later than this after the start of a range leaves a hole to fill, seconds."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of the stream: presentation time in ticks, whether a decoder can start there."""

    pts: int
    duration: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """Shown packets in the order of their presentation times."""

    packets: list[Packet]
    stamped: bool
    """Whether every packet carries its time; MPEG program streams stamp only some."""


@dataclass(frozen=True, slots=True)
class FrameSpan:
    """The frames of one range, and where a decoder must begin for them to come out whole."""

    seek: Fraction | None
    """Seconds on the file's clock; None: begin at the start of the file."""
    start: Fraction
    """When the first frame is shown, seconds on the file's clock; audio is cut here."""
    end: Fraction
    """When the last frame ends."""
    last: Fraction
    """When the last frame begins."""
    start_pts: int
    """First frame to take, in ticks. It may lie before ``start``: a picture that stands still there."""
    end_pts: int
    """First frame not to take, in ticks."""
    frames: int | None
    """How many there are; None where the container has no presentation times."""
    constant: bool
    """Whether they stand on the grid of the nominal frame rate."""


def time_base(media: MediaInfo) -> Fraction:
    """Seconds a tick of the video stream."""
    assert media.video is not None
    return Fraction(media.video.time_base)


def scan(
    path: Path,
    container: str,
    stream: int,
    limits: MediaLimits,
    intervals: str | None = None,
    media_seconds: int = 0,
) -> Scan:
    """Shown packets of a stream in the order of their presentation times.

    Args:
        path: the source.
        container: demuxer that the probe found.
        stream: index in the container.
        limits: for FFprobe.
        intervals: as for ``-read_intervals``; None reads the whole stream.
        media_seconds: for the time limit.
    """
    text, _ = run_probe(
        [
            "-select_streams", str(stream),
            *(["-read_intervals", intervals] if intervals else []),
            "-show_entries", "packet=pts,duration,flags", "-of", "csv=p=0",
            *input_args(path, container, limits),
        ],
        limits=limits, media_seconds=media_seconds, check=False,
    )  # fmt: skip
    packets, stamped = [], True
    for row in csv.reader(io.StringIO(text)):
        if len(row) < 3 or "D" in row[2]:  # D: decoded but not shown (before an edit list's start)
            continue
        try:
            pts = int(row[0])
        except ValueError:
            stamped = False
            continue
        packets.append(Packet(pts, int(row[1]) if row[1].isdigit() else 0, row[2].startswith("K")))
    return Scan(sorted(packets, key=lambda packet: packet.pts), stamped)


def _frames(
    path: Path, container: str, stream: int, limits: MediaLimits, intervals: str, media_seconds: int
) -> list[Packet]:
    """As ``scan``, by decoding: for containers (MPEG-PS) that do not stamp every packet."""
    text, _ = run_probe(
        [
            "-threads", "1", "-select_streams", str(stream), "-read_intervals", intervals,
            "-show_entries", "frame=best_effort_timestamp,key_frame", "-of", "csv=p=0",
            *input_args(path, container, limits),
        ],
        limits=limits, media_seconds=media_seconds, check=False,
    )  # fmt: skip
    found = []
    for row in csv.reader(io.StringIO(text)):
        with contextlib.suppress(ValueError, IndexError):
            found.append(Packet(int(row[1]), 0, row[0] == "1"))
    return sorted(found, key=lambda packet: packet.pts)


def first_frame_pts(path: Path, media: MediaInfo, limits: MediaLimits) -> int:
    """Presentation time, in ticks, of the first video frame that a decoder gives: the source's 0 ms.

    Raises:
        SourceNotMedia: no frame can be decoded.
    """
    assert media.video is not None
    return decode_first(path, media.container, media.video.index, limits)


def keyframes_ms(path: Path, media: MediaInfo, limits: MediaLimits) -> list[int]:
    """Where a decoder can start, ms from the first frame, in order; rounded down.

    Raises:
        SourceNotMedia: the source has no picture.
        MediaToolFailed: FFprobe failed.
    """
    if media.video is None:
        raise SourceNotMedia("the source has no picture", "Use a source with video")
    first, tick = first_frame_pts(path, media, limits), time_base(media)
    found = scan(
        path, media.container, media.video.index, limits,
        media_seconds=media.duration_ms // 1000 + 1,
    )  # fmt: skip
    ticks = (packet.pts - first for packet in found.packets if packet.keyframe)
    return [at * tick.numerator * 1000 // tick.denominator for at in ticks if at >= 0]


def decode_first(path: Path, container: str, stream: int, limits: MediaLimits) -> int:
    """As ``first_frame_pts``, for a stream that is not described yet; remembered while the file stays as it is."""
    try:
        status = path.stat()
    except OSError:
        return _decode_first(path, container, stream, limits)
    state = (path.absolute(), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    key = (*state, container, stream)
    if key not in _FIRST:
        if len(_FIRST) >= _FIRST_MAX:
            _FIRST.pop(next(iter(_FIRST)))
        _FIRST[key] = _decode_first(path, container, stream, limits)
    return _FIRST[key]


_FIRST: dict[tuple[object, ...], int] = {}
_FIRST_MAX = 256


def _decode_first(path: Path, container: str, stream: int, limits: MediaLimits) -> int:
    for packets in (24, 600):
        text, result = run_probe(
            [
                "-select_streams", str(stream), "-read_intervals", f"%+#{packets}",
                "-threads", "1", "-show_entries", "frame=best_effort_timestamp", "-of", "csv=p=0",
                *input_args(path, container, limits),
            ],
            limits=limits, check=False,
        )  # fmt: skip
        for line in text.splitlines():
            stamp = line.split(",")[0]
            if stamp.lstrip("-").isdigit():
                return int(stamp)
        if text.strip():
            return 0  # frames without any time stamp: raw streams count from 0
    raise SourceNotMedia(
        "the video stream holds no frame that can be decoded",
        "Check that the file plays and is complete; it may be damaged or encrypted",
        detail=result.stderr[-300:],
    )


def expected_frames(
    path: Path, media: MediaInfo, ranges: Sequence[TimeRange], limits: MediaLimits
) -> int | None:
    """How many frames the clip of ``ranges`` holds; None where the container does not tell.

    A frame belongs to ``[a, b)`` when ``a <= t < b``, with t counted from the first frame. Where
    the picture stands still at ``a`` (no frame starts within 0.1 s), the frame on screen counts too.
    """
    counts = [span.frames for span in plan_spans(path, media, ranges, limits)]
    return None if None in counts else sum(count for count in counts if count is not None)


def plan_spans(
    path: Path,
    media: MediaInfo,
    ranges: Sequence[TimeRange],
    limits: MediaLimits,
    *,
    patient: bool = False,
) -> list[FrameSpan]:
    """The exact frames of each range.

    ``patient`` starts decoding much earlier: some streams (intra refresh) need longer than their
    keyframes say until pictures are whole.

    Raises:
        MediaToolFailed: a range lies behind the last frame.
    """
    first = first_frame_pts(path, media, limits)
    near = [_NEAR_S] if media.container in _INDEXED else []
    margins: list[Fraction | int] = list(_MARGINS_S[-1:]) if patient else [*near, *_MARGINS_S]
    return [_plan(path, media, first, piece, limits, margins) for piece in ranges]


def _plan(
    path: Path,
    media: MediaInfo,
    first: int,
    piece: TimeRange,
    limits: MediaLimits,
    margins: Sequence[Fraction | int],
) -> FrameSpan:
    assert media.video is not None
    tick = time_base(media)
    low, _ = _borders(tick, first, piece)
    begin, end = (first * tick + Fraction(ms, 1000) for ms in (piece.start_ms, piece.end_ms))
    for margin in (*margins, None):
        seek = None if margin is None else begin - margin
        if seek is not None and seek <= first * tick:
            seek = None
        window = f"{_seconds(seek)}%{_seconds(end + _REORDER_S)}"
        where = (path, media.container, media.video.index, limits, window, math.ceil(end - begin))
        found = scan(*where)
        packets = found.packets if found.stamped else _frames(*where)
        # A keyframe in front of the range must have been read, else its first frames cannot be decoded.
        if seek is None or any(packet.keyframe and packet.pts <= low for packet in packets):
            break
    return frame_span(media, first, piece, packets, seek)


def _borders(tick: Fraction, first: int, piece: TimeRange) -> tuple[int, int]:
    """The first tick at or after each border: the integer form of a <= t < b."""
    start, end = (
        first + math.ceil(Fraction(ms, 1000) / tick) for ms in (piece.start_ms, piece.end_ms)
    )
    return start, end


def frame_span(
    media: MediaInfo, first: int, piece: TimeRange, packets: list[Packet], seek: Fraction | None
) -> FrameSpan:
    """The exact frames of a range, from the packets around it.

    Args:
        media: the source.
        first: its first frame's time, ticks.
        piece: the range.
        packets: from a keyframe before the range to some seconds behind it, by presentation time.
        seek: where they were read from; handed through.

    Raises:
        MediaToolFailed: the range lies behind the last frame.
    """
    tick = time_base(media)
    low, high = _borders(tick, first, piece)
    begin, end = (first * tick + Fraction(ms, 1000) for ms in (piece.start_ms, piece.end_ms))
    packets = [packet for packet in packets if packet.pts >= first]
    if not packets:
        return FrameSpan(seek, begin, end, end, low, high, None, constant=False)
    finish = first * tick + Fraction(media.duration_ms, 1000)
    return _span(media, packets, seek, (low, high), (begin, end, finish))


def _span(
    media: MediaInfo,
    packets: list[Packet],
    seek: Fraction | None,
    ticks: tuple[int, int],
    seconds: tuple[Fraction, Fraction, Fraction],
) -> FrameSpan:
    assert media.video is not None
    tick = time_base(media)
    (low, high), (begin, end, finish) = ticks, seconds
    inside = [packet for packet in packets if low <= packet.pts < high]
    before = [packet for packet in packets if packet.pts < low]
    after = [packet for packet in packets if packet.pts >= high]
    frame = 1 / Fraction(media.video.frame_rate)
    held = bool(before) and (not inside or inside[0].pts * tick - begin > _SNAP)
    over = not inside and not after and begin >= finish
    if over or not (inside or held):
        raise MediaToolFailed(
            "the range lies behind the last frame of the source",
            "Choose a range inside the source; `videoclip probe` shows its duration",
        )
    last = inside[-1] if inside else before[-1]
    if after:
        stop = after[0].pts * tick
    else:
        # The file's last frame, or one that stands still for long (packets tell no true duration then).
        lasts = (last.pts + (last.duration or round(frame / tick))) * tick
        stop = max(lasts, min(end, finish))
    if held or stop - end > _SNAP:
        stop = min(stop, end)
    start = begin if held else inside[0].pts * tick
    count = len(inside) + held
    constant = (
        not held
        and _on_grid([packet.pts for packet in inside], tick, frame)
        and abs(start + count * frame - stop) <= frame / 2
    )
    return FrameSpan(
        seek, start, start + count * frame if constant else stop, max(start, last.pts * tick),
        before[-1].pts if held else inside[0].pts, high, count, constant=constant,
    )  # fmt: skip


def _on_grid(stamps: list[int], tick: Fraction, frame: Fraction) -> bool:
    """Whether frames follow each other at the nominal rate, up to the rounding of the time base."""
    slack = min(max(2 * tick, Fraction(2, 1000)), frame / 2)
    origin = stamps[0] * tick
    return all(
        abs(stamp * tick - origin - number * frame) <= slack for number, stamp in enumerate(stamps)
    )


def _seconds(value: Fraction | None) -> str:
    """Seconds for FFmpeg, rounded down to its microsecond; empty for None."""
    if value is None:
        return ""
    micro = math.floor(value * 1_000_000)
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    return f"{sign}{micro // 1_000_000}.{micro % 1_000_000:06}"
