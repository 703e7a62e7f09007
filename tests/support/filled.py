"""A database with rows in every table there is, made from the tables themselves, and a look at all of it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Table, func, insert, select, update

from videoclip.settings import Settings
from videoclip.store.backup.rows import columns_of, plain, tables
from videoclip.store.database import Database
from videoclip.store.search import search_words

__all__ = ["content_of", "fill"]

_TEXT = "käse 手机 “x” ' \" \\ \u2028"


def fill(settings: Settings, rows: int = 3) -> None:
    """Put rows into every table; those that refer to their own table do so forwards and backwards."""

    async def work() -> None:
        database = Database(settings)
        await database.open()
        made: dict[tuple[str, str], list[Any]] = {}
        async with database.patient() as connection:
            postgresql = connection.dialect.name == "postgresql"
            for table in tables():
                values = [_row(table, number, made, postgresql) for number in range(rows)]
                for one in values:
                    await connection.execute(insert(table).values(one))
                for column in table.columns:
                    made[table.name, column.name] = [one.get(column.name) for one in values]
            job = next(table for table in tables() if table.name == "job")
            for child, parent in ((0, 1), (2, 1)):
                ids = made["job", "id"]
                await connection.execute(
                    update(job).where(job.c.id == ids[child]).values(parent_id=ids[parent])
                )
        await database.close()

    asyncio.run(work())


def content_of(settings: Settings) -> dict[str, list[list[Any]]]:
    """All rows that a backup keeps, in order, without what differs between databases."""

    async def work() -> dict[str, list[list[Any]]]:
        database = Database(settings)
        await database.open()
        found = {}
        async with database.snapshot() as connection:
            for table in tables():
                query = select(*columns_of(table)).order_by(*table.primary_key.columns)
                found[table.name] = [
                    [plain(value) for value in row] for row in await connection.execute(query)
                ]
                assert len(found[table.name]) == await connection.scalar(
                    select(func.count()).select_from(table)
                )
        await database.close()
        return found

    return asyncio.run(work())


def _row(
    table: Table, number: int, made: dict[tuple[str, str], list[Any]], postgresql: bool
) -> dict[str, Any]:
    row = {column.name: _value(column, number, made) for column in table.columns}
    if table.name == "search_sentence":
        row["words"] = search_words(row["text"], postgresql=postgresql)
    return row


def _value(column: Column[Any], number: int, made: dict[tuple[str, str], list[Any]]) -> Any:
    for key in column.foreign_keys:
        known = made.get((key.column.table.name, key.column.name))
        return None if known is None else known[number % len(known)]
    if column.nullable and number == 1:
        return None
    kind = column.type
    if column.name == "objects":
        return {"file": {"sha256": "0" * 64, "size": number}}
    if isinstance(kind, JSON):
        return {"a": [number, 1.5, None, _TEXT], "b": {}} if number else []
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, DateTime):
        return datetime(2026, 1, 2, 3, 4, 5, 678901 + number, tzinfo=timezone.utc)
    if isinstance(kind, Float):
        return number + 0.1
    if kind.python_type is int:
        return number + (2**40 if "BIGINT" in str(kind) and not column.primary_key else 1)
    length = getattr(kind, "length", None) or 1000
    text = f"{number}{column.name}{_TEXT}"[:length]
    if column.name == "sha256":
        return f"{number}" * 64
    return text
