"""The schema is the sum of its migrations, on both databases; every release that may meet it can use it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from videoclip.errors import StoreError
from videoclip.settings import Settings
from videoclip.store import Store, migrations
from videoclip.store.models import HEAD, Base


def on_connection(settings: Settings, work: Callable[[Connection], Any]) -> Any:
    """Run synchronous work on a database, and commit."""
    url = settings.database_url or f"sqlite+aiosqlite:///{settings.data_dir / 'videoclip.db'}"

    async def run() -> Any:
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    await connection.execute(text("PRAGMA foreign_keys=ON"))
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def test_the_migrations_make_exactly_the_models(empty_settings: Settings) -> None:
    Store(empty_settings).close()

    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = list(compare_metadata(context, Base.metadata))
        if connection.dialect.name == "sqlite":
            # SQLAlchemy reads no options of keys that came with ALTER TABLE: ask SQLite itself.
            found = [change for change in found if not str(change[0]).endswith("_fk")]
            # FTS5's own tables have no models, and its index is PostgreSQL's.
            found = [
                change
                for change in found
                if not getattr(change[1], "name", "").startswith(
                    ("search_words", "ix_search_sentence_w")
                )
            ]
            for table in Base.metadata.sorted_tables:
                rows = connection.execute(text(f"PRAGMA foreign_key_list({table.name})"))
                here = {(row[3], row[2], row[4], row[6]) for row in rows}
                wanted = {
                    (key.parent.name, key.column.table.name, key.column.name, key.ondelete)
                    for key in table.foreign_keys
                }
                found += [(table.name, change) for change in here ^ wanted]
        return found

    assert on_connection(empty_settings, difference) == []
    assert on_connection(empty_settings, migrations.current) == HEAD == migrations.head()


def test_a_database_from_before_there_were_migrations_is_taken_over(
    empty_settings: Settings,
) -> None:
    empty_settings.data_dir.mkdir()

    def as_of_old(connection: Connection) -> None:
        migrations.upgrade(connection, "0001")
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("INSERT INTO schema_version VALUES (1)"))
        connection.execute(
            text(
                "INSERT INTO job (id, key, kind, request, state, attempt)"
                " VALUES ('old', 'k', 'clip', '{}', 'succeeded', 3)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO unit (job_id, stage, key, fingerprint, state, attempt, wall_s, cpu_s)"
                " VALUES ('old', 'render', '1', 'f', 'done', 3, 1, 1)"
            )
        )

    on_connection(empty_settings, as_of_old)
    with Store(empty_settings) as store:
        assert store.ensure_job("clip", "k", {}).id == "old"
        assert store.job("old").attempt == 3
    assert on_connection(empty_settings, migrations.current) == HEAD
    units = on_connection(empty_settings, lambda c: c.scalar(text("SELECT count(*) FROM unit")))
    assert units == 1, "a migration must not lose what refers to a table"


def test_a_newer_database_is_used_as_long_as_it_allows_it(empty_settings: Settings) -> None:
    """While replicas are replaced one by one, a release meets the schema of the next."""
    Store(empty_settings).close()

    def of_the_next_release(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE job ADD COLUMN brand_new VARCHAR(8)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    on_connection(empty_settings, of_the_next_release)
    with Store(empty_settings) as store:
        assert store.ensure_job("clip", "k", {}).state == "queued"
    assert on_connection(empty_settings, migrations.current) == "9999"


def test_a_database_that_this_release_could_damage_is_refused(empty_settings: Settings) -> None:
    Store(empty_settings).close()
    on_connection(
        empty_settings,
        lambda connection: connection.execute(text("UPDATE schema_version SET version = 99")),
    )
    with pytest.raises(StoreError, match="schema 99"):
        Store(empty_settings)


def test_a_release_from_before_the_differences_of_transcripts_is_refused(
    empty_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would read a version that is a difference as a transcript without sentences."""
    empty_settings.data_dir.mkdir()

    def of_that_release(connection: Connection) -> None:
        migrations.upgrade(connection, "0007")
        connection.execute(text("INSERT INTO schema_version VALUES (1)"))

    on_connection(empty_settings, of_that_release)
    Store(empty_settings).close()
    monkeypatch.setattr("videoclip.store.database.SCHEMA_VERSION", 1)
    with pytest.raises(StoreError, match="schema 2, this release writes 1"):
        Store(empty_settings)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's DDL too is part of the transaction."""

    def broken(connection: Connection, *_: object) -> None:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise OSError("interrupted")

    monkeypatch.setattr(migrations, "upgrade", broken)
    with pytest.raises(StoreError, match="interrupted"):
        Store(Settings(data_dir=tmp_path))
    monkeypatch.undo()
    Store(Settings(data_dir=tmp_path)).close()
    with sqlite3.connect(tmp_path / "videoclip.db") as database:
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    database.close()
    assert "half_done" not in names
    assert "job" in names
