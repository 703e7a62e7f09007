"""A clip's sound: cut to the sample, joined, polished, brought to the wanted loudness.

FFmpeg decodes, joins and resamples once, into a file of 48 kHz stereo floats. All that follows
(denoise, dialogue leveller, loudness in two passes) is computed on these samples in place: no
further process reads or writes the sound until it is encoded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np

from videoclip.errors import MediaToolFailed
from videoclip.media.ffmpeg import run
from videoclip.media.joints import RATE, SoundPiece, joined_sound, seek_options
from videoclip.media.loudness import Samples, limit, normalise
from videoclip.media.polish import level_voices, reduce_noise
from videoclip.schemas import Notice
from videoclip.settings import MediaLimits

__all__ = [
    "CEILING_DBTP",
    "RATE",
    "Loudness",
    "Sound",
    "SoundPiece",
    "make_programme",
    "parse_ebur128",
    "seek_options",
]

CEILING_DBTP = -1.0
"""True peak that a clip may have, as streaming platforms ask."""
_LIMIT_DB = -2.2
"""Where the limiter works; AAC adds up to about one dB to peaks."""
_TOLERANCE_LU = 0.4
_SILENT_LUFS = -50.0
_MIN_SECONDS = Fraction(1, 2)
"""Integrated loudness is defined over blocks of 400 ms."""
_BYTES = 8
_DATA_CHUNK = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
"""Name of the chunk with the samples in a W64 file; its length (8 bytes) follows."""


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
    """LUFS that it was brought to; None where loudness was left alone. Less than was asked for comes with a notice."""


def make_programme(
    pieces: Sequence[SoundPiece],
    work: Path,
    limits: MediaLimits,
    *,
    target: float | None,
    headroom_db: float = 0.0,
    correction_lu: float = 0.0,
    denoise: bool = False,
    level_dialogue: bool = False,
    cancel: threading.Event | None = None,
) -> Sound:
    """Write the joined sound of ``pieces`` into ``work``.

    Args:
        pieces: in order.
        work: private folder.
        limits: for FFmpeg.
        target: integrated loudness in LUFS; None leaves the level alone.
        headroom_db: lowers the limiter further, for a second attempt.
        correction_lu: makes it so much louder than the target, to make up for what the encoder
            took away at the first attempt.
        denoise: take steady noise out of what is no intro or outro.
        level_dialogue: bring quiet and loud voices together, likewise.
        cancel: stops the work when set.

    Raises:
        MediaToolFailed: FFmpeg failed or gave another length than was asked for.
    """
    path = work / "sound.w64"
    samples = sum(piece.samples - piece.overlap for piece in pieces)
    output = ffmpeg.output(joined_sound(pieces, limits), path.name, f="w64", acodec="pcm_f32le")
    run(
        ["-copyts", "-filter_complex_threads", "1", *output.get_args()],
        limits=limits, media_seconds=Fraction(samples, RATE), cwd=work, cancel=cancel,
    )  # fmt: skip
    sound = _samples(path, samples)
    talk = sound[slice(*_talk(pieces))]
    notices: list[Notice] = []
    if denoise and not reduce_noise(talk):
        notices.append(
            Notice(
                code="denoise_skipped",
                message="No noise was taken out: the sound is too short or has no steady noise",
            )
        )
    if level_dialogue:
        level_voices(talk)
        if target is None:
            limit(sound, _LIMIT_DB - headroom_db)
    reached = None
    if target is not None:
        reached = _to_target(sound, target, correction_lu, headroom_db, notices)
    return Sound(path, samples, tuple(notices), reached)


def _to_target(
    sound: Samples, target: float, correction: float, headroom_db: float, notices: list[Notice]
) -> float | None:
    """Bring the sound to the target or, with a notice, as near as can be: the loudness it has then."""
    found = None
    if Fraction(len(sound), RATE) >= _MIN_SECONDS:
        found = normalise(sound, target + correction, _LIMIT_DB - headroom_db, floor=_SILENT_LUFS)
    if found is None:
        notices.append(
            Notice(
                code="loudness_skipped",
                message="The loudness was left alone: the sound is silent, almost silent or too short to measure",
            )
        )
        return None
    found -= correction
    if abs(found - target) > _TOLERANCE_LU:
        notices.append(
            Notice(
                code="loudness_not_reached",
                message=f"The loudness is {found:.1f} LUFS instead of {target:.1f}: louder would leave nothing but its peaks",
                remedy="Choose a lower --loudness, or --level-dialogue to bring quiet parts up first",
            )
        )
        return found
    return target


def _talk(pieces: Sequence[SoundPiece]) -> tuple[int, int]:
    """First and last sample (exclusive) of what belongs to the source."""
    clock, borders = 0, []
    for piece in pieces:
        begin = clock - piece.overlap
        clock = begin + piece.samples
        if not piece.extra and piece.path is not None:
            borders += [begin, clock]
    return (borders[0], borders[-1]) if borders else (0, 0)


def _samples(path: Path, samples: int) -> np.memmap[tuple[int, int], np.dtype[np.float32]]:
    """The samples of a W64 file, to be read and changed in place.

    Raises:
        MediaToolFailed: there are more or fewer. A limit may end FFmpeg with exit status 0.
    """
    with path.open("rb") as stream:
        place = stream.read(4096).find(_DATA_CHUNK)
    first = place + len(_DATA_CHUNK) + 8
    have = (path.stat().st_size - first) // _BYTES
    if place < 0 or have != samples:
        raise MediaToolFailed(
            f"the clip's sound has {max(0, have)} samples instead of {samples}",
            "Check that the source's audio plays; try again",
        )
    return np.memmap(path, np.float32, "r+", offset=first, shape=(samples, 2))


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
