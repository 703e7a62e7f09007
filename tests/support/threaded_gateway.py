"""The gateway on a port of its own in a thread of this process: quick to start, to stop and to start again."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import update

from serve_apps.gateway.app import create_app
from tests.support.gateway_process import Known, make_known
from tests.unit.test_nle import manifest as made_manifest
from videoclip.schemas import Candidate, Engine, Sentence, Transcript, Word
from videoclip.settings import Settings
from videoclip.store.clock import now_ms
from videoclip.store.database import Database
from videoclip.store.models import Job, JobEvent, User
from videoclip.store.objects import open_objects

__all__ = ["CLIPS", "VIDEO", "ThreadedGateway", "gateway_below", "threaded_gateway"]

VIDEO = bytes(range(256)) * 4096
"""What a made-up clip contains, a MiB."""
CLIPS = ("clips/01-ä b.mp4", "clips/02.mp4")


@dataclass
class ThreadedGateway:
    """The gateway, and its database for what dispatchers would do."""

    settings: Settings
    known: Known
    port: int = 0
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """Of an owner; it does as a key, too."""
        return self.known.headers["Authorization"].removeprefix("Bearer ")

    def start(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            create_app(self.settings), log_config=None, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def happened(self, job_id: str, kind: str, **data: Any) -> None:
        """An event of a job."""

        async def add(database: Database) -> None:
            async with database.session() as session:
                session.add(
                    JobEvent(job_id=job_id, at_ms=now_ms(), kind=kind, attempt=1, data=data)
                )

        self._in_database(add)

    def administers(self, user_id: str, *, yes: bool = True) -> None:
        """Let somebody administer the installation, or not."""

        async def change(database: Database) -> None:
            async with database.session() as session:
                await session.execute(update(User).where(User.id == user_id).values(is_admin=yes))

        self._in_database(change)

    def finish(self, job_id: str, folder: Path) -> None:
        """What a runner leaves of a job that went well: two clips, a transcript and a page."""
        objects = open_objects(self.settings)

        def stored(content: bytes) -> dict[str, Any]:
            path = folder / "file"
            path.write_bytes(content)
            ref = objects.put(path)
            return {"sha256": ref.sha256, "size": ref.size}

        found = Candidate(
            id="c01", first_sentence=0, last_sentence=0, start_ms=0, end_ms=500, title="One",
            reason="because", score=0.5, engine="test",
        )  # fmt: skip
        manifest = made_manifest([[(0, 1000)], [(5000, 7000)]])
        clips = [
            clip.model_copy(update={"file": file})
            for clip, file in zip(manifest.clips, CLIPS, strict=True)
        ]
        manifest = manifest.model_copy(update={"candidates": [found], "clips": clips})
        result = {
            "manifest": stored(manifest.model_dump_json().encode()),
            "files": [
                *({"name": name, "media_type": "video/mp4", **stored(VIDEO)} for name in CLIPS),
                {"name": "empty.txt", "media_type": "text/plain", **stored(b"")},
                {"name": "transcript.json", "media_type": "application/json",
                 **stored(_transcript().model_dump_json().encode())},
            ],
        }  # fmt: skip

        async def end(database: Database) -> None:
            async with database.session() as session:
                await session.execute(
                    update(Job).where(Job.id == job_id).values(
                        state="succeeded", result=result, finished_ms=now_ms()
                    )
                )  # fmt: skip
                session.add(
                    JobEvent(job_id=job_id, at_ms=now_ms(), kind="succeeded", attempt=1, data={})
                )

        self._in_database(end)

    def _in_database(self, work: Any) -> None:
        async def do() -> None:
            database = Database(self.settings)
            await database.open()
            try:
                await work(database)
            finally:
                await database.close()

        # A loop of its own: the caller may be inside one.
        thread = threading.Thread(target=asyncio.run, args=(do(),))
        thread.start()
        thread.join()


def _transcript() -> Transcript:
    words = [
        Word(id=n, text=text, start_ms=n * 100, end_ms=n * 100 + 90, confidence=0.5, speaker="S1")
        for n, text in enumerate(["Hello", "world."])
    ]
    sentence = Sentence(
        id=0, text="Hello world.", start_ms=0, end_ms=190, words=words, speaker="S1"
    )
    engine = Engine(name="test")
    return Transcript(language="en", duration_ms=60_000, engine=engine, sentences=[sentence])


@contextlib.contextmanager
def gateway_below(folder: Path, template: Path, **settings: float) -> Iterator[ThreadedGateway]:
    """A gateway that tells of events at once, over a copy of a database file; with these settings of its own."""
    data = folder / "data"
    data.mkdir()
    shutil.copy(template, data / "videoclip.db")
    with threaded_gateway(
        Settings(data_dir=data, gateway={"stream_poll_s": 0.05, **settings})
    ) as gateway:
        yield gateway


@contextlib.contextmanager
def threaded_gateway(settings: Settings) -> Iterator[ThreadedGateway]:
    """A gateway over an empty database, started."""
    gateway = ThreadedGateway(settings, make_known(settings))
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()
