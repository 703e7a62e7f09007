"""Makes a clip from a job, the way that its options ask for."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

from videoclip.errors import UsageError
from videoclip.media.bench import Bench, clear
from videoclip.media.cut import (
    Rendered,
    RenderJob,
    check_joints,
    check_options,
    choose_mode,
    clip_size,
)
from videoclip.media.encode import encode
from videoclip.media.ffmpeg import cpu_meter
from videoclip.media.simple import copy_packets, sound_clip
from videoclip.media.smart.cut import smart_cut
from videoclip.schemas import CutMode
from videoclip.settings import MediaLimits

__all__ = [
    "RenderJob",
    "Rendered",
    "check_joints",
    "check_options",
    "choose_mode",
    "clip_size",
    "render",
]


def render(
    job: RenderJob,
    limits: MediaLimits,
    *,
    on_progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
    threads: int = 1,
) -> Rendered:
    """Make the clip and its side files in ``job.work``, and nothing else.

    Clips are rendered in parallel, one process each, so one thread a clip is the fastest way to
    use a machine; a single clip on an idle machine may take more.

    Args:
        job: what to make.
        limits: for every FFmpeg process.
        on_progress: called with the milliseconds of the clip that are encoded.
        cancel: stops the work when set.
        threads: of decoder and encoder.

    Raises:
        UsageError: the options cannot be met.
        SourceError: the intro or outro cannot be used.
        MediaToolFailed: FFmpeg failed, or the file is not what was asked for, twice.
        StorageFull: no space is left.
        Cancelled: ``cancel`` was set.

    Whatever is raised, the folder is empty again.
    """
    if not job.ranges:
        raise UsageError("a clip needs at least one range", "Name a range, such as 10-25")
    check_options(job.options, job.media, ranges=len(job.ranges))
    check_joints(job.options, len(job.ranges))
    bench = Bench(job, limits, on_progress, cancel, threads)
    try:
        with cpu_meter() as spent:
            mode = choose_mode(job.options, job.media, ranges=len(job.ranges))
            if mode is CutMode.COPY:
                done = copy_packets(bench)
            elif mode is CutMode.SMART:
                done = smart_cut(bench)
            elif job.media.video is None:
                done = sound_clip(bench)
            else:
                done = encode(bench)
    except BaseException:
        clear(job.work)
        raise
    clear(job.work, (done.video, done.srt, done.vtt, done.thumbnail))
    return dataclasses.replace(done, cpu_s=sum(spent))
