"""What the steps in threads leave out: a process for each job, and Ray with Ray Data for its units; on samples."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.scale.growth import SHORT
from tests.benchmarks.scale.node import Node
from tests.benchmarks.scale.shapes import Shape
from tests.benchmarks.scale.simulated import write_source
from tests.benchmarks.scale.world import TENANTS, World, world
from tests.support.command import ROOT, Command
from tests.support.processors import Spent, run_counted

__all__ = ["ASLEEP", "ProcessCost", "RayCost", "process_cost", "ray_cost", "run_asleep"]

_RUNNER = (
    "import sys; from tests.benchmarks.scale.simulated import install; install({speed}); "
    "from {module} import main; sys.exit(main())"
)
ASLEEP = 20.0
"""Speed of the engines of the samples."""
_SHORT, _LONG = Shape(minutes=4, clips=2), Shape(minutes=40, clips=2)


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """Processor seconds of a job in a process of its own, as the platform runs it, and in a thread."""

    jobs: int
    process_s: float
    thread_s: float

    @property
    def more_s(self) -> float:
        """What the process costs beside the job."""
        return self.process_s - self.thread_s


@dataclass(frozen=True, slots=True)
class RayCost:
    """What a private Ray and Ray Data cost beside the engines, processor seconds."""

    short_s: float
    long_s: float
    short_shards: int
    long_shards: int

    @property
    def shard_s(self) -> float:
        """Of one more shard."""
        return (self.long_s - self.short_s) / (self.long_shards - self.short_shards)

    @property
    def job_s(self) -> float:
        """Of a video without shards: Python, Ray, its helpers and workers are started."""
        return self.short_s - self.short_shards * self.shard_s


def process_cost(folder: Path, sample: int = 20) -> ProcessCost:
    """Do a few jobs in processes, as many in threads of this process."""
    with world(folder, slots=1) as here:
        here.ask(2 * sample, SHORT, TENANTS[:1])
        # Shell variables of settings, for the runner's process.
        command = Command(
            here.settings.data_dir,
            {
                "VIDEOCLIP_DATABASE_URL": here.settings.database_url,
                "VIDEOCLIP_JOBS__SOURCE_FOLDERS": f'["{here.sources}"]',
                "VIDEOCLIP_RAY__IN_PROCESS": "true",
                "PYTHONPATH": str(ROOT),
            },
        )
        before = _children_s()
        for _ in range(sample):
            job_id, attempt = _claim(here)
            subprocess.run(
                [sys.executable, "-c", _RUNNER.format(speed=1e6, module="actors.runner"), job_id, attempt],
                env=command.variables(), check=True, cwd="/", stdin=subprocess.DEVNULL,
            )  # fmt: skip
        process_s = (_children_s() - before) / sample
        node = Node(here.settings, 1e6)
        node.work(here.claim())  # what is imported late
        begun = time.process_time()
        for _ in range(sample - 1):
            node.work(here.claim())
        thread_s = (time.process_time() - begun) / (sample - 1)
        node.close()
    return ProcessCost(sample, process_s, thread_s)


def _claim(here: World) -> tuple[str, str]:
    claim = here.claim()
    return claim.id, str(claim.attempt)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ---------------------------------------------------------------------- Ray


def ray_cost(folder: Path) -> RayCost:
    """Two videos of different length on the command line, with a private Ray of two processors."""
    folder.mkdir(parents=True, exist_ok=True)
    costs = []
    for shape in (_SHORT, _LONG):
        spent = run_asleep(folder / f"{shape.minutes:.0f}", shape, ASLEEP)
        costs.append(spent.cpu_s)
    return RayCost(costs[0], costs[1], _SHORT.shards, _LONG.shards)


def run_asleep(folder: Path, shape: Shape, speed: float) -> Spent:
    """`videoclip clip` with engines that sleep; its data folder is ``folder/data``.

    Raises:
        RuntimeError: it failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "long.mp4"
    write_source(source, 1, shape)
    command = Command(
        folder / "data", {"VIDEOCLIP_RAY__NUM_CPUS": "2", "PYTHONPATH": os.fspath(ROOT)}
    )
    spent = run_counted(
        [
            *(sys.executable, "-c", _RUNNER.format(speed=speed, module="videoclip.cli.main")),
            *("clip", str(source), "-o", str(folder / "out"), "--json", "--top", str(shape.clips)),
        ],
        command.variables(), timeout_s=4 * 3600,
    )  # fmt: skip
    if spent.returncode != 0:
        raise RuntimeError(spent.output[-3000:])
    return spent
