"""What is read off: processor seconds of each part, the database's rows, bytes and statements, waits by tenant."""

from __future__ import annotations

import asyncio
import math
import os
import statistics
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import psutil

from tests.support.postgres import Postgres

__all__ = [
    "Processors",
    "Reading",
    "Statement",
    "Wait",
    "busy_span_s",
    "exponent",
    "fairness",
    "read_database",
    "start_counting",
    "tree_cpu_s",
    "waits",
]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the database, constants left out."""

    text: str
    calls: int
    mean_ms: float
    total_ms: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The database at a moment; statements since ``start_counting``."""

    rows: dict[str, int]
    sizes: dict[str, int]
    """Bytes with indexes and what lies outside of the rows."""
    statements: int
    transactions: int
    longest: tuple[Statement, ...]
    """By time in all."""

    @property
    def all_rows(self) -> int:
        """Of all tables."""
        return sum(self.rows.values())

    @property
    def all_bytes(self) -> int:
        """Of all tables."""
        return sum(self.sizes.values())


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a tenant's jobs waited."""

    tenant: str
    jobs: int
    p50_s: float
    p95_s: float


class Processors:
    """Processor seconds so far, by part."""

    def __init__(
        self, server: Postgres, nodes: Callable[[], float], ray: Callable[[], float]
    ) -> None:
        assert server.process is not None
        self._server = psutil.Process(server.process.pid)
        self._nodes, self._ray = nodes, ray

    def now(self) -> dict[str, float]:
        """Of the nodes (dispatcher and jobs), of PostgreSQL, of Ray's own processes."""
        return {
            "nodes": self._nodes(),
            "postgresql": tree_cpu_s(self._server),
            "ray": self._ray(),
        }


def tree_cpu_s(root: psutil.Process, but: Iterable[int] = ()) -> float:
    """Processor seconds of a process's descendants, ended ones included, and its own unless it is this one."""
    left_out = set(but)
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.Error):
            if process.pid in left_out or any(p.pid in left_out for p in process.parents()):
                continue
            spent = process.cpu_times()
            if process.pid != os.getpid():
                total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


# ---------------------------------------------------------------------- the database


def start_counting(server: Postgres) -> None:
    """Count statements anew."""

    async def work(connection: asyncpg.Connection) -> None:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await connection.execute("SELECT pg_stat_statements_reset()")

    _connected(server, work)


def read_database(server: Postgres) -> Reading:
    """Read it off."""

    async def work(connection: asyncpg.Connection) -> Reading:
        told = await connection.fetch(
            "SELECT query, calls, mean_exec_time, total_exec_time FROM pg_stat_statements "
            "WHERE query NOT ILIKE '%pg_stat%' ORDER BY total_exec_time DESC"
        )
        tables = await connection.fetch(
            "SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        rows = {
            row["relname"]: await connection.fetchval(f'SELECT count(*) FROM "{row["relname"]}"')
            for row in tables
        }
        return Reading(
            {name: count for name, count in rows.items() if count},
            {row["relname"]: row["size"] for row in tables if rows[row["relname"]]},
            sum(row["calls"] for row in told),
            sum(row["calls"] for row in told if row["query"].startswith("COMMIT")),
            tuple(
                Statement(
                    " ".join(row["query"].split())[:110], row["calls"], row["mean_exec_time"],
                    row["total_exec_time"],
                )
                for row in told[:8]
            ),
        )  # fmt: skip

    return _connected(server, work)


def waits(server: Postgres, since_ms: int = 0) -> list[Wait]:
    """By tenant, of the jobs that were asked for since then."""
    found: dict[str, list[float]] = {}
    for tenant, waited_s, _ in _starts(server, since_ms):
        found.setdefault(tenant, []).append(waited_s)
    return [
        Wait(tenant, len(times), statistics.median(times), _quantile(times, 0.95))
        for tenant, times in sorted(found.items())
    ]


def fairness(server: Postgres, weights: dict[str, int], since_ms: int = 0) -> float:
    """While every tenant had jobs waiting: starts for its weight, the most served over the least served."""
    starts = _starts(server, since_ms)
    last = {tenant: started for tenant, _, started in starts}
    for tenant, _, started in starts:
        last[tenant] = max(last[tenant], started)
    end = min(last.values())
    served = {
        tenant: sum(1 for name, _, started in starts if name == tenant and started <= end)
        / weights[tenant]
        for tenant in last
    }
    return max(served.values()) / max(min(served.values()), 1e-9)


def busy_span_s(server: Postgres) -> float:
    """From the first start of a job to the last end."""

    async def work(connection: asyncpg.Connection) -> float:
        span = await connection.fetchval("SELECT max(finished_ms) - min(started_ms) FROM job")
        return float(span) / 1000

    return _connected(server, work)


def _starts(server: Postgres, since_ms: int) -> list[tuple[str, float, int]]:
    async def work(connection: asyncpg.Connection) -> list[tuple[str, float, int]]:
        rows = await connection.fetch(
            "SELECT workspace_id, started_ms, enqueued_ms FROM job "
            "WHERE started_ms IS NOT NULL AND enqueued_ms >= $1",
            since_ms,
        )
        return [
            (
                row["workspace_id"],
                (row["started_ms"] - row["enqueued_ms"]) / 1000,
                row["started_ms"],
            )
            for row in rows
        ]

    return _connected(server, work)


def _connected(
    server: Postgres, work: Callable[[asyncpg.Connection], Coroutine[Any, Any, Result]]
) -> Result:
    async def run() -> Result:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=server.port, user="videoclip", database="postgres"
        )
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


# ---------------------------------------------------------------------- numbers


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """``k`` of costs that grow as sizes to the power of ``k``: 1 is linear."""
    pairs = [
        (math.log(size), math.log(cost))
        for size, cost in zip(sizes, costs, strict=True)
        if cost > 0
    ]
    return statistics.linear_regression(*zip(*pairs, strict=True)).slope


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
