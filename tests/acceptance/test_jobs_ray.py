"""`videoclip up` works on the queue: a dispatcher that Ray starts again, units on Ray's workers, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cluster.local import ENVIRONMENT
from tests.support.command import ROOT
from tests.support.platform import Platform, alive, make_video
from videoclip.settings import Settings

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """`videoclip up`, and in the end `down`, which leaves nothing."""
    sources = tmp_path / "sources"
    sources.mkdir()
    make_video(sources / "short.mp4", seconds=3)
    platform = Platform(
        Settings(data_dir=tmp_path / "data"),
        sources,
        {"VIDEOCLIP_RAY__IN_PROCESS": "false", "VIDEOCLIP_JOBS__LEASE_MS": "5000"},
    )
    try:
        up(platform)
        yield platform
    finally:
        platform.command.run("down", timeout=60)
        platform.stop()
    # The drained node ended by itself; its agents see that later, those of a Ray without control after a minute.
    assert platform.command.survivors(90) == []


def up(platform: Platform) -> None:
    done = platform.command.run("up", "--no-models", "--no-gateway", timeout=120)
    assert done.returncode == 0, done.stderr


def test_jobs_survive_their_dispatcher_and_the_head_of_ray(platform: Platform) -> None:
    source = platform.sources / "short.mp4"
    (there,) = platform.wait(lambda: platform.call(lambda queue: queue.dispatchers()))
    dispatcher = psutil.Process(int(there.id.split(":")[1]))
    first = platform.cut(source, (0, 400), (500, 900))
    platform.wait(lambda: platform.job(first).progress)
    dispatcher.kill()
    platform.wait(lambda: not alive(dispatcher), 10)
    (job,) = platform.final(first, within_s=120)
    assert job.state == "succeeded"
    assert platform.content(job)
    assert platform.states(first).count("succeeded") == 1
    now = here(platform) - {there.id}
    assert len(now) == 1, "Ray started it again"

    second = platform.cut(source, *((300 * number, 300 * number + 280) for number in range(8)))
    platform.wait(lambda: rendered(platform, second))
    record = json.loads((platform.settings.data_dir / "cluster" / "local.json").read_text())
    head = psutil.Process(record["pid"])
    (control,) = (child for child in head.children() if child.name() == "gcs_server")
    control.kill()
    platform.wait(lambda: not alive(head), 30)
    done = rendered(platform, second)
    assert platform.job(second).state != "succeeded"
    up(platform)
    (job,) = platform.final(second, within_s=120)
    assert job.state == "succeeded"
    assert len(platform.content(job)) == 16
    states = {unit.key: unit.state for unit in platform.units(second)}
    assert {states[key] for key in done} == {"reused"}, "what was done is not done again"

    # Ray gives notice that the node will go: no more jobs are taken there.
    alone = here(platform) - now - {there.id}  # the killed one may have been heard of lately, too
    assert len(alone) == 1
    record = json.loads((platform.settings.data_dir / "cluster" / "local.json").read_text())
    told = subprocess.run(
        [sys.executable, "-m", "cluster.drain", "--seconds", "600"],
        env={**os.environ, **ENVIRONMENT, "RAY_ADDRESS": record["address"]},
        cwd=ROOT, timeout=60, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    platform.wait(lambda: alone.isdisjoint(here(platform)), 30)


def here(platform: Platform) -> set[str]:
    """Dispatchers that were heard of lately and did not say goodbye."""
    return {row.id for row in platform.call(lambda queue: queue.dispatchers())}


def rendered(platform: Platform, job_id: str) -> set[str]:
    """Units of the job that were committed."""
    return {unit.key for unit in platform.units(job_id) if unit.stage == "render"}
