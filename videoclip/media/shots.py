"""Shot boundaries: hard cuts, dissolves and fades, with the times of the frames where they begin and end.

FFmpeg decodes the source once and brings every frame to 32x18; the decisions are ours, on those.
A hard cut is a step between two frames that stands out from its neighbourhood (as in PySceneDetect's adaptive
detector) and is not taken back within a few frames (a flash). In a dissolve or fade each frame is a
mixture of what was before and what comes after, which no motion imitates; the share of the mixture gives begin
and end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ffmpeg
import numpy as np
import numpy.typing as npt

from videoclip.errors import SourceNotMedia
from videoclip.media.ffmpeg import file_url, input_options, run
from videoclip.media.packets import first_frame_pts, time_base
from videoclip.media.proxy import packet_ticks
from videoclip.schemas import MediaInfo
from videoclip.settings import MediaLimits

__all__ = ["TINY", "Boundary", "boundaries", "find_shots", "shots_json"]

TINY = (32, 18)
"""Width and height of the frames that are looked at."""
_LUMA = TINY[0] * TINY[1]
_FRAME_BYTES = _LUMA * 3 // 2

_CUT = 7.0
"""Smallest mean step of a hard cut, of 255."""
_CUT_RATIO = 3.0
"""By how much it stands above the mean step around it."""
_AROUND = 4
_FLASH = 4
"""Frames within which a step that is taken back is a flash."""
_BLEND, _BLEND_MOVING, _BLEND_STILL = 3.0, 6.0, 10.0
"""Smallest mean difference between before and after of a dissolve, of 255: of the 12 fields at all, of the fields
where the camera moves, of all pixels where it stands."""
_IMPURE = 0.25
"""What the frame in the middle may differ from the mean of before and after, as a share of their difference."""
_SPANS_MS = (320, 640, 1280, 2560)
_FLAT = 6.0
"""Standard deviation of a picture of one colour, of 255."""
_DIP = 0.9
"""Contrast in the middle of a dissolve, as a share of the mean of before and after; 0.7 for unlike pictures."""
_SAME = 0.9
"""Correlation from which before and after are one scene in another light."""
_BLOCK = 4096

Tiny = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a shot ends and the next begins; milliseconds from the source's first frame, rounded down."""

    kind: Literal["cut", "dissolve", "fade"]
    start_ms: int
    """A cut: the first frame of the new shot. Else: the last frame before the transition."""
    end_ms: int
    """A cut: as ``start_ms``. Else: the first frame that is wholly of the new shot."""

    @property
    def at_ms(self) -> int:
        """Where to cut: at the cut, else in the middle of the transition."""
        return (self.start_ms + self.end_ms) // 2


def find_shots(
    path: Path,
    media: MediaInfo,
    folder: Path,
    limits: MediaLimits,
    *,
    on_progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
) -> list[Boundary]:
    """Decode a source once and find its shot boundaries.

    Args:
        path: the source; only the limited FFmpeg opens it.
        media: what the probe found.
        folder: private, existing; holds 864 bytes a frame for a while.
        limits: for FFmpeg.
        on_progress: called with the ms of the source that are done.
        cancel: stops the work when set.

    Raises:
        SourceNotMedia: the source has no picture.
        MediaToolFailed: FFmpeg failed.
        StorageFull: no space is left.
        Cancelled: ``cancel`` was set.
    """
    if media.video is None:
        raise SourceNotMedia("the source has no picture", "Use a source with video")
    first = first_frame_pts(path, media, limits)
    raw, report = folder / "tiny.yuv", folder / "tiny.txt"
    run(
        ["-filter_complex_threads", "1", *_arguments(path, media, limits, first, raw, report)],
        limits=limits, media_seconds=media.duration_ms // 1000 + 1, cwd=folder,
        on_progress=on_progress, cancel=cancel,
    )  # fmt: skip
    try:
        tick, stamps = packet_ticks(report)
        times = [stamp * tick.numerator * 1000 // tick.denominator for stamp in stamps]
        count = min(len(times), raw.stat().st_size // _FRAME_BYTES)
        if not count:
            return []
        frames = np.memmap(raw, np.uint8, "r", shape=(count, _FRAME_BYTES))
        return boundaries(frames, times[:count])
    finally:
        raw.unlink(missing_ok=True)
        report.unlink(missing_ok=True)


def _arguments(
    path: Path, media: MediaInfo, limits: MediaLimits, first: int, raw: Path, report: Path
) -> list[str]:
    assert media.video is not None
    tick = time_base(media)
    source = ffmpeg.input(
        file_url(path), skip_loop_filter="all", threads=1, **input_options(media.container, limits)
    )
    stream = (
        source[str(media.video.index)]
        .filter("select", f"gte(pts,{first})")
        .filter("setpts", f"PTS-({first})")
        .filter("scale", *TINY, flags="area")
        .filter("format", "yuv420p")
    )
    options: dict[str, Any] = {"enc_time_base:v": f"{tick.numerator}:{tick.denominator}"}
    output = ffmpeg.output(
        stream, f"[f=rawvideo]{raw.name}|[f=framecrc]{report.name}",
        f="tee", vcodec="rawvideo", fps_mode="passthrough", **options,
    )  # fmt: skip
    return ["-copyts", *output.get_args()]


def shots_json(found: Sequence[Boundary], duration_ms: int) -> dict[str, Any]:
    """What ``shots.json`` holds: the boundaries, and the shots between them, half-open, ms."""
    starts = [0, *(boundary.at_ms for boundary in found if 0 < boundary.at_ms < duration_ms)]
    ends = [*starts[1:], duration_ms]
    return {
        "version": 1,
        "duration_ms": duration_ms,
        "boundaries": [
            {"kind": b.kind, "start_ms": b.start_ms, "end_ms": b.end_ms, "at_ms": b.at_ms}
            for b in found
        ],
        "shots": [{"start_ms": a, "end_ms": b} for a, b in zip(starts, ends, strict=True) if a < b],
    }


# --------------------------------------------------------------------------- decisions


def boundaries(frames: Tiny, times_ms: Sequence[int]) -> list[Boundary]:
    """The boundaries in a run of tiny frames.

    Args:
        frames: ``(count, 864)``, 8 bits: 32x18 luma, then 16x9 of each colour difference. May be a memory map.
        times_ms: when each is shown.
    """
    steps, spread = _measure(frames)
    cuts, flashes = _jumps(frames, steps)
    # The flash itself must not be taken for what comes before or after a transition either.
    lit = [flash + n for flash in flashes for n in (-_FLASH, _FLASH)]
    softs = _transitions(frames, times_ms, spread, [*cuts, *flashes, *lit])
    hard = [
        Boundary("cut", times_ms[cut], times_ms[cut])
        for cut in cuts
        if not any(soft.start_ms <= times_ms[cut] <= soft.end_ms for soft in softs)
    ]
    return sorted([*hard, *softs], key=lambda boundary: boundary.start_ms)


def _measure(frames: Tiny) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """For each frame: mean step from the one before (luma and colour), and spread of its luma."""
    count = len(frames)
    steps, spread = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for first in range(0, count, _BLOCK):
        block = np.asarray(frames[max(0, first - 1) : first + _BLOCK]).astype(np.int16)
        spread[first : first + _BLOCK] = block[-min(_BLOCK, count - first) :, :_LUMA].std(axis=1)
        change = np.abs(np.diff(block, axis=0)).mean(axis=1)
        steps[max(1, first) : first + _BLOCK] = change
    return steps, spread


def _jumps(frames: Tiny, steps: npt.NDArray[np.float32]) -> tuple[list[int], list[int]]:
    """Indices of frames that begin a shot by a hard cut, and of those where a flash begins or ends."""
    cuts: list[int] = []
    flashes: list[int] = []
    for index in np.flatnonzero(steps >= _CUT):
        low, high = max(1, index - _AROUND), min(len(steps), index + _AROUND + 1)
        near = np.delete(steps[low:high], index - low)
        around = float(near.mean()) if near.size else 0.0
        if steps[index] < _CUT_RATIO * max(around, 0.5) or steps[index] < near.max(initial=0.0):
            continue
        flash = _flash(frames, int(index), float(steps[index]))
        (flashes if flash else cuts).append(int(index))
    return cuts, flashes


def _flash(frames: Tiny, index: int, step: float) -> bool:
    """Whether the picture of before comes back within a few frames, or this is where it comes back."""
    before = frames[max(0, index - _FLASH) : index].astype(np.int16)
    after = frames[index : index + _FLASH + 1].astype(np.int16)
    later = np.abs(after[1:] - before[-1]).mean(axis=1)
    earlier = np.abs(before[:-1] - after[0]).mean(axis=1)
    close = 0.35 * step
    return bool((later < close).any() or (earlier < close).any())


def _transitions(
    frames: Tiny,
    times_ms: Sequence[int],
    spread: npt.NDArray[np.float32],
    jumps: Sequence[int],
) -> list[Boundary]:
    """Dissolves and fades, in order."""
    frame_ms = max(1.0, float(np.median(np.diff(times_ms)))) if len(times_ms) > 1 else 40.0
    looks = _coarse(frames)
    ramps: list[tuple[float, int, int]] = []
    for span in _SPANS_MS:
        half = max(2, round(span / frame_ms / 2))
        ramps += [
            (score, middle, half) for score, middle in _ramps(frames, looks, half, spread, jumps)
        ]
    # Strongest first; what lies within a taken transition is the same one seen at another scale.
    taken: list[tuple[int, int]] = []
    for _, middle, half in sorted(ramps, reverse=True):
        extent = _extent(looks, middle, half)
        if extent is not None and all(
            extent[1] <= start or extent[0] >= end for start, end in taken
        ):
            taken.append(extent)
    return _named(sorted(taken), times_ms, spread)


def _coarse(frames: Tiny) -> npt.NDArray[np.float32]:
    """Mean luma and colour of 4 x 3 fields of each frame: what a moving camera changes least."""
    looks = np.empty((len(frames), 36), np.float32)
    for first in range(0, len(frames), _BLOCK):
        block = np.asarray(frames[first : first + _BLOCK])
        luma = block[:, :_LUMA].reshape(-1, 3, 6, 4, 8).mean(axis=(2, 4), dtype=np.float32)
        colour = block[:, _LUMA:].reshape(-1, 2, 3, 3, 4, 4).mean(axis=(3, 5), dtype=np.float32)
        looks[first : first + _BLOCK, :12] = luma.reshape(-1, 12)
        looks[first : first + _BLOCK, 12:] = colour.reshape(-1, 24)
    return looks


def _ramps(
    frames: Tiny,
    looks: npt.NDArray[np.float32],
    half: int,
    spread: npt.NDArray[np.float32],
    jumps: Sequence[int],
) -> list[tuple[float, int]]:
    """Frames around which the picture of ``half`` frames before turns evenly into that of ``half`` after."""
    count = len(looks)
    scores = np.zeros(count, np.float32)
    if count <= 2 * half:
        return []
    before, after = looks[: -2 * half], looks[2 * half :]
    change = np.abs(after - before).mean(axis=1)
    impure = np.abs(looks[half:-half] - (before + after) / 2).mean(axis=1)
    for place in np.flatnonzero((change >= _BLEND) & (impure <= _IMPURE * change)):
        index = half + int(place)
        pair = before[place, :12], after[place, :12]
        if _is_mixture(frames, index, half, spread, float(change[place]), _correlation(*pair)):
            scores[index] = change[place] - impure[place]
    for jump in jumps:  # a jump inside explains the change
        scores[max(0, jump - half) : jump + half + 1] = 0
    peaks = []
    for index in np.flatnonzero(scores):
        window = scores[max(0, index - half) : index + half + 1]
        if scores[index] >= window.max():
            peaks.append((float(scores[index]), int(index)))
    return peaks


def _is_mixture(
    frames: Tiny,
    index: int,
    half: int,
    spread: npt.NDArray[np.float32],
    change: float,
    likeness: float,
) -> bool:
    """Whether an even change is a fade or a dissolve, and not a moving camera or another light."""
    ends = float(spread[index - half]), float(spread[index + half])
    if min(ends) < _FLAT:
        return change >= _BLEND_MOVING
    if likeness >= _SAME:
        return False
    # Two pictures laid over each other have less contrast than each alone; a moving camera's has not.
    if change >= _BLEND_MOVING and spread[index] <= _DIP * sum(ends) / 2:
        return True
    a, middle, b = (
        np.asarray(frames[place, :_LUMA]).astype(np.float32)
        for place in (index - half, index, index + half)
    )
    fine = float(np.abs(b - a).mean())
    return fine >= _BLEND_STILL and float(np.abs(middle - (a + b) / 2).mean()) <= _IMPURE * fine


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / size if size > 0 else 0.0


def _extent(looks: npt.NDArray[np.float32], middle: int, half: int) -> tuple[int, int] | None:
    """Last frame before and first frame after the transition, from the share of the mixture."""
    first, last = max(0, middle - 2 * half), min(len(looks) - 1, middle + 2 * half)
    run_of = looks[first : last + 1]
    before = looks[middle - half]
    change = looks[middle + half] - before
    share = (run_of - before) @ change / float(change @ change)
    centre = middle - first
    low = _crossing(share, centre, 0.25, -1)
    high = _crossing(share, centre, 0.75, +1)
    if low is None or high is None or high <= low:
        return None
    margin = (high - low) / 2
    start, end = round(first + low - margin), round(first + high + margin)
    return max(0, start), min(len(looks) - 1, max(end, start + 1))


def _crossing(share: npt.NDArray[np.float32], centre: int, level: float, step: int) -> float | None:
    """Where the share passes ``level``, going from the middle outwards; between frames by interpolation."""
    index = centre
    while 0 <= index + step < len(share):
        here, there = float(share[index]), float(share[index + step])
        if (here - level) * (there - level) <= 0 and here != there:
            return index + step * (here - level) / (here - there)
        index += step
    return None


def _named(
    extents: Sequence[tuple[int, int]],
    times_ms: Sequence[int],
    spread: npt.NDArray[np.float32],
) -> list[Boundary]:
    """Dissolve or fade; a fade out and the fade in that follows from the same black are one boundary."""
    found: list[tuple[str, int, int]] = []
    for start, end in extents:
        fades_out, fades_in = spread[end] < _FLAT, spread[start] < _FLAT
        kind = "fade" if fades_out or fades_in else "dissolve"
        joins = (
            found
            and found[-1][0] == "fade"
            and fades_in
            and bool((spread[found[-1][2] : start + 1] < _FLAT).all())
        )
        if joins:
            found[-1] = ("fade", found[-1][1], end)
        else:
            found.append((kind, start, end))
    return [
        Boundary("fade" if kind == "fade" else "dissolve", times_ms[start], times_ms[end])
        for kind, start, end in found
    ]
