"""Opens a rendered file again, decodes all of it once, and compares it with what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from videoclip.errors import MediaToolFailed
from videoclip.media.captions import Cue
from videoclip.media.programme import CEILING_DBTP, Loudness
from videoclip.media.proof_captions import Layout, cues_outside, hurried, misplaced
from videoclip.media.proof_decode import Decoded, Part, decode
from videoclip.media.proof_file import FileFacts, read_facts
from videoclip.media.proof_pictures import Sampling, compare
from videoclip.schemas import Proof, ProofCheck, ProofFinding
from videoclip.settings import MediaLimits

__all__ = ["ESSENTIAL", "Expectation", "SourcePictures", "prove"]

_DRIFT_MS = 40
"""Between picture and sound, at the start and at the end; more is seen on lips (EBU R37)."""
_LOUDNESS_LU = 0.5
ESSENTIAL = frozenset(
    {
        "opens", "decodes", "frames", "duration", "size", "pixel_format", "streams", "start", "sync",
        "pictures", "hidden_frames", "rotation", "time_stamps",
    }
)  # fmt: skip
"""A clip that fails one of these is not delivered; the others are reported."""
_MAX_FINDINGS = 20
"""Of each name."""
_EDGE_MS = 1_000
_WASTE = 64 * 1024
_WASTE_PER_PACKET = 64
"""Bytes of index that a packet may take."""


@dataclass(frozen=True, slots=True)
class SourcePictures:
    """The source's small pictures that a ``Witness`` kept."""

    pictures: bytes
    sampling: Sampling
    covered: bool


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
    """False for stream copies: their ends, hidden frames and pixel format are the source's."""
    pixel_format: str | None = "yuv420p"
    """None: not checked."""
    rotation: int = 0
    """Clockwise degrees that a player must turn the picture by."""
    rate: Fraction | None = None
    """Frames a second where they are evenly spaced; None: not checked."""
    cues: Sequence[Cue] = ()
    layout: Layout | None = None
    """Where the cues are burnt in."""
    source: SourcePictures | None = None


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
        All checks with what was measured, ``ok`` when every one passed; and what a person may want to look at.
    """
    limits = limits or MediaLimits()
    try:
        facts = read_facts(path)
    except (av.FFmpegError, OSError, ValueError) as error:
        return Proof(
            ok=False, checks=[ProofCheck(name="opens", ok=False, measured=str(error)[:200])]
        )
    seconds = Fraction(max(expect.duration_ms, facts.duration_ms), 1000)
    sampling = expect.source.sampling if expect.source else None
    try:
        found = decode(path, facts, sampling, limits, seconds, threads)
        concealed = found.complaint if expect.exact else ""  # a copy may begin with such frames
        checks = [ProofCheck(name="decodes", ok=not concealed, measured=concealed)]
    except MediaToolFailed as error:
        found = Decoded()
        checks = [ProofCheck(name="decodes", ok=False, measured=error.cause)]
    checks += _compare(facts, found.frames, found.loudness, expect)
    checks += _container(facts, expect)
    checks += _pictures(found, expect) if checks[0].ok else []
    checks += _captions(path, facts, expect, limits)
    return Proof(
        ok=all(check.ok for check in checks),
        checks=checks,
        findings=_findings(facts, found, checks, expect),
        frames=found.frames,
        duration_ms=facts.duration_ms,
        loudness_lufs=found.loudness.integrated,
        true_peak_dbtp=found.loudness.true_peak,
    )


def _compare(
    facts: FileFacts, frames: int | None, loudness: Loudness, expect: Expectation
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
        if expect.exact and expect.pixel_format is not None:
            wanted = expect.pixel_format
            checks.append(
                _check("pixel_format", facts.pixel_format == wanted, facts.pixel_format, wanted)
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


def _container(facts: FileFacts, expect: Expectation) -> list[ProofCheck]:
    """What the headers and packets must be, whatever is in the pictures."""
    checks = [
        _check("faststart", facts.index_first, facts.index_first, "moov before mdat"),
        _check("metadata", not facts.foreign_tags, ", ".join(facts.foreign_tags)[:200], "none"),
        _bit_rate(facts),
    ]
    if facts.video:
        turned = set(facts.turned) or {0}
        checks.append(
            _check("rotation", turned == {expect.rotation}, sorted(turned), expect.rotation)
        )
    if not expect.exact:
        return checks
    ordered = facts.picture.ordered and facts.sound.ordered
    checks.append(_check("time_stamps", ordered, "rising" if ordered else "not rising", "rising"))
    if facts.video:
        hidden = facts.picture.hidden
        checks.append(_check("hidden_frames", hidden == 0, hidden, 0))
    if facts.video and expect.rate is not None and facts.picture.count > 1:
        step = 1 / (expect.rate * facts.ticks[0])
        even = all(abs(distance - step) <= 1 for distance in facts.picture.steps)
        measured = " to ".join(str(distance) for distance in facts.picture.steps)
        checks.append(_check("time_base", even, f"{measured} ticks", f"{float(step):.2f} ticks"))
    if facts.audio:
        drift = round(float(facts.sound.late * facts.ticks[-1]) * 1000)
        checks.append(_check("drift", drift <= _DRIFT_MS, f"{drift} ms", f"at most {_DRIFT_MS} ms"))
    return checks


def _bit_rate(facts: FileFacts) -> ProofCheck:
    """More than raw pictures and samples would take, or much that belongs to no stream, is not plausible."""
    seconds = max(Fraction(facts.duration_ms, 1000), Fraction(1, 10))
    waste = facts.size - facts.payload
    room = _WASTE + facts.packets * _WASTE_PER_PACKET + facts.size // 20
    raw = 3 * facts.width * facts.height * max(1, facts.picture.count) + 400_000 * seconds
    return _check(
        "bit_rate", waste <= room and 0 < facts.payload <= raw,
        f"{round(facts.size * 8 / seconds / 1000)} kb/s, {waste} bytes of no stream",
        f"at most {room} bytes of no stream",
    )  # fmt: skip


def _pictures(found: Decoded, expect: Expectation) -> list[ProofCheck]:
    if expect.source is None:
        return []
    seen = expect.source
    result = compare(seen.pictures, found.pictures, seen.sampling, covered=seen.covered)
    off = f"{len(result.off)} of {len(seen.sampling.frames)} differ"
    if result.off:
        off += f", first at frame {result.off[0]}"
    return [_check("pictures", not result.off, off, "as in the source")]


def _captions(
    path: Path, facts: FileFacts, expect: Expectation, limits: MediaLimits
) -> list[ProofCheck]:
    if not expect.cues:
        return []
    wrong = misplaced(expect.cues, facts.duration_ms, expect.frame_ms)
    checks = [_check("captions_in_time", not wrong, _places(wrong), "one at a time, in the clip")]
    if expect.layout is not None:
        try:
            outside = cues_outside(expect.cues, expect.layout, path.absolute().parent, limits)
        except MediaToolFailed as error:
            checks.append(_check("captions_inside", False, error.cause, "inside the picture"))
        else:
            measured = _places(outside)
            checks.append(_check("captions_inside", not outside, measured, "inside the picture"))
    return checks


def _places(cues: Sequence[Cue]) -> str:
    return ", ".join(f"{cue.start_ms}-{cue.end_ms} ms" for cue in cues[:5])


def _findings(
    facts: FileFacts, found: Decoded, checks: Sequence[ProofCheck], expect: Expectation
) -> list[ProofFinding]:
    """What is right as far as we know, but worth a look."""
    same = any(check.name == "pictures" and check.ok for check in checks)
    origin = "as in the source" if same else ""
    findings = [_finding("black", part, origin) for part in found.black[:_MAX_FINDINGS]]
    if not same:  # slides stand still all the time; only what the source did not do is of interest
        findings += [_finding("frozen", part) for part in found.frozen[:_MAX_FINDINGS]]
    end = facts.duration_ms
    for part in found.silent:
        if part.start_ms <= 50 and part.end_ms >= end - 100:
            findings.append(_finding("silent", part))
        elif part.start_ms <= 50 and part.end_ms >= _EDGE_MS:
            findings.append(_finding("silent_start", part))
        elif part.end_ms >= end - 100 and end - part.start_ms >= _EDGE_MS:
            findings.append(_finding("silent_end", part))
    findings += [
        _finding("reading_speed", Part(cue.start_ms, cue.end_ms), f"{speed} characters a second")
        for cue, speed in hurried(expect.cues)[:_MAX_FINDINGS]
    ]
    if facts.video and facts.untagged and expect.exact:
        missing = ", ".join(facts.untagged)
        findings.append(ProofFinding(name="colour_tags", detail=f"not told: {missing}"))
    return findings


def _finding(name: str, part: Part, detail: str = "") -> ProofFinding:
    return ProofFinding(name=name, start_ms=part.start_ms, end_ms=part.end_ms, detail=detail)


def _check(name: str, ok: bool, measured: object, expected: object) -> ProofCheck:
    return ProofCheck(name=name, ok=ok, measured=str(measured), expected=str(expected))
