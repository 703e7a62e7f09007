"""A clip's sound: cut to the sample, joined, brought to the wanted loudness.

The sound is made first, as a file of 48 kHz stereo floats, so that measuring it (ITU-R BS.1770 by
FFmpeg's ``ebur128``) and correcting it cost no second decoding of the source. Gain is linear; a
true-peak limiter (at 192 kHz) works only on peaks that the gain would push over the ceiling, and
what it takes away from the loudness is given back in a second round.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.ffmpeg import distinct, file_url, input_options, run
from videoclip.schemas import MediaInfo, Notice
from videoclip.settings import MediaLimits

__all__ = ["RATE", "Loudness", "Sound", "SoundPiece", "make_programme", "parse_ebur128"]

RATE = 48_000
"""Hz of every clip."""
CEILING_DBTP = -1.0
"""True peak that a clip may have, as streaming platforms ask."""
_LIMIT_DB = -2.2
"""Where the limiter works; AAC adds up to about one dB to peaks."""
_TOLERANCE_LU = 0.3
_ROUNDS = 5
_SILENT_LUFS = -50.0
_MIN_SECONDS = Fraction(1, 2)
"""Integrated loudness is defined over blocks of 400 ms."""
_BYTES = 8


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


@dataclass(frozen=True, slots=True)
class Loudness:
    """A measurement; None where a signal is too short or silent."""

    integrated: float | None
    true_peak: float | None


@dataclass(frozen=True, slots=True)
class Sound:
    """The finished sound of a clip."""

    path: Path
    samples: int
    notices: tuple[Notice, ...]
    target: float | None
    """LUFS that it was brought to; None where loudness was left alone."""


def make_programme(
    pieces: list[SoundPiece],
    work: Path,
    limits: MediaLimits,
    *,
    target: float | None,
    headroom_db: float = 0.0,
    cancel: threading.Event | None = None,
) -> Sound:
    """Write the joined sound of ``pieces`` into ``work``.

    Args:
        pieces: in order.
        work: private folder.
        limits: for FFmpeg.
        target: integrated loudness in LUFS; None leaves the level alone.
        headroom_db: lowers the limiter further, for a second attempt.
        cancel: stops the work when set.

    Raises:
        MediaToolFailed: FFmpeg failed or gave another length than was asked for.
    """
    raw = work / "sound.w64"
    samples = sum(piece.samples for piece in pieces)
    seconds = Fraction(samples, RATE)
    joined = [_piece(piece, number, limits) for number, piece in enumerate(pieces)]
    stream = joined[0] if len(joined) == 1 else ffmpeg.concat(*joined, v=0, a=1)
    found = _write(stream, raw, limits, seconds, cancel, measured=target is not None)
    _check_length(raw, samples)
    if target is None:
        return Sound(raw, samples, (), None)
    if seconds < _MIN_SECONDS or found.integrated is None or found.integrated < _SILENT_LUFS:
        notice = Notice(
            code="loudness_skipped",
            message="The loudness was left alone: the sound is silent, almost silent or too short to measure",
        )
        return Sound(raw, samples, (notice,), None)
    ceiling = _LIMIT_DB - headroom_db
    gain, out = target - found.integrated, work / "levelled.w64"
    for round_ in range(_ROUNDS):
        stream = _levelled(raw, gain, samples, ceiling, found.true_peak)
        result = _write(stream, out, limits, seconds, cancel)
        _check_length(out, samples)
        if result.integrated is None or abs(target - result.integrated) <= _TOLERANCE_LU:
            break
        # The limiter takes back a part of each correction, so later ones are made larger.
        gain += (target - result.integrated) * (1 if round_ == 0 else 1.5)
    raw.unlink()
    return Sound(out, samples, (), target)


def _piece(piece: SoundPiece, number: int, limits: MediaLimits) -> Any:
    """One piece as exactly ``piece.samples`` samples of 48 kHz stereo float."""
    if piece.path is None or piece.media is None or piece.media.audio is None:
        silence = ffmpeg.input(f"anullsrc=r={RATE}:cl=stereo", f="lavfi", **distinct(number))
        return silence.filter("atrim", end_sample=piece.samples).filter("aformat", **_FORMAT)
    options: dict[str, Any] = input_options(piece.media.container, limits)
    options |= {**seek_options(piece.seek), **distinct(number)}
    audio = piece.media.audio
    ticks = round(piece.start * audio.sample_rate)
    # One second more than needed, so that the resampler has what it looks ahead for.
    end = ticks + (piece.samples // RATE + 2) * audio.sample_rate
    return (
        ffmpeg.input(file_url(piece.path), **options)[str(audio.index)]
        .filter("asettb", f"1/{audio.sample_rate}")
        .filter("atrim", start_pts=ticks, end_pts=end)
        .filter("asetpts", f"PTS-({ticks})")
        .filter("aresample", RATE, **{"async": 1, "first_pts": 0})
        .filter("aformat", **_FORMAT)
        .filter("apad", whole_len=piece.samples)
        .filter("atrim", end_sample=piece.samples)
        .filter("asetpts", "PTS-STARTPTS")
    )


_FORMAT = {"sample_fmts": "flt", "sample_rates": str(RATE), "channel_layouts": "stereo"}


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


def _levelled(raw: Path, gain: float, samples: int, ceiling: float, true_peak: float | None) -> Any:
    stream = ffmpeg.input(raw.name, f="w64")["a"].filter("volume", f"{gain:.3f}dB")
    if true_peak is None or true_peak + gain > ceiling:
        stream = (
            stream.filter("aresample", 192_000)
            .filter(
                "alimiter", limit=f"{10 ** (ceiling / 20):.5f}",
                attack=5, release=50, level=0, latency=1,
            )
            .filter("aresample", RATE)
            .filter("aformat", **_FORMAT)
            .filter("apad", whole_len=samples)
            .filter("atrim", end_sample=samples)
        )  # fmt: skip
    return stream


def _write(
    stream: Any,
    out: Path,
    limits: MediaLimits,
    seconds: Fraction,
    cancel: threading.Event | None,
    *,
    measured: bool = True,
) -> Loudness:
    """Write a stream as W64 and, where wanted, measure it in the same pass; true peaks cost most of it."""
    if not measured:
        plain = ffmpeg.output(stream, out.name, f="w64", acodec="pcm_f32le").get_args()
        run(
            ["-copyts", "-filter_complex_threads", "1", *plain],
            limits=limits, media_seconds=seconds, cwd=out.parent, cancel=cancel,
        )  # fmt: skip
        return Loudness(None, None)
    split = stream.filter_multi_output("asplit")
    kept = ffmpeg.output(split[0], out.name, f="w64", acodec="pcm_f32le")
    measured = ffmpeg.output(
        split[1].filter("ebur128", peak="true", framelog="verbose"), "-", f="null"
    )
    args = ffmpeg.merge_outputs(kept, measured).get_args()
    result = run(
        ["-copyts", "-filter_complex_threads", "1", *args],
        limits=limits, media_seconds=seconds, cwd=out.parent, cancel=cancel, loglevel="info",
    )  # fmt: skip
    return parse_ebur128(result.stderr)


def _check_length(path: Path, samples: int) -> None:
    """A limit may end FFmpeg with exit status 0: the length tells. The header takes 136 bytes or less."""
    have = path.stat().st_size
    if not samples * _BYTES <= have <= samples * _BYTES + 4096:
        raise MediaToolFailed(
            f"the clip's sound has {have // _BYTES} samples instead of {samples}",
            "Check that the source's audio plays; try again",
        )


def parse_ebur128(stderr: str) -> Loudness:
    """Integrated loudness (LUFS) and true peak (dBTP) from the filter's summary."""
    place = stderr.rfind("Summary:")
    if place < 0:
        return Loudness(None, None)
    body = stderr[place:]
    integrated = re.search(r"\bI:\s+(-?[\d.]+) LUFS", body)
    peak = re.search(r"\bPeak:\s+(-?[\d.]+) dBFS", body)
    level = float(integrated[1]) if integrated else None
    # -70 is the gate: nothing passed it.
    return Loudness(
        None if level is None or level <= -69.9 else level, float(peak[1]) if peak else None
    )
