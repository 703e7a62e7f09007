"""Sound from pieces of sources: cut to the sample, sped, and joined without a click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.media.ffmpeg import distinct, file_url, input_options
from videoclip.schemas import AudioStream, MediaInfo
from videoclip.settings import MediaLimits

__all__ = ["FORMAT", "NEAR", "RATE", "SoundPiece", "joined_sound", "seek_options"]

RATE = 48_000
"""Hz of every clip."""
FORMAT = {"sample_fmts": "flt", "sample_rates": str(RATE), "channel_layouts": "stereo"}
NEAR = Fraction(10)
"""Ranges with at most so many seconds between them are read in one go, else each seeks for itself."""
_BORDER = 240
"""Samples (5 ms) of fade on each side of a hard joint: a jump between samples would be a click."""
_SLACK_S = 2


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """A stretch of sound of one source; ``path`` None is silence."""

    path: Path | None
    media: MediaInfo | None
    seek: Fraction | None
    start: Fraction
    """Seconds on the file's clock."""
    samples: int
    """At 48 kHz, exactly this many come out."""
    speed: Fraction = Fraction(1)
    """How much faster than recorded it is played; the pitch stays."""
    overlap: int = 0
    """Samples at its start that are cross-faded with the end of the piece before."""
    extra: bool = False
    """Whether it comes from an intro or outro, whose sound is mixed already."""

    @property
    def end(self) -> Fraction:
        """Where it ends, seconds on the file's clock."""
        return self.start + Fraction(self.samples, RATE) * self.speed


def joined_sound(pieces: Sequence[SoundPiece], limits: MediaLimits) -> Any:
    """The graph of all pieces one after the other, 48 kHz stereo float.

    It gives exactly the sum of their samples, less the overlaps.
    """
    streams: list[Any] = []
    for group in _groups(pieces):
        streams += _streams(group, len(streams), limits)
    faded: list[Any] = []
    for number, piece in enumerate(pieces):
        soft = piece.overlap > 0
        before = pieces[number - 1] if number else None
        after = pieces[number + 1] if number + 1 < len(pieces) else None
        stream = streams[number]
        border = min(_BORDER, piece.samples // 2)
        if before is not None and not soft and not _continues(before, piece):
            stream = stream.filter("afade", t="in", ss=0, ns=border)
        if after is not None and not after.overlap and not _continues(piece, after):
            stream = stream.filter("afade", t="out", ss=piece.samples - border, ns=border)
        if soft:
            # Two moments of speech do not correlate: equal power keeps the loudness.
            faded[-1] = ffmpeg.filter(
                [faded[-1], stream], "acrossfade", ns=piece.overlap, c1="qsin", c2="qsin"
            )
        else:
            faded.append(stream)
    return faded[0] if len(faded) == 1 else ffmpeg.concat(*faded, v=0, a=1)


def seek_options(seek: Fraction | None, *, accurate: bool = False) -> dict[str, Any]:
    """Input options that begin reading at the keyframe before ``seek``, seconds on the file's clock.

    With ``accurate`` FFmpeg drops (or, when copying, hides) what lies before; else we do.
    """
    if seek is None:
        return {}
    micro = max(0, int(seek * 1_000_000))
    options: dict[str, Any] = {
        "seek_timestamp": 1, "ss": f"{micro // 1_000_000}.{micro % 1_000_000:06}",
    }  # fmt: skip
    return options if accurate else {**options, "noaccurate_seek": None}


def _continues(first: SoundPiece, second: SoundPiece) -> bool:
    """Whether the second piece begins where the first one ended, so that nothing jumps."""
    return (
        first.path is not None
        and (first.path, first.speed) == (second.path, second.speed)
        and abs(second.start - first.end) < Fraction(1, 10_000)
    )


def _groups(pieces: Sequence[SoundPiece]) -> list[list[SoundPiece]]:
    """Runs of pieces that one reader serves: of one file, forward, near each other."""
    groups: list[list[SoundPiece]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and piece.path is not None
            and piece.path == last.path
            and piece.extra == last.extra
            and piece.start - last.end + Fraction(1, 1000) >= 0
            and piece.start - last.end <= NEAR
        ):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _streams(group: list[SoundPiece], number: int, limits: MediaLimits) -> list[Any]:
    """The pieces of one reader, each with exactly its samples."""
    first = group[0]
    if first.path is None or first.media is None or first.media.audio is None:
        return [
            ffmpeg.input(f"anullsrc=r={RATE}:cl=stereo", f="lavfi", **distinct(number + place))
            .filter("atrim", end_sample=piece.samples)
            .filter("aformat", **FORMAT)
            for place, piece in enumerate(group)
        ]
    audio = first.media.audio
    options: dict[str, Any] = input_options(first.media.container, limits)
    options |= {**seek_options(first.seek), **distinct(number)}
    whole = ffmpeg.input(file_url(first.path), **options)[str(audio.index)]
    whole = whole.filter("asettb", f"1/{audio.sample_rate}")
    if len(group) == 1:
        return [_piece(whole, first, audio)]
    split = whole.filter_multi_output("asplit", len(group))
    return [_piece(split[i], piece, audio) for i, piece in enumerate(group)]


def _piece(stream: Any, piece: SoundPiece, audio: AudioStream) -> Any:
    """One piece as exactly ``piece.samples`` samples of 48 kHz stereo float."""
    rate = audio.sample_rate
    start = round((piece.start - _early(piece.speed) * piece.speed) * rate)
    # More than needed, so that resampler and tempo have what they look ahead for.
    seconds = piece.samples * piece.speed / RATE + _SLACK_S
    stream = (
        stream.filter("atrim", start_pts=start, end_pts=start + round(seconds * rate))
        .filter("asetpts", f"PTS-({start})")
        .filter("aresample", RATE, **{"async": 1, "first_pts": 0})
    )
    if audio.channels == 1:
        # Left to itself, FFmpeg makes both sides 3 dB quieter than the one channel was.
        stream = stream.filter("channelmap", map="0|0", channel_layout="stereo")
    stream = stream.filter("aformat", **FORMAT)
    if piece.speed != 1:
        stream = stream.filter("atempo", f"{float(piece.speed):.4f}")
    return (
        stream.filter("apad", whole_len=piece.samples)
        .filter("atrim", end_sample=piece.samples)
        .filter("asetpts", "PTS-STARTPTS")
    )


def _early(speed: Fraction) -> Fraction:
    """By how many seconds ``atempo`` brings speech and music too early, measured over 0.5 to 2.

    Slowing down, the pieces that it overlaps are taken from the rear end of its search window:
    about 16 ms at half speed, 5 ms just below 1, within 4 ms of nothing above 1.
    """
    return (
        max(Fraction(0), Fraction(12, 1000) / speed - Fraction(8, 1000))
        if speed < 1
        else Fraction(0)
    )
