"""The frame-exact way: one decode, one graph, one encode."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.media.bench import AAC, CONTAINER, Bench, repairable
from videoclip.media.captions import STYLES, Cue, shifted, write_ass
from videoclip.media.compose import Timeline, audio_timeline, encoder_tick, picture, plan_timeline
from videoclip.media.cut import Rendered, watermark_image
from videoclip.media.programme import Sound
from videoclip.media.proof import Expectation, SourcePictures
from videoclip.media.proof_captions import Layout, tidy
from videoclip.media.proof_pictures import Witness, witness_for
from videoclip.media.proof_repair import prove_and_mend
from videoclip.schemas import Captions, CutMode, Proof

__all__ = ["encode"]

_CRF = 20
_PRESET = "veryfast"
_KEYFRAME_S = 2
"""Players and platforms seek by keyframes; costs about 3 % of size."""
_OVERLAY = "overlay.ass"
_SMALL = 64
"""Smaller pictures are not compared: compression changes too much of them."""


def encode(bench: Bench) -> Rendered:
    """Make a clip with picture; once more with more care when the proof is not right.

    Raises:
        MediaToolFailed: the second attempt is not right either.
    """
    timeline = plan_timeline(bench.job, bench.limits)
    cues = _cues(bench, timeline)
    srt, vtt = bench.side_files(cues)
    out, proof = _attempt(bench, timeline, cues, srt, 0)
    if wrong := repairable(proof):
        timeline = plan_timeline(bench.job, bench.limits, patient=True)
        out, proof = _attempt(bench, timeline, cues, srt, 1)
        bench.repaired(wrong, proof)
    if timeline.conform:
        bench.notice(
            "constant_frame_rate",
            "Ranges with a variable frame rate were brought to a constant one to be joined",
        )
    return bench.finish(out, srt, vtt, CutMode.ENCODE, proof)


def _cues(bench: Bench, timeline: Timeline) -> list[Cue]:
    """The cues inside the clip, behind the intro."""
    end = round(sum(timeline.lengths, Fraction(0)) * 1000)
    inside = [
        dataclasses.replace(cue, end_ms=min(cue.end_ms, end))
        for cue in bench.job.cues
        if cue.start_ms < min(cue.end_ms, end)
    ]
    return shifted(tidy(inside, end), round(timeline.intro_s * 1000))


def _attempt(
    bench: Bench, timeline: Timeline, cues: list[Cue], srt: Path | None, attempt: int
) -> tuple[Path, Proof]:
    job, frame = bench.job, timeline.frame
    duration_ms = round(timeline.seconds * 1000)
    image = watermark_image(job.options.watermark)
    witness = _witness(bench, timeline)
    stream = picture(
        job, timeline, bench.limits, image=image, threads=bench.threads,
        overlay=_overlay(bench, timeline, cues, has_image=image is not None), witness=witness,
    )  # fmt: skip
    pieces = audio_timeline(job, timeline)
    sound = bench.sound(pieces, attempt) if pieces else None
    if sound is None:
        bench.notice("no_audio", "The source has no audio, so the clip has none")
    subtitles = srt if job.options.captions is Captions.SOFT and cues else None
    out = bench.path("mp4")
    arguments = _arguments(bench, stream, sound, timeline, subtitles, out, witness)
    bench.run(arguments, timeline.seconds)
    # Where frames stand still for long, the last one's length is the container's guess.
    longest = 1 / timeline.rate if timeline.constant else max(Fraction(1, 2), 2 / timeline.rate)
    expect = Expectation(
        duration_ms, timeline.frames, frame.width, frame.height, sound is not None,
        sound.target if sound else None, frame_ms=int(longest * 1000) + 1,
        rate=timeline.rate if timeline.constant else None,
        cues=cues if job.options.captions is not Captions.NONE else (),
        layout=Layout(frame.width, frame.height, STYLES[job.options.style], job.font)
        if job.options.captions is Captions.BURN else None,
        source=SourcePictures(witness.pictures(job.work), witness.sampling, witness.covered)
        if witness else None,
    )  # fmt: skip
    return out, prove_and_mend(bench, out, expect)


def _witness(bench: Bench, timeline: Timeline) -> Witness | None:
    """What keeps the source's pictures for the proof, where the clip shows them as they are."""
    options = bench.job.options
    changed = (
        timeline.frame.way not in ("keep", "scale")
        or min(timeline.frame.width, timeline.frame.height) < _SMALL
        or timeline.frame.hdr
        or timeline.conform
        or options.speed != 100
        or options.title_card_ms > 0
        or (options.crossfade_ms > 0 and len(timeline.spans) > 1)
        or (options.watermark is not None and options.watermark_size > 0.5)
    )
    if changed:
        return None
    covered = options.watermark is not None or options.captions is Captions.BURN
    offset = timeline.intro.frames if timeline.intro else 0
    return witness_for(timeline.counts, timeline.rate, offset=offset, covered=covered)


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
    witness: Witness | None,
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
    output = ffmpeg.output(*streams, out.name, **options)
    return ["-copyts", *(witness.beside(output) if witness else output).get_args()]


def _last_duration(timeline: Timeline) -> dict[str, Any]:
    """Say how long the last of unevenly spaced frames lasts: MP4 would repeat the step before it.

    Without B-frames the last packet is the last picture.
    """
    span, tick = timeline.spans[0], encoder_tick(timeline)
    last = round((span.last - span.start) / tick)
    left = max(1, round((span.end - span.start) / tick) - last)
    return {"bf": 0, "bsf:v": f"setts=duration='if(gte(PTS,{last}),{left},DURATION)'"}
