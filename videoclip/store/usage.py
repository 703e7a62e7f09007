"""What a workspace used: its jobs and the time that they took, by kind and state."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.store.models import Job

__all__ = ["JobUsage", "Usage"]


@dataclass(frozen=True, slots=True)
class JobUsage:
    """Jobs of one kind that ended, or stand, in one state."""

    kind: str
    state: str
    jobs: int
    run_ms: int
    """Time between start and end of the last attempts, added up."""


class Usage:
    """Statements over one session and one workspace."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def jobs(self, since_ms: int, until_ms: int) -> list[JobUsage]:
        """Jobs that were asked for in a time.

        Args:
            since_ms: its beginning.
            until_ms: its end, not included.
        """
        took = case(
            (
                Job.finished_ms.is_not(None) & Job.started_ms.is_not(None),
                Job.finished_ms - Job.started_ms,
            ),
            else_=0,
        )
        rows = await self._session.execute(
            select(Job.kind, Job.state, func.count(), func.coalesce(func.sum(took), 0))
            .where(Job.workspace_id == self._workspace_id)
            .where(Job.enqueued_ms >= since_ms, Job.enqueued_ms < until_ms)
            .group_by(Job.kind, Job.state)
            .order_by(Job.kind, Job.state)
        )
        return [JobUsage(kind, state, int(jobs), int(ms)) for kind, state, jobs, ms in rows]
