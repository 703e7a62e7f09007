"""The head of three hosts is lost mid-job and comes back a while later: Ray's state is in Redis, and the job goes on."""

from __future__ import annotations

import time
from pathlib import Path

from cluster.common import WITHOUT_HEAD
from tests.chaos import Facts, Scenario
from tests.support.hosts import network
from tests.support.redis_server import Redis, run_redis
from tests.support.spread import Spread, ask, spread_platform, undisturbed

__all__ = ["SCENARIO"]

_CLIPS = 6
_FIRST, _SECOND = 1_000, 80_000
"""Where the clips of the jobs begin."""
_AWAY_S = 30.0
_JOB_S = 240.0


def run(folder: Path) -> Facts:
    """One job at work when the head goes, one asked for while it is away."""
    expected, later = undisturbed(folder / "undisturbed", (_FIRST, _CLIPS), (_SECOND, 1))
    with (
        network(3) as net,
        run_redis(net.address) as redis,
        spread_platform(net, folder, dict(WITHOUT_HEAD)) as spread,
    ):
        head, *workers = net.hosts
        _start_head(spread, redis)
        for worker in workers:
            spread.ray.start(worker)
        spread.dispatch(workers[0])  # what drives a job is no part of the head
        before = spread.ray.alive()
        job = ask(spread.platform, _FIRST, _CLIPS)
        spread.wait(lambda: spread.at_work(job, workers[1]), _JOB_S, "it is at work")
        done = spread.done(job)
        spread.ray.kill(head)
        killed = time.monotonic()
        asked = ask(spread.platform, _SECOND, 1)
        time.sleep(_AWAY_S)
        meanwhile = spread.done(job) - done
        assert spread.platform.job(job).state in {"running", "succeeded"}
        _start_head(spread, redis)
        back = time.monotonic() - killed
        after = spread.ray.alive()
        assert {host.address: after.get(host.address) for host in workers} == {
            host.address: before[host.address] for host in workers
        }, "the workers are the same members of the same cluster"
        for one, wanted in ((job, expected), (asked, later)):
            (row,) = spread.platform.final(one, within_s=_JOB_S)
            assert row.state == "succeeded", (row.state, row.error, spread.platform.logs())
            assert spread.platform.content(row) == wanted, "the same files as without a disturbance"
            assert spread.platform.states(one).count("succeeded") == 1
        assert spread.platform.job(job).attempt == 1, "it went on and did not begin again"
        return {
            "head back after s": round(back, 1),
            "clips done while it was away": len(meanwhile),
            "workers kept": len(workers),
            "attempts of the job at work": 1,
            "attempts of the one asked for meanwhile": spread.platform.job(asked).attempt,
            "both over s after the loss": round(time.monotonic() - killed, 1),
            "results": "exact",
        }


def _start_head(spread: Spread, redis: Redis) -> None:
    """As the generated commands of a cluster with ``gcs.redis_address`` do."""
    spread.ray.start(
        spread.ray.head, 0, "--include-dashboard", "false", f"--redis-password={redis.password}",
        environment={"RAY_REDIS_ADDRESS": redis.address, "RAY_external_storage_namespace": "chaos"},
    )  # fmt: skip


SCENARIO = Scenario(
    name="gcs-redis",
    broken="all of Ray on the head dies mid-job and is away for a while; its state is in Redis",
    promise="the workers stay, the job goes on in the same attempt, results exact",
    limit_s=900,
    run=run,
    root=True,
)
