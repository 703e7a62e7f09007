"""The queue's promises, each on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from tests.support.postgres import Postgres
from videoclip.errors import JobBusy, KeyReused, StoreError, WrongState
from videoclip.settings import Settings
from videoclip.store import ArtifactRecord
from videoclip.store.database import Database
from videoclip.store.models import Job, Workspace

LEASE_MS = 60_000


@pytest.fixture
async def database(store_settings: Settings) -> AsyncIterator[Database]:
    database = Database(store_settings)
    await database.open()
    async with database.queue() as queue:
        queue._session.add_all([Workspace(id="w1", name="one"), Workspace(id="w2", name="two")])
    yield database
    await database.close()


async def enqueue(
    database: Database, count: int = 1, workspace: str = "w1", **more: object
) -> list[str]:
    async with database.queue() as queue:
        return [
            (await queue.enqueue(workspace, "clip", {"n": n}, **more)).id  # type: ignore[arg-type]
            for n in range(count)
        ]


async def claim(database: Database, lease_ms: int = LEASE_MS) -> tuple[str, int] | None:
    async with database.queue() as queue:
        got = await queue.claim("here", lease_ms=lease_ms)
        return (got.id, got.attempt) if got else None


async def state(database: Database, job_id: str) -> str:
    async with database.queue() as queue:
        return str(await queue._session.scalar(select(Job.state).where(Job.id == job_id)))


async def events(database: Database, job_id: str) -> list[str]:
    async with database.queue() as queue:
        return [event.kind for event in await queue.events(job_id)]


async def test_a_claimer_that_goes_on_keeps_no_workspace(
    postgres: Postgres, tmp_path: Path
) -> None:
    """On PostgreSQL; SQLite has one writer at a time, so that nobody can stand in the way."""
    database = Database(Settings(data_dir=tmp_path, database_url=await postgres.new_database()))
    await database.open()
    async with database.queue() as queue:
        queue._session.add(Workspace(id="w1", name="one", max_running=1))
    (job,) = await enqueue(database)
    async with database.queue() as holder, database.queue() as claimer:
        await holder._session.execute(select(Job).where(Job.id == job).with_for_update())
        assert await claimer.claim("here", lease_ms=LEASE_MS) is None
        # While that claimer's transaction is still open, the workspace's row is free.
        row = select(Workspace.id).where(Workspace.id == "w1").with_for_update(nowait=True)
        assert await holder._session.scalar(row) == "w1"
    await database.close()


async def test_the_same_key_is_the_same_job_and_another_request_a_conflict(
    database: Database,
) -> None:
    async def ask(workspace: str, request: dict[str, object]) -> tuple[str, bool]:
        async with database.queue() as queue:
            made = await queue.enqueue(workspace, "clip", request, idempotency_key="k")
            return made.id, made.new

    first, new = await ask("w1", {"a": 1})
    assert new
    assert await ask("w1", {"a": 1}) == (first, False)
    other, new = await ask("w2", {"a": 2})
    assert new
    assert other != first
    with pytest.raises(KeyReused):
        await ask("w1", {"a": 2})


async def test_fifty_equal_requests_at_once_are_one_job(database: Database) -> None:
    async def ask() -> tuple[str, bool]:
        async with database.queue() as queue:
            made = await queue.enqueue("w1", "clip", {"a": 1}, idempotency_key="k")
            return made.id, made.new

    answers = await asyncio.gather(*(ask() for _ in range(50)))
    assert len({job for job, _ in answers}) == 1
    assert [new for _, new in answers].count(True) == 1
    assert await events(database, answers[0][0]) == ["queued"]


async def test_a_request_that_is_rolled_back_never_existed(database: Database) -> None:
    async def ask_and_fail() -> None:
        async with database.queue() as queue:
            await queue.enqueue("w1", "clip", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask_and_fail()
    assert await claim(database) is None


async def test_twenty_claimers_take_each_of_a_thousand_jobs_once(database: Database) -> None:
    jobs = set(await enqueue(database, 500)) | set(await enqueue(database, 500, "w2"))
    taken: list[str] = []

    async def take() -> None:
        while (got := await claim(database)) is not None:
            taken.append(got[0])

    await asyncio.gather(*(take() for _ in range(20)))
    assert len(taken) == 1000
    assert set(taken) == jobs


async def test_a_flood_of_one_workspace_does_not_delay_another(database: Database) -> None:
    await enqueue(database, 30, "w1")
    await enqueue(database, 5, "w2")
    order = []
    async with database.queue() as queue:
        for _ in range(12):
            got = await queue.claim("here", lease_ms=LEASE_MS)
            assert got is not None
            order.append(got.workspace_id)
    assert Counter(order[:10]) == {"w1": 5, "w2": 5}
    assert order[10:] == ["w1", "w1"]


async def test_a_workspace_with_more_weight_gets_more(database: Database) -> None:
    async with database.queue() as queue:
        await queue._session.execute(update(Workspace).where(Workspace.id == "w2").values(weight=3))
    await enqueue(database, 30, "w1")
    await enqueue(database, 30, "w2")
    async with database.queue() as queue:
        got = [await queue.claim("here", lease_ms=LEASE_MS) for _ in range(16)]
    assert Counter(one.workspace_id for one in got if one) == {"w1": 4, "w2": 12}


async def test_a_workspace_keeps_its_limit_whoever_asks_at_once(database: Database) -> None:
    async with database.queue() as queue:
        await queue._session.execute(update(Workspace).values(max_running=3))
    await enqueue(database, 20)
    got = await asyncio.gather(*(claim(database) for _ in range(15)))
    assert sum(one is not None for one in got) == 3
    first = next(one for one in got if one)
    async with database.queue() as queue:
        await queue.finish(*first, "succeeded")
    assert await claim(database) is not None


async def test_priority_then_age_and_where_one_stands(database: Database) -> None:
    old, new = await enqueue(database, 2)
    (urgent,) = await enqueue(database, 1, priority=5)
    (later,) = await enqueue(database, 1, delay_ms=3_600_000, priority=9)
    async with database.queue() as queue:
        assert [await queue.position(job) for job in (urgent, old, new)] == [1, 2, 3]
    order = [await claim(database) for _ in range(4)]
    assert [one and one[0] for one in order] == [urgent, old, new, None]
    async with database.queue() as queue:
        assert await queue.position(urgent) is None
        assert await queue.position(later) == 0


async def test_a_job_says_that_it_waits_for_a_gpu_and_so_do_those_behind_it(
    database: Database,
) -> None:
    await enqueue(database, 2)
    held = await claim(database)
    assert held is not None
    async with database.queue() as queue:
        await queue.present("d", slots=1, running=1, draining=False)
        waiting = {"stage": "recognise", "data": {"waiting_for": "gpu"}}
        await queue.heartbeat(*held, lease_ms=LEASE_MS, progress=waiting)
    (behind,) = await enqueue(database, 1)
    async with database.queue() as queue:
        at_work = await queue.standing(held[0])
        assert (at_work.code, at_work.text) == ("gpu", "waiting for GPU")
        standing = await queue.standing(behind)
        assert (standing.code, standing.text) == ("gpu", "2nd, waiting for GPU")
        await queue.heartbeat(*held, lease_ms=LEASE_MS, progress={"stage": "recognise"})
    async with database.queue() as queue:
        assert (await queue.standing(held[0])).text == "recognise"
        assert (await queue.standing(behind)).code == "free_slot"


async def as_owner(database: Database, held: tuple[str, int], write: str) -> None:
    """What a runner writes."""
    async with database.queue() as queue:
        if write == "heartbeat":
            await queue.heartbeat(*held, lease_ms=LEASE_MS)
        elif write == "finish":
            await queue.finish(*held, "succeeded")
        elif write == "fail":
            await queue.fail(*held, {}, retryable=True)
    if write == "commit":
        async with database.transaction() as repository:
            await repository.commit_unit(*held, "1", ArtifactRecord("f", "render"))


async def test_who_is_silent_for_too_long_loses_the_job_and_may_write_nothing(
    database: Database,
) -> None:
    (job,) = await enqueue(database)
    stale = await claim(database, lease_ms=-1)
    assert stale == (job, 1)
    async with database.queue() as queue:
        assert await queue.expire() == [job]
    fresh = await claim(database)
    assert fresh is not None
    assert fresh[0] == job
    assert fresh[1] > stale[1]
    for write in ("heartbeat", "finish", "fail", "commit"):
        with pytest.raises(JobBusy):
            await as_owner(database, stale, write)
    async with database.queue() as queue:
        await queue.finish(*fresh, "succeeded", {"clips": 3})
    assert await events(database, job) == ["queued", "running", "queued", "running", "succeeded"]


async def test_a_heartbeat_keeps_the_job(database: Database) -> None:
    (job,) = await enqueue(database)
    held = await claim(database, lease_ms=-1)
    assert held is not None
    async with database.queue() as queue:
        assert not await queue.heartbeat(*held, lease_ms=LEASE_MS)
        assert await queue.expire() == []
    assert await state(database, job) == "running"


async def test_leases_follow_the_databases_clock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose clock is off by an hour neither loses its job nor keeps one for ever."""
    await enqueue(database)
    real = time.time
    for hours in (-1, 1):
        with monkeypatch.context() as wrong:
            wrong.setattr(time, "time", lambda hours=hours: real() + 3600 * hours)
            held = await claim(database, lease_ms=LEASE_MS)
            assert held is not None
            async with database.queue() as queue:
                assert await queue.expire() == []
                left = await queue._session.scalar(
                    select(Job.lease_until_ms).where(Job.id == held[0])
                )
                assert abs(left - (real() * 1000 + LEASE_MS)) < 5_000
                await queue._session.execute(update(Job).values(lease_until_ms=1))
                assert await queue.expire() == [held[0]]


async def test_of_two_completions_one_wins(database: Database) -> None:
    (job,) = await enqueue(database)
    held = await claim(database)
    assert held is not None

    async def end(how: str) -> str:
        try:
            async with database.queue() as queue:
                await queue.finish(*held, how)
        except JobBusy:
            return "refused"
        return how

    answers = await asyncio.gather(end("succeeded"), end("partial"))
    assert sorted(answers).count("refused") == 1
    assert await state(database, job) in answers


async def test_a_job_that_loses_its_worker_again_and_again_is_given_up_and_can_be_redriven(
    database: Database,
) -> None:
    job, sibling = await enqueue(database, 2)
    for turn in range(3):
        held = await claim(database, lease_ms=-1)
        assert held is not None
        assert held[0] == job
        async with database.queue() as queue:
            await queue.expire()
        assert await state(database, job) == ("dead" if turn == 2 else "queued")
    assert (await claim(database) or ("", 0))[0] == sibling
    async with database.queue() as queue:
        error = await queue._session.scalar(select(Job.error).where(Job.id == job))
        assert error is not None
        assert error["code"] == "worker_lost"
        await queue.redrive(job)
    assert (await claim(database) or ("", 0))[0] == job


async def test_what_may_go_well_later_waits_ever_longer_and_what_cannot_fails_at_once(
    database: Database,
) -> None:
    hopeful, hopeless = await enqueue(database, 2, max_failures=4)
    pauses = []
    for _ in range(3):
        held = await claim(database)
        assert held is not None
        assert held[0] == hopeful
        async with database.queue() as queue:
            assert (
                await queue.fail(*held, {"code": "x"}, retryable=True, backoff_ms=1000) == "queued"
            )
            pauses.append((await queue.events(hopeful))[-1].data["pause_ms"])
            await queue._session.execute(update(Job).values(not_before_ms=0))
    assert pauses == [1000, 2000, 4000]
    held = await claim(database)
    assert held is not None
    async with database.queue() as queue:
        assert await queue.fail(*held, {"code": "x"}, retryable=True) == "dead"
    held = await claim(database)
    assert held is not None
    async with database.queue() as queue:
        assert await queue.fail(*held, {"code": "not_media"}, retryable=False) == "failed"
    assert held[0] == hopeless
    assert await claim(database) is None


async def test_cancelling(database: Database) -> None:
    parent, other = await enqueue(database, 2)
    waiting, running = await enqueue(database, 2, "w2", parent_id=parent)
    got = {one[0]: one for one in [await claim(database) for _ in range(2)] if one}
    assert set(got) == {parent, waiting}
    async with database.queue() as queue:
        assert await queue.cancel(parent) == "cancelling"
    assert [await state(database, job) for job in (parent, waiting, running, other)] == [
        "cancelling", "cancelling", "cancelled", "queued",
    ]  # fmt: skip
    async with database.queue() as queue:
        assert await queue.heartbeat(*got[parent], lease_ms=LEASE_MS), "the runner is told"
        assert await queue.fail(*got[parent], {"code": "x"}, retryable=True) == "cancelled"
        await queue.finish(*got[waiting], "cancelled")
        for job in (parent, waiting, running):
            with pytest.raises(WrongState):
                await queue.cancel(job)
        with pytest.raises(StoreError):
            await queue.cancel("nobody")


async def test_events_go_on_where_one_stopped_to_read(database: Database) -> None:
    (job,) = await enqueue(database)
    held = await claim(database)
    assert held is not None
    async with database.queue() as queue:
        first = await queue.events(job, limit=1)
        rest = await queue.events(job, after=first[-1].id)
    assert [event.kind for event in [*first, *rest]] == ["queued", "running"]
    assert rest[0].attempt == 1


@pytest.mark.alone
async def test_ten_thousand_waiting_jobs_do_not_slow_down_the_next(database: Database) -> None:
    """p95 under 50 ms; 20 workspaces, one of them a flood."""
    async with database.queue() as queue:
        queue._session.add_all([Workspace(id=f"v{n}", name=str(n)) for n in range(18)])
    await enqueue(database, 1)
    async with database.queue() as queue:
        copies = (
            "INSERT INTO job (id, key, kind, request, state, attempt, workspace_id, enqueued_ms)"
            " SELECT '{p}' || n, '{p}k' || n, 'clip', '{{}}', 'queued', 0, '{w}', n FROM ({numbers}) AS t(n)"
        )
        sqlite = queue._session.get_bind().dialect.name == "sqlite"
        for number, (workspace, count) in enumerate(
            [("w1", 8000), *((f"v{n}", 110) for n in range(18))]
        ):
            numbers = (
                f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c"
                if sqlite
                else f"SELECT generate_series(1, {count})"
            )
            statement = copies.format(p=f"p{number}-", w=workspace, numbers=numbers)
            await queue._session.execute(
                text(statement.replace(" AS t(n)", "") if sqlite else statement)
            )
        assert await queue._session.scalar(select(func.count()).select_from(Job)) == 9981
    spent: list[float] = []
    for _ in range(60):
        began = time.monotonic()
        assert await claim(database) is not None
        spent.append(time.monotonic() - began)
    assert percentile(spent, 95) < 0.05, sorted(spent)[-5:]


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
