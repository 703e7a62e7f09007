"""A copy of the database answers what may be late, never writes, and is done without while it is away."""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from uuid_utils import uuid7

from tests.support.gateway import CUT, Gateway, open_gateway, people
from tests.support.postgres import Postgres
from videoclip.errors import UsageError
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.faults import database_errors
from videoclip.store.models import Job, Workspace
from videoclip.store.replica import Replica


@pytest.fixture
async def address(postgres: Postgres, postgres_template: str) -> str:
    """Of another database of the server, which stands in for a copy: what it holds tells where an answer came from."""
    return await postgres.new_database(postgres_template)


@pytest.fixture
async def copy(address: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(Settings(data_dir=tmp_path / "copy", database_url=address))
    yield database
    await database.close()


@pytest.fixture
async def gateway(
    postgres: Postgres, postgres_template: str, address: str, tmp_path: Path
) -> AsyncIterator[Gateway]:
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=await postgres.new_database(postgres_template),
        database_replica_url=address,
    )
    async with open_gateway(settings) as gateway:
        await people(gateway)
        yield gateway


async def test_what_may_be_late_comes_from_the_copy_and_nothing_is_written_there(
    gateway: Gateway, copy: Database
) -> None:
    workspace = gateway.people["owner"].workspace_id
    async with copy.queue() as queue:
        queue.session.add(Workspace(id=workspace, name="as it was"))
        await queue.session.flush()
        old = str(uuid7(nanoseconds=time.time_ns() - 3600 * 10**9))
        queue.session.add(
            Job(
                id=old, key="0" * 64, kind="cut", request={}, state="queued", attempt=0,
                workspace_id=workspace,
            )
        )  # fmt: skip
        name = await queue.session.scalar(text("SELECT current_database()"))
        # As a real copy does, it refuses every write from now on.
        await queue.session.execute(
            text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        )
    ids = []
    for _ in range(3):
        made = await gateway.ask("POST", "/jobs", "owner", json={"request": CUT})
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    newest = ids[-1]
    first = (await gateway.ask("GET", "/jobs?limit=1", "owner")).json()
    assert [job["id"] for job in first["jobs"]] == [newest], "what was just made is there at once"
    further = await gateway.ask("GET", f"/jobs?limit=5&cursor={first['next_cursor']}", "owner")
    seen = [job["id"] for job in further.json()["jobs"]]
    assert seen == [ids[1], ids[0]], "what the copy may not have yet is not skipped"
    for age_s, expected in ((50, []), (70, [old])):
        cursor = uuid7(nanoseconds=time.time_ns() - age_s * 10**9)
        later = await gateway.ask("GET", f"/jobs?cursor={cursor}", "owner")
        assert [job["id"] for job in later.json()["jobs"]] == expected, age_s
    assert (await gateway.ask("GET", f"/jobs/{newest}", "owner")).status_code == 200
    used = (await gateway.ask("GET", "/usage", "owner")).json()["jobs"]
    assert [(row["kind"], row["jobs"]) for row in used] == [("cut", 1)]
    assert (await gateway.ask("GET", "/audit", "owner")).json()["records"] == []
    assert (await gateway.ask("GET", "/search?q=hello", "owner")).json()["hits"] == []
    async with copy.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 1


async def test_a_copy_that_is_away_is_done_without_and_asked_again_later(
    address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = f"postgresql+asyncpg://videoclip@127.0.0.1:{closed.getsockname()[1]}/none"
        settings = Settings(
            data_dir=tmp_path / "data", database_url=address, database_replica_url=away
        )
        database = Database(settings)
        assert database.replica is not None
        caplog.set_level(logging.WARNING, "videoclip.store")
        for late_s, warnings in ((0, 1), (10, 1), (31, 2)):
            database.replica.clock = lambda late_s=late_s: 1000.0 + late_s
            async with database.reading_late() as session:
                assert await session.scalar(text("SELECT 1")) == 1
            assert len(caplog.records) == warnings
        await database.close()
    with pytest.raises(UsageError, match="REPLICA"):
        Database(settings.model_copy(update={"database_replica_url": "sqlite+aiosqlite:///x.db"}))


async def test_a_copy_whose_machine_is_gone_is_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def no_route(*_args: object, **_options: object) -> None:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(AsyncSession, "connection", no_route)
    replica = Replica(create_async_engine("sqlite+aiosqlite://"), lambda: database_errors(tmp_path))
    async with replica.reading() as session:
        assert session is None
    await replica.close()
