"""Chooses a clip's still picture: sharp, well lit, no transition, rather with a face; writes it as JPEG.

It reads only the rendered clip, which our own FFmpeg has written: decord carries an old FFmpeg
that must never see an upload.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt

from videoclip.media.ffmpeg import run
from videoclip.media.stills import FaceFinder, is_transition, score_faces, score_picture
from videoclip.settings import MediaLimits

__all__ = ["make_thumbnail", "places", "score_picture"]

_CANDIDATES = 12
_ENOUGH = 6
_WIDTH = 320
_STEP = 3
"""A picture is compared with those 3 and 6 frames later: further than noise, nearer than most dissolves last."""
_BUDGET = 500_000_000
"""Pixels that may be decoded to look between keyframes: 240 frames of 1080p, half a second."""
_TRANSITION = 0.25
"""What a score is worth in the middle of a transition."""


def make_thumbnail(
    clip: Path,
    out: Path,
    limits: MediaLimits,
    *,
    duration_ms: int,
    faces: FaceFinder | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write the best still of a clip that we have rendered.

    Args:
        clip: an MP4 file of ours.
        out: the JPEG file to write, in the clip's folder.
        limits: for FFmpeg.
        duration_ms: of the clip.
        faces: finds faces, where a detector is there; pictures with one are preferred.
        cancel: stops the work when set.
    """
    at_us = _best_us(clip, duration_ms, faces)
    picture = ffmpeg.input(
        clip.name, f="mov", ss=f"{at_us // 1_000_000}.{at_us % 1_000_000:06}", threads=1
    )
    output = ffmpeg.output(
        picture["v"], out.name, f="mjpeg", vcodec="mjpeg", vframes=1, pix_fmt="yuvj420p",
        **{"q:v": 3, "threads": 1},
    )  # fmt: skip
    args = ["-bitexact", *output.get_args()]
    run(args, limits=limits, media_seconds=10, cwd=out.parent, cancel=cancel)


def _best_us(clip: Path, duration_ms: int, faces: FaceFinder | None) -> int:
    """When the best picture begins, microseconds; a third into the clip where nothing can be read."""
    best, best_score = duration_ms * 1000 // 3, -1.0
    for at_us, run_of in _candidates(clip):
        score = score_picture(run_of[0])
        if len(run_of) == 3 and is_transition(run_of):
            score *= _TRANSITION
        if faces is not None and score > 0:
            height, width = run_of[0].shape[:2]
            score *= score_faces(faces(run_of[0]), (width, height))
        if score > best_score:
            best, best_score = at_us, score
    return max(0, min(best, duration_ms * 1000 - 1))


def _candidates(clip: Path) -> Iterator[tuple[int, list[npt.NDArray[np.uint8]]]]:
    """Pictures that may become the still: when each begins (us), and it with two soon after it."""
    try:
        import decord
    except ImportError:  # there are wheels for x86-64 Linux only
        yield from _keyframes(clip)
        return
    try:
        reader = decord.VideoReader(
            str(clip), ctx=decord.cpu(0), width=_WIDTH, height=-1, num_threads=1
        )
        count = len(reader)
        for index in places(reader.get_key_indices(), count, _BUDGET // _pixels(clip)):
            near = [index + n * _STEP for n in range(3) if index + n * _STEP < count]
            pictures = [reader[place].asnumpy() for place in near]
            yield round(float(reader.get_frame_timestamp(index)[0]) * 1_000_000), pictures
    except (decord.DECORDError, RuntimeError, IndexError):
        return


def _pixels(clip: Path) -> int:
    import av

    with av.open(f"file:{clip.absolute()}", format="mov") as container:
        stream = container.streams.video[0]
        return max(1, stream.width * stream.height)


def _keyframes(clip: Path) -> Iterator[tuple[int, list[npt.NDArray[np.uint8]]]]:
    """As ``_candidates``, keyframes only."""
    import av

    try:
        with av.open(f"file:{clip.absolute()}", format="mov") as container:
            stream: Any = container.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            for frame in container.decode(stream):
                if frame.time is not None:
                    height = max(2, _WIDTH * frame.height // frame.width)
                    small = frame.to_ndarray(width=_WIDTH, height=height, format="rgb24")
                    yield round(frame.time * 1_000_000), [small]
    except (av.FFmpegError, IndexError):
        return


def places(keys: Sequence[int], count: int, budget: int) -> list[int]:
    """Indices of at most twelve frames to look at, rising.

    Keyframes are cheap; where there are fewer than six, frames between them are looked at too, as
    far as ``budget`` decoded frames reach.

    Args:
        keys: indices of the keyframes.
        count: frames of the clip.
        budget: frames that may be decoded besides.
    """
    keys = sorted({int(key) for key in keys if 0 <= key < count}) or [0]
    if len(keys) >= _ENOUGH:
        wanted = min(_CANDIDATES, len(keys))
        return [keys[n * len(keys) // wanted] for n in range(wanted)]
    reach, each = budget // len(keys), _CANDIDATES // len(keys)
    found: set[int] = set()
    for key, end in zip(keys, [*keys[1:], count], strict=True):
        span = min(end - key, reach)
        found |= {key + n * span // each for n in range(each)}
    return sorted(found & set(range(count)))
