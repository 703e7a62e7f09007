"""Batches and watched folders, on both databases: all children or none, within the quota, in allowed folders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actors.families import Families
from videoclip.settings import JobSettings, QuotaSettings, Settings
from videoclip.store.database import Database
from videoclip.store.models import Job, Workspace
from videoclip.store.parents import Claim

EACH = {"kind": "cut", "ranges": [{"start_ms": 0, "end_ms": 400}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos, one of them deeper; a hidden one, a text, and a link out of the folder."""
    folder = tmp_path / "videos"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.mp4", "deep/a.mkv", ".hidden.mp4", "notes.txt"):
        (folder / name).write_bytes(b"x")
    (tmp_path / "outside.mp4").write_bytes(b"x")
    (folder / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    return folder


@pytest.fixture
def settings(store_settings: Settings, folder: Path) -> Settings:
    return store_settings.model_copy(
        update={
            "jobs": JobSettings(source_folders=[folder], watch_ms=200),
            "quota": QuotaSettings(max_jobs=3),
        }
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    await database.open()
    async with database.queue() as queue:
        queue.session.add(Workspace(id="w", name="ours"))
    yield database
    await database.close()


async def begin(database: Database, settings: Settings, kind: str, **request: Any) -> Job:
    """Ask for a family and begin it; its row."""
    async with database.queue() as queue:
        made = await queue.enqueue("w", kind, {"kind": kind, **request}, priority=4)
        held = await queue.claim("here", lease_ms=60_000)
    assert isinstance(held, Claim)
    assert held.id == made.id
    await Families(database, settings).begin(held)
    return await row(database, made.id)


async def row(database: Database, job_id: str) -> Job:
    async with database.queue() as queue:
        job = await queue.session.get(Job, job_id)
        assert job is not None
        return job


async def look_after(families: Families) -> None:
    watch = await families.due_watch()
    assert watch is not None
    await families.look_after(watch)


async def children(database: Database, parent: str) -> list[Job]:
    async with database.queue() as queue:
        query = select(Job).where(Job.parent_id == parent).order_by(Job.id)
        return list(await queue.session.scalars(query))


async def test_a_batch_of_a_folder_asks_for_a_job_of_each_video_in_it(
    database: Database, settings: Settings, folder: Path
) -> None:
    batch = await begin(database, settings, "batch", folder=str(folder), each=EACH)
    assert (batch.state, batch.lease_until_ms) == ("running", None)
    made = await children(database, batch.id)
    assert [job.request["source"] for job in made] == [
        str(folder / "b.mp4"),
        str(folder / "deep" / "a.mkv"),
    ]
    assert {(job.kind, job.priority, job.state) for job in made} == {("cut", 4, "queued")}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"sources": [f"asset:{n}" for n in range(5)]}, "quota_exceeded"),
        ({"folder": "/etc"}, "source_refused"),
        ({"folder": "{folder}/nowhere"}, "source_missing"),
        ({"folder": "{folder}/deep/none"}, "source_empty"),
        ({"sources": ["asset:1"], "each": {"kind": "cut", "ranges": []}}, "usage"),
    ],
)
async def test_a_batch_that_cannot_begin_fails_and_leaves_no_child(
    database: Database, settings: Settings, folder: Path, request_: dict[str, Any], code: str
) -> None:
    (folder / "deep" / "none").mkdir()
    request = json.loads(json.dumps({"each": EACH, **request_}).replace("{folder}", str(folder)))
    batch = await begin(database, settings, "batch", **request)
    assert batch.error is not None, batch.state
    assert (batch.state, batch.error["code"]) == ("failed", code)
    assert await children(database, batch.id) == []


async def test_a_watched_folder_waits_when_the_quota_is_used_up(
    database: Database, settings: Settings, folder: Path
) -> None:
    for name in ("c.mp4", "d.mp4"):
        (folder / name).write_bytes(b"x")
    watch = await begin(database, settings, "watch", folder=str(folder), each=EACH, settle_ms=0)
    families = Families(database, settings)
    await look_after(families)
    assert (await row(database, watch.id)).progress == {"stage": "watch", "files": 4, "new": 0}
    async with database.queue() as queue:
        await queue.session.execute(_due(watch.id))
    await look_after(families)
    progress = (await row(database, watch.id)).progress
    assert progress is not None
    assert progress["error"]["code"] == "quota_exceeded"
    assert await children(database, watch.id) == []
    (folder / "c.mp4").unlink()
    (folder / "d.mp4").unlink()
    async with database.queue() as queue:
        await queue.session.execute(_due(watch.id))
    await look_after(families)
    assert len(await children(database, watch.id)) == 2


def _due(job_id: str) -> Any:
    from sqlalchemy import update

    return update(Job).where(Job.id == job_id).values(not_before_ms=0)
