"""Benchmarks: `python -m tests.benchmarks [name ...]`. They print ratios; they are not tests.

memory  peak memory of the whole process tree for 20 minutes and for 2 hours of video (promise: <= 1.15)
road    wall and CPU seconds of each stage on the sample, and what orchestration costs beside the work
cut     CPU seconds of each cut mode against plain FFmpeg, on 10 minutes of 1080p25
ways    five clips at once: many processes, one process with many outputs, one after another
efficiency  wall of an hour of video over its work / cores (promise: <= 1.15), orchestration's share (<= 3 %)
exact   200 random cuts over the format matrix, frame by frame
serve   what Ray Serve costs a shard of speech, and throughput against batch size and replicas
gateway what an answer of the API takes at 50 requests a second on PostgreSQL (promise: p95 below 50 ms)
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from pathlib import Path

from scripts.make_long import make_long
from tests.benchmarks.cut import cut, ways
from tests.benchmarks.efficiency import efficiency
from tests.benchmarks.exact import exact
from tests.benchmarks.gateway import gateway
from tests.benchmarks.serve import serve
from tests.support.command import SAMPLE, Command, manifest

MIB = 2**20


class PeakMemory:
    """Samples the proportional set size (shared pages counted once) of all processes with the mark."""

    def __init__(self, mark: str) -> None:
        self.peak = 0
        self._needle = f"VIDEOCLIP_TEST_MARK={mark}".encode()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.peak = max(self.peak, sum(self._sizes()))

    def _sizes(self) -> list[int]:
        sizes = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._needle in (folder / "environ").read_bytes():
                    rollup = (folder / "smaps_rollup").read_text()
                    line = next(row for row in rollup.splitlines() if row.startswith("Pss:"))
                    sizes.append(int(line.split()[1]) * 1024)
            except (OSError, StopIteration):
                continue
        return sizes


def memory(folder: Path) -> None:
    """Peak memory against the length of the input."""
    peaks = {}
    for minutes in (20, 120):
        video = make_long(folder / f"{minutes}.mp4", minutes=minutes).path
        command = Command(folder / f"data-{minutes}")
        began = time.monotonic()
        with PeakMemory(command.mark) as watch:
            done = command.run(
                "clip", video, "-o", folder / f"out-{minutes}", "--json", timeout=7200
            )
        if done.returncode != 0:
            sys.exit(done.stderr)
        peaks[minutes] = watch.peak
        wall = time.monotonic() - began
        print(f"{minutes:4} min: peak {watch.peak / MIB:7.0f} MiB, wall {wall:.0f} s", flush=True)
    print(f"memory ratio 2 h : 20 min = {peaks[120] / peaks[20]:.3f} (promise <= 1.15)", flush=True)


def road(folder: Path) -> None:
    """Where the time goes on the sample."""
    command = Command(folder / "data")
    began = time.monotonic()
    done = command.run("clip", SAMPLE, "-o", folder / "out", "--top", "3", "--json", timeout=1200)
    wall = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(done.stderr)
    stages = manifest(folder / "out")["stages"]
    for stage in stages:
        print(f"{stage['name']:10} wall {stage['wall_s']:7.1f} s   cpu {stage['cpu_s']:7.1f} s")
    inside = sum(stage["wall_s"] for stage in stages)
    print(f"whole      wall {wall:7.1f} s   outside the stages {wall - inside:.1f} s")
    began = time.monotonic()
    command.run("clip", SAMPLE, "-o", folder / "out", "--top", "3", "--json")
    print(f"the same again {time.monotonic() - began:.1f} s, nothing done twice")
    print(json.dumps({"wall_s": round(wall, 1), "stages": stages}))


def main() -> None:
    """Run what is named, else everything."""
    known = {
        "road": road,
        "memory": memory,
        "cut": cut,
        "ways": ways,
        "exact": exact,
        "efficiency": efficiency,
        "serve": serve,
        "gateway": lambda _: gateway(),
    }
    for name in sys.argv[1:] or list(known):
        if name not in known:
            sys.exit(f"there is no benchmark {name}: {', '.join(known)}")
        with tempfile.TemporaryDirectory() as folder:
            print(f"--- {name}")
            known[name](Path(folder))


if __name__ == "__main__":
    main()
