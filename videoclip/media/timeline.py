"""A clip's time line: which frames of which file are shown when, and the sound under them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videoclip.errors import SourceNotMedia
from videoclip.media.cut import RenderJob
from videoclip.media.geometry import Frame, plan_frame
from videoclip.media.packets import FrameSpan, plan_spans
from videoclip.media.probe import probe
from videoclip.media.programme import RATE, SoundPiece
from videoclip.schemas import MediaInfo, TimeRange
from videoclip.settings import MediaLimits

__all__ = ["VARIABLE_TICK", "Extra", "Timeline", "audio_timeline", "encoder_tick", "plan_timeline"]

VARIABLE_TICK = Fraction(1, 90_000)
"""Time base of a clip whose frames are not evenly spaced, seconds."""


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


def encoder_tick(timeline: Timeline) -> Fraction:
    """The encoder's time base: a frame where they are evenly spaced."""
    return 1 / timeline.rate if timeline.constant else VARIABLE_TICK
