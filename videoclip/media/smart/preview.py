"""The instant way: packets from the keyframe before a range on, with an edit list that shows the range only."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from videoclip.media.bench import Bench
from videoclip.media.packets import FrameSpan, time_base
from videoclip.media.smart.grab import grab
from videoclip.media.smart.mp4_write import OutTrack, Piece, write_mp4
from videoclip.media.smart.nal import Unfit, without_rate
from videoclip.media.smart.sound import copied_sound, made_streams

__all__ = ["write_preview"]


def write_preview(bench: Bench, out: Path, subtitles: Path | None) -> FrameSpan:
    """Write the preview with one pass over the packets around the range.

    Raises:
        Unfit: packets or sound cannot be taken as they are.
        MediaToolFailed: the range lies behind the last frame.
    """
    audio = bench.job.media.audio
    if audio is not None and audio.codec != "aac":
        raise Unfit("its sound is not AAC")
    item = grab(bench, bench.job.ranges[0], 0, audio=audio is not None)
    sound = copied_sound(item) if audio is not None else None
    if (audio is not None and sound is None) or len(item.video.entries) != 1:
        raise Unfit("its sound does not cover the range")
    span, tick = item.span, time_base(bench.job.media)
    times = [listed.pts for listed in item.pictures]
    keys = [
        n
        for n, sample in enumerate(item.video.samples)
        if sample.sync and times[n] <= span.start_pts
    ]
    shown = [n for n, time in enumerate(times) if span.start_pts <= time < span.end_pts]
    if not keys or not shown or len(set(times)) != len(times):
        raise Unfit("no keyframe stands before the range")
    # Leading pictures of an open GOP need what comes before their keyframe.
    numbers = [n for n in range(keys[-1], shown[-1] + 1) if times[n] >= times[keys[-1]]]
    samples = [item.video.samples[n] for n in numbers]
    scale = tick.numerator
    begin = max(times[keys[-1]] * scale, round(span.start / tick * scale))
    length = max(1, round((span.end - span.start) / tick * scale))
    picture = OutTrack(
        tick.denominator, without_rate(item.video.entries[0]), item.video.handler,
        item.video.media_header, item.video.header,
        [Piece(item.video.path, sample.offset, sample.size) for sample in samples],
        [times[n] * scale for n in numbers], [sample.sync for sample in samples],
        max(begin + length, max(times[n] for n in numbers) * scale + 1), ((length, begin),),
    )  # fmt: skip
    seconds = Fraction(span.end - span.start)
    extra = made_streams(bench, None, subtitles, seconds, 0)
    write_mp4(out, [picture, *([sound] if sound else []), *extra])
    return span
