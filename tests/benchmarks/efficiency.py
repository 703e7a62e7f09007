"""How much of two processors a long video's work gets, and what orchestration takes: promises 1.15 and 3 %.

Engine work is what units recorded: recogniser, FFmpeg, ranker. All else that the processors did for the command is
orchestration: starting Python and Ray, Ray's own processes, planning, commits, manifest.

    python -m tests.benchmarks efficiency          real engines: a quarter of an hour on two idle cores
    VIDEOCLIP_TEST_ASLEEP=1 ...                    engines sleep as long as real ones work: also on a busy machine
    VIDEOCLIP_TEST_MINUTES=10 ...                  of another length
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from scripts.make_long import make_long
from tests.benchmarks.scale.parts import run_asleep
from tests.benchmarks.scale.shapes import Shape
from tests.support.command import Command
from tests.support.processors import Spent, run_counted

__all__ = ["efficiency"]

MINUTES = float(os.environ.get("VIDEOCLIP_TEST_MINUTES", "60"))
ASLEEP = bool(os.environ.get("VIDEOCLIP_TEST_ASLEEP"))
CPUS = 2
SPEECH_SHARE = 0.75
_ENGINES = ("audio", "recognise", "highlight", "render")


def efficiency(folder: Path) -> None:
    """Print both shares, and where the time went."""
    spent = run_asleep(folder, Shape(MINUTES, clips=5), 1.0) if ASLEEP else _run(folder)
    _tell(spent, _by_stage(folder / "data" / "videoclip.db"))


def _run(folder: Path) -> Spent:
    source = make_long(folder / "long.mp4", minutes=MINUTES, speech_share=SPEECH_SHARE).path
    command = Command(folder / "data", {"VIDEOCLIP_RAY__NUM_CPUS": str(CPUS)})
    wanted = ["clip", str(source), "-o", str(folder / "out"), "--json"]
    spent = run_counted(
        [sys.executable, "-m", "videoclip.cli.main", *wanted],
        command.variables(),
        timeout_s=4 * 3600,
    )
    if spent.returncode != 0:
        sys.exit(spent.output[-3000:])
    return spent


def _by_stage(database: Path) -> dict[str, tuple[int, float, float]]:
    """Units, processor seconds, busy seconds of each stage."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT stage, count(*), sum(cpu_s), sum(wall_s) FROM unit GROUP BY stage"
        ).fetchall()
    return {stage: (count, cpu_s, wall_s) for stage, count, cpu_s, wall_s in rows}


def _tell(spent: Spent, stages: dict[str, tuple[int, float, float]]) -> None:
    for stage, (count, cpu_s, wall_s) in stages.items():
        print(f"{stage:12} {count:4} units   CPU {cpu_s:8.1f} s   busy {wall_s:8.1f} s")
    computed = sum(stages[name][1] for name in _ENGINES)
    # Asleep, an engine's work is the time that it slept.
    work = sum(stages[name][2] for name in _ENGINES) if ASLEEP else computed
    beside = spent.cpu_s - computed
    ideal = work / CPUS
    print(f"{MINUTES:.0f} minutes of video, {CPUS} processors: wall {spent.wall_s:.1f} s")
    print(
        f"engine work {work:.1f} s, so at best {ideal:.1f} s: {spent.wall_s / ideal:.3f} times (promise <= 1.15)"
    )
    if not ASLEEP and spent.others_s > 0.02 * spent.wall_s:
        loaded = (work + spent.others_s) / CPUS
        print(
            f"  other programs took {spent.others_s:.0f} s of the processors: with these {loaded:.1f} s at best, "
            f"{spent.wall_s / loaded:.3f} times; measure again on an idle machine"
        )
    print(
        f"orchestration {beside:.1f} s of {work + beside:.1f} s: {beside / (work + beside):.2%} (promise <= 3 %)"
    )
    engines = ("ray::MapWorker", "ffmpeg", "ffprobe")
    for name, seconds in sorted(spent.by_process.items(), key=lambda item: -item[1]):
        if seconds >= 0.2:
            note = " (units included)" if name.startswith(engines) else ""
            print(f"  {seconds:8.1f} s  {name}{note}")
