"""Jobs while PostgreSQL restarts, while it tells nobody of new jobs, while a connection is dead without a sign."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.platform import Platform, make_video
from tests.support.postgres import Postgres, run_postgres
from videoclip.settings import Settings

pytestmark = pytest.mark.slow

JOBS = 3
RESTARTS = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL that these tests may stop."""
    with run_postgres(durable=True) as server:
        yield server


@pytest.fixture
def platform(server: Postgres, tmp_path: Path) -> Iterator[Platform]:
    """An installation without a dispatcher yet."""
    url = asyncio.run(server.new_database())
    sources = tmp_path / "sources"
    sources.mkdir()
    make_video(sources / "short.mp4")
    (sources / "corrupt.mp4").write_bytes(b"no video " * 100)
    platform = Platform(Settings(data_dir=tmp_path / "data", database_url=url), sources)
    yield platform
    platform.stop()


def test_restarts_of_the_database_lose_no_job_double_none_and_count_as_no_failure(
    server: Postgres, platform: Platform
) -> None:
    source = platform.sources / "short.mp4"
    jobs = [platform.cut(source, (100 * n, 100 * n + 500)) for n in range(JOBS)]
    platform.dispatch()
    platform.runner(jobs[0])
    for number in range(RESTARTS):
        time.sleep(1.0)
        # As a shutdown does it, which drops all connections, and as a crash does it.
        server.stop(signal.SIGQUIT if number % 2 else signal.SIGINT)
        time.sleep(0.5)
        server.start()
    ended = platform.final(*jobs, within_s=120)
    assert [(job.state, job.failures) for job in ended] == [("succeeded", 0)] * JOBS
    for job in ended:
        assert platform.states(job.id) == ["queued", "running", "succeeded"]
        assert platform.content(job)


def test_a_job_starts_when_postgresql_tells_of_it_and_without_that_at_the_next_look(
    platform: Platform,
) -> None:
    source = platform.sources / "corrupt.mp4"
    never = "3600000"
    told = platform.dispatch(VIDEOCLIP_JOBS__POLL_MS=never)
    platform.wait(lambda: platform.call(lambda queue: queue.dispatchers()))
    platform.wait(lambda: listeners(platform) == 1)
    (job,) = platform.final(platform.cut(source), within_s=30)
    assert job.state == "failed"
    told.terminate()
    told.wait(timeout=15)

    platform.dispatch(VIDEOCLIP_JOBS__LISTEN="false")
    (job,) = platform.final(platform.cut(source), within_s=30)
    assert job.state == "failed"
    assert listeners(platform) == 0


def listeners(platform: Platform) -> int:
    """Connections whose last statement was to listen."""

    async def count(queue: object) -> int:
        from sqlalchemy import text

        query = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN %' AND datname = current_database()"
        return int((await queue._session.scalar(text(query))) or 0)  # type: ignore[attr-defined]

    return int(platform.call(count))


@dataclass
class Proxy:
    """Hands bytes on to a server, until it silently stops for the connections that there are."""

    target: int
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    frozen: set[socket.socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def freeze(self) -> int:
        """Stop handing on, and say nothing; how many connections there are."""
        self.frozen |= {end for pair in self.pairs for end in pair}
        return len(self.pairs)

    def close(self) -> None:
        for end in [self.listening, *(end for pair in self.pairs for end in pair)]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.pairs.append((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._move, args=ends, daemon=True).start()

    def _move(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source in self.frozen:
                    threading.Event().wait()  # neither bytes nor an end
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_connections_that_are_dead_without_a_sign_hold_nothing_up_for_long(
    server: Postgres, platform: Platform
) -> None:
    proxy = Proxy(server.port)
    try:
        through = platform.settings.database_url.replace(f":{server.port}/", f":{proxy.port}/")
        platform.dispatch(VIDEOCLIP_DATABASE_URL=through)
        platform.wait(lambda: platform.call(lambda queue: queue.dispatchers()))
        time.sleep(0.5)
        assert proxy.freeze() >= 2, "one to listen, one to look"
        job_id = platform.cut(platform.sources / "corrupt.mp4")
        began = time.monotonic()
        platform.wait(lambda: platform.states(job_id) == ["queued", "running", "failed"], 60)
        assert time.monotonic() - began <= 60.0
    finally:
        proxy.close()
