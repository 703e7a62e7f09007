"""A clip's time line and its picture graph: ranges, intro and outro, frame, captions, watermark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import SourceNotMedia
from videoclip.media.cut import RenderJob
from videoclip.media.ffmpeg import distinct, file_url, input_options
from videoclip.media.formats import IMAGE_DEMUXERS, PROTOCOLS
from videoclip.media.geometry import Frame, conform_picture, fit_picture, plan_frame
from videoclip.media.packets import FrameSpan, plan_spans, time_base
from videoclip.media.probe import probe
from videoclip.media.programme import RATE, SoundPiece, seek_options
from videoclip.media.proof_pictures import Witness
from videoclip.schemas import Aspect, MediaInfo, TimeRange
from videoclip.settings import MediaLimits

__all__ = ["Extra", "Timeline", "audio_timeline", "picture", "plan_timeline"]

_VARIABLE_TICK = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Extra:
    """An intro or outro."""

    path: Path
    media: MediaInfo
    span: FrameSpan
    frames: int
    """At the clip's rate, exactly this many come out."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is shown when. Everything about a clip that is known before a frame is decoded."""

    spans: tuple[FrameSpan, ...]
    intro: Extra | None
    outro: Extra | None
    rate: Fraction
    """Frames a second."""
    constant: bool
    """Whether the clip's frames stand on the grid of ``rate``."""
    conform: bool
    """Whether the source's frames are brought onto that grid by dropping and repeating."""
    counts: tuple[int | None, ...]
    """Frames of each span."""
    lengths: tuple[Fraction, ...]
    """Seconds of each span."""
    frame: Frame

    @property
    def intro_s(self) -> Fraction:
        """Seconds of the intro."""
        return self.intro.frames / self.rate if self.intro else Fraction(0)

    @property
    def seconds(self) -> Fraction:
        """Seconds of the clip."""
        outro = self.outro.frames / self.rate if self.outro else Fraction(0)
        return self.intro_s + sum(self.lengths, Fraction(0)) + outro

    @property
    def frames(self) -> int | None:
        """Frames of the clip; None where only decoding tells."""
        total = sum(extra.frames for extra in (self.intro, self.outro) if extra)
        for count in self.counts:
            if count is None:
                return None
            total += count
        return total


def plan_timeline(job: RenderJob, limits: MediaLimits, *, patient: bool = False) -> Timeline:
    """Find the exact frames of a clip with video; ``patient`` as for ``plan_spans``.

    Raises:
        MediaToolFailed: a range lies behind the end of the source.
        SourceError: the intro or outro cannot be used.
    """
    assert job.media.video is not None
    spans = tuple(plan_spans(job.source, job.media, job.ranges, limits, patient=patient))
    rate = Fraction(job.media.video.frame_rate)
    extras = job.options.intro is not None or job.options.outro is not None
    grid = all(span.constant for span in spans)
    conform = not grid and (extras or len(spans) > 1)
    lengths = tuple(span.end - span.start for span in spans)
    counts: tuple[int | None, ...] = tuple(span.frames for span in spans)
    if conform:
        rate = min(rate, Fraction(60))
        counts = tuple(max(1, round(length * rate)) for length in lengths)
        lengths = tuple((count or 0) / rate for count in counts)
    return Timeline(
        spans, _extra(job.options.intro, rate, limits), _extra(job.options.outro, rate, limits),
        rate, grid or conform, conform, counts, lengths,
        plan_frame(job.media.video, job.options.aspect),
    )  # fmt: skip


def _extra(name: str | None, rate: Fraction, limits: MediaLimits) -> Extra | None:
    if name is None:
        return None
    path = Path(name)
    media = probe(path, limits)
    if media.video is None:
        raise SourceNotMedia(
            f"{path.name!r} has no picture, so it cannot be an intro or outro", "Name a video file"
        )
    whole = TimeRange(start_ms=0, end_ms=max(1, media.duration_ms))
    span = plan_spans(path, media, [whole], limits)[0]
    return Extra(path, media, span, max(1, round((span.end - span.start) * rate)))


def audio_timeline(job: RenderJob, timeline: Timeline) -> list[SoundPiece]:
    """The sound under that picture; empty where neither source nor intro nor outro has any."""
    pieces: list[tuple[Path, MediaInfo, FrameSpan, Fraction]] = []
    if timeline.intro:
        pieces.append(_extra_piece(timeline.intro, timeline.rate))
    pieces += [
        (job.source, job.media, span, length)
        for span, length in zip(timeline.spans, timeline.lengths, strict=True)
    ]
    if timeline.outro:
        pieces.append(_extra_piece(timeline.outro, timeline.rate))
    if all(media.audio is None for _, media, _, _ in pieces):
        return []
    sounds, clock = [], Fraction(0)
    for path, media, span, length in pieces:
        # Borders are rounded on the clip's clock, so that roundings do not add up.
        samples = round((clock + length) * RATE) - round(clock * RATE)
        clock += length
        sounds.append(SoundPiece(path, media, span.seek, span.start, samples))
    return sounds


def _extra_piece(extra: Extra, rate: Fraction) -> tuple[Path, MediaInfo, FrameSpan, Fraction]:
    return extra.path, extra.media, extra.span, extra.frames / rate


def picture(
    job: RenderJob,
    timeline: Timeline,
    limits: MediaLimits,
    *,
    overlay: str | None,
    image: tuple[Path, str] | None,
    threads: int,
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
        witness: keeps small pictures of the source for the proof.
    """
    parts = [
        _span(job, number, timeline, limits, threads, witness)
        for number in range(len(timeline.spans))
    ]
    assert job.media.video is not None
    stream = fit_picture(_joined(parts, timeline), job.media.video, timeline.frame)
    around = [
        _extra_picture(extra, number, timeline, limits, threads) if extra else None
        for number, extra in enumerate((timeline.intro, timeline.outro))
    ]
    whole = [part for part in (around[0], stream, around[1]) if part is not None]
    stream = _joined(whole, timeline)
    if image is not None:
        stream = _watermark(stream, image, timeline.frame)
    if overlay is not None:
        stream = stream.filter("ass", overlay)
    return stream.filter("format", "yuv420p")


def encoder_tick(timeline: Timeline) -> Fraction:
    """The encoder's time base: a frame where they are evenly spaced."""
    return 1 / timeline.rate if timeline.constant else _VARIABLE_TICK


def _span(
    job: RenderJob,
    number: int,
    timeline: Timeline,
    limits: MediaLimits,
    threads: int,
    witness: Witness | None,
) -> Any:
    """Exactly the frames of one range, from 0 on."""
    video, span = job.media.video, timeline.spans[number]
    assert video is not None
    tick = time_base(job.media)
    options: dict[str, Any] = input_options(job.media.container, limits)
    options |= {**seek_options(span.seek), **distinct(number)}
    stream = ffmpeg.input(file_url(job.source), threads=threads, **options)[str(video.index)]
    stream = stream.filter("settb", f"{tick.numerator}/{tick.denominator}")
    if witness is not None:
        stream = witness.tap(stream, number, span.start_pts, span.end_pts)
    stream = stream.filter("trim", start_pts=span.start_pts, end_pts=span.end_pts)
    origin = span.start / tick
    shift = f"({origin.numerator}/{origin.denominator})"
    stream = stream.filter("setpts", f"max(0,PTS-{shift})")
    if timeline.conform:
        return _on_grid(stream, timeline.rate, timeline.counts[number] or 1)
    if not timeline.constant:
        return stream.filter("settb", f"1/{_VARIABLE_TICK.denominator}")
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


def _joined(parts: Sequence[Any], timeline: Timeline) -> Any:
    if len(parts) == 1:
        return parts[0]
    return _numbered(ffmpeg.concat(*parts, v=1, a=0), timeline.rate)


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
    return conform_picture(stream, timeline.frame, hdr=plan_frame(video, Aspect.SOURCE).hdr)


def _watermark(stream: Any, image: tuple[Path, str], frame: Frame) -> Any:
    """An image at the top right, 12 % of the width, four fifths opaque."""
    path, demuxer = image
    margin = round(frame.width * 0.03)
    logo = (
        ffmpeg.input(
            file_url(path), f=demuxer, protocol_whitelist=PROTOCOLS, format_whitelist=demuxer,
            codec_whitelist=IMAGE_DEMUXERS[demuxer], max_pixels=8192 * 8192,
        )["v"]
        .filter("trim", end_frame=1)
        .filter("setpts", "0")
        .filter("scale", max(2, round(frame.width * 0.12)), f"max(1,min({frame.height // 3},ow/dar))")
        .filter("format", "rgba")
        .filter("colorchannelmixer", aa=0.8)
    )  # fmt: skip
    return stream.overlay(logo, x=f"W-w-{margin}", y=margin)
