"""From a manifest to a timeline in whole frames: what every format writes down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from videoclip.errors import UsageError, one_line
from videoclip.nle.smpte import frame_count, label
from videoclip.schemas import Manifest, MediaInfo

__all__ = ["Event", "Marker", "SourceMedia", "Timeline", "text", "timeline_of"]

_RATES = tuple(
    Fraction(*pair)
    for pair in (
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (48_000, 1001), (48, 1), (50, 1),
        (60_000, 1001), (60, 1), (100, 1), (120_000, 1001), (120, 1),
    )
)  # fmt: skip
"""Rates that editing programs have timelines for."""
_SOUND_RATE = Fraction(25)
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class SourceMedia:
    """The source as an editing program needs it."""

    path: str
    name: str
    start: int
    """Time code of its first frame, in frames from 00:00:00:00."""
    frames: int
    width: int
    height: int
    has_video: bool
    channels: int
    """Of sound; 0: none."""
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Event:
    """A run of source frames on the timeline; counts from the source's first and the timeline's first frame."""

    title: str
    source_in: int
    source_out: int
    """First frame not taken."""
    record_in: int

    @property
    def frames(self) -> int:
        """Length."""
        return self.source_out - self.source_in

    @property
    def record_out(self) -> int:
        """First frame behind it on the timeline."""
        return self.record_in + self.frames


@dataclass(frozen=True, slots=True)
class Marker:
    """A clip's title and reason, at its first frame on the timeline."""

    record: int
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All clips of a job, one after the other, best first."""

    name: str
    rate: Fraction
    drop: bool
    start: int
    """Time code of the timeline's first frame, in frames from 00:00:00:00."""
    source: SourceMedia
    events: tuple[Event, ...]
    markers: tuple[Marker, ...]
    notes: tuple[str, ...]
    """What an editor must know: conformed rates, effects that are not in the list."""

    @property
    def frames(self) -> int:
        """Length."""
        return self.events[-1].record_out

    def source_label(self, frame: int) -> str:
        """Time code of a source frame."""
        return label(self.source.start + frame, self.rate, drop=self.drop)

    def record_label(self, frame: int) -> str:
        """Time code of a timeline frame."""
        return label(self.start + frame, self.rate, drop=self.drop)


def timeline_of(
    manifest: Manifest, *, source_timecode: str | None = None, source_path: str | None = None
) -> Timeline:
    """The timeline of a job's clips.

    A frame belongs to a range ``[a, b)`` when ``a <= t < b``, as when clips are rendered. Sources
    with a variable frame rate, or with one that no program has, are counted at the nearest usual rate,
    and ``notes`` say so.

    Args:
        manifest: of the job.
        source_timecode: of the source's first frame; drop-frame when written with ``;``. None: zero.
        source_path: where the source is now, if not where the manifest says.

    Raises:
        UsageError: the job has no clips, or the time code is none.
    """
    if not manifest.clips:
        raise UsageError(
            "this job made no clips, so there is nothing to export",
            "Run `videoclip clip` or `videoclip cut` into this folder first",
        )
    rate, exact, notes = _rate(manifest.media)
    start, drop = (0, False) if source_timecode is None else frame_count(source_timecode, rate)
    total = max(1, math.ceil(manifest.media.duration_ms * rate / 1000))
    events: list[Event] = []
    markers: list[Marker] = []
    place = 0
    for clip in manifest.clips:
        title = text(clip.title) or clip.id
        markers.append(Marker(place, title, text(clip.reason)))
        for piece in clip.ranges:
            first = min(_frame(piece.start_ms, rate, exact), total - 1)
            last = min(max(_frame(piece.end_ms, rate, exact), first + 1), total)
            events.append(Event(title, first, last, place))
            place = events[-1].record_out
    notes += _left_out(manifest)
    hour, _ = frame_count("01:00:00;00" if drop else "01:00:00:00", rate)
    name = text(manifest.source.name) or "Video-Clip"
    return Timeline(
        name=f"{name} clips", rate=rate, drop=drop, start=hour,
        source=_source(manifest, start, total, source_path or manifest.source.path, name),
        events=tuple(events), markers=tuple(markers), notes=tuple(notes),
    )  # fmt: skip


def text(value: str) -> str:
    """Hostile text as one harmless line."""
    return one_line(value, _LONGEST_TEXT)


def _rate(media: MediaInfo) -> tuple[Fraction, bool, list[str]]:
    """The timeline's rate, whether the source's frames stand exactly on it, and what to say."""
    if media.video is None:
        return (
            _SOUND_RATE,
            False,
            [f"The source has sound only; frames are counted at {_SOUND_RATE}"],
        )
    own = Fraction(media.video.frame_rate)
    best = min(_RATES, key=lambda rate: abs(rate / own - 1))
    if media.video.variable_frame_rate:
        note = (
            f"The source has a variable frame rate (average {_decimal(own)}); frames are counted at "
            f"{_decimal(best)}: conform the source to that rate first where every frame matters"
        )
    elif abs(best / own - 1) > Fraction(1, 5000):
        note = (
            f"No editing program has a timeline of {_decimal(own)} frames a second; frames are "
            f"counted at {_decimal(best)}"
        )
    else:
        return best, True, []
    return best, False, [note]


def _decimal(rate: Fraction) -> str:
    return str(rate.numerator) if rate.denominator == 1 else f"{float(rate):.3f}"


def _frame(ms: int, rate: Fraction, exact: bool) -> int:
    """The first frame at or after a time; the nearest one where frames do not stand on the grid."""
    place = ms * rate / 1000
    return math.ceil(place) if exact else math.floor(place + Fraction(1, 2))


def _left_out(manifest: Manifest) -> list[str]:
    """What the finished clips have and a cut list does not."""
    if manifest.request.kind == "transcribe":
        return []
    options = manifest.request.render
    wishes = {
        "speed": options.speed != 100,
        "cross-fades": options.crossfade_ms > 0 and any(len(c.ranges) > 1 for c in manifest.clips),
        "intro or outro": options.intro is not None or options.outro is not None,
        "the title card": options.title_card_ms > 0,
        "the watermark": options.watermark is not None,
    }
    missing = [name for name, wanted in wishes.items() if wanted]
    return (
        [f"Not in this list, only in the finished clips: {', '.join(missing)}"] if missing else []
    )


def _source(manifest: Manifest, start: int, frames: int, path: str, name: str) -> SourceMedia:
    video, audio = manifest.media.video, manifest.media.audio
    return SourceMedia(
        path=path, name=name, start=start, frames=frames,
        width=video.display_width if video else 0, height=video.display_height if video else 0,
        has_video=video is not None,
        channels=audio.channels if audio else 0, sample_rate=audio.sample_rate if audio else 0,
    )  # fmt: skip
