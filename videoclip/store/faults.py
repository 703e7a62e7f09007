"""What drivers raise, as errors that say what to do, and whether waiting helps."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from videoclip.errors import DatabaseAway, StoreError
from videoclip.store.objects import full

__all__ = ["database_errors"]

_AWAY_STATES = ("08", "57P", "53300", "25P03", "25006")
"""Connection lost; server ending or starting; too many connections; a transaction that was ended for idling; a standby
that is asked to write: the primary is elsewhere now."""


class database_errors:  # noqa: N801 - used as a context manager, reads as a verb
    """Turn driver errors into errors that name the remedy.

    Raises:
        DatabaseAway: it cannot be reached, or the connection broke: the same may go well soon.
        StorageFull: its disk is full.
        StoreError: it refused.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not _of_the_database(error):
            return
        told = str(getattr(error, "orig", None) or error) or type(error).__name__
        cause = told.splitlines()[0]
        if "disk is full" in cause or "No space left" in cause:
            raise full(self._data_dir) from error
        if _is_away(error):
            raise DatabaseAway(
                f"the database cannot be reached: {cause}",
                "See that it runs, and VIDEOCLIP_DATABASE_URL; what is done stays done",
            ) from error
        raise StoreError(
            f"the database refused: {cause}",
            f"Check that {self._data_dir} can be written, or VIDEOCLIP_DATABASE_URL",
        ) from error


def _of_the_database(error: BaseException) -> bool:
    """Errors while connecting come from asyncpg as they are, others in SQLAlchemy's wrapping."""
    if isinstance(error, DBAPIError | PoolTimeout | sqlite3.Error | OSError):
        return True
    return type(error).__module__.startswith("asyncpg")


def _is_away(error: BaseException) -> bool:
    if isinstance(error, PoolTimeout | ConnectionError | TimeoutError | socket.gaierror):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    raw = getattr(error, "orig", None) or error
    state = getattr(raw, "sqlstate", None) or ""
    if state.startswith(_AWAY_STATES):
        return True
    # asyncpg's own: the connection was closed under a statement, or while it was made.
    names = {cause.__name__ for cause in type(raw).__mro__}
    return not state and "InterfaceError" in names
