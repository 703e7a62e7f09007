"""A job over several nodes of Ray: one is lost while it works, and the files are those of an undisturbed run.

`make chaos` does more of this, and longer (tests/chaos).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.hosts import Host, loopback, missing, network
from tests.support.ray_hosts import wait_for
from tests.support.spread import Spread, ask, spread_platform, undisturbed

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.alone]

_CLIPS = 3
_SOON = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}
"""A host that says nothing is given up after seconds instead of a minute."""


def test_a_host_is_cut_off_while_it_works(tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(f"{why}; the loss of a node without namespaces is in the next test")
    with network(2) as net, spread_platform(net, tmp_path, _SOON) as spread:
        lost = net.hosts[1]
        _lose(spread, tmp_path, lost.cut)
        wait_for(lambda: lost.address not in spread.ray.alive(), 60, "it is given up", 2)
        # Back at its switch it hears that it was given up, and ends; nothing hangs on there.
        lost.mend()
        spread.ray.nodes[lost].wait(60)


def test_a_node_dies_while_it_works(tmp_path: Path) -> None:
    if not missing():
        pytest.skip("hosts can be made here, and the test above does more with them")
    net = loopback(2, first=11)
    with spread_platform(net, tmp_path, _SOON) as spread:
        _lose(spread, tmp_path, lambda: spread.ray.kill(net.hosts[1]))


def test_all_of_ray_dies_while_a_job_works_and_starts_anew_at_its_address(tmp_path: Path) -> None:
    net = loopback(1)
    (head,) = net.hosts
    own = {**_SOON, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    with spread_platform(net, tmp_path, own) as spread:
        _start(spread, head)
        spread.dispatch(head)
        job = ask(spread.platform, 1_000, _CLIPS)
        spread.wait(lambda: spread.done(job), 120, "a first clip")
        done = spread.done(job)
        spread.ray.kill(head)
        _start(spread, head)
        (row,) = spread.platform.final(job, within_s=120)
        assert row.state == "succeeded", (row.error, spread.platform.logs())
        # Else the runner would wait for Ray's first life: the lease is renewed all the while.
        assert row.attempt > 1
        states = {unit.key: unit.state for unit in spread.platform.units(job)}
        assert {states[key] for key in done} == {"reused"}, "what was done is not done again"
        (expected,) = undisturbed(tmp_path / "undisturbed", (1_000, _CLIPS))
        assert spread.platform.content(row) == expected


def _lose(spread: Spread, folder: Path, lose: Callable[[], None]) -> None:
    """A job on both nodes; the second is lost with a unit at work, and what it had to do is done by the first."""
    first, lost = spread.net.hosts
    _start(spread, first)
    _start(spread, lost)
    spread.dispatch(first)
    job = ask(spread.platform, 1_000, _CLIPS)
    spread.wait(lambda: spread.at_work(job, lost) - spread.done(job), 120, "the second works")
    working = spread.at_work(job, lost) - spread.done(job)
    lose()
    (row,) = spread.platform.final(job, within_s=180)
    assert row.state == "succeeded", (row.error, spread.platform.logs())
    assert spread.platform.states(job).count("succeeded") == 1
    assert working & spread.at_work(job, first), "done again elsewhere"
    (expected,) = undisturbed(folder / "undisturbed", (1_000, _CLIPS))
    assert spread.platform.content(row) == expected


def _start(spread: Spread, host: Host) -> None:
    head = ("--include-dashboard", "false") if host == spread.ray.head else ()
    spread.ray.start(host, 1, *head)
