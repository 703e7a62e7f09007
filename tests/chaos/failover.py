"""The database's primary is killed twice while jobs are asked for and done; each time the standby takes over."""

from __future__ import annotations

from pathlib import Path

from tests.chaos import Facts, Scenario
from tests.support.failover import fail_over
from tests.support.postgres_pair import run_pair

__all__ = ["SCENARIO"]

_JOBS = 8


def run(folder: Path) -> Facts:
    """A primary with a synchronous standby, a gateway, a dispatcher; twice there and back."""
    with run_pair() as pair:
        seen = fail_over(pair, folder, jobs=_JOBS, without_s=3.0, rounds=2)
    assert seen.refused
    assert seen.during
    return {
        "confirmed": seen.confirmed,
        "lost": 0,
        "doubled": 0,
        "open meanwhile": seen.during,
        "requests refused": seen.refused,
        "away s": round(seen.outage_s, 1),
        "of these nobody promoted s": 3.0,
    }


SCENARIO = Scenario(
    name="failover",
    broken="PostgreSQL's primary is killed while jobs run, and its standby promoted; twice",
    promise="every confirmed job is done once, none counts as failed; the old primary comes back as standby",
    limit_s=900.0,
    run=run,
)
