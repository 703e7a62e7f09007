"""The two ways without a picture graph: packets copied as they are, and clips of sound only."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.audio import origin
from videoclip.media.bench import AAC, CONTAINER, CROSSFADE_SHORT, Bench, repairable
from videoclip.media.clock import Piece, retimed
from videoclip.media.cut import Rendered
from videoclip.media.edit_end import end_edit
from videoclip.media.ffmpeg import file_url, input_options
from videoclip.media.packets import FrameSpan, plan_spans
from videoclip.media.programme import RATE, SoundPiece, seek_options
from videoclip.media.proof import Expectation
from videoclip.media.proof_repair import prove_and_mend
from videoclip.media.smart.mp4_read import BrokenFile
from videoclip.media.smart.nal import Unfit
from videoclip.media.smart.preview import write_preview
from videoclip.schemas import Captions, CutMode, Proof, TimeRange

__all__ = ["copy_packets", "sound_clip"]


def copy_packets(bench: Bench) -> Rendered:
    """Packets as they are; start and end are exact by an edit list over them (ISO/IEC 14496-12)."""
    job, video = bench.job, bench.job.media.video
    assert video is not None
    srt, vtt = bench.side_files(list(job.cues))
    soft = job.options.captions is Captions.SOFT and bool(job.cues)
    out = bench.path("mp4")
    try:
        span = write_preview(bench, out, srt if soft else None)
    except (Unfit, BrokenFile):
        span = _remux(bench, out, srt if soft else None)
        end_edit(out, span.end - span.start)
    seconds = span.end - span.start
    expect = Expectation(
        round(seconds * 1000), None, video.width, video.height, job.media.audio is not None,
        exact=False, rotation=video.rotation,
        cues=() if job.options.captions is Captions.NONE else job.cues,
    )  # fmt: skip
    proof = prove_and_mend(bench, out, expect)
    bench.notice(
        "copy_mode",
        "Copied without encoding: hidden pictures before the start and after the end stay in the "
        "file, some players count those into its length, and the loudness is the source's",
        "Use --mode encode for a clip to publish",
    )
    return bench.finish(out, srt, vtt, CutMode.COPY, proof)


def _remux(bench: Bench, out: Path, subtitles: Path | None) -> FrameSpan:
    """The same by FFmpeg's own means, for streams whose packets cannot be taken one by one."""
    job, video = bench.job, bench.job.media.video
    assert video is not None
    span = plan_spans(job.source, job.media, job.ranges, bench.limits)[0]
    seconds = span.end - span.start
    source = ffmpeg.input(
        file_url(job.source),
        **input_options(job.media.container, bench.limits),
        **seek_options(span.start, accurate=True),
    )
    streams = [source[str(video.index)]]
    if job.media.audio is not None:
        streams.append(source[str(job.media.audio.index)])
    options: dict[str, Any] = {"c": "copy", "t": f"{float(seconds):.6f}", **CONTAINER}
    if subtitles is not None:
        streams.append(ffmpeg.input(subtitles.name, f="srt")["s"])
        options |= {"c:s": "mov_text"}
    bench.run(ffmpeg.output(*streams, out.name, **options).get_args(), seconds)
    return span


def sound_clip(bench: Bench) -> Rendered:
    """A clip of a source without picture: AAC in ``.m4a``."""
    job = bench.job
    pieces, places, short = _sound_pieces(bench)
    srt, vtt = bench.side_files(retimed(job.cues, places))
    if job.options.captions in (Captions.BURN, Captions.SOFT) and job.cues:
        bench.notice(
            "captions_beside",
            "The source has no picture, so captions are written beside the clip only",
        )
    if short:
        bench.notice(*CROSSFADE_SHORT)
    seconds = Fraction(sum(piece.samples - piece.overlap for piece in pieces), RATE)
    out = bench.path("m4a")
    proof: Proof | None = None
    wrong: list[str] = []
    for attempt in range(2):
        sound = bench.sound(pieces, attempt, proof)
        stream = ffmpeg.input(sound.path.name, f="w64")["a"]
        bench.run(ffmpeg.output(stream, out.name, **CONTAINER, **AAC).get_args(), seconds)
        expect = Expectation(round(seconds * 1000), loudness=sound.target)
        proof = prove_and_mend(bench, out, expect)
        if attempt:
            bench.repaired(wrong, proof)
        if not (wrong := repairable(proof)):
            break
    assert proof is not None
    return bench.finish(out, srt, vtt, CutMode.ENCODE, proof)


def _sound_pieces(bench: Bench) -> tuple[list[SoundPiece], list[Piece], bool]:
    """The sound of each range, its place in the clip, and whether a cross-fade had to be shorter."""
    job = bench.job
    begin, ranges = origin(job.source, job.media, bench.limits), _inside(bench)
    speed = Fraction(job.options.speed, 100)
    wished = job.options.crossfade_ms * RATE // 1000
    counts = [max(1, round(piece.duration_ms * RATE / 1000 / speed)) for piece in ranges]
    fades = [min(wished, a // 2, b // 2) for a, b in itertools.pairwise(counts)]
    pieces, places, clock = [], [], 0
    for number, (piece, samples) in enumerate(zip(ranges, counts, strict=True)):
        start = begin + Fraction(piece.start_ms, 1000)
        # Two seconds early, so that the decoder has settled.
        seek = start - 2 if piece.start_ms > 2000 else None
        before = fades[number - 1] if number else 0
        after = fades[number] if number < len(fades) else 0
        pieces.append(SoundPiece(job.source, job.media, seek, start, samples, speed, before))
        clock += samples - before
        place = (Fraction(clock - samples, RATE), Fraction(2 * clock - after, 2 * RATE))
        places.append(Piece(job.ranges[number].duration_ms, *place, speed))
    return pieces, places, any(fade < wished for fade in fades)


def _inside(bench: Bench) -> list[TimeRange]:
    """The ranges, up to the end of the source."""
    end = bench.job.media.duration_ms
    kept = [
        TimeRange(start_ms=piece.start_ms, end_ms=min(piece.end_ms, end))
        for piece in bench.job.ranges
        if piece.start_ms < end
    ]
    if not kept:
        raise MediaToolFailed(
            "the range lies behind the end of the source",
            "Choose a range inside the source; `videoclip probe` shows its duration",
        )
    return kept
