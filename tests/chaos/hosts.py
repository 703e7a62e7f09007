"""Three hosts: units run on both workers; one is cut off, comes back; the head is lost and starts again."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chaos import Facts, Scenario
from tests.support.hosts import Host, network
from tests.support.ray_hosts import wait_for
from tests.support.spread import Spread, ask, spread_platform, undisturbed

__all__ = ["SCENARIO"]

_CLIPS = 3
_FIRST = (1_000, 60_000, 120_000)
"""Where the clips of the three jobs begin: none was made before."""
_JOB_S = 240.0
_NO_DASHBOARD = ("--include-dashboard", "false")


def run(folder: Path) -> Facts:
    """Three jobs, one after the other; each is disturbed in its way."""
    expected = undisturbed(folder / "undisturbed", *((first, _CLIPS) for first in _FIRST))
    with network(3) as net, spread_platform(net, folder) as spread:
        head, *workers = net.hosts
        spread.ray.start(head, 0, *_NO_DASHBOARD)
        for worker in workers:
            spread.ray.start(worker)
        spread.dispatch(head)
        facts: Facts = {"hosts": len(net.hosts)}
        facts |= _cut_off(spread, workers, expected[0])
        facts |= _back_in_time(spread, workers, expected[1])
        return facts | _head_lost(spread, workers, expected[2])


def _cut_off(spread: Spread, workers: list[Host], expected: dict[str, str]) -> Facts:
    """A worker's cable is pulled while it works and stays out until Ray has given the host up; then it joins again."""
    job = ask(spread.platform, _FIRST[0], _CLIPS)
    lost = workers[1]
    spread.wait(lambda: spread.done(job), _JOB_S, "a first clip")
    spread.wait(lambda: spread.at_work(job, lost) - spread.done(job), _JOB_S, "it is at work")
    before = spread.ray.alive()
    lost.cut()
    cut = time.monotonic()
    wait_for(lambda: lost.address not in spread.ray.alive(), 120, "Ray gives the host up", 2)
    given_up = time.monotonic() - cut
    _same(spread, job, expected)
    over = time.monotonic() - cut
    assert all(spread.at_work(job, worker) for worker in workers), "units ran on both"
    lost.mend()
    spread.ray.nodes[lost].wait(60)  # it hears that it was given up, and ends
    spread.ray.kill(lost)
    spread.ray.start(lost)
    assert spread.ray.alive()[lost.address] != before[lost.address]
    return {
        "cut off, given up after s": round(given_up, 1),
        "job over s after the cut": round(over, 1),
        "its attempts": spread.platform.job(job).attempt,
    }


def _back_in_time(spread: Spread, workers: list[Host], expected: dict[str, str]) -> Facts:
    """A cable is out for a few seconds only: the host stays in the cluster, and the one that came back works again."""
    job = ask(spread.platform, _FIRST[1], _CLIPS)
    here = spread.ray.alive()
    spread.wait(lambda: spread.at_work(job, workers[0]), _JOB_S, "it is at work")
    workers[0].cut()
    time.sleep(5)
    workers[0].mend()
    _same(spread, job, expected)
    assert spread.ray.alive() == here, "nobody was given up"
    assert spread.at_work(job, workers[1]), "the host that came back works"
    return {
        "units by the host that came back": len(spread.at_work(job, workers[1])),
        "attempts with 5 s without cable": spread.platform.job(job).attempt,
    }


def _head_lost(spread: Spread, workers: list[Host], expected: dict[str, str]) -> Facts:
    """All of Ray on the head dies mid-job; it starts anew without state, the workers join it again."""
    job = ask(spread.platform, _FIRST[2], _CLIPS)
    spread.wait(lambda: spread.done(job), _JOB_S, "a first clip")
    done = spread.done(job)
    spread.ray.kill(spread.ray.head)
    killed = time.monotonic()
    spread.ray.start(spread.ray.head, 0, *_NO_DASHBOARD)
    for worker in workers:
        spread.ray.kill(worker)
        spread.ray.start(worker)
    back = time.monotonic() - killed
    _same(spread, job, expected)
    over = time.monotonic() - killed
    states = {unit.key: unit.state for unit in spread.platform.units(job)}
    assert {states[key] for key in done} == {"reused"}, "what was done is not done again"
    return {
        "head and workers back after s": round(back, 1),
        "job over s after the head's loss": round(over, 1),
        "attempts with another head": spread.platform.job(job).attempt,
        "results": "exact",
    }


def _same(spread: Spread, job: str, expected: dict[str, str]) -> None:
    (row,) = spread.platform.final(job, within_s=_JOB_S)
    assert row.state == "succeeded", (row.state, row.error, spread.platform.logs())
    assert spread.platform.content(row) == expected, "the same files as without a disturbance"
    assert spread.platform.states(job).count("succeeded") == 1


SCENARIO = Scenario(
    name="hosts",
    broken="a worker cut off mid-job, back; a cable out for 5 s; the head lost mid-job, restarted",
    promise="jobs over several hosts end once, with the files of an undisturbed run",
    limit_s=1200,
    run=run,
    root=True,
)
