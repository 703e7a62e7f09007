"""The frame-exact way: one decode, one graph, one encode."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.media.bench import AAC, CONTAINER, CROSSFADE_SHORT, Bench, faults
from videoclip.media.captions import STYLES, Cue, write_ass
from videoclip.media.compose import Timeline, audio_timeline, encoder_tick, picture, plan_timeline
from videoclip.media.cut import Rendered, watermark_image
from videoclip.media.programme import Sound
from videoclip.media.proof import Expectation, prove
from videoclip.media.timeline import clip_cues
from videoclip.schemas import Captions, CutMode, Proof

__all__ = ["encode"]

_CRF = 20
_PRESET = "veryfast"
_KEYFRAME_S = 2
"""Players and platforms seek by keyframes; costs about 3 % of size."""
_OVERLAY = "overlay.ass"
_FIRST = "first.mp4"
_SOUND_CHECKS = ("loudness", "true_peak")


def encode(bench: Bench) -> Rendered:
    """Make a clip with picture; once more with more care when the proof is not right.

    Raises:
        MediaToolFailed: the second attempt is not right either.
    """
    timeline = plan_timeline(bench.job, bench.limits)
    cues = clip_cues(bench.job.cues, bench.job.ranges, timeline)
    srt, vtt = bench.side_files(cues)
    out, proof = _attempt(bench, timeline, cues, srt, 0)
    if not faults(proof) and any(c.name in _SOUND_CHECKS and not c.ok for c in proof.checks):
        out, proof = _sound_again(bench, timeline, out, proof)
    if faults(proof):
        timeline = plan_timeline(bench.job, bench.limits, patient=True)
        out, proof = _attempt(bench, timeline, cues, srt, 1)
    if timeline.conform:
        bench.notice(
            "constant_frame_rate",
            "A variable frame rate was brought to a constant one, to join ranges or change speed",
        )
    if timeline.fades_short:
        bench.notice(*CROSSFADE_SHORT)
    return bench.finish(out, srt, vtt, CutMode.ENCODE, proof)


def _sound_again(bench: Bench, timeline: Timeline, out: Path, before: Proof) -> tuple[Path, Proof]:
    """Sound that makes up for the encoder, beside the same pictures, which are not encoded again."""
    sound = bench.sound(audio_timeline(bench.job, timeline), 1, before)
    first = out.rename(out.with_name(_FIRST))
    old = ffmpeg.input(first.name, f="mov")
    streams = [old["v"], ffmpeg.input(sound.path.name, f="w64")["a"]]
    options: dict[str, Any] = {**CONTAINER, **AAC, "c:v": "copy"}
    if bench.job.options.captions is Captions.SOFT and bench.job.cues:
        streams.append(old["s?"])
        options["c:s"] = "copy"
    bench.run(
        ["-copyts", *ffmpeg.output(*streams, out.name, **options).get_args()], timeline.seconds
    )
    proof = _prove(bench, timeline, sound, out)
    if faults(proof):
        return first.rename(out), before
    return out, proof


def _attempt(
    bench: Bench, timeline: Timeline, cues: list[Cue], srt: Path | None, attempt: int
) -> tuple[Path, Proof]:
    job = bench.job
    image = watermark_image(job.options.watermark)
    stream = picture(
        job, timeline, bench.limits, image=image, threads=bench.threads,
        overlay=_overlay(bench, timeline, cues, has_image=image is not None),
    )  # fmt: skip
    pieces = audio_timeline(job, timeline)
    sound = bench.sound(pieces, attempt) if pieces else None
    if sound is None:
        bench.notice("no_audio", "The source has no audio, so the clip has none")
    subtitles = srt if job.options.captions is Captions.SOFT and cues else None
    out = bench.path("mp4")
    bench.run(_arguments(bench, stream, sound, timeline, subtitles, out), timeline.seconds)
    return out, _prove(bench, timeline, sound, out)


def _prove(bench: Bench, timeline: Timeline, sound: Sound | None, out: Path) -> Proof:
    frame = timeline.frame
    # Where frames stand still for long, the last one's length is the container's guess.
    longest = 1 / timeline.rate if timeline.constant else max(Fraction(1, 2), 2 / timeline.rate)
    expect = Expectation(
        round(timeline.seconds * 1000), timeline.frames, frame.width, frame.height,
        sound is not None, sound.target if sound else None, frame_ms=int(longest * 1000) + 1,
    )  # fmt: skip
    return prove(out, expect=expect, limits=bench.limits, threads=bench.threads)


def _overlay(bench: Bench, timeline: Timeline, cues: list[Cue], *, has_image: bool) -> str | None:
    """Write the script with captions to burn and text watermark; None where there is neither."""
    options = bench.job.options
    burnt = cues if options.captions is Captions.BURN else []
    text = None if has_image else options.watermark
    if not burnt and not text:
        return None
    write_ass(
        burnt, bench.job.work / _OVERLAY,
        width=timeline.frame.width, height=timeline.frame.height,
        style=STYLES[options.style], font=bench.job.font,
        watermark=text, duration_ms=round(timeline.seconds * 1000),
    )  # fmt: skip
    return _OVERLAY


def _arguments(
    bench: Bench,
    stream: Any,
    sound: Sound | None,
    timeline: Timeline,
    subtitles: Path | None,
    out: Path,
) -> list[str]:
    tick = encoder_tick(timeline)
    streams = [stream]
    options: dict[str, Any] = {
        "c:v": "libx264", "preset": _PRESET, "crf": _CRF, "profile:v": "high",
        "g": max(1, round(_KEYFRAME_S * timeline.rate)), "threads:v": bench.threads,
        "fps_mode": "passthrough", "enc_time_base:v": f"{tick.numerator}:{tick.denominator}",
        **CONTAINER,
    }  # fmt: skip
    if not timeline.constant and not timeline.conform:
        options |= _last_duration(timeline)
    if sound is not None:
        streams.append(ffmpeg.input(sound.path.name, f="w64")["a"])
        options |= AAC
    if subtitles is not None:
        streams.append(ffmpeg.input(subtitles.name, f="srt")["s"])
        options |= {"c:s": "mov_text"}
    return ["-copyts", *ffmpeg.output(*streams, out.name, **options).get_args()]


def _last_duration(timeline: Timeline) -> dict[str, Any]:
    """Say how long the last of unevenly spaced frames lasts: MP4 would repeat the step before it.

    Without B-frames the last packet is the last picture.
    """
    span, tick = timeline.spans[0], encoder_tick(timeline)
    last = round((span.last - span.start) / tick)
    left = max(1, round((span.end - span.start) / tick) - last)
    return {"bf": 0, "bsf:v": f"setts=duration='if(gte(PTS,{last}),{left},DURATION)'"}
