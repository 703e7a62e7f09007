"""An insert that may find its row there already."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.store.models import Base

__all__ = ["insert_into"]


def insert_into(session: AsyncSession, table: type[Base]) -> Any:
    """An insert that knows `on_conflict_…`, which both databases spell the same."""
    dialect = session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
