"""Jobs made of jobs, why one waits, what an attempt may give back: on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from videoclip.errors import JobBusy
from videoclip.settings import Settings
from videoclip.store.control import CHANNEL
from videoclip.store.database import Database
from videoclip.store.models import Job, Workspace
from videoclip.store.parents import Claim, FoundFile

LEASE_MS = 60_000


@pytest.fixture
async def database(store_settings: Settings) -> AsyncIterator[Database]:
    database = Database(store_settings)
    await database.open()
    async with database.queue() as queue:
        queue._session.add_all([Workspace(id="w1", name="one"), Workspace(id="w2", name="two")])
    yield database
    await database.close()


async def ask(database: Database, kind: str = "cut", **more: object) -> str:
    async with database.queue() as queue:
        request = more.pop("request", {})
        return (await queue.enqueue("w1", kind, request, **more)).id  # type: ignore[arg-type]


async def claim(database: Database, kind: str = "cut") -> Claim | None:
    async with database.queue() as queue:
        return await queue.claim("here", lease_ms=LEASE_MS, kinds=[kind])


async def state(database: Database, job_id: str) -> str:
    async with database.queue() as queue:
        return str(await queue._session.scalar(select(Job.state).where(Job.id == job_id)))


async def family(database: Database, children: int, **request: object) -> tuple[str, list[str]]:
    """A parked batch and its children."""
    parent = await ask(database, "batch", request=request)
    held = await claim(database, "batch")
    assert held is not None
    ids = [await ask(database, parent_id=parent) for _ in range(children)]
    async with database.queue() as queue:
        await queue.park(held.id, held.attempt)
    return parent, ids


async def end(database: Database, *states: str) -> None:
    """End the children that are next in the queue, so."""
    for wanted in states:
        held = await claim(database)
        assert held is not None
        async with database.queue() as queue:
            if wanted == "failed":
                await queue.fail(held.id, held.attempt, {"code": "x"}, retryable=False)
            else:
                await queue.finish(held.id, held.attempt, wanted)


async def settle(database: Database) -> list[str]:
    async with database.queue() as queue:
        return await queue.settle()


@pytest.mark.parametrize(
    ("children", "outcome"),
    [
        (("succeeded", "succeeded"), "succeeded"),
        (("succeeded", "failed"), "partial"),
        (("failed", "failed"), "failed"),
        (("partial", "failed"), "partial"),
        ((), "succeeded"),
    ],
)
async def test_a_batch_ends_as_its_children_did(
    database: Database, children: tuple[str, ...], outcome: str
) -> None:
    parent, _ = await family(database, len(children))
    if children:
        await end(database, *children[:-1])
        assert await settle(database) == []
        async with database.queue() as queue:
            told = await queue.standing(parent)
            assert (told.code, told.text) == ("children", "1 of 2 jobs are over")
        await end(database, children[-1])
    assert await settle(database) == [parent]
    assert await state(database, parent) == outcome
    assert await settle(database) == []


async def test_a_parked_job_is_never_lost_and_takes_no_place(database: Database) -> None:
    async with database.queue() as queue:
        await queue._session.execute(update(Workspace).values(max_running=1))
    parent, _ = await family(database, 1)
    async with database.queue() as queue:
        assert await queue.expire() == []
    assert await claim(database) is not None, "the workspace's only place is free for the child"
    assert await state(database, parent) == "running"


async def test_cancelling_a_batch_reaches_its_children(database: Database) -> None:
    parent, (first, second) = await family(database, 2)
    held = await claim(database)
    assert held is not None
    async with database.queue() as queue:
        assert await queue.cancel(parent) == "cancelling"
    assert [await state(database, job) for job in (first, second)] == ["cancelling", "cancelled"]
    assert await settle(database) == [], "a child is still at work"
    async with database.queue() as queue:
        assert await queue.heartbeat(held.id, held.attempt, lease_ms=LEASE_MS)
        await queue.finish(held.id, held.attempt, "cancelled")
    assert await settle(database) == [parent]
    assert await state(database, parent) == "cancelled"


async def test_a_batch_that_stops_at_a_failure_cancels_the_others(database: Database) -> None:
    parent, children = await family(database, 3, on_failure="stop")
    await end(database, "failed")
    assert await settle(database) == [parent]
    assert [await state(database, job) for job in children] == ["failed", "cancelled", "cancelled"]
    assert await state(database, parent) == "failed"


async def test_a_parent_that_fails_takes_its_children_with_it(database: Database) -> None:
    parent = await ask(database, "batch", max_failures=1)
    held = await claim(database, "batch")
    assert held is not None
    child = await ask(database, parent_id=parent)
    async with database.queue() as queue:
        await queue.fail(held.id, held.attempt, {"code": "x"}, retryable=True)
    assert await state(database, parent) == "dead"
    assert await state(database, child) == "cancelled"


async def test_a_file_becomes_a_job_once_and_only_when_it_is_complete(database: Database) -> None:
    watch_id = await ask(database, "watch")
    held = await claim(database, "watch")
    assert held is not None
    async with database.queue() as queue:
        await queue.park(held.id, held.attempt)
        watch = await queue.due_watch(60_000)
        assert watch is not None
        assert watch.id == watch_id
        assert await queue.due_watch(60_000) is None, "it was just looked after"

    async def look(size: int, settle_ms: int = 0) -> list[FoundFile]:
        async with database.queue() as queue:
            assert watch is not None
            file = FoundFile("片 1.mp4", size, 1)
            ready = await queue.remember_files(watch, [file], settle_ms=settle_ms, most=10)
            for found in ready:
                made = await queue.enqueue(
                    "w1", "cut", {}, idempotency_key=f"{watch_id}:{found.key}"
                )
                await queue.remember_job(watch, found, made.id)
            return ready

    assert await look(1) == []
    assert await look(2) == [], "it grew"
    assert await look(2, settle_ms=3_600_000) == [], "it may grow still"
    assert len(await look(2)) == 1
    assert await look(2) == [], "it has its job"
    assert await look(3) == []
    assert len(await look(3)) == 1, "another content is another job"
    async with database.queue() as queue:
        many = [FoundFile(f"{n}.mp4", 1, 1) for n in range(5)]
        takes = [
            len(await queue.remember_files(watch, many, settle_ms=0, most=2)) for _ in range(4)
        ]
        assert takes == [0, 2, 2, 2], "a look takes two new ones"
        await queue.looked_after(watch, {"files": 5}, 60_000)
        assert await queue.due_watch(60_000) is None
        await queue.looked_after(watch, {"files": 5}, 0)
        assert await queue.due_watch(60_000) is not None


async def test_an_attempt_given_back_counts_nothing_and_is_fenced_off(database: Database) -> None:
    job = await ask(database)
    held = await claim(database)
    assert held is not None
    async with database.queue() as queue:
        assert await queue.release(job, held.attempt, "drain") == "queued"
    with pytest.raises(JobBusy):
        async with database.queue() as queue:
            await queue.heartbeat(job, held.attempt, lease_ms=LEASE_MS)
    again = await claim(database)
    assert again is not None
    assert again.attempt > held.attempt
    async with database.queue() as queue:
        failures = await queue._session.scalar(select(Job.failures).where(Job.id == job))
        assert failures == 0
        await queue.cancel(job)
        assert await queue.release(job, again.attempt, "drain") == "cancelled"


async def test_a_job_says_where_it_stands(database: Database) -> None:
    first, second = await ask(database), await ask(database)
    later = await ask(database, delay_ms=90_500)

    async def why(job: str) -> tuple[str | None, str, int | None]:
        async with database.queue() as queue:
            told = await queue.standing(job)
            return told.code, told.text, told.eta_ms

    assert (await why(first))[0] == "no_dispatcher"
    async with database.queue() as queue:
        await queue.present("d1", slots=1, running=0, draining=False)
    assert (await why(first))[:2] == ("starting", "1st, about to start")
    assert (await why(second))[:2] == ("free_slot", "2nd, waiting for a free slot")
    assert (await why(later))[:2] == ("pause", "3rd, due in 91 s")
    held = await claim(database)
    assert held is not None
    progress = {"stage": "render", "done": 1, "total": 4, "eta_s": 30}
    async with database.queue() as queue:
        await queue.heartbeat(first, held.attempt, lease_ms=LEASE_MS, progress=progress)
        await queue.tell(first, held.attempt, "progress", progress)
    assert await why(first) == (None, "render", 30_000)
    async with database.queue() as queue:
        await queue._session.execute(update(Workspace).values(max_running=1))
    assert (await why(second))[:2] == (
        "workspace_limit", "1st, waiting for its workspace, which runs 1 of 1",
    )  # fmt: skip
    async with database.queue() as queue:
        await queue._session.execute(
            update(Job).where(Job.id == first).values(started_ms=Job.started_ms - 10_000)
        )
        await queue.finish(first, held.attempt, "succeeded")
        kinds = [event.kind for event in await queue.events(first)]
        assert kinds == ["queued", "running", "succeeded"], "progress is not kept"
        await queue.present("d1", slots=1, running=0, draining=True)
    assert (await why(second))[0] == "draining"
    async with database.queue() as queue:
        await queue.leave("d1")
        await queue.present("d2", slots=1, running=0, draining=False)
    eta = (await why(second))[2]
    assert eta is not None
    assert 10_000 <= eta < 20_000


async def test_postgresql_tells_of_a_new_job_when_it_is_there(database: Database) -> None:
    heard = asyncio.Event()
    async with database.listening(CHANNEL, heard.set) as lost:
        await ask(database)
        if database._engine.dialect.name == "postgresql":
            await asyncio.wait_for(heard.wait(), 5)
        assert not lost.is_set()
