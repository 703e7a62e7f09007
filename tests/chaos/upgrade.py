"""All processes are replaced by those of the next release, which adds to the schema, one by one under load."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.chaos import Facts, Scenario
from tests.support.postgres import run_postgres
from tests.support.rolling import roll
from videoclip.settings import Settings

__all__ = ["SCENARIO"]


def run(folder: Path) -> Facts:
    """Two gateways behind a balancer, and a dispatcher with a job at work."""
    with run_postgres() as server:
        url = asyncio.run(server.new_database())
        seen = roll(Settings(data_dir=folder / "data", database_url=url), folder)
    assert not seen.failed, seen.failed
    return {
        "requests": seen.requests,
        "failed": 0,
        "units kept": seen.units_kept,
        "took s": round(seen.seconds, 1),
    }


SCENARIO = Scenario(
    name="upgrade",
    broken="gateways and a dispatcher are replaced by the next release's, whose migration adds to the schema",
    promise="no request fails, and a job at work goes on at the first unit that is not done",
    limit_s=600.0,
    run=run,
)
