"""What orchestration costs as the number of videos grows, and who waits how long: one installation, filled in steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.scale.measure import (
    Processors,
    Reading,
    Wait,
    exponent,
    fairness,
    read_database,
    start_counting,
    waits,
)
from tests.benchmarks.scale.shapes import Shape
from tests.benchmarks.scale.world import TENANTS, World, nodes, world

__all__ = ["SHORT", "Growth", "Step", "grow", "tell"]

Workers = Callable[[World, int, float], AbstractContextManager[Processors]]
SHORT = Shape(minutes=1.0, clips=1)
"""Many jobs, each small: what jobs cost shows, and their number is what grows."""
SLOTS = 8
NODES = 2
SPEED = 60.0
MOST_GROWTH = 1.1
_SMALLEST = 20
_SHARES = (0.1, 0.3, 1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """The installation when so many videos are done; costs of everything until then."""

    videos: int
    wall_s: float
    cpu_s: dict[str, float]
    statements: int
    transactions: int
    rows: int
    size: int
    """Bytes."""
    waits: tuple[Wait, ...]
    """Of this step's jobs."""
    unfairness: float
    ask_s: float
    """Processor and other time for asking."""

    @property
    def all_cpu_s(self) -> float:
        """Of nodes and database; Ray's own processes cost by the hour, not by the job."""
        return self.cpu_s["nodes"] + self.cpu_s["postgresql"]


@dataclass(slots=True)
class Growth:
    """All steps, and how costs grow."""

    shape: Shape
    steps: list[Step] = field(default_factory=list)
    last: Reading | None = None

    def exponents(self) -> dict[str, float]:
        """Of each cost over the number of videos; 1 is linear."""
        sizes = [step.videos for step in self.steps]
        costs = {
            "processors": [step.all_cpu_s for step in self.steps],
            "statements": [step.statements for step in self.steps],
            "rows": [step.rows for step in self.steps],
            "bytes": [step.size for step in self.steps],
        }
        return {name: exponent(sizes, values) for name, values in costs.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "shape": asdict(self.shape),
            "steps": [asdict(step) for step in self.steps],
            "exponents": self.exponents() if len(self.steps) > 1 else {},
            "tables": None
            if self.last is None
            else {"rows": self.last.rows, "bytes": self.last.sizes},
            "statements": [] if self.last is None else [asdict(one) for one in self.last.longest],
        }


def tell(growth: Growth) -> bool:
    """Print waits, the database's longest statements and how costs grow; whether all is linear or better."""
    last = growth.steps[-1]
    for wait in last.waits:
        print(
            f"  waited: {wait.tenant:8} {wait.jobs:6} jobs, median {wait.p50_s:8.1f} s, 95 % {wait.p95_s:8.1f} s"
        )
    print(f"  starts for its weight, most over least served while all wait: {last.unfairness:.2f}")
    assert growth.last is not None
    for name, size in sorted(growth.last.sizes.items(), key=lambda item: -item[1])[:6]:
        print(f"  {name:18} {growth.last.rows[name]:9} rows {size / 2**20:8.1f} MiB")
    for one in growth.last.longest[:6]:
        print(f"  {one.calls:8} x {one.mean_ms:7.2f} ms  {one.text}")
    found = growth.exponents() if len(growth.steps) > 1 else {}
    for name, power in found.items():
        print(f"  {name:12} grow as videos to the power of {power:.3f} (promise <= {MOST_GROWTH})")
    return all(power <= MOST_GROWTH for power in found.values())


def grow(
    folder: Path,
    videos: int,
    *,
    shape: Shape = SHORT,
    speed: float = SPEED,
    parts: int = 3,
    on: Workers = nodes,
) -> Growth:
    """Do so many videos in steps (a tenth, three tenths, all)."""
    marks = sorted(
        {min(videos, max(_SMALLEST, round(videos * share))) for share in _SHARES[-parts:]}
    )
    growth = Growth(shape)
    with world(folder, slots=SLOTS) as here:
        start_counting(here.server)
        empty = read_database(here.server)
        weights = {tenant.name: tenant.weight for tenant in TENANTS}
        began = time.monotonic()
        with on(here, NODES, speed) as processors:
            first = processors.now()
            for mark in marks:
                since_ms, asking = round(time.time() * 1000), time.monotonic()
                here.ask(mark - here.asked, shape)
                ask_s = time.monotonic() - asking
                here.finish()
                now, reading = processors.now(), read_database(here.server)
                growth.steps.append(
                    Step(
                        videos=mark,
                        wall_s=round(time.monotonic() - began, 1),
                        cpu_s={name: round(now[name] - first[name], 2) for name in now},
                        statements=reading.statements,
                        transactions=reading.transactions,
                        rows=reading.all_rows - empty.all_rows,
                        size=reading.all_bytes - empty.all_bytes,
                        waits=tuple(waits(here.server, since_ms)),
                        unfairness=round(fairness(here.server, weights, since_ms), 3),
                        ask_s=round(ask_s, 2),
                    )
                )
                growth.last = reading
                _tell(growth.steps[-1])
    return growth


def _tell(step: Step) -> None:
    per = 1000 / step.videos
    print(
        f"{step.videos:6} videos, {step.wall_s:7.0f} s: CPU ms a job: nodes {step.cpu_s['nodes'] * per:6.1f}, "
        f"PostgreSQL {step.cpu_s['postgresql'] * per:5.1f}, Ray {step.cpu_s['ray'] * per:5.1f}; "
        f"statements {step.statements / step.videos:5.1f}, rows {step.rows / step.videos:5.1f}, "
        f"{step.size / step.videos:7.0f} bytes",
        flush=True,
    )
