"""How the installation does, in numbers for metrics: every question is bounded, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.store.audit import BACKUP_MADE
from videoclip.store.clock import now_ms
from videoclip.store.models import (
    ApiKey,
    Asset,
    Audit,
    Delivery,
    DispatcherRow,
    Job,
    RefreshToken,
    Upload,
)

__all__ = ["Kept", "Vitals", "VitalsReader"]

_MOST = 100_000
_SILENT_MS = 30_000
_DAY_MS = 24 * 3600 * 1000
_WINDOWS = {"day": _DAY_MS, "week": 7 * _DAY_MS}
_OPEN = ("queued", "running", "cancelling")


@dataclass(frozen=True, slots=True)
class Vitals:
    """At one moment; ages are milliseconds."""

    jobs: Mapping[tuple[str, str], int]
    """That are not over, by kind and state; 100,000 at most are counted."""
    dead: int
    oldest_ms: int
    """Age of the job that waits longest of those that could start; 0: none waits."""
    dispatchers: int
    slots: int
    pending: int
    """Messages on their way."""
    pending_ms: int
    uploads: int
    users: Mapping[str, int]
    """By window: day, week."""
    api_keys: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes by what they are; reads whole tables, so ask seldom."""

    assets: int
    uploads: int
    results: int
    backup_ms: int | None
    """Age of the last backup that was made whole; None: there is none."""


class VitalsReader:
    """Statements over one session that reads."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def vitals(self) -> Vitals:
        """All of it but the bytes."""
        now = int(await self._session.scalar(select(now_ms())) or 0)
        there = (
            await self._session.execute(
                select(func.count(), func.coalesce(func.sum(DispatcherRow.slots), 0)).where(
                    DispatcherRow.seen_ms >= now - _SILENT_MS
                )
            )
        ).one()
        oldest: int | None = await self._session.scalar(
            select(func.min(Job.enqueued_ms)).where(
                Job.state == "queued", Job.workspace_id.is_not(None), Job.not_before_ms <= now
            )
        )
        outbox = (
            await self._session.execute(
                select(func.count(), func.coalesce(func.min(Delivery.created_ms), now)).where(
                    Delivery.state == "pending"
                )
            )
        ).one()
        return Vitals(
            jobs=await self._jobs(),
            dead=await self._dead(),
            oldest_ms=max(0, now - oldest) if oldest is not None else 0,
            dispatchers=int(there[0]),
            slots=int(there[1]),
            pending=int(outbox[0]),
            pending_ms=max(0, now - outbox[1]),
            uploads=await self._count(select(Upload.id).where(Upload.state == "open")),
            users={name: await self._users(now - window) for name, window in _WINDOWS.items()},
            api_keys={name: await self._keys(now - window) for name, window in _WINDOWS.items()},
        )

    async def kept(self) -> Kept:
        """Bytes of all workspaces."""
        made = Job.result["cost"]["bytes_out"].as_string()
        return Kept(
            assets=int(await self._session.scalar(select(func.sum(Asset.size))) or 0),
            uploads=int(
                await self._session.scalar(
                    select(func.sum(Upload.offset)).where(Upload.state == "open")
                )
                or 0
            ),
            results=int(
                await self._session.scalar(
                    select(func.sum(cast(made, BigInteger))).where(Job.workspace_id.is_not(None))
                )
                or 0
            ),
            backup_ms=await self._backup(),
        )

    async def _jobs(self) -> dict[tuple[str, str], int]:
        some = (
            select(Job.kind, Job.state)
            .where(Job.state.in_(_OPEN), Job.workspace_id.is_not(None))
            .limit(_MOST)
            .subquery()
        )
        rows = await self._session.execute(
            select(some.c.kind, some.c.state, func.count()).group_by(some.c.kind, some.c.state)
        )
        return {(kind, state): int(count) for kind, state, count in rows}

    async def _dead(self) -> int:
        return await self._count(select(Job.id).where(Job.state == "dead"))

    async def _count(self, query: Select[Any]) -> int:
        some = query.limit(_MOST).subquery()
        return int(await self._session.scalar(select(func.count()).select_from(some)) or 0)

    async def _backup(self) -> int | None:
        """Among the installation's own records, by the index that begins with the workspace."""
        now = int(await self._session.scalar(select(now_ms())) or 0)
        last: int | None = await self._session.scalar(
            select(Audit.at_ms)
            .where(Audit.workspace_id.is_(None), Audit.action == BACKUP_MADE)
            .order_by(Audit.id.desc())
            .limit(1)
        )
        return None if last is None else max(0, now - last)

    async def _users(self, since_ms: int) -> int:
        """Sign-ins make a new token every few minutes; ids begin with the time, so this reads only the end."""
        some = (
            select(RefreshToken.user_id)
            .where(RefreshToken.id >= _first_id(since_ms))
            .limit(_MOST)
            .subquery()
        )
        return int(await self._session.scalar(select(func.count(some.c.user_id.distinct()))) or 0)

    async def _keys(self, since_ms: int) -> int:
        return await self._count(select(ApiKey.id).where(ApiKey.last_used_ms >= since_ms))


def _first_id(at_ms: int) -> str:
    """Not above any uuid7 of that time or later."""
    digits = f"{max(0, at_ms):012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"
