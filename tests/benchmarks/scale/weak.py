"""Weak scaling: with twice the nodes and twice the jobs, does it take as long?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.scale.growth import SHORT
from tests.benchmarks.scale.measure import busy_span_s
from tests.benchmarks.scale.world import TENANTS, nodes, world

__all__ = ["Weak", "scale_weakly"]

COUNTS = (1, 2, 4, 8)
JOBS = 4
SPEED = 2.0
"""Slow: on a machine with two processors, eight nodes must sleep most of the time for their number to matter."""


@dataclass(frozen=True, slots=True)
class Weak:
    """So many nodes did as many times the jobs of one."""

    nodes: int
    wall_s: float
    """From the first start to the last end of a job."""
    efficiency: float


def scale_weakly(folder: Path, counts: tuple[int, ...] = COUNTS) -> list[Weak]:
    """For each number of nodes, an installation of its own; every node has one slot."""
    found: list[Weak] = []
    for count in counts:
        with world(folder / str(count), slots=1) as here:
            here.ask(count * JOBS, SHORT, TENANTS)
            with nodes(here, count, SPEED):
                here.finish()
            wall_s = busy_span_s(here.server)
        one = found[0].wall_s if found else wall_s
        found.append(Weak(count, round(wall_s, 2), round(one / wall_s, 3)))
        print(
            f"{count} nodes, {count * JOBS} jobs: {wall_s:.1f} s, efficiency {one / wall_s:.3f}",
            flush=True,
        )
    return found
