"""The schema as a chain of migrations (Alembic). Opening a database brings it to the newest one.

A migration only adds, so that the release before it goes on working while replicas are replaced one by
one. One that cannot keep this raises ``schema_version.version``, and older releases then refuse the
database instead of damaging it.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

__all__ = ["current", "head", "upgrade"]

_FIRST = "0001"
_LOCK = 0x76636C70
"""Number of the advisory lock that one upgrading process holds in PostgreSQL."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing, inside the connection's transaction.

    A database of a newer release is left alone: its migrations are not known here.
    """
    if (
        connection.dialect.name == "postgresql"
    ):  # SQLite's transactions hold the write lock from the start
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    now = current(connection)
    if now is None and inspect(connection).has_table("schema_version"):
        command.stamp(config, _FIRST)  # written before there were migrations
    elif now is not None and now not in known:
        return
    command.upgrade(config, revision)


def current(connection: Connection) -> str | None:
    """Revision of a database; None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Newest revision of this release."""
    return ScriptDirectory.from_config(_config()).get_current_head() or _FIRST


def _config() -> Config:
    config = Config()
    # A % would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
