"""A clip's time line: which frames of which file are shown when, and the sound under them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videoclip.errors import SourceNotMedia
from videoclip.media.captions import Cue, shifted
from videoclip.media.clock import Piece, retimed
from videoclip.media.cut import RenderJob
from videoclip.media.geometry import Frame, plan_frame
from videoclip.media.joints import NEAR, RATE, SoundPiece
from videoclip.media.packets import FrameSpan, plan_spans
from videoclip.media.probe import probe
from videoclip.media.titlecard import card_frames
from videoclip.schemas import MediaInfo, TimeRange
from videoclip.settings import MediaLimits

__all__ = [
    "VARIABLE_TICK",
    "Extra",
    "Timeline",
    "audio_timeline",
    "clip_cues",
    "encoder_tick",
    "near",
    "plan_timeline",
]

VARIABLE_TICK = Fraction(1, 90_000)
"""Time base of a clip whose frames are not evenly spaced, seconds."""
_SHORTEST_FADE = 2
"""Frames; less is a hard cut."""


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
    """Seconds of each span, as it is played."""
    frame: Frame
    speed: Fraction = Fraction(1)
    """How much faster than recorded the spans are played."""
    fades: tuple[int, ...] = ()
    """Frames that each span but the first shares with the one before it."""
    fades_short: bool = False
    """Whether a span was too short for the cross-fade asked for."""
    card: int = 0
    """Frames of the title card, which stands between intro and clip."""

    @property
    def intro_s(self) -> Fraction:
        """Seconds of the intro."""
        return self.intro.frames / self.rate if self.intro else Fraction(0)

    @property
    def lead_s(self) -> Fraction:
        """Seconds before the clip itself: intro and title card."""
        return self.intro_s + self.card / self.rate

    @property
    def seconds(self) -> Fraction:
        """Seconds of the clip."""
        outro = self.outro.frames / self.rate if self.outro else Fraction(0)
        return self.lead_s + self.body_s + outro

    @property
    def body_s(self) -> Fraction:
        """Seconds of all spans together."""
        return sum(self.lengths, Fraction(0)) - sum(self.fades) / self.rate

    @property
    def starts(self) -> list[Fraction]:
        """When each span begins, seconds after intro and title card."""
        found = [Fraction(0)]
        for length, fade in zip(self.lengths, self.fades, strict=False):
            found.append(found[-1] + length - fade / self.rate)
        return found

    @property
    def frames(self) -> int | None:
        """Frames of the clip; None where only decoding tells."""
        total = self.card + sum(extra.frames for extra in (self.intro, self.outro) if extra)
        for count in self.counts:
            if count is None:
                return None
            total += count
        return total - sum(self.fades)


def plan_timeline(job: RenderJob, limits: MediaLimits, *, patient: bool = False) -> Timeline:
    """Find the exact frames of a clip with video; ``patient`` as for ``plan_spans``.

    Raises:
        MediaToolFailed: a range lies behind the end of the source.
        SourceError: the intro or outro cannot be used.
    """
    assert job.media.video is not None
    spans = tuple(plan_spans(job.source, job.media, job.ranges, limits, patient=patient))
    rate = Fraction(job.media.video.frame_rate)
    options = job.options
    extras = options.intro is not None or options.outro is not None or options.title_card_ms > 0
    grid = all(span.constant for span in spans)
    speed = Fraction(job.options.speed, 100)
    # At another speed the rate stays and frames are dropped or repeated, so they need a grid.
    conform = not grid and (extras or len(spans) > 1 or speed != 1)
    lengths = tuple(span.end - span.start for span in spans)
    counts: tuple[int | None, ...] = tuple(span.frames for span in spans)
    if conform:
        rate = min(rate, Fraction(60))
        counts = tuple(max(1, round(length / speed * rate)) for length in lengths)
    elif speed != 1:
        counts = tuple(max(1, round((count or 1) / speed)) for count in counts)
    if conform or speed != 1:
        lengths = tuple((count or 1) / rate for count in counts)
    fades, short = _fades(job.options.crossfade_ms, rate, counts)
    return Timeline(
        spans, _extra(job.options.intro, rate, limits), _extra(job.options.outro, rate, limits),
        rate, grid or conform, conform, counts, lengths,
        plan_frame(job.media.video, options.aspect, options.framing), speed, fades, short,
        card_frames(options.title_card_ms, job.title, rate),
    )  # fmt: skip


def _fades(
    wished_ms: int, rate: Fraction, counts: tuple[int | None, ...]
) -> tuple[tuple[int, ...], bool]:
    """Frames of each cross-fade, at most half of the shorter neighbour; and whether one was cut short."""
    wished = round(wished_ms * rate / 1000)
    found, short = [], False
    for first, second in itertools.pairwise(counts):
        fade = min(wished, (first or 0) // 2, (second or 0) // 2)
        short = short or fade < wished
        found.append(fade if fade >= _SHORTEST_FADE else 0)
    return tuple(found), short


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
    extras = [extra for extra in (timeline.intro, timeline.outro) if extra]
    if job.media.audio is None and all(extra.media.audio is None for extra in extras):
        return []
    sounds, clock = [], Fraction(0)
    if timeline.intro:
        sounds.append(_extra_piece(timeline.intro, timeline.rate, clock))
        clock = timeline.intro_s
    if timeline.card:
        sounds.append(SoundPiece(None, None, None, Fraction(0), _samples(clock, timeline.lead_s)))
        clock = timeline.lead_s
    for number, span in enumerate(timeline.spans):
        fade = timeline.fades[number - 1] / timeline.rate if number else Fraction(0)
        begin, end = clock - fade, clock - fade + timeline.lengths[number]
        sounds.append(
            SoundPiece(
                job.source, job.media, span.seek, span.start, _samples(begin, end),
                timeline.speed, _samples(begin, clock),
            )
        )  # fmt: skip
        clock = end
    if timeline.outro:
        sounds.append(_extra_piece(timeline.outro, timeline.rate, clock))
    return sounds


def _extra_piece(extra: Extra, rate: Fraction, clock: Fraction) -> SoundPiece:
    samples = _samples(clock, clock + extra.frames / rate)
    return SoundPiece(
        extra.path, extra.media, extra.span.seek, extra.span.start, samples, extra=True
    )


def _samples(start: Fraction, end: Fraction) -> int:
    """Samples between two times of the clip: borders are rounded, so roundings do not add up."""
    return round(end * RATE) - round(start * RATE)


def clip_cues(cues: Sequence[Cue], ranges: Sequence[TimeRange], timeline: Timeline) -> list[Cue]:
    """The job's cues where they belong in the clip: behind intro and title card, sped, inside the joints."""
    starts, pieces = timeline.starts, []
    for number, piece in enumerate(ranges):
        end = starts[number] + timeline.lengths[number]
        if number < len(timeline.fades):
            end -= timeline.fades[number] / timeline.rate / 2
        pieces.append(Piece(piece.duration_ms, starts[number], end, timeline.speed))
    return shifted(retimed(cues, pieces), round(timeline.lead_s * 1000))


def encoder_tick(timeline: Timeline) -> Fraction:
    """The encoder's time base: a frame where they are evenly spaced."""
    return 1 / timeline.rate if timeline.constant else VARIABLE_TICK


def near(spans: Sequence[FrameSpan]) -> list[list[int]]:
    """Numbers of the spans in runs that one reader serves: forward, with little between them."""
    groups: list[list[int]] = []
    for number, span in enumerate(spans):
        before = spans[number - 1] if number else None
        if (
            before is not None
            and span.start_pts >= before.end_pts
            and span.start - before.end <= NEAR
        ):
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups
