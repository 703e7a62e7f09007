"""Opens a rendered file again, decodes all of it once, and compares it with what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.boxes import index_first
from videoclip.media.ffmpeg import run
from videoclip.media.programme import CEILING_DBTP, Loudness, parse_ebur128
from videoclip.schemas import Proof, ProofCheck
from videoclip.settings import MediaLimits

__all__ = ["ESSENTIAL", "Expectation", "prove"]

_DRIFT_MS = 40
"""Between picture and sound, at the start and at the end; more is seen on lips (EBU R37)."""
_LOUDNESS_LU = 1.0
ESSENTIAL = frozenset(
    {"opens", "decodes", "frames", "duration", "size", "pixel_format", "streams", "start", "sync"}
)
"""A clip that fails one of these is not delivered; the others are reported."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the file must be. ``width`` None: no picture."""

    duration_ms: int
    frames: int | None = None
    width: int | None = None
    height: int | None = None
    has_audio: bool = True
    loudness: float | None = None
    """LUFS; None: not checked."""
    frame_ms: int = 40
    """Length of a frame, the tolerance of the duration."""
    exact: bool = True
    """False for stream copies: their ends and pixel format are the source's."""
    pixel_format: str = "yuv420p"


def prove(
    path: Path, *, expect: Expectation, limits: MediaLimits | None = None, threads: int = 1
) -> Proof:
    """Check a file that our own FFmpeg has written.

    Args:
        path: the file.
        expect: what it must be.
        limits: for the decoding FFmpeg.
        threads: decoder threads.

    Returns:
        All checks with what was measured; ``ok`` when every one passed.
    """
    limits = limits or MediaLimits()
    try:
        facts = _facts(path)
    except (av.FFmpegError, OSError, ValueError) as error:
        return Proof(
            ok=False, checks=[ProofCheck(name="opens", ok=False, measured=str(error)[:200])]
        )
    seconds = Fraction(max(expect.duration_ms, facts.duration_ms), 1000)
    try:
        frames, loudness = _decode(path, facts, limits, seconds, threads)
        checks = [ProofCheck(name="decodes", ok=True)]
    except MediaToolFailed as error:
        frames, loudness = None, Loudness(None, None)
        checks = [ProofCheck(name="decodes", ok=False, measured=error.cause)]
    checks += _compare(facts, frames, loudness, expect)
    checks.append(ProofCheck(name="faststart", ok=index_first(path), expected="moov before mdat"))
    return Proof(
        ok=all(check.ok for check in checks),
        checks=checks,
        frames=frames,
        duration_ms=facts.duration_ms,
        loudness_lufs=loudness.integrated,
        true_peak_dbtp=loudness.true_peak,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    video: bool
    audio: bool
    width: int
    height: int
    pixel_format: str
    starts: tuple[Fraction, ...]
    lengths: tuple[Fraction, ...]

    @property
    def duration_ms(self) -> int:
        return round(self.lengths[0] * 1000) if self.lengths else 0


def _facts(path: Path) -> _Facts:
    """Headers only; the picture's times come first where there is one."""
    with av.open(f"file:{path.absolute()}", format="mov") as container:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        streams: list[Any] = [stream for stream in (video, audio) if stream is not None]
        return _Facts(
            video is not None,
            audio is not None,
            video.width if video else 0,
            video.height if video else 0,
            (video.pix_fmt or "") if video else "",
            tuple((s.start_time or 0) * Fraction(s.time_base) for s in streams),
            tuple((s.duration or 0) * Fraction(s.time_base) for s in streams),
        )


def _decode(
    path: Path, facts: _Facts, limits: MediaLimits, seconds: Fraction, threads: int
) -> tuple[int | None, Loudness]:
    """One pass: count the frames, measure the loudness, stop at the first decoding error."""
    source = ffmpeg.input(f"file:{path.absolute()}", f="mov", threads=threads)
    streams = [source["v"]] if facts.video else []
    if facts.audio:
        streams.append(source["a"].filter("ebur128", peak="true", framelog="verbose"))
    output = ffmpeg.output(*streams, "-", f="null", fps_mode="passthrough")
    result = run(
        ["-xerror", "-filter_complex_threads", "1", *output.get_args()],
        limits=limits, media_seconds=seconds, loglevel="info",
    )  # fmt: skip
    return result.frames if facts.video else None, parse_ebur128(result.stderr)


def _compare(
    facts: _Facts, frames: int | None, loudness: Loudness, expect: Expectation
) -> list[ProofCheck]:
    checks = [
        _check("streams", (facts.video, facts.audio) == (expect.width is not None, expect.has_audio),
               f"video {facts.video}, audio {facts.audio}",
               f"video {expect.width is not None}, audio {expect.has_audio}")
    ]  # fmt: skip
    slack = expect.frame_ms + 1 if expect.exact else 500
    off = abs(facts.duration_ms - expect.duration_ms)
    checks.append(
        _check("duration", off <= slack, f"{facts.duration_ms} ms", f"{expect.duration_ms} ms")
    )
    if expect.frames is not None:
        checks.append(_check("frames", frames == expect.frames, frames, expect.frames))
    if expect.width is not None:
        checks.append(
            _check("size", (facts.width, facts.height) == (expect.width, expect.height),
                   f"{facts.width}x{facts.height}", f"{expect.width}x{expect.height}")
        )  # fmt: skip
        if expect.exact:
            checks.append(
                _check(
                    "pixel_format",
                    facts.pixel_format == expect.pixel_format,
                    facts.pixel_format,
                    expect.pixel_format,
                )
            )
    if expect.exact and facts.starts:
        late = round(float(max(abs(start) for start in facts.starts)) * 1000)
        checks.append(_check("start", late <= _DRIFT_MS, f"{late} ms", f"at most {_DRIFT_MS} ms"))
    if expect.exact and len(facts.lengths) == 2:
        ends = [start + length for start, length in zip(facts.starts, facts.lengths, strict=True)]
        drift = round(float(abs(ends[0] - ends[1])) * 1000)
        allowed = max(_DRIFT_MS, expect.frame_ms)
        checks.append(_check("sync", drift <= allowed, f"{drift} ms", f"at most {allowed} ms"))
    if expect.loudness is not None:
        level, peak = loudness.integrated, loudness.true_peak
        fits = level is not None and abs(level - expect.loudness) <= _LOUDNESS_LU
        checks.append(_check("loudness", fits, f"{level} LUFS", f"{expect.loudness} LUFS"))
        low = peak is None or peak <= CEILING_DBTP
        checks.append(_check("true_peak", low, f"{peak} dBTP", f"at most {CEILING_DBTP} dBTP"))
    return checks


def _check(name: str, ok: bool, measured: object, expected: object) -> ProofCheck:
    return ProofCheck(name=name, ok=ok, measured=str(measured), expected=str(expected))
