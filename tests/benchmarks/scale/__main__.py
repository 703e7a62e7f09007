"""``python -m tests.benchmarks.scale [growth hour process ray weak] [--videos 10000] [--json FILE]``; `make bench-scale`.

growth   so many videos in three steps: costs a job, waits by tenant, how costs grow (exit status 1 above 1.1)
hour     videos of an hour: what a shard costs, rows and bytes of a video-hour
process  a process for each job, on a sample
ray      Ray and Ray Data for a video's units, on a sample
weak     1, 2, 4, 8 logical nodes
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.setdefault("VIDEOCLIP_CONFIG", os.devnull)

from tests.benchmarks.scale import growth, parts, weak
from tests.benchmarks.scale.shapes import HOUR_MS, Shape
from tests.benchmarks.scale.world import in_threads, nodes

PARTS = ("growth", "hour", "process", "ray", "weak")
_HOUR = Shape(minutes=60, clips=5)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=20, help="videos of an hour")
    parser.add_argument(
        "--threads", action="store_true", help="growth without Ray, to see that this program works"
    )
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    told: dict[str, Any] = {}
    good = True
    with tempfile.TemporaryDirectory(prefix="videoclip-scale-") as name:
        for part in chosen.parts or PARTS:
            print(f"--- {part}", flush=True)
            folder = Path(name) / part
            folder.mkdir()
            if part == "growth":
                grown = growth.grow(
                    folder, chosen.videos, on=in_threads if chosen.threads else nodes
                )
                told[part] = grown.to_json()
                _keep(chosen.json, told)
                good = growth.tell(grown) and good
            elif part == "hour":
                told[part] = _hour(folder, chosen.hours)
            elif part == "process":
                cost = parts.process_cost(folder)
                told[part] = asdict(cost)
                print(
                    f"{cost.jobs} jobs: {cost.process_s:.2f} CPU s in a process, {cost.thread_s:.2f} in a thread: "
                    f"the process costs {cost.more_s:.2f}"
                )
            elif part == "ray":
                ray = parts.ray_cost(folder)
                told[part] = asdict(ray)
                print(
                    f"private Ray and Ray Data: {ray.job_s:.1f} CPU s a job, {ray.shard_s * 1000:.0f} ms a shard "
                    f"({ray.short_shards} and {ray.long_shards} shards)"
                )
            else:
                told[part] = [asdict(one) for one in weak.scale_weakly(folder)]
            _keep(chosen.json, told)
    return 0 if good else 1


def _keep(path: Path | None, told: dict[str, Any]) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1), encoding="utf-8")


def _hour(folder: Path, videos: int) -> dict[str, Any]:
    """Videos of an hour, so that shards outnumber jobs."""
    grown = growth.grow(folder, videos, shape=_HOUR, speed=2000.0, parts=1)
    step, hours = grown.steps[-1], videos * _HOUR.duration_ms / HOUR_MS
    print(
        f"a video-hour: {step.all_cpu_s / hours:.2f} CPU s, {step.statements / hours:.0f} statements, "
        f"{step.rows / hours:.0f} rows, {step.size / hours / 1024:.0f} KiB"
    )
    return grown.to_json()


if __name__ == "__main__":
    sys.exit(main())
