"""The database engine: SQLite (WAL) embedded, PostgreSQL through asyncpg; opening and checking it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    async_sessionmaker,
    create_async_engine,
)

from videoclip.errors import StoreError, UsageError
from videoclip.settings import DatabaseSettings, Settings
from videoclip.store.models import HEAD, SCHEMA_VERSION, SchemaVersion
from videoclip.store.objects import full
from videoclip.store.queue import Queue
from videoclip.store.repository import Repository

__all__ = ["Database"]

_BUSY_MS = 30_000


class Database:
    """One engine with its transactions."""

    def __init__(self, settings: Settings) -> None:
        self._data_dir = settings.data_dir.absolute()
        self._engine = _engine(settings.database_url, self._data_dir, settings.database)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def open(self) -> None:
        """Bring the schema to this release's, from whatever state it is in.

        Raises:
            StoreError: another release wrote this database, or it cannot be reached.
        """
        with _database_errors(self._data_dir):
            async with self._sessions.begin() as session:
                await (await session.connection()).run_sync(_upgrade)
                version = await session.scalar(select(SchemaVersion.version))
                if version is None:
                    session.add(SchemaVersion(version=SCHEMA_VERSION))
                elif version != SCHEMA_VERSION:
                    raise StoreError(
                        f"the database has schema {version}, this release writes {SCHEMA_VERSION}",
                        "Use the release that wrote it, or set VIDEOCLIP_DATA_DIR to a new folder",
                    )

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Repository]:
        """A transaction that commits at the end and rolls back on any error."""
        with _database_errors(self._data_dir):
            async with self._sessions.begin() as session:
                yield Repository(session)

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[Queue]:
        """As ``transaction``, for the queue of jobs."""
        with _database_errors(self._data_dir):
            async with self._sessions.begin() as session:
                yield Queue(session)


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
            return create_async_engine(
                url,
                pool_pre_ping=True,
                pool_size=limits.pool_size,
                max_overflow=limits.pool_overflow,
                pool_timeout=limits.pool_timeout_s,
                pool_recycle=1800,
                connect_args=_postgres_arguments(limits),
            )
        engine = create_async_engine(url, connect_args={"timeout": _BUSY_MS / 1000})
    except (ArgumentError, InvalidRequestError, ImportError) as error:
        raise UsageError(
            f"VIDEOCLIP_DATABASE_URL cannot be used: {type(error).__name__}",
            "Write postgresql+asyncpg://user:password@host/name or sqlite+aiosqlite:///file",
        ) from error

    _use_wal(engine)
    return engine


def _postgres_arguments(limits: DatabaseSettings) -> dict[str, Any]:
    """For asyncpg: the server ends what takes too long, and a connection that nobody answers ends too."""
    return {
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
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class _database_errors:  # noqa: N801 - used as a context manager, reads as a verb
    """Turn driver errors into errors that name the remedy."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, DBAPIError | sqlite3.Error | OSError):
            return
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        if "disk is full" in cause or "No space left" in cause:
            raise full(self._data_dir) from error
        raise StoreError(
            f"the database refused: {cause}",
            f"Check that {self._data_dir} can be written, or VIDEOCLIP_DATABASE_URL",
        ) from error
