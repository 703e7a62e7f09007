"""The database engine: SQLite (WAL) embedded, PostgreSQL through asyncpg; opening and checking it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event, inspect, select, text
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from videoclip.errors import StoreError, UsageError
from videoclip.settings import DatabaseSettings, Settings
from videoclip.store.faults import database_errors
from videoclip.store.hosts import Hosts, leave_standbys
from videoclip.store.models import HEAD, SCHEMA_VERSION, SchemaVersion
from videoclip.store.queue import Queue
from videoclip.store.replica import Replica
from videoclip.store.repository import Repository

__all__ = ["Database", "StoreSession"]

StoreSession = AsyncSession
"""What repositories are made over; others hand it on and do not use it themselves."""
_BUSY_MS = 30_000
_READ_ONLY = "videoclip_read_only"
_ARRIVED_MS = 60_000
"""By then a replica has what was written."""


class Database:
    """One engine with its transactions."""

    def __init__(self, settings: Settings) -> None:
        self._data_dir = settings.data_dir.absolute()
        self._engine = _engine(settings.database_url, self._data_dir, settings.database)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self.replica = _replica(settings, self._data_dir)

    async def open(self) -> None:
        """Bring the schema to this release's, from whatever state it is in.

        Raises:
            StoreError: another release wrote this database, or it cannot be reached.
        """
        with database_errors(self._data_dir):
            async with self._sessions.begin() as session:
                await (await session.connection()).run_sync(_upgrade)
                version = await session.scalar(select(SchemaVersion.version))
                if version is None:
                    session.add(SchemaVersion(version=SCHEMA_VERSION))
                elif version != SCHEMA_VERSION:
                    raise StoreError(
                        f"the database has schema {version}, this release writes {SCHEMA_VERSION}",
                        "Use the release that brought it up, or restore a backup from before that "
                        "into a new database",
                    )

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
        if self.replica is not None:
            await self.replica.close()

    def pool(self) -> tuple[int, int, int]:
        """Connections of this process: in use, idle, and how many there may be."""
        pool: Any = self._engine.pool
        most = pool.size() + max(0, pool._max_overflow)
        return int(pool.checkedout()), int(pool.checkedin()), int(most)

    async def ping(self) -> None:
        """See that it answers.

        Raises:
            DatabaseAway: it does not.
        """
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def reconnect(self) -> None:
        """Let go of all connections, which may be dead without a sign; the next transaction makes a new one."""
        await self._engine.dispose(close=False)

    @asynccontextmanager
    async def listening(
        self, channel: str, wake: Callable[[], object]
    ) -> AsyncIterator[asyncio.Event]:
        """Call ``wake`` when PostgreSQL tells of something on the channel; SQLite never does.

        Yields:
            What is set when the connection was lost, after which nothing is heard any more.
        """
        lost = asyncio.Event()
        if self._engine.dialect.name != "postgresql":
            yield lost
            return
        with database_errors(self._data_dir):
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.add_termination_listener(lambda _: lost.set())
                await driver.add_listener(channel, lambda *_: wake())
                yield lost

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Repository]:
        """A transaction that commits at the end and rolls back on any error."""
        with database_errors(self._data_dir):
            async with self._sessions.begin() as session:
                yield Repository(session)

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[Queue]:
        """As ``transaction``, for the queue of jobs."""
        async with self.session() as session:
            yield Queue(session)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """As ``transaction``, for repositories that are made over the session: ``Jobs(session, workspace_id)``."""
        with database_errors(self._data_dir):
            async with self._sessions.begin() as session:
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads: on SQLite it waits for no writer, on PostgreSQL it begins and ends nothing."""
        options: dict[str, Any] = {_READ_ONLY: True}
        if self._engine.dialect.name == "postgresql":
            # Each statement sees what is committed, as it would in a transaction there; two ways to the server less.
            options["isolation_level"] = "AUTOCOMMIT"
        with database_errors(self._data_dir):
            async with self._sessions() as session:
                await session.connection(execution_options=options)
                yield session

    @asynccontextmanager
    async def reading_late(self) -> AsyncIterator[AsyncSession]:
        """As ``reading``, for what may be some seconds old: from the replica, where there is one that answers."""
        if self.replica is not None:
            async with self.replica.reading() as session:
                if session is not None:
                    yield session
                    return
        async with self.reading() as session:
            yield session

    @asynccontextmanager
    async def paging(self, cursor: str | None) -> AsyncIterator[AsyncSession]:
        """For a list that begins with the newest; ``cursor``: the id that a further page goes on below.

        The replica answers where all of the page was made ``_ARRIVED_MS`` ago: what the page before had from here
        is not skipped there.
        """
        late = cursor is not None and _now_ms() - _made_ms(cursor) >= _ARRIVED_MS
        async with self.reading_late() if late else self.reading() as session:
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees the database as it is now, however long it reads; writers go on."""
        with database_errors(self._data_dir):
            async with self._engine.connect() as connection:
                options: dict[str, Any] = {_READ_ONLY: True}
                if self._engine.dialect.name == "postgresql":
                    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                await connection.execution_options(**options)
                await _take_time(connection)
                yield connection

    @asynccontextmanager
    async def patient(self) -> AsyncIterator[AsyncConnection]:
        """A transaction without a limit of time, for work on everything; it commits at the end."""
        with database_errors(self._data_dir):
            async with self._engine.begin() as connection:
                await _take_time(connection)
                yield connection


def _now_ms() -> int:
    return round(time.time() * 1000)


def _made_ms(id_: str) -> int:
    """When a UUID of version 7 was made, ms since 1970; of another version no page may be late."""
    value = UUID(id_)
    return value.int >> 80 if value.version == 7 else _now_ms()


async def _take_time(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            await connection.execute(text(f"SET LOCAL {name} = 0"))


def _upgrade(connection: Connection) -> None:
    """Run the migrations that are missing. Alembic takes a quarter of a second to import, so look first."""
    if inspect(connection).has_table("alembic_version"):
        now = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if now == HEAD:
            return
    from videoclip.store import migrations

    migrations.upgrade(connection)


def _engine(url: str, data_dir: Path, limits: DatabaseSettings) -> AsyncEngine:
    if not url:
        data_dir.mkdir(parents=True, exist_ok=True)
        url = f"sqlite+aiosqlite:///{data_dir / 'videoclip.db'}"
    try:
        if not url.startswith("sqlite"):
            postgres = create_async_engine(
                url,
                pool_pre_ping=True,
                pool_size=limits.pool_size,
                max_overflow=limits.pool_overflow,
                pool_timeout=limits.pool_timeout_s,
                pool_recycle=1800,
                connect_args=_postgres_arguments(limits),
            )
            leave_standbys(postgres)
            return postgres
        engine = create_async_engine(url, connect_args={"timeout": _BUSY_MS / 1000})
    except (ArgumentError, InvalidRequestError, ImportError) as error:
        raise UsageError(
            f"VIDEOCLIP_DATABASE_URL cannot be used: {type(error).__name__}",
            "Write postgresql+asyncpg://user:password@host/name or sqlite+aiosqlite:///file",
        ) from error

    _use_wal(engine)
    return engine


def _replica(settings: Settings, data_dir: Path) -> Replica | None:
    url = settings.database_replica_url
    if not url:
        return None
    if not url.startswith("postgresql"):
        raise UsageError(
            "VIDEOCLIP_DATABASE_REPLICA_URL is not PostgreSQL's",
            "Write postgresql+asyncpg://user:password@host/name, or leave it empty",
        )
    return Replica(_engine(url, data_dir, settings.database), lambda: database_errors(data_dir))


def _postgres_arguments(limits: DatabaseSettings) -> dict[str, Any]:
    """For asyncpg: the server ends what takes too long, and a connection that nobody answers ends too."""
    return {
        "async_creator_fn": Hosts().connect,
        "timeout": limits.connect_timeout_s,
        "command_timeout": limits.statement_timeout_s + 5,
        "server_settings": {
            "application_name": "videoclip",
            "statement_timeout": str(round(limits.statement_timeout_s * 1000)),
            "lock_timeout": str(round(limits.lock_timeout_s * 1000)),
            "idle_in_transaction_session_timeout": str(round(limits.idle_timeout_s * 1000)),
            "tcp_user_timeout": "20000",
        },
    }


def _use_wal(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `_begin` takes the write lock at once, so that
        # two processes that read and then write wait for each other instead of colliding.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")  # WAL: safe against a killed process
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        reads = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
