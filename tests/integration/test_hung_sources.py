"""A bucket that accepts connections and never answers holds up neither the dispatcher nor anybody else's jobs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from actors.dispatcher import Dispatcher
from actors.looks import Looks
from videoclip.errors import FetchFailed, UsageError
from videoclip.settings import JobSettings, ObjectSettings, Settings
from videoclip.store.database import Database
from videoclip.store.models import Job, Workspace

EACH = {"kind": "cut", "ranges": [{"start_ms": 0, "end_ms": 400}]}
DEAD = "s3://dead/shows"


class Silent:
    """A server that takes connections and requests, and says nothing."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError):
            while await reader.read(65536):
                continue
        writer.close()


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    silent = Silent()
    server = await asyncio.start_server(silent.take, "127.0.0.1", 0)
    silent.port = server.sockets[0].getsockname()[1]
    yield silent
    server.close()


@pytest.fixture
def settings(silent: Silent, sqlite_template: Path, tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "videoclip.db")
    (tmp_path / "videos").mkdir()
    return Settings(
        data_dir=tmp_path / "data",
        objects=ObjectSettings(
            endpoint=f"http://127.0.0.1:{silent.port}", access_key_id="key",
            secret_access_key=SecretStr("hush-hush"),
        ),
        jobs=JobSettings(
            source_folders=[tmp_path / "videos"], source_buckets=[DEAD], watch_ms=200, poll_ms=50,
        ),
    )  # fmt: skip


async def until(what: Callable[[], Awaitable[Any]], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_a_bucket_that_never_answers_holds_nothing_up(
    silent: Silent, settings: Settings, tmp_path: Path
) -> None:
    database = Database(settings)
    await database.open()

    async def ask(kind: str, folder: str) -> str:
        async with database.queue() as queue:
            request = {"kind": kind, "folder": folder, "each": EACH}
            return (await queue.enqueue("w", kind, request)).id

    async def job(job_id: str) -> Job:
        async with database.queue() as queue:
            found = await queue.session.get(Job, job_id)
            assert found is not None
            return found

    async with database.queue() as queue:
        queue.session.add(Workspace(id="w", name="ours"))
    watch, batch = await ask("watch", DEAD), await ask("batch", DEAD)
    dispatcher = Dispatcher(settings, dict(os.environ))
    running = asyncio.create_task(dispatcher.run())
    try:

        async def both_hang() -> bool:
            return silent.connections >= 2

        await until(both_hang)
        alive = await ask("watch", str(tmp_path / "videos"))

        async def is_looked_after() -> bool:
            return (await job(alive)).progress is not None

        await until(is_looked_after)
        assert (await job(watch)).progress is None
        assert (await job(batch)).state == "running"
        async with database.queue() as queue:
            (present,) = await queue.dispatchers()
            assert not present.draining
    finally:
        dispatcher.drain()
        began = time.monotonic()
        await running
    assert time.monotonic() - began < 15.0
    given_back = await job(batch)
    assert (given_back.state, given_back.failures) == ("queued", 0)
    await database.close()


async def test_a_look_has_an_end(
    silent: Silent, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(settings, limit_s=0.3)
    with pytest.raises(FetchFailed, match="was not listed within"):
        await looks.look(DEAD)
    assert silent.connections == 1
    folder, mended, scandir = tmp_path / "videos", threading.Event(), os.scandir

    def hang(path: Any = ".") -> Any:
        """The system's answer of a disk that hangs."""
        if path == folder:
            mended.wait(20)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", hang)
    threads = threading.active_count()
    for _ in range(2):
        with pytest.raises(FetchFailed, match="was not listed within"):
            await looks.look(str(folder))
    assert threading.active_count() == threads + 1, "a second look does not join the first"
    mended.set()
    patient = Looks(settings)
    assert await patient.look(str(folder)) == (f"{folder}/", [])


async def test_a_look_has_a_size(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / "videos" / f"{number}.mp4").write_bytes(b"x")
    looks = Looks(settings)
    assert len((await looks.look(str(tmp_path / "videos")))[1]) == 3
    monkeypatch.setattr("actors.looks.MOST_FILES", 2)
    with pytest.raises(UsageError, match="more than 2"):
        await looks.look(str(tmp_path / "videos"))
