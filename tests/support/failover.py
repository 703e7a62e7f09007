"""Jobs are asked for and done while the primary of the database is killed and its standby takes over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.gateway_process import make_known, running
from tests.support.platform import Platform, make_video
from tests.support.postgres_pair import PostgresPair
from tests.support.submitter import Submitter
from videoclip.settings import Settings

__all__ = ["FailedOver", "fail_over"]


@dataclass(frozen=True)
class FailedOver:
    """What was seen."""

    confirmed: int
    during: int
    """Confirmed while there was no primary, or at work then."""
    refused: int
    outage_s: float
    """From the kill of the primary to the next confirmed request."""


def request(source: Path, number: int) -> dict[str, Any]:
    """A cut that differs from the others."""
    start = 20 * (number % 50)
    return {
        "kind": "cut",
        "source": str(source),
        "ranges": [{"start_ms": start, "end_ms": start + 400}],
        "render": {"captions": "none", "loudness": None, "encoder": "software"},
    }


def fail_over(
    pair: PostgresPair,
    folder: Path,
    *,
    jobs: int,
    without_s: float = 1.0,
    pause_s: float = 0.3,
    rounds: int = 1,
) -> FailedOver:
    """Run it.

    Args:
        pair: the servers.
        folder: for everything else.
        jobs: to be asked for, in each round half of its share before the primary is killed.
        without_s: how long nobody promotes the standby.
        pause_s: between two requests.
        rounds: of killing and promoting; between them the old primary comes back as the standby.
    """
    sources = folder / "sources"
    sources.mkdir(parents=True)
    source = make_video(sources / "short.mp4")
    url = pair.new_database()
    settings = Settings(data_dir=folder / "data", database_url=url)
    known = make_known(settings)
    platform = Platform(settings, sources)
    try:
        files = {"VIDEOCLIP_JOBS__SOURCE_FOLDERS": f'["{sources}"]'}
        with running(settings, folder / "gateway.log", **files) as gateway:
            platform.dispatch()
            load = Submitter(gateway.base, known.headers, lambda n: request(source, n), pause_s, 0)
            load.start()
            outage_s, during = 0.0, 0
            for number in range(rounds):
                load.most = (2 * number + 1) * jobs // (2 * rounds)
                _until(load, load.most)
                platform.wait(lambda: any(platform.runners()))
                during += sum(job.state in {"queued", "running"} for job in platform.jobs())
                began = time.monotonic()
                pair.lose_primary()
                before, load.most = load.most, (number + 1) * jobs // rounds
                time.sleep(without_s)
                assert httpx.get(f"{gateway.base}/api/v1/health/live").is_success
                pair.promote()
                _until(load, before + 1)
                outage_s = max(outage_s, time.monotonic() - began)
                pair.bring_back()
                _until(load, load.most)
            load.stop()
            assert not load.wrong
            _check(platform, load)
            _standby_is_not_written_to(pair, len(load.confirmed))
    finally:
        platform.stop()
    return FailedOver(len(load.confirmed), during, len(load.failed), outage_s)


def _check(platform: Platform, load: Submitter) -> None:
    """Each confirmed job is there, once, and ended well at the first attempt."""
    ids = list(load.confirmed.values())
    assert len(set(ids)) == len(ids)
    ended = platform.final(*ids, within_s=60 + 20 * len(ids))
    assert sorted(job.id for job in platform.jobs()) == sorted(ids), "none doubled"
    assert {(job.state, job.failures, job.attempt) for job in ended} == {("succeeded", 0, 1)}
    for job in ended:
        assert platform.states(job.id) == ["queued", "running", "succeeded"]
        assert platform.content(job)


def _standby_is_not_written_to(pair: PostgresPair, jobs: int) -> None:
    """The old primary has what the new one has, by way of it, and refuses to write."""
    query = "SELECT count(*) FROM job"
    pair.until(pair.standby, query, str(jobs), database="videoclip")
    try:
        pair.ask(pair.standby, "DELETE FROM job", "videoclip")
    except RuntimeError as refused:
        assert "read-only transaction" in str(refused)  # noqa: PT017 - no test, but used by two
    else:
        raise AssertionError("the old primary takes writes")


def _until(load: Submitter, confirmed: int, within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    while len(load.confirmed) < confirmed:
        if load.wrong or time.monotonic() > deadline:
            raise AssertionError(load.wrong or load.failed[-5:])
        time.sleep(0.02)
