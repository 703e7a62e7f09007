"""What the benchmark runs on: a durable PostgreSQL, Ray with so many logical nodes, tenants with jobs that wait."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select

from pipelines.ray_runtime import prepare_environment
from tests.benchmarks.scale.measure import Processors, tree_cpu_s
from tests.benchmarks.scale.node import Node
from tests.benchmarks.scale.shapes import Shape
from tests.benchmarks.scale.simulated import write_source
from tests.support.postgres import Postgres, run_postgres
from videoclip.settings import Settings
from videoclip.store import Store
from videoclip.store.control import FINAL
from videoclip.store.models import Job, Workspace
from videoclip.store.parents import Claim
from videoclip.store.queue import Queue

__all__ = ["TENANTS", "Tenant", "World", "in_threads", "nodes", "world"]

_ROOT = Path(__file__).resolve().parents[3]
_BATCH = 100
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace that asks for a share of all videos at once."""

    name: str
    share: float
    weight: int = 1


TENANTS = (
    Tenant("flood", 0.7),
    Tenant("usual", 0.2),
    Tenant("small", 0.05),
    Tenant("double", 0.05, weight=2),
)


@dataclass
class World:
    """An installation."""

    settings: Settings
    store: Store
    server: Postgres
    sources: Path
    asked: int = 0

    def ask(self, count: int, shape: Shape, tenants: Sequence[Tenant] = TENANTS) -> None:
        """Ask for so many videos in all, each tenant's share of them."""
        ends = [sum(t.share for t in tenants[: n + 1]) for n in range(len(tenants))]
        shares = [round(count * end / ends[-1]) for end in ends]
        start = 0
        for tenant, end in zip(tenants, shares, strict=True):
            for first in range(start, end, _BATCH):
                self._ask(tenant.name, min(_BATCH, end - first), shape)
            start = end

    def _ask(self, workspace: str, count: int, shape: Shape) -> None:
        numbers = range(self.asked, self.asked + count)
        self.asked += count
        for number in numbers:
            write_source(self.sources / f"{number}.mp4", number, shape)

        async def work(queue: Queue) -> None:
            for number in numbers:
                await queue.enqueue(workspace, "clip", _request(self.sources, number, shape))

        self.store.queue(work)

    def claim(self) -> Claim:
        """The next job, for whoever does it here."""
        claim = self.store.queue(lambda queue: queue.claim("here", lease_ms=600_000))
        assert claim is not None
        return claim

    def finish(self, within_s: float = 3 * 3600.0) -> None:
        """Wait until nothing waits or runs.

        Raises:
            RuntimeError: a job did not succeed.
            TimeoutError: it took too long.
        """
        deadline = time.monotonic() + within_s
        while (states := self._states()).keys() - set(FINAL):
            if time.monotonic() > deadline:
                raise TimeoutError(str(states))
            time.sleep(_LOOK_S)
        if states.keys() != {"succeeded"}:
            raise RuntimeError(f"jobs did not succeed: {states}")

    def _states(self) -> dict[str, int]:
        async def work(queue: Queue) -> dict[str, int]:
            rows = await queue.session.execute(select(Job.state, func.count()).group_by(Job.state))
            return {str(state): int(count) for state, count in rows}

        return self.store.queue(work)


def _request(sources: Path, number: int, shape: Shape) -> dict[str, Any]:
    return {
        "kind": "clip", "source": str(sources / f"{number}.mp4"), "top": shape.clips, "language": "en",
        "recogniser": "pocketsphinx", "highlighter": "extractive", "render": {"encoder": "software"},
    }  # fmt: skip


@contextlib.contextmanager
def world(folder: Path, *, slots: int, tenants: Sequence[Tenant] = TENANTS) -> Iterator[World]:
    """An empty installation; ``slots`` of each dispatcher."""
    sources = folder / "sources"
    sources.mkdir(parents=True)
    statements = ("shared_preload_libraries=pg_stat_statements", "pg_stat_statements.max=1000")
    with run_postgres(durable=True, options=statements) as server:
        settings = Settings.model_validate(
            {
                "data_dir": folder / "data",
                "database_url": server.url(),
                "jobs": {"slots": slots, "source_folders": [sources]},
                "database": {"pool_size": slots + 4},
                "ray": {"in_process": True},
            }
        )
        with Store(settings) as store:

            async def work(queue: Queue) -> None:
                for tenant in tenants:
                    row = Workspace(id=tenant.name, name=tenant.name, weight=tenant.weight)
                    queue.session.add(row)

            store.queue(work)
            yield World(settings, store, server, sources)


@contextlib.contextmanager
def nodes(here: World, count: int, speed: float) -> Iterator[Processors]:
    """So many logical nodes at work on what waits, on one real Ray; yields what counts their processor seconds."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
    prepare_environment("")
    import ray
    from ray._private import utils
    from ray.cluster_utils import Cluster

    utils.write_ray_address = lambda *_, **__: None  # it would become everybody's on this machine

    temporary = tempfile.mkdtemp(prefix="vc-ray-", dir="/tmp")  # sockets need a short path
    cluster = Cluster(shutdown_at_exit=True)
    try:
        for number in range(count):
            head = {"include_dashboard": False, "temp_dir": temporary} if number == 0 else {}
            cluster.add_node(num_cpus=2, resources={"node": 1}, **head)
        ray.init(address=cluster.address, logging_level="ERROR", log_to_driver=False)
        remote: Any = ray.remote(Node)
        # One task at a time each: what is asked of it while it stops would be too late anyway.
        made = [
            remote.options(num_cpus=1, resources={"node": 1}).remote(here.settings, speed)
            for _ in range(count)
        ]
        ray.get([node.cpu_s.remote() for node in made])
        pids = ray.get([node.pid.remote() for node in made])

        def ray_cpu_s() -> float:
            return tree_cpu_s(psutil.Process(), but=[here.server.process.pid, *pids])  # type: ignore[union-attr]

        def node_cpu_s() -> float:
            return float(sum(ray.get([node.cpu_s.remote() for node in made])))

        ray.get([node.start.remote() for node in made])
        yield Processors(here.server, node_cpu_s, ray_cpu_s)
        failed = [one for part in ray.get([node.stop.remote() for node in made]) for one in part]
        if failed:
            raise RuntimeError("\n".join(failed[:5]))
    finally:
        ray.shutdown()
        cluster.shutdown()
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def in_threads(here: World, count: int, speed: float) -> Iterator[Processors]:
    """As ``nodes``, in this process and without Ray: quick, for the benchmark's own test."""
    made = [Node(here.settings, speed) for _ in range(count)]
    for node in made:
        node.start()
    yield Processors(here.server, made[0].cpu_s, lambda: 0.0)
    failed = [one for node in made for one in node.stop()]
    if failed:
        raise RuntimeError("\n".join(failed[:5]))
