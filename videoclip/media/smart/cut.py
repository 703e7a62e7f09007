"""The smart way: whole GOPs are copied bit by bit, only the frames at the edges are encoded anew."""

from __future__ import annotations

import dataclasses
import errno
import struct
from fractions import Fraction
from pathlib import Path

from videoclip.errors import StorageFull
from videoclip.media.bench import Bench, clear, faults, repairable
from videoclip.media.captions import Cue
from videoclip.media.cut import Rendered
from videoclip.media.encode import encode
from videoclip.media.encoders import HARDWARE
from videoclip.media.formats import SMART_VIDEO
from videoclip.media.geometry import plan_frame
from videoclip.media.programme import Sound
from videoclip.media.proof import Expectation, prove
from videoclip.media.smart.build import Built, Part, build_video, classified
from videoclip.media.smart.check import verify
from videoclip.media.smart.edges import EdgeJob, encode_edges
from videoclip.media.smart.grab import Grab, grab
from videoclip.media.smart.mp4_read import BrokenFile
from videoclip.media.smart.mp4_write import write_mp4
from videoclip.media.smart.nal import Unfit, read_codec, without_rate
from videoclip.media.smart.plan import make_plan
from videoclip.media.smart.sound import can_copy, copied_sound, made_streams, sound_pieces
from videoclip.schemas import Captions, CutMode, Proof

__all__ = ["smart_cut"]

_SOUND_CHECKS = {"loudness", "true_peak"}


def smart_cut(bench: Bench) -> Rendered:
    """Make a clip from whole GOPs of the source, verify it, and encode it where that cannot be done.

    Raises:
        MediaToolFailed: not even encoding gave what was asked for.
    """
    try:
        return _smart(bench)
    except Unfit as found:
        reason = str(found)
    except (BrokenFile, struct.error, IndexError):
        reason = "its headers are not what they should be"
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise StorageFull(
            "no space is left where the output goes", "Free some space or choose another folder"
        ) from error
    bench.notice("smart_fallback", f"Encoded instead of cut without loss, because {reason}")
    clear(bench.job.work)
    return encode(bench)


def _smart(bench: Bench) -> Rendered:
    media = bench.job.media
    assert media.video is not None
    if media.video.codec not in SMART_VIDEO:
        raise Unfit(f"smart cutting does not know the codec {media.video.codec}")
    if bench.job.options.encoder in HARDWARE:
        bench.notice(
            "edges_in_software", "Only the frames at the edges were encoded, and in software, so that they fit to the source's",
            f"Use --mode encode to have the whole clip encoded with {bench.job.options.encoder.value}",
        )  # fmt: skip
    parts = _parts(bench)
    built = build_video(media, parts, read_codec(parts[0].grab.video.entries[0]))
    spans = [part.grab.span for part in parts]
    cues = _cues(bench, built.seconds)
    srt, vtt = bench.side_files(cues)
    subtitles = srt if bench.job.options.captions is Captions.SOFT and cues else None
    copied = copied_sound(parts[0].grab) if can_copy(bench) else None
    out = bench.path("mp4")
    proof: Proof | None = None
    wrong: list[str] = []
    for attempt in range(2):
        sound = None
        if media.audio is None:
            bench.notice("no_audio", "The source has no audio, so the clip has none")
        elif copied is None:
            sound = bench.sound(sound_pieces(bench, spans), attempt, proof)
        tracks = [built.track, *([copied] if copied else [])]
        tracks += made_streams(bench, sound, subtitles, built.seconds, attempt)
        write_mp4(out, tracks)
        if attempt == 0:
            verify(out, parts, built)
        proof = _prove(bench, out, built, sound)
        if attempt:
            bench.repaired(wrong, proof)
        wrong = [name for name in repairable(proof) if name in _SOUND_CHECKS]
        if sound is None or not wrong:
            break
    assert proof is not None
    if faults(proof):
        raise Unfit(f"the finished clip is not what was asked for ({'; '.join(faults(proof))})")
    if media.video.codec == "hevc":
        bench.notice(
            "hevc_kept", "The clip is HEVC like its source, with parameter sets in the stream (hev1), which Safari and QuickTime do not open",
            "Use --mode encode for an H.264 clip that plays everywhere",
        )  # fmt: skip
    if plan_frame(media.video, bench.job.options.aspect).hdr:
        bench.notice(
            "hdr_kept", "The pictures were left as they are, so the clip is HDR like its source",
            "Use --mode encode for a clip with standard brightness and colours",
        )  # fmt: skip
    return bench.finish(out, srt, vtt, CutMode.SMART, proof)


def _parts(bench: Bench) -> list[Part]:
    """Take, plan and encode what each range needs."""
    grabs: list[Grab] = [
        grab(bench, piece, number, audio=can_copy(bench))
        for number, piece in enumerate(bench.job.ranges)
    ]
    entries = [[without_rate(entry) for entry in item.video.entries] for item in grabs]
    if any(len(entry) != 1 or entry != entries[0] for entry in entries):
        raise Unfit("its parameter sets change")
    codec = read_codec(grabs[0].video.entries[0])
    planned, jobs = [], []
    for number, item in enumerate(grabs):
        kinds = classified(item, codec)
        plan = make_plan([listed.pts for listed in item.pictures], kinds, item.span)
        planned.append((item, kinds, plan))
        jobs += [
            (number, side, EdgeJob(item, edge, f"{number}{side}"))
            for side, edge in (("a", plan.head), ("z", plan.tail))
            if edge is not None
        ]
    encoded = encode_edges(bench, [job for _, _, job in jobs], codec)
    by_place = {job[:2]: done for job, done in zip(jobs, encoded, strict=True)}
    return [
        Part(item, plan, kinds, by_place.get((number, "a")), by_place.get((number, "z")))
        for number, (item, kinds, plan) in enumerate(planned)
    ]


def _cues(bench: Bench, seconds: Fraction) -> list[Cue]:
    end = round(seconds * 1000)
    return [
        dataclasses.replace(cue, end_ms=min(cue.end_ms, end))
        for cue in bench.job.cues
        if cue.start_ms < min(cue.end_ms, end)
    ]


def _prove(bench: Bench, out: Path, built: Built, sound: Sound | None) -> Proof:
    video = bench.job.media.video
    assert video is not None
    rate = Fraction(video.frame_rate)
    longest = 1 / rate if built.constant else max(Fraction(1, 2), 2 / rate)
    expect = Expectation(
        round(built.seconds * 1000), len(built.track.pieces), video.width, video.height,
        bench.job.media.audio is not None, sound.target if sound else None,
        frame_ms=int(longest * 1000) + 1, pixel_format=video.pixel_format,
        rotation=video.rotation,
    )  # fmt: skip
    return prove(out, expect=expect, limits=bench.limits, threads=bench.threads)
