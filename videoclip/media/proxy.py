"""The analysis proxy: a small copy of a video, written by our own limited FFmpeg, that other readers may open.

Every picture of it stands alone (Motion JPEG), so any one can be read without the others, and its time
on the source's time line is known exactly. It is usually made from keyframes only, which costs about
a fifteenth of decoding everything.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt

from videoclip.errors import MediaToolFailed, SourceNotMedia
from videoclip.media.ffmpeg import file_url, input_options, run
from videoclip.media.geometry import Frame, fit_picture, plan_frame
from videoclip.media.packets import first_frame_pts, time_base
from videoclip.schemas import Aspect, MediaInfo, VideoStream
from videoclip.settings import MediaLimits

__all__ = ["Proxy", "make_proxy", "packet_ticks", "pictures", "small_size"]

_LONG_SIDE = 320
_SPARSE_MS = 12_000
"""Keyframes further apart than this say too little; x264's own distance at 25 fps is 10 s."""
_WAYS = ("nokey", "noref")
"""What the decoder leaves out: all but keyframes; else what no other picture needs (about half)."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A small copy of a video."""

    path: Path
    """MOV, Motion JPEG, no sound."""
    times_ms: tuple[int, ...]
    """When each picture is shown: whole milliseconds from the source's first frame, rounded down."""
    width: int
    height: int


def small_size(video: VideoStream, long_side: int) -> tuple[int, int]:
    """Width and height, even, of a small picture in the shape in which ``video`` is shown."""
    shown = Fraction(video.display_width, video.display_height)
    if shown >= 1:
        return long_side, max(2, round(long_side / shown / 2) * 2)
    return max(2, round(long_side * shown / 2) * 2), long_side


def make_proxy(
    path: Path,
    media: MediaInfo,
    folder: Path,
    limits: MediaLimits,
    *,
    spacing_ms: int,
    gap_ms: int = _SPARSE_MS,
    stem: str = "proxy",
    on_progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
) -> Proxy:
    """Write the proxy of a source.

    Args:
        path: the source; only the limited FFmpeg opens it.
        media: what the probe found.
        folder: private, existing; gets ``STEM.mov``.
        limits: for FFmpeg.
        spacing_ms: pictures come no closer than this.
        gap_ms: where keyframes leave a longer hole than this, the source is decoded again with
            all pictures that others refer to.
        stem: of the file.
        on_progress: called with the ms of the source that are done.
        cancel: stops the work when set.

    Raises:
        SourceNotMedia: the source has no picture.
        MediaToolFailed: FFmpeg failed, or not one picture could be decoded.
        Cancelled: ``cancel`` was set.
    """
    if media.video is None:
        raise SourceNotMedia("the source has no picture", "Use a source with video")
    first = first_frame_pts(path, media, limits)
    size = small_size(media.video, _LONG_SIDE)
    times: tuple[int, ...] = ()
    for way in _WAYS:
        args = _arguments(path, media, limits, first, size, spacing_ms, way, stem)
        run(
            ["-filter_complex_threads", "1", *args], limits=limits, cwd=folder,
            media_seconds=media.duration_ms // 1000 + 1, on_progress=on_progress, cancel=cancel,
        )  # fmt: skip
        tick, stamps = packet_ticks(folder / f"{stem}.txt")
        (folder / f"{stem}.txt").unlink()
        times = tuple(stamp * tick.numerator * 1000 // tick.denominator for stamp in stamps)
        if times and _longest_gap(times, media.duration_ms) <= gap_ms:
            break
    if not times:
        raise MediaToolFailed(
            "no picture of the source could be decoded", "Check that the file plays to its end"
        )
    return Proxy(folder / f"{stem}.mov", times, *size)


def _longest_gap(times: Sequence[int], end_ms: int) -> int:
    return max(b - a for a, b in itertools.pairwise([0, *times, max(end_ms, times[-1])]))


def _arguments(
    path: Path,
    media: MediaInfo,
    limits: MediaLimits,
    first: int,
    size: tuple[int, int],
    spacing_ms: int,
    way: str,
    stem: str,
) -> list[str]:
    assert media.video is not None
    tick = time_base(media)
    step = max(1, round(Fraction(spacing_ms, 1000) / tick))
    source = ffmpeg.input(
        file_url(path), skip_frame=way, skip_loop_filter="all", threads=1,
        **input_options(media.container, limits),
    )  # fmt: skip
    wanted = f"gte(pts,{first})*(isnan(prev_selected_pts)+gte(pts-prev_selected_pts,{step}))"
    stream = (
        source[str(media.video.index)]
        .filter("select", wanted)
        .filter("setpts", f"PTS-({first})")
        # Small first: tone mapping (where it is needed) then costs next to nothing.
        .filter("scale", *size, flags="area")
    )
    hdr = plan_frame(media.video, Aspect.SOURCE).hdr
    stream = fit_picture(stream, media.video, Frame(*size, "scale", hdr))
    output = ffmpeg.output(
        stream, f"[f=mov:video_track_timescale={tick.denominator}]{stem}.mov|[f=framecrc]{stem}.txt",
        f="tee", vcodec="mjpeg", pix_fmt="yuvj420p", fps_mode="passthrough",
        map_metadata=-1, map_chapters=-1,
        **{"q:v": 3, "threads:v": 1, "enc_time_base:v": f"{tick.numerator}:{tick.denominator}"},
    )  # fmt: skip
    return ["-copyts", *output.get_args()]


def packet_ticks(report: Path) -> tuple[Fraction, list[int]]:
    """Time base (seconds a tick) and presentation times of the packets in a ``framecrc`` report.

    Raises:
        MediaToolFailed: the report is not one of FFmpeg's.
    """
    tick, stamps = None, []
    for line in report.read_text(encoding="ascii").splitlines():
        if line.startswith("#tb 0:"):
            tick = Fraction(line.partition(":")[2].strip())
        elif line and not line.startswith("#"):
            stamps.append(int(line.split(",")[2]))
    if tick is None:
        raise MediaToolFailed("FFmpeg wrote no times", "`videoclip doctor` checks this FFmpeg")
    return tick, stamps


def pictures(proxy: Proxy, indices: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
    """The pictures with these indices, in this order, as 8-bit RGB ``(height, width, 3)``.

    Raises:
        MediaToolFailed: the file cannot be read.
    """
    try:
        import decord
    except ImportError:  # there are wheels for x86-64 Linux only
        yield from _by_pyav(proxy, indices)
        return
    try:
        reader = decord.VideoReader(str(proxy.path), ctx=decord.cpu(0), num_threads=1)
        for index in indices:
            yield reader[index].asnumpy()
    except (decord.DECORDError, RuntimeError, IndexError) as error:
        raise _unreadable() from error


def _by_pyav(proxy: Proxy, indices: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
    """As ``pictures``; reads on from the picture before, and from the start for an earlier one."""
    import av

    def frames() -> Iterator[tuple[int, Any]]:
        with av.open(str(proxy.path), format="mov") as container:
            yield from enumerate(container.decode(video=0))

    walk, place, frame = frames(), -1, None
    try:
        for index in indices:
            if index < place:
                walk, place = frames(), -1
            while place < index:
                place, frame = next(walk)
            assert frame is not None
            yield frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, StopIteration) as error:
        raise _unreadable() from error


def _unreadable() -> MediaToolFailed:
    return MediaToolFailed(
        "the analysis proxy cannot be read", "Run again; `videoclip doctor` checks this FFmpeg"
    )
