"""The picture graph of a clip: ranges, intro, title card and outro, frame, captions, watermark."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.media.colour import tagged
from videoclip.media.cut import RenderJob
from videoclip.media.ffmpeg import distinct, file_url, input_options
from videoclip.media.geometry import conform_picture, fit_picture
from videoclip.media.packets import time_base
from videoclip.media.programme import seek_options
from videoclip.media.proof_pictures import Witness
from videoclip.media.timeline import (
    VARIABLE_TICK,
    Extra,
    Timeline,
    audio_timeline,
    encoder_tick,
    near,
    plan_timeline,
)
from videoclip.media.titlecard import card_picture
from videoclip.media.watermark import Mark, overlay_image
from videoclip.settings import MediaLimits

__all__ = [
    "FONTS",
    "Extra",
    "Timeline",
    "audio_timeline",
    "encoder_tick",
    "picture",
    "plan_timeline",
    "source_picture",
]

FONTS = "fonts"
"""Name of the font folder in FFmpeg's working folder."""


def picture(
    job: RenderJob,
    timeline: Timeline,
    limits: MediaLimits,
    *,
    overlay: str | None,
    image: tuple[Path, str] | None,
    threads: int,
    follow: str | None = None,
    witness: Witness | None = None,
) -> Any:
    """The graph of a clip's picture, ready for the encoder.

    Args:
        job: what the clip is made from.
        timeline: of ``plan_timeline``.
        limits: for the inputs.
        overlay: name of an ASS script in FFmpeg's working folder, or None.
        image: watermark image and its demuxer, or None.
        threads: decoder threads.
        follow: name of the commands that move the crop, in FFmpeg's working folder, or None.
        witness: keeps small pictures of the source for the proof.
    """
    assert job.media.video is not None
    stream = source_picture(job, timeline, limits, threads, witness)
    stream = fit_picture(stream, job.media.video, timeline.frame, follow)
    around = [
        _extra_picture(extra, number, timeline, limits, threads) if extra else None
        for number, extra in enumerate((timeline.intro, timeline.outro))
    ]
    card = _card(job, timeline, limits, threads) if timeline.card else None
    whole = [part for part in (around[0], card, stream, around[1]) if part is not None]
    stream = _joined(whole, timeline)
    if image is not None:
        stream = overlay_image(
            stream, image, Mark.of(job.options),
            width=timeline.frame.width, height=timeline.frame.height,
        )  # fmt: skip
    if overlay is not None:
        stream = stream.filter("ass", overlay, fontsdir=FONTS)
    return tagged(stream.filter("format", "yuv420p"))


def source_picture(
    job: RenderJob,
    timeline: Timeline,
    limits: MediaLimits,
    threads: int,
    witness: Witness | None = None,
) -> Any:
    """The source's frames that make up the clip, from 0 on, in their own shape; sped and cross-faded."""
    parts = [
        part
        for run in near(timeline.spans)
        for part in _spans(job, run, timeline, limits, threads, witness)
    ]
    return _joined(parts, timeline, timeline.fades)


def _card(job: RenderJob, timeline: Timeline, limits: MediaLimits, threads: int) -> Any:
    """The title card's picture: it reads the first frame by itself, since frames cannot be shown before they come."""
    assert job.media.video is not None
    reader = len(timeline.spans) + 2
    first = _spans(job, [0], timeline, limits, threads, reader=reader)[0]
    fitted = fit_picture(first.filter("trim", end_frame=1), job.media.video, timeline.frame)
    return _numbered(card_picture(fitted, timeline.frame, timeline.card), timeline.rate)


def _spans(
    job: RenderJob,
    run: list[int],
    timeline: Timeline,
    limits: MediaLimits,
    threads: int,
    witness: Witness | None = None,
    reader: int | None = None,
) -> list[Any]:
    """The ranges of one reader, exactly their frames, each from 0 on; ``reader`` tells a second reading apart."""
    video = job.media.video
    assert video is not None
    options: dict[str, Any] = input_options(job.media.container, limits)
    options |= {
        **seek_options(timeline.spans[run[0]].seek),
        **distinct(run[0] if reader is None else reader),
    }
    stream = ffmpeg.input(file_url(job.source), threads=threads, **options)[str(video.index)]
    if len(run) == 1:
        return [_span(stream, job, run[0], timeline, witness)]
    split = stream.filter_multi_output("split", len(run))
    return [_span(split[place], job, number, timeline, witness) for place, number in enumerate(run)]


def _span(
    stream: Any, job: RenderJob, number: int, timeline: Timeline, witness: Witness | None
) -> Any:
    span, tick = timeline.spans[number], time_base(job.media)
    stream = stream.filter("settb", f"{tick.numerator}/{tick.denominator}")
    if witness is not None:
        stream = witness.tap(stream, number, span.start_pts, span.end_pts)
    stream = stream.filter("trim", start_pts=span.start_pts, end_pts=span.end_pts)
    origin, speed = span.start / tick, timeline.speed
    shift = f"({origin.numerator}/{origin.denominator})"
    pace = f"*{speed.denominator}/{speed.numerator}" if speed != 1 else ""
    stream = stream.filter("setpts", f"max(0,PTS-{shift}){pace}")
    if timeline.conform:
        return _on_grid(stream, timeline.rate, timeline.counts[number] or 1)
    if not timeline.constant:
        return stream.filter("settb", f"1/{VARIABLE_TICK.denominator}")
    if speed != 1:
        # By number, so that what is dropped or repeated does not depend on rounded time stamps.
        stream = _numbered(stream, timeline.rate * speed)
        return _on_grid(stream, timeline.rate, timeline.counts[number] or 1)
    return _numbered(stream, timeline.rate)


def _on_grid(stream: Any, rate: Fraction, frames: int) -> Any:
    """Drop and repeat frames to a constant rate, and hold the last one until the count is full."""
    return (
        stream.filter("fps", f"{rate.numerator}/{rate.denominator}", start_time=0)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end_frame=frames)
    )


def _numbered(stream: Any, rate: Fraction) -> Any:
    """Time stamps by frame number: none is lost or doubled, and roundings vanish."""
    return stream.filter("settb", f"{rate.denominator}/{rate.numerator}").filter("setpts", "N")


def _joined(parts: Sequence[Any], timeline: Timeline, fades: Sequence[int] = ()) -> Any:
    """One part after the other; ``fades``: frames that each shares with the one before."""
    if not any(fades):
        if len(parts) == 1:
            return parts[0]
        return _numbered(ffmpeg.concat(*parts, v=1, a=0), timeline.rate)
    runs, total = [parts[0]], timeline.counts[0] or 0
    for part, fade, count in zip(parts[1:], fades, timeline.counts[1:], strict=True):
        if fade:
            before = _constant(runs[-1], timeline.rate)
            runs[-1] = ffmpeg.filter(
                [before, _constant(part, timeline.rate)], "xfade", transition="fade",
                duration=_micro(fade / timeline.rate),
                offset=_micro((total - fade) / timeline.rate),
            )  # fmt: skip
            total += (count or 0) - fade
        else:
            runs.append(part)
            total = count or 0
    return _joined([_numbered(run, timeline.rate) for run in runs], timeline)


def _constant(stream: Any, rate: Fraction) -> Any:
    """Frames numbered already, told to be of a constant rate: ``setpts`` makes FFmpeg 7 forget it."""
    return _numbered(stream, rate).filter(
        "fps", f"{rate.numerator}/{rate.denominator}", start_time=0
    )


def _micro(seconds: Fraction) -> str:
    """A duration for a filter; its microseconds are rounded to whole frames again there."""
    micro = round(seconds * 1_000_000)
    return f"{micro // 1_000_000}.{micro % 1_000_000:06}"


def _extra_picture(
    extra: Extra, number: int, timeline: Timeline, limits: MediaLimits, threads: int
) -> Any:
    video = extra.media.video
    assert video is not None
    options: dict[str, Any] = input_options(extra.media.container, limits)
    options |= distinct(len(timeline.spans) + number)
    stream = ffmpeg.input(file_url(extra.path), threads=threads, **options)[str(video.index)]
    stream = stream.filter("setpts", "PTS-STARTPTS")
    stream = _on_grid(stream, timeline.rate, extra.frames)
    return conform_picture(stream, timeline.frame, video)
