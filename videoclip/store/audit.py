"""The audit: every change to accounts and workspaces leaves a record in the transaction that made it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from videoclip.store.clock import now_ms
from videoclip.store.models import Audit

__all__ = ["BACKUP_MADE", "Actor", "AuditLog", "AuditRecord", "everything", "record"]

_PAGE = 1_000
BACKUP_MADE = "backup.made"
"""A backup is whole; of the installation."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where."""

    user_id: str | None = None
    key_id: str | None = None
    ip: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One thing that somebody did."""

    id: int
    at_ms: int
    user_id: str | None
    key_id: str | None
    action: str
    target: str | None
    data: dict[str, Any]
    ip: str | None
    request_id: str | None


async def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    *,
    workspace_id: str | None,
    target: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Write what is being done; it exists exactly when the change does.

    Args:
        session: of the change's transaction.
        actor: who does it.
        action: such as ``member.removed``.
        workspace_id: where; None: to the installation.
        target: id of what it is done to.
        data: what else matters; no secrets.
    """
    await session.execute(
        insert(Audit).values(
            at_ms=now_ms(), workspace_id=workspace_id, user_id=actor.user_id, key_id=actor.key_id,
            action=action, target=target, data=data or {}, ip=actor.ip, request_id=actor.request_id,
        )
    )  # fmt: skip


class AuditLog:
    """What was done in one workspace; with None, to the installation."""

    def __init__(self, session: AsyncSession, workspace_id: str | None) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def page(
        self, before: int | None, limit: int, *, action: str = "", user_id: str | None = None
    ) -> list[AuditRecord]:
        """The newest records older than record ``before``, newest first.

        Args:
            before: id of a record; None: from the newest on.
            limit: at most so many.
            action: only this one, or a whole kind such as ``member``; empty: any.
            user_id: only what this user did.
        """
        wanted = (
            Audit.workspace_id.is_(None)
            if self._workspace_id is None
            else Audit.workspace_id == self._workspace_id
        )
        query = select(Audit).where(wanted).order_by(Audit.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Audit.id < before)
        if action:
            kind = Audit.action.startswith(f"{action}.", autoescape=True)
            query = query.where((Audit.action == action) | kind)
        if user_id is not None:
            query = query.where(Audit.user_id == user_id)
        return [
            AuditRecord(
                row.id, row.at_ms, row.user_id, row.key_id, row.action, row.target, row.data,
                row.ip, row.request_id,
            )
            for row in await self._session.scalars(query)
        ]  # fmt: skip


async def everything(connection: AsyncConnection, since_ms: int) -> AsyncIterator[dict[str, Any]]:
    """All records of the installation and of every workspace, oldest first, with all that is kept of each.

    Args:
        connection: a snapshot, so that the export is of one moment.
        since_ms: the first one's time at the earliest, ms since 1970.
    """
    table = Audit.__table__
    last = 0
    while True:
        rows = await connection.execute(
            select(table)
            .where(table.c.id > last, table.c.at_ms >= since_ms)
            .order_by(table.c.id)
            .limit(_PAGE)
        )
        found = [dict(row) for row in rows.mappings()]
        for one in found:
            yield one
        if len(found) < _PAGE:
            return
        last = found[-1]["id"]
