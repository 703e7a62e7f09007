"""A crop that follows a face: where it stands at each moment, planned from a few pictures a second.

A camera operator's habits: the picture rests as long as the face stays near its middle, moves calmly
when it does not, and jumps only where the scene changes.
"""

from __future__ import annotations

import itertools
import re
import statistics
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.colour import to_bt709
from videoclip.media.compose import Timeline, source_picture
from videoclip.media.cut import RenderJob
from videoclip.media.faces import Face, find_faces
from videoclip.media.ffmpeg import run
from videoclip.media.geometry import crop_size
from videoclip.settings import MediaLimits

__all__ = ["Point", "commands", "follow_faces", "main_face", "plan_path"]

RATE = 4
"""Pictures a second that are looked at."""
_PROXY_HEIGHT = 360
_PROXY = "faces.mkv"
_COMMANDS = "follow.cmd"
_DEAD = 0.12
"""The face may be this far off the middle before the crop moves, as a share of the crop's length."""
_SETTLED = 0.02
_SPEED = 1.5
"""Crop lengths a second at most."""
_AHEAD = 1
"""Pictures that the plan looks ahead: as many as easing lags behind, so that the face stays in the middle."""
_SPREAD = 2
"""Pictures before and after that a position is the median of."""
_HEIGHT = 0.42
"""Where a face stands in a crop that moves up and down, from the top."""
_SCENE = 12.0
"""Score of ``scdet`` (0 to 100) from which on the scene has changed."""


@dataclass(frozen=True, slots=True)
class Point:
    """The crop's place at a moment; in between it moves in a straight line."""

    ms: int
    offset: float
    """Pixels from the left (or top) of the picture."""
    jump: bool = False
    """Whether it is there at once, without a way from the point before."""


def follow_faces(
    job: RenderJob,
    timeline: Timeline,
    limits: MediaLimits,
    *,
    threads: int = 1,
    cancel: threading.Event | None = None,
) -> str | None:
    """Write the crop's commands into the job's folder; None where no face was found.

    The source is read once by our own FFmpeg, which writes a small proxy; only that is looked at.

    Raises:
        MediaToolFailed: the source cannot be read.
    """
    video = job.media.video
    assert video is not None
    source = (video.display_width, video.display_height)
    cut = crop_size(source, (timeline.frame.width, timeline.frame.height))
    sideways = cut[0] < source[0]
    shots = _write_proxy(job, timeline, limits, threads, cancel)
    faces = find_faces(job.work / _PROXY, cancel=cancel)
    if faces is None:
        return None
    chosen = main_face(faces)
    if sum(face is not None for face in chosen) < max(1, len(chosen) // 20):
        return None
    length, whole = (cut[0], source[0]) if sideways else (cut[1], source[1])
    centres = [
        None if face is None else (face.x if sideways else face.y) * whole for face in chosen
    ]
    points = plan_path(
        centres, shots, length=length, whole=whole, rest=0.5 if sideways else _HEIGHT
    )
    text = commands(points, "x" if sideways else "y")
    (job.work / _COMMANDS).write_text(text, encoding="ascii")
    return _COMMANDS


def _write_proxy(
    job: RenderJob,
    timeline: Timeline,
    limits: MediaLimits,
    threads: int,
    cancel: threading.Event | None,
) -> list[int]:
    """Write the small video and return when scenes change, in ms of the clip."""
    assert job.media.video is not None
    video = job.media.video
    scale = min(1.0, _PROXY_HEIGHT / min(video.display_width, video.display_height))
    size = [
        max(2, round(side * scale / 2) * 2) for side in (video.display_width, video.display_height)
    ]
    stream = source_picture(job, timeline, limits, threads)
    if timeline.frame.hdr:
        stream = to_bt709(stream, video)
    small = stream.filter("scale", *size, flags="fast_bilinear").filter("setsar", "1")
    split = small.filter("format", "yuv420p").filter_multi_output("split")
    kept = ffmpeg.output(
        split[0].filter("fps", RATE, start_time=0), _PROXY, f="matroska", vcodec="mjpeg",
        **{"q:v": 3, "pix_fmt": "yuvj420p", "threads:v": 1},
    )  # fmt: skip
    scenes = ffmpeg.output(split[1].filter("scdet", threshold=_SCENE), "-", f="null")
    result = run(
        ["-copyts", "-filter_complex_threads", str(threads),
         *ffmpeg.merge_outputs(kept, scenes).get_args()],
        limits=limits, media_seconds=timeline.seconds, cwd=job.work, cancel=cancel, loglevel="info",
    )  # fmt: skip
    found = re.findall(r"lavfi\.scd\.score: *([\d.]+), lavfi\.scd\.time: *([\d.]+)", result.stderr)
    if not (job.work / _PROXY).is_file():
        raise MediaToolFailed("no picture of the range could be read", "Choose another range")
    # A little early, so that rounding never leaves the scene's first frame with the old place.
    return sorted({int(float(time) * 1000) - 1 for _, time in found if float(time) > 0.1})


def main_face(pictures: Sequence[Sequence[Face]]) -> list[Face | None]:
    """The face to follow in each picture: the one followed so far, else the largest.

    A face that is seen in one picture only, with none near it before or after, is taken for a mistake.
    """
    chosen: list[Face | None] = []
    last: Face | None = None
    for faces in pictures:
        best = max(faces, key=lambda face: face.size, default=None)
        if last is not None and best is not None:
            near = [face for face in faces if face.near(last)]
            # The one so far stays, unless another is much larger: the camera has turned to it.
            same = max(near, key=lambda face: face.size, default=None)
            if same is not None and best.size < 1.6 * same.size:
                best = same
        chosen.append(best)
        last = best or last
    return [
        face
        if face is not None and any(
            other is not None and face.near(other)
            for other in (*chosen[max(0, place - 2) : place], *chosen[place + 1 : place + 3])
        )
        else None
        for place, face in enumerate(chosen)
    ]  # fmt: skip


def plan_path(
    centres: Sequence[float | None],
    shots: Sequence[int],
    *,
    length: int,
    whole: int,
    rest: float = 0.5,
    rate: int = RATE,
) -> list[Point]:
    """Where the crop stands.

    Args:
        centres: of the face in pixels, a value for each of ``rate`` pictures a second; None: no face.
        shots: when scenes change, ms.
        length: of the crop in pixels, along the way that it can move.
        whole: of the picture, likewise.
        rest: where in the crop the face shall stand, 0 to 1.
        rate: pictures a second.
    """
    step = 1000 / rate
    borders = [0, *shots, 10**12]
    points: list[Point] = []
    for begin, end in itertools.pairwise(borders):
        places = [n for n in range(len(centres)) if begin <= n * step < end]
        wanted = _targets([centres[n] for n in places], length, whole, rest)
        if not wanted:
            # A scene shorter than the sampling: stay in the middle, where most of it is.
            middle = (whole - length) / 2
            points.append(Point(begin, middle, jump=True))
            continue
        points += _shot(begin, places, wanted, length, whole - length, rate)
    return _simplified(points)


def _targets(centres: list[float | None], length: int, whole: int, rest: float) -> list[float]:
    """The offset that would be best in each picture; without a face, that of the nearest one before."""
    middle = (whole - length) / 2
    known = [place for place, centre in enumerate(centres) if centre is not None]
    if not known:
        return [middle] * len(centres)
    wanted = []
    for place in range(len(centres)):
        near = [
            value for value in centres[max(0, place - _SPREAD) : place + _SPREAD + 1]
            if value is not None
        ]  # fmt: skip
        if near:
            centre = statistics.median(near)
        else:
            before = [n for n in known if n < place]
            centre = centres[before[-1] if before else known[0]] or 0.0
        wanted.append(min(max(centre - rest * length, 0.0), float(whole - length)))
    return wanted


def _shot(
    begin: int, places: list[int], wanted: list[float], length: int, most: int, rate: int
) -> list[Point]:
    """The way through one scene: rest, and calm moves when the face has left the middle."""
    first = wanted[: max(1, rate)]
    at = statistics.median(first)
    points = [Point(begin, at, jump=True)]
    moving, velocity = False, 0.0
    limit, step = _SPEED * length / rate, 1000 / rate
    ahead = [wanted[min(n + _AHEAD, len(wanted) - 1)] for n in range(len(wanted))]
    for place, target in zip(places, ahead, strict=True):
        off = target - at
        moving = abs(off) > (_SETTLED if moving else _DEAD) * length
        # Half of the way each time, and no sudden starts: eased in and out.
        goal = max(-limit, min(limit, off / 2)) if moving else 0.0
        velocity = (velocity + goal) / 2 if moving else 0.0
        at = min(max(at + velocity, 0.0), float(most))
        points.append(Point(max(begin, round(place * step)), at))
    return points


def _simplified(points: list[Point]) -> list[Point]:
    """Without points that lie on the line between their neighbours."""
    kept: list[Point] = []
    for place, point in enumerate(points):
        follower = points[place + 1] if place + 1 < len(points) else None
        if kept and follower and not point.jump and not follower.jump:
            before = kept[-1]
            span = follower.ms - before.ms
            line = before.offset + (follower.offset - before.offset) * (point.ms - before.ms) / max(
                1, span
            )
            if (
                abs(line - point.offset) < 0.5
                and abs(points[place - 1].offset - point.offset) < 0.5
            ):
                continue
        kept.append(point)
    return kept


def commands(points: Sequence[Point], axis: str) -> str:
    """The path as commands of FFmpeg's ``sendcmd`` to the crop filter; numbers only."""
    lines = []
    for point, after in itertools.zip_longest(points, points[1:]):
        if after is not None and after.ms <= point.ms:
            continue
        seconds = f"{point.ms / 1000:.3f}"
        place = f"{point.offset:.2f}"
        if after is not None and not after.jump and abs(after.offset - point.offset) >= 0.01:
            slope = (after.offset - point.offset) * 1000 / (after.ms - point.ms)
            place = f"{point.offset:.2f}+({slope:.3f})*(t-{seconds})"
        lines.append(f"{seconds} crop {axis} '{place}';")
    return "\n".join(lines) + "\n"
