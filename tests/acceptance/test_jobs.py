"""Jobs of the platform under real signals to real processes: nothing lost, nothing done twice, nobody left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.platform import Platform, alive, make_video
from tests.support.postgres import Postgres
from videoclip.settings import JobSettings, RaySettings, Settings

pytestmark = pytest.mark.slow

RANGES = ((0, 400), (500, 900), (1000, 1400))
LEASE_S, SWEEP_S = 4.0, 0.2
QUICK_LEASE = {"VIDEOCLIP_JOBS__LEASE_MS": str(round(LEASE_S * 1000))}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short video."""
    folder = tmp_path_factory.mktemp("sources")
    make_video(folder / "short.mp4")
    return folder


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def platform(
    request: pytest.FixtureRequest, sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """An installation with a dispatcher, for the tests of this file one after the other."""
    url = ""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = asyncio.run(server.new_database())
    data = tmp_path_factory.mktemp("platform") / "data"
    platform = Platform(Settings(data_dir=data, database_url=url), sources, QUICK_LEASE)
    platform.dispatch()
    yield platform
    platform.stop()
    assert platform.command.survivors() == []


@pytest.fixture(scope="module")
def undisturbed(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What comes out of `RANGES` where nothing goes wrong."""
    platform = Platform(
        Settings(
            data_dir=tmp_path_factory.mktemp("undisturbed") / "data",
            jobs=JobSettings(source_folders=[sources]),
            ray=RaySettings(in_process=True),
        ),
        sources,
    )
    try:
        return platform.content(platform.here(platform.cut(sources / "short.mp4", *RANGES)))
    finally:
        platform.stop()


def test_a_killed_worker_is_followed_by_another_that_goes_on_at_the_last_unit(
    platform: Platform, sources: Path, undisturbed: dict[str, str]
) -> None:
    job_id = platform.cut(sources / "short.mp4", *RANGES)
    runner = platform.runner(job_id)
    platform.wait(lambda: platform.units(job_id))
    # The dispatcher goes too, or it would notice at once: this is the loss of a whole machine.
    dispatcher = platform.started[-1]
    platform.dispatch()
    dispatcher.kill()
    runner.kill()
    killed_ms = time.time() * 1000
    done = {unit.key for unit in platform.units(job_id) if unit.stage == "render"}
    dispatcher.wait()
    (job,) = platform.final(job_id)
    assert job.state == "succeeded"
    assert platform.content(job) == undisturbed
    again = next(event for event in platform.events(job_id) if event.data.get("failures"))
    assert again.data["error"]["code"] == "worker_lost"
    assert again.at_ms - killed_ms <= (LEASE_S + SWEEP_S + 2.0) * 1000
    reused = {unit.key for unit in platform.units(job_id) if unit.state == "reused"}
    assert done <= reused
    assert platform.states(job_id) == ["queued", "running", "queued", "running", "succeeded"]


@pytest.mark.parametrize("platform", ["postgresql"], indirect=True)
def test_a_worker_that_slept_past_its_lease_may_write_nothing_any_more(
    platform: Platform, sources: Path
) -> None:
    job_id = platform.cut(sources / "short.mp4", *RANGES, join=True)
    stale = platform.runner(job_id)
    platform.wait(lambda: platform.job(job_id).progress)
    stale.suspend()
    fresh = platform.runner(job_id, within_s=30, other_than=stale.pid)
    assert fresh.pid != stale.pid
    (job,) = platform.final(job_id)
    before = (job.state, job.attempt, job.result, len(platform.events(job_id)))
    stale.resume()
    platform.wait(lambda: not alive(stale), 15)
    job = platform.job(job_id)
    assert (job.state, job.attempt, job.result, len(platform.events(job_id))) == before
    assert job.state == "succeeded"
    assert platform.states(job_id).count("succeeded") == 1
