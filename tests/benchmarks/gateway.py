"""What an answer of the API takes at a steady rate of requests, on PostgreSQL that writes to the disk for real.

The load comes at fixed times, whether or not earlier requests are answered, and each is measured from the time that it
was due: an API that stops for a second is seen as such. It ends by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from tests.support.gateway import CUT
from tests.support.gateway_process import GatewayProcess, Known, make_known, running
from tests.support.postgres import Postgres, run_postgres
from videoclip.settings import Settings

__all__ = ["gateway"]

RATE = int(os.environ.get("VIDEOCLIP_TEST_RATE", "50"))
SECONDS = int(os.environ.get("VIDEOCLIP_TEST_SECONDS", "20"))
JOBS = 5_000
"""In the database before it begins."""
MIX = {"read": 50, "list": 20, "submit": 30}


def gateway() -> None:
    """Print latencies for one gateway and for two side by side."""
    for replicas in (1, 2):
        for who in ("token", "key"):
            with world(replicas) as (gateways, known, server):
                ids = asyncio.run(fill(server, known))
                asyncio.run(load(gateways, known, who, ids, seconds=3))  # warm
                before = [cpu(one) for one in gateways]
                begun = time.monotonic()
                took, errors = asyncio.run(load(gateways, known, who, ids, seconds=SECONDS))
                wall = time.monotonic() - begun
                used = sum(cpu(one) for one in gateways) - sum(before)
                print(
                    f"gateway: {replicas} process(es), by {who}, {RATE}/s for {SECONDS} s, "
                    f"{errors} errors, {used / wall:.2f} processors for the API"
                )
                for name in (*MIX, "all"):
                    times = sorted(took[name])
                    p50, p95, p99 = (times[int(len(times) * q)] for q in (0.5, 0.95, 0.99))
                    print(
                        f"  {name:7} n {len(times):5}  p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f}"
                        f"  max {times[-1]:6.1f} ms"
                    )


@contextlib.contextmanager
def world(replicas: int) -> Iterator[tuple[list[GatewayProcess], Known, Postgres]]:
    """A durable PostgreSQL and some gateways."""
    with (
        tempfile.TemporaryDirectory(prefix="videoclip-bench-") as folder,
        run_postgres(durable=True) as server,
        contextlib.ExitStack() as stack,
    ):
        url = server.url()
        settings = Settings(data_dir=Path(folder) / "data", database_url=url)
        known = make_known(settings)
        gateways = [
            stack.enter_context(
                running(
                    settings,
                    Path(folder) / f"{number}.log",
                    VIDEOCLIP_GATEWAY__REQUESTS_PER_MINUTE="100000",
                )
            )
            for number in range(replicas)
        ]
        yield gateways, known, server


async def fill(server: Postgres, known: Known) -> list[str]:
    """Many jobs that were done before; ids of some of them."""
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.port, user="videoclip", database="postgres"
    )
    try:
        await connection.execute(
            """
            INSERT INTO job (id, key, kind, request, state, attempt, workspace_id, enqueued_ms)
            SELECT '0198c0de-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'bench' || n, 'cut',
                   '{"kind": "cut", "source": "https://videos.example/one.mp4", "ranges": []}',
                   'succeeded', 1, $1, n
            FROM generate_series(1, $2::int) AS n
            """,
            known.workspace_id, JOBS,
        )  # fmt: skip
        await connection.execute("ANALYZE")
        rows = await connection.fetch("SELECT id FROM job ORDER BY random() LIMIT 500")
    finally:
        await connection.close()
    return [row["id"] for row in rows]


async def load(
    gateways: list[GatewayProcess], known: Known, who: str, ids: list[str], seconds: int
) -> tuple[dict[str, list[float]], int]:
    """Requests at a steady rate; milliseconds by kind, and how many failed."""
    headers = known.headers if who == "token" else {"Authorization": f"Bearer {known.key}"}
    took: dict[str, list[float]] = defaultdict(list)
    errors = 0
    kinds = random.Random(7).choices(list(MIX), list(MIX.values()), k=RATE * seconds)
    choose = random.Random(8)
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(headers=headers, timeout=10, limits=limits) as client:
        begun = time.perf_counter()

        async def one(number: int, kind: str) -> None:
            nonlocal errors
            due = begun + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            base = f"{gateways[number % len(gateways)].base}/api/v1/jobs"
            try:
                answer = await _ask(client, base, kind, choose.choice(ids), number)
                errors += not answer.is_success
            except httpx.HTTPError:
                errors += 1
            spent = (time.perf_counter() - due) * 1000
            took[kind].append(spent)
            took["all"].append(spent)

        await asyncio.gather(*(one(number, kind) for number, kind in enumerate(kinds)))
    return took, errors


async def _ask(client: Any, base: str, kind: str, job_id: str, number: int) -> httpx.Response:
    if kind == "read":
        return await client.get(f"{base}/{job_id}")
    if kind == "list":
        return await client.get(f"{base}?limit=20")
    key = {"Idempotency-Key": f"bench-{time.time_ns()}-{number}"}
    return await client.post(base, json={"request": CUT}, headers=key)


def cpu(gateway: GatewayProcess) -> float:
    """Seconds of processor time so far."""
    times = psutil.Process(gateway.process.pid).cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    gateway()
