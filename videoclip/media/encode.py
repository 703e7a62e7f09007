"""The frame-exact way: one decode, one graph, one encode."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.bench import AAC, CONTAINER, CROSSFADE_SHORT, Bench, faults, repairable
from videoclip.media.captions import STYLES, Cue, write_ass
from videoclip.media.colour import is_hdr, keeps_values
from videoclip.media.compose import (
    FONTS,
    Timeline,
    audio_timeline,
    encoder_tick,
    picture,
    plan_timeline,
)
from videoclip.media.cut import Rendered
from videoclip.media.encoders import Choice, choose, device, fallback, settings, upload
from videoclip.media.follow import follow_faces
from videoclip.media.image_files import watermark_image
from videoclip.media.lines import bilingual
from videoclip.media.programme import Sound
from videoclip.media.proof import Expectation, SourcePictures
from videoclip.media.proof_captions import Layout, tidy
from videoclip.media.proof_pictures import Witness, witness_for
from videoclip.media.proof_repair import prove_and_mend
from videoclip.media.timeline import clip_cues
from videoclip.media.watermark import Mark
from videoclip.schemas import Captions, CutMode, Encoder, Framing, Proof

__all__ = ["encode"]

_KEYFRAME_S = 2
"""Players and platforms seek by keyframes; costs about 3 % of size."""
_OVERLAY = "overlay.ass"
_FONTS = Path(__file__).parent.resolve() / FONTS
_FIRST = "first.mp4"
_SOUND_CHECKS = {"loudness", "true_peak"}
_SMALL = 64
"""Smaller pictures are not compared: compression changes too much of them, and no caption fits."""


def encode(bench: Bench) -> Rendered:
    """Make a clip with picture; once more with more care when the proof is not right.

    Raises:
        MediaToolFailed: the second attempt is not right either.
    """
    timeline = plan_timeline(bench.job, bench.limits)
    job = bench.job
    end = round((timeline.lead_s + timeline.body_s) * 1000)
    cues, second = (
        tidy(clip_cues(each, job.ranges, timeline), end) for each in (job.cues, job.second)
    )
    srt, vtt = bench.side_files(bilingual(cues, second))
    made = _Making(bench, cues, second, srt, choose(job.options.encoder), _follow(bench, timeline))
    out, proof = made.attempt(timeline, 0)
    wrong = repairable(proof)
    if wrong and set(wrong) <= _SOUND_CHECKS:
        out, proof = made.sound_again(timeline, out, proof)
    elif wrong:
        timeline = plan_timeline(job, bench.limits, patient=True)
        out, proof = made.attempt(timeline, 1)
    bench.repaired(wrong, proof)
    if timeline.conform:
        bench.notice(
            "constant_frame_rate",
            "A variable frame rate was brought to a constant one, to join ranges or change speed",
        )
    if timeline.fades_short:
        bench.notice(*CROSSFADE_SHORT)
    extras = [extra.media.video for extra in (timeline.intro, timeline.outro) if extra]
    if timeline.frame.hdr or any(video is not None and is_hdr(video) for video in extras):
        bench.notice("tone_mapped", "HDR pictures were brought to BT.709 by tone mapping")
    return bench.finish(out, srt, vtt, CutMode.ENCODE, proof)


def _follow(bench: Bench, timeline: Timeline) -> str | None:
    """Commands that keep the crop on the face; None where it stands still."""
    if bench.job.options.framing is not Framing.FACE or timeline.frame.way != "crop":
        return None
    path = follow_faces(
        bench.job, timeline, bench.limits, threads=bench.threads, cancel=bench.cancel
    )
    if path is None:
        bench.notice(
            "no_face", "No face was found in the clip, so it was cropped around the middle",
            "Choose --framing blur to keep the whole picture",
        )  # fmt: skip
    return path


@dataclasses.dataclass(slots=True)
class _Making:
    """What stays the same between two attempts at a clip."""

    bench: Bench
    cues: list[Cue]
    second: list[Cue]
    srt: Path | None
    choice: Choice
    follow: str | None
    witness: Witness | None = None

    def attempt(self, timeline: Timeline, number: int) -> tuple[Path, Proof]:
        """Encode, and look at the result."""
        bench, job = self.bench, self.bench.job
        image = watermark_image(job.options.watermark)
        self.witness = _witness(bench, timeline)
        stream = picture(
            job, timeline, bench.limits, image=image, threads=bench.threads, follow=self.follow,
            witness=self.witness, overlay=self._overlay(timeline, has_image=image is not None),
        )  # fmt: skip
        pieces = audio_timeline(job, timeline)
        sound = bench.sound(pieces, number) if pieces else None
        if sound is None:
            bench.notice("no_audio", "The source has no audio, so the clip has none")
        out = bench.path("mp4")
        self._encode(stream, sound, timeline, out)
        if self.choice.notice is not None:
            notice = self.choice.notice
            bench.notice(notice.code, notice.message, notice.remedy)
        return out, self._prove(timeline, sound, out)

    def sound_again(self, timeline: Timeline, out: Path, before: Proof) -> tuple[Path, Proof]:
        """Sound that makes up for the encoder, beside the same pictures, which are not encoded again."""
        bench = self.bench
        sound = bench.sound(audio_timeline(bench.job, timeline), 1, before)
        first = out.rename(out.with_name(_FIRST))
        old = ffmpeg.input(first.name, f="mov")
        streams = [old["v"], ffmpeg.input(sound.path.name, f="w64")["a"]]
        options: dict[str, Any] = {**CONTAINER, **AAC, "c:v": "copy"}
        if bench.job.options.captions is Captions.SOFT and self.cues:
            streams.append(old["s?"])
            options["c:s"] = "copy"
        args = ffmpeg.output(*streams, out.name, **options).get_args()
        bench.run(["-copyts", *args], timeline.seconds)
        proof = self._prove(timeline, sound, out)
        if faults(proof):
            return first.rename(out), before
        return out, proof

    def _prove(self, timeline: Timeline, sound: Sound | None, out: Path) -> Proof:
        job, options = self.bench.job, self.bench.job.options
        frame, witness = timeline.frame, self.witness
        # Where frames stand still for long, the last one's length is the container's guess.
        longest = 1 / timeline.rate if timeline.constant else max(Fraction(1, 2), 2 / timeline.rate)
        expect = Expectation(
            round(timeline.seconds * 1000), timeline.frames, frame.width, frame.height,
            sound is not None, sound.target if sound else None, frame_ms=int(longest * 1000) + 1,
            rate=timeline.rate if timeline.constant else None,
            cues=self.cues if options.captions is not Captions.NONE else (),
            layout=Layout(frame.width, frame.height, STYLES[options.style], job.font)
            if options.captions is Captions.BURN and min(frame.width, frame.height) >= _SMALL
            else None,
            source=SourcePictures(witness.pictures(job.work), witness.sampling, witness.covered)
            if witness else None,
        )  # fmt: skip
        return prove_and_mend(self.bench, out, expect)

    def _encode(self, stream: Any, sound: Sound | None, timeline: Timeline, out: Path) -> None:
        """Run the encoder; a chip that fails (all its sessions are taken, say) is replaced by software."""
        args = self._arguments(stream, sound, timeline, out)
        try:
            self.bench.run(args, timeline.seconds, self.choice.limits(self.bench.limits))
        except MediaToolFailed as error:
            if not self.choice.hardware:
                raise
            notice = fallback(self.choice.encoder, error.cause)
            self.choice = Choice(Encoder.SOFTWARE, notice)
            self.bench.run(self._arguments(stream, sound, timeline, out), timeline.seconds)

    def _overlay(self, timeline: Timeline, *, has_image: bool) -> str | None:
        """Write the script with captions to burn, title and text watermark; None where there is nothing."""
        job, options = self.bench.job, self.bench.job.options
        burn = options.captions is Captions.BURN
        burnt, second = (self.cues, self.second) if burn else ([], [])
        text = None if has_image else options.watermark
        if not (burnt or second or text or timeline.card):
            return None
        begin, end = round(timeline.intro_s * 1000), round(timeline.lead_s * 1000)
        write_ass(
            burnt, job.work / _OVERLAY, second=second,
            width=timeline.frame.width, height=timeline.frame.height,
            style=STYLES[options.style], font=job.font,
            watermark=text, mark=Mark.of(options),
            title=(job.title, begin, end) if timeline.card else None,
            duration_ms=round(timeline.seconds * 1000),
        )  # fmt: skip
        if not (job.work / FONTS).exists():
            (job.work / FONTS).symlink_to(_FONTS)
        return _OVERLAY

    def _arguments(
        self, stream: Any, sound: Sound | None, timeline: Timeline, out: Path
    ) -> list[str]:
        tick, encoder = encoder_tick(timeline), self.choice.encoder
        options: dict[str, Any] = {
            **settings(encoder, self.bench.job.options.quality),
            "g": max(1, round(_KEYFRAME_S * timeline.rate)),
            "fps_mode": "passthrough", "enc_time_base:v": f"{tick.numerator}:{tick.denominator}",
            **CONTAINER,
        }  # fmt: skip
        if not self.choice.hardware:
            options["threads:v"] = self.bench.threads
        if not timeline.constant and not timeline.conform:
            options |= _last_duration(timeline)
        streams = [upload(stream, encoder)]
        if sound is not None:
            streams.append(ffmpeg.input(sound.path.name, f="w64")["a"])
            options |= AAC
        if self.bench.job.options.captions is Captions.SOFT and self.srt and self.cues:
            streams.append(ffmpeg.input(self.srt.name, f="srt")["s"])
            options |= {"c:s": "mov_text"}
        made = ffmpeg.output(*streams, out.name, **options)
        if self.witness is not None:
            made = self.witness.beside(made)
        return [*device(encoder), "-copyts", *made.get_args()]


def _witness(bench: Bench, timeline: Timeline) -> Witness | None:
    """What keeps the source's pictures for the proof, where the clip shows them as they are."""
    options, video = bench.job.options, bench.job.media.video
    assert video is not None
    changed = (
        not keeps_values(video)
        or timeline.frame.way not in ("keep", "scale")
        or min(timeline.frame.width, timeline.frame.height) < _SMALL
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


def _last_duration(timeline: Timeline) -> dict[str, Any]:
    """Say how long the last of unevenly spaced frames lasts: MP4 would repeat the step before it.

    Without B-frames the last packet is the last picture.
    """
    span, tick = timeline.spans[0], encoder_tick(timeline)
    last = round((span.last - span.start) / tick)
    left = max(1, round((span.end - span.start) / tick) - last)
    return {"bf": 0, "bsf:v": f"setts=duration='if(gte(PTS,{last}),{left},DURATION)'"}
