"""Rows in a form that every database takes, and back."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    insert,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from videoclip.errors import BackupDamaged
from videoclip.store.models import Base
from videoclip.store.search import search_words

__all__ = ["Importer", "columns_of", "plain", "tables"]

_LEFT_OUT = frozenset({"schema_version", "rate_window", "dispatcher", "file_digest"})
"""What the next process makes anew, or what only means something on its machine."""
_DERIVED = frozenset({("search_sentence", "words")})
"""Made from the rest of the row, in the form of the database that takes it."""


def tables() -> list[Table]:
    """The tables that are kept, in an order in which each comes after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in _LEFT_OUT]


def columns_of(table: Table) -> list[Column[Any]]:
    """The columns that are kept."""
    return [column for column in table.columns if (table.name, column.name) not in _DERIVED]


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if isinstance(value, datetime):
        whole = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        return whole.astimezone(timezone.utc).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


class Importer:
    """Makes an insert for rows with certain columns, and rows into what it takes.

    Args:
        table: where they go.
        names: of the columns, in the order of the values.
        postgresql: else SQLite.

    Raises:
        BackupDamaged: the table has no such column.
    """

    def __init__(self, table: Table, names: Sequence[str], *, postgresql: bool) -> None:
        strange = set(names) - set(table.columns.keys())
        if strange:
            raise BackupDamaged(
                f"the table {table.name} has no column {min(strange)}",
                "Restore with the release that made the backup, then upgrade",
            )
        self._table = table
        self._names = list(names)
        self._postgresql = postgresql
        self._columns = [table.columns[name] for name in names]
        self.parent = next(
            (column.name for column in self._columns for key in column.foreign_keys
             if key.column.table is table), None,
        )  # fmt: skip
        """A column that refers to the same table: filled in when all rows are there."""

    @property
    def statement(self) -> Any:
        """The insert, for many rows at once."""
        values: dict[str, Any] = {column.name: self._bound(column) for column in self._columns}
        if self._table.name == "search_sentence":
            words = bindparam("words", type_=Text)
            values["words"] = cast(words, TSVECTOR) if self._postgresql else words
        return insert(self._table).values(values)

    def row(self, values: Sequence[Any]) -> dict[str, Any]:
        """A row's values for the insert.

        Raises:
            BackupDamaged: they do not fit.
        """
        if len(values) != len(self._columns):
            raise BackupDamaged(
                f"a row of {self._table.name} has {len(values)} values", "Use another backup"
            )
        made = {c.name: _real(c, value) for c, value in zip(self._columns, values, strict=True)}
        if self._table.name == "search_sentence":
            made["words"] = search_words(made["text"], postgresql=self._postgresql)
        return made

    def _bound(self, column: Column[Any]) -> Any:
        if isinstance(column.type, JSON) and column.nullable:
            # None is no value here, not JSON's null, which the column cannot tell from it anyway.
            return bindparam(column.name, type_=JSON(none_as_null=True))
        return bindparam(column.name, type_=column.type)


def _real(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    return value
