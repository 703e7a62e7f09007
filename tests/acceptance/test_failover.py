"""The primary of the database dies while jobs are asked for and done; its standby takes over, and nothing is lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.failover import fail_over
from tests.support.postgres_pair import PostgresPair, run_pair
from videoclip.errors import DatabaseAway
from videoclip.settings import Settings
from videoclip.settings.platform import DatabaseSettings
from videoclip.store.database import Database
from videoclip.store.hosts import Hosts
from videoclip.store.models import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def pair() -> Iterator[PostgresPair]:
    with run_pair() as pair:
        yield pair


def test_no_confirmed_job_is_lost_doubled_or_failed_when_the_standby_takes_over(
    pair: PostgresPair, tmp_path: Path
) -> None:
    seen = fail_over(pair, tmp_path, jobs=4)
    assert seen.refused >= 1, "there was a time without a database"
    assert seen.during >= 1, "jobs were at work meanwhile"


async def test_what_looks_for_the_primary_passes_over_who_is_silent_a_standby_or_replaced(
    pair: PostgresPair, tmp_path: Path
) -> None:
    """Runs after the fail-over: the second server is the primary, the first one its standby."""
    settings = Settings(data_dir=tmp_path, database_url=pair.new_database("hosts"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        several = settings.database_url.replace("?", f"?host=127.0.0.1:{silent.getsockname()[1]}&")
        limits = DatabaseSettings(connect_timeout_s=6)
        found = Database(Settings(data_dir=tmp_path, database_url=several, database=limits))
        await found.open()
        await found.ping()
        await found.close()

    # The standby follows a moment later.
    there = "SELECT count(*) FROM pg_tables WHERE tablename = 'workspace'"
    await asyncio.to_thread(pair.until, pair.standby, there, "1", "hosts")
    with pytest.raises(DatabaseAway, match="read-only transaction"):
        await write(pair.standby.url("hosts"), tmp_path)

    hosts = Hosts()
    where = {"host": ["127.0.0.1"] * 2, "port": pair.hosts, "user": "videoclip"}
    connection = await hosts.connect(**where, database="hosts", timeout=10)
    assert connection.get_server_pid()
    await connection.close()
    hosts._timeline = "0000FFFF"
    with pytest.raises(ConnectionError, match=r"is a standby.*was replaced|was replaced.*standby"):
        await hosts.connect(**where, database="hosts", timeout=10)


async def write(url: str, folder: Path) -> None:
    database = Database(Settings(data_dir=folder, database_url=url))
    try:
        async with database.session() as session:
            session.add(Workspace(id="w", name="ours"))
    finally:
        await database.close()
