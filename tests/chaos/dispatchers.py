"""A machine with a dispatcher and its runners dies in the middle of a job; the dispatcher of another takes over."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.chaos import Facts, Scenario
from tests.support.platform import Platform, make_video
from videoclip.settings import JobSettings, RaySettings, Settings

__all__ = ["SCENARIO"]

_JOBS = 2


def run(folder: Path) -> Facts:
    """Several jobs, two dispatchers; the one that works on the first job is killed with all its runners."""
    sources = folder / "sources"
    sources.mkdir()
    video = make_video(sources / "short.mp4", seconds=2)
    expected = _undisturbed(folder / "undisturbed", video)
    platform = Platform(Settings(data_dir=folder / "platform"), sources)
    try:
        jobs = [_ask(platform, video, number) for number in range(_JOBS)]
        first = platform.dispatch()
        platform.runner(jobs[0])
        platform.wait(lambda: platform.units(jobs[0]))
        platform.dispatch()
        family = psutil.Process(first.pid).children(recursive=True)
        os.killpg(first.pid, signal.SIGKILL)
        for process in family:
            with suppress(psutil.Error):
                process.kill()
        killed = time.monotonic()
        first.wait()
        assert platform.job(jobs[0]).state == "running"
        platform.runner(jobs[0])
        taken = time.monotonic() - killed
        rows = platform.final(*jobs, within_s=120)
        assert [row.state for row in rows] == ["succeeded"] * _JOBS, [row.error for row in rows]
        assert [platform.content(row) for row in rows] == expected, "the files are the same"
        ended = [platform.states(job).count("succeeded") for job in jobs]
        assert ended == [1] * _JOBS
        return {"lost": 0, "doubled": 0, "taken over after s": round(taken, 1)}
    finally:
        platform.stop()


def _ask(platform: Platform, video: Path, number: int) -> str:
    return platform.cut(video, *((start + 40 * number, start + 800) for start in (0, 1000)))


def _undisturbed(folder: Path, video: Path) -> list[dict[str, str]]:
    """What comes out where nothing is broken."""
    platform = Platform(
        Settings(
            data_dir=folder,
            jobs=JobSettings(source_folders=[video.parent]),
            ray=RaySettings(in_process=True),
        ),
        video.parent,
    )
    try:
        return [
            platform.content(platform.here(_ask(platform, video, number)))
            for number in range(_JOBS)
        ]
    finally:
        platform.stop()


SCENARIO = Scenario(
    name="dispatchers",
    broken="a dispatcher and its runners killed mid-job",
    promise="another dispatcher takes the job over when the lease ends; files are the same, each job ends once",
    limit_s=240,
    run=run,
)
