"""Chooses a clip's still picture: sharp, well lit, no transition, rather with a face; writes it as JPEG.

It reads only the rendered clip, which our own FFmpeg has written: decord carries an old FFmpeg
that must never see an upload.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt

from videoclip.media.ffmpeg import run
from videoclip.media.stills import FaceFinder, is_transition, score_faces, score_picture
from videoclip.settings import MediaLimits

Picture = npt.NDArray[np.uint8]

__all__ = ["make_thumbnail", "places", "score_picture"]

_CANDIDATES = 12
_ENOUGH = 6
_SIDE = 320
_STEP = 3
"""A picture is compared with those 3 and 6 frames later: further than noise, nearer than most dissolves last."""
_BUDGET = 250_000_000
"""Pixels that may be decoded to look between keyframes: 120 frames of 1080p."""
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


@dataclass(frozen=True, slots=True)
class _Candidate:
    at_us: int
    """When it begins."""
    picture: Picture
    later: Callable[[], list[Picture]]
    """Two pictures soon after it, evenly apart; none where that cannot be had. Costs decoding."""


def _best_us(clip: Path, duration_ms: int, faces: FaceFinder | None) -> int:
    """When the best picture begins, microseconds; a third into the clip where nothing can be read."""
    third = duration_ms * 1000 // 3
    try:
        ranked = sorted(
            ((_score(candidate.picture, faces), candidate) for candidate in _candidates(clip)),
            key=lambda pair: -pair[0],
        )
        best, best_score = third, -1.0
        for score, candidate in ranked:
            if score <= best_score:
                break  # the others are no better even if they stand in no transition
            near = [candidate.picture, *candidate.later()]
            value = score * (_TRANSITION if len(near) == 3 and is_transition(near) else 1)
            if value > best_score:
                best, best_score = candidate.at_us, value
    except _Unreadable:
        return third
    return max(0, min(best, duration_ms * 1000 - 1))


def _score(picture: Picture, faces: FaceFinder | None) -> float:
    score = score_picture(picture)
    if faces is not None and score > 0:
        score *= score_faces(faces(picture), (picture.shape[1], picture.shape[0]))
    return score


class _Unreadable(Exception):
    """The clip cannot be read; a still from any place is better than none."""


def _candidates(clip: Path) -> list[_Candidate]:
    """Pictures that may become the still.

    Raises:
        _Unreadable: decord cannot read the clip.
    """
    try:
        import decord
    except ImportError:  # there are wheels for x86-64 Linux only
        return list(_keyframes(clip))
    failures = (decord.DECORDError, RuntimeError, IndexError)
    try:
        width, height = _size(clip)
        small = _small(width, height)
        reader = decord.VideoReader(
            str(clip), ctx=decord.cpu(0), width=small[0], height=small[1], num_threads=1
        )
        count = len(reader)

        def later(index: int) -> list[Picture]:
            near = [place for place in (index + _STEP, index + 2 * _STEP) if place < count]
            try:
                return [reader[place].asnumpy() for place in near]
            except failures as error:
                raise _Unreadable from error

        return [
            _Candidate(
                round(float(reader.get_frame_timestamp(index)[0]) * 1_000_000),
                reader[index].asnumpy(),
                functools.partial(later, index),
            )
            for index in places(reader.get_key_indices(), count, _BUDGET // (width * height))
        ]
    except failures as error:
        raise _Unreadable from error


def _size(clip: Path) -> tuple[int, int]:
    import av

    with av.open(f"file:{clip.absolute()}", format="mov") as container:
        stream = container.streams.video[0]
        return max(1, stream.width), max(1, stream.height)


def _small(width: int, height: int) -> tuple[int, int]:
    """The shape of the pictures that are looked at: the longer side has ``_SIDE`` pixels."""
    longer = max(width, height)
    return max(2, _SIDE * width // longer), max(2, _SIDE * height // longer)


def _keyframes(clip: Path) -> Iterator[_Candidate]:
    """As ``_candidates``, keyframes only."""
    import av

    try:
        with av.open(f"file:{clip.absolute()}", format="mov") as container:
            stream: Any = container.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            for frame in container.decode(stream):
                if frame.time is not None:
                    width, height = _small(frame.width, frame.height)
                    small = frame.to_ndarray(width=width, height=height, format="rgb24")
                    yield _Candidate(round(frame.time * 1_000_000), small, list)
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
