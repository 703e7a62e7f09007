"""Chooses a clip's still picture: sharp, neither black nor washed out, and writes it as JPEG.

It reads only the rendered clip, which our own FFmpeg has written: decord carries an old FFmpeg
that must never see an upload.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt

from videoclip.media.ffmpeg import run
from videoclip.settings import MediaLimits

__all__ = ["make_thumbnail", "score_picture"]

_SAMPLES = 8
_WIDTH = 320


def make_thumbnail(
    clip: Path,
    out: Path,
    limits: MediaLimits,
    *,
    duration_ms: int,
    cancel: threading.Event | None = None,
) -> None:
    """Write the best still of a clip that we have rendered.

    Args:
        clip: an MP4 file of ours.
        out: the JPEG file to write, in the clip's folder.
        limits: for FFmpeg.
        duration_ms: of the clip.
        cancel: stops the work when set.
    """
    at_ms = _best_ms(clip, duration_ms)
    picture = ffmpeg.input(clip.name, f="mov", ss=f"{at_ms // 1000}.{at_ms % 1000:03}", threads=1)
    output = ffmpeg.output(
        picture["v"], out.name, f="mjpeg", vcodec="mjpeg", vframes=1, pix_fmt="yuvj420p",
        **{"q:v": 3, "threads": 1},
    )  # fmt: skip
    args = ["-bitexact", *output.get_args()]
    run(args, limits=limits, media_seconds=10, cwd=out.parent, cancel=cancel)


def _best_ms(clip: Path, duration_ms: int) -> int:
    """Time of the best keyframe; a third into the clip where decord cannot be had."""
    third = duration_ms // 3
    try:
        import decord
    except ImportError:  # there are wheels for x86-64 Linux only
        return third
    try:
        reader = decord.VideoReader(
            str(clip), ctx=decord.cpu(0), width=_WIDTH, height=-1, num_threads=1
        )
        best, best_score = third, -1.0
        for index in _spread(reader.get_key_indices()):
            score = score_picture(reader[index].asnumpy())
            if score > best_score:
                begin, end = reader.get_frame_timestamp(index)
                best, best_score = int((begin + end) * 500), score
    except (decord.DECORDError, RuntimeError, IndexError):
        return third
    return max(0, min(best, duration_ms - 1))


def _spread(indices: list[int]) -> list[int]:
    """At most eight of them, spread evenly."""
    count = min(_SAMPLES, len(indices))
    return [int(indices[i * len(indices) // count]) for i in range(count)]


def score_picture(rgb: npt.NDArray[Any]) -> float:
    """How good a still is: detail (spread of the Laplacian) weighted by a middling brightness.

    Args:
        rgb: 8-bit pixels ``(height, width, 3)``.
    """
    grey = rgb.astype(np.float32).mean(axis=2)
    if min(grey.shape) < 3:
        return 0.0
    edges = (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )
    brightness = float(grey.mean()) / 255
    middling = max(0.02, 1 - abs(brightness - 0.5) * 1.8)
    return float(np.log1p(edges.std())) * middling * (0.3 + min(1.0, float(grey.std()) / 64))
