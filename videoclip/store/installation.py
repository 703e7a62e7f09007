"""What administrators see of the whole installation: its workspaces, and who hands out jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import NotFound
from videoclip.store.control import FINAL
from videoclip.store.members import WorkspaceRecord
from videoclip.store.models import Job, Workspace
from videoclip.store.waiting import Standing, Waiting

__all__ = ["DispatcherRecord", "Installation", "JobOfAny"]


@dataclass(frozen=True, slots=True)
class DispatcherRecord:
    """A dispatcher that was heard of lately."""

    id: str
    slots: int
    running: int
    draining: bool
    seen_ms: int


@dataclass(frozen=True, slots=True)
class JobOfAny:
    """A job of any workspace; times are milliseconds since 1970."""

    id: str
    workspace_id: str
    workspace: str
    kind: str
    state: str
    attempt: int
    failures: int
    error: dict[str, Any] | None
    enqueued_ms: int
    started_ms: int | None
    finished_ms: int | None
    standing: Standing | None
    """None: it is over."""


class Installation:
    """Statements over one session; for administrators of the installation only."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def workspaces(self, after: str | None, limit: int) -> list[WorkspaceRecord]:
        """All workspaces in the order of their ids."""
        query = select(Workspace).order_by(Workspace.id).limit(limit)
        if after is not None:
            query = query.where(Workspace.id > after)
        rows = await self._session.scalars(query)
        return [WorkspaceRecord(row.id, row.name, row.weight, row.max_running) for row in rows]

    async def jobs_by_state(self) -> dict[str, int]:
        """How many jobs of all workspaces stand where."""
        rows = await self._session.execute(
            select(Job.state, func.count())
            .where(Job.workspace_id.is_not(None))
            .group_by(Job.state)
            .order_by(Job.state)
        )
        return {state: int(count) for state, count in rows}

    async def oldest_waiting_ms(self) -> int | None:
        """When the job that waits longest was asked for; None: none waits."""
        found: int | None = await self._session.scalar(
            select(func.min(Job.enqueued_ms)).where(
                Job.state == "queued", Job.workspace_id.is_not(None)
            )
        )
        return found

    async def jobs(
        self,
        *,
        states: Sequence[str] = (),
        after: str | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> list[JobOfAny]:
        """Jobs of all workspaces, each with what it waits for.

        Args:
            states: only these; none: any.
            after: id of the last one of the page before.
            limit: at most so many.
            oldest_first: instead of the newest.
        """
        query = select(Job, Workspace.name).join(Workspace, Workspace.id == Job.workspace_id)
        if states:
            query = query.where(Job.state.in_(states))
        if after is not None:
            query = query.where(Job.id > after if oldest_first else Job.id < after)
        order = Job.id.asc() if oldest_first else Job.id.desc()
        rows = await self._session.execute(query.order_by(order).limit(limit))
        return [await self._job(job, name) for job, name in rows.all()]

    async def job(self, job_id: str) -> JobOfAny:
        """One job of any workspace.

        Raises:
            NotFound: there is none with this id.
        """
        rows = await self._session.execute(
            select(Job, Workspace.name)
            .join(Workspace, Workspace.id == Job.workspace_id)
            .where(Job.id == job_id)
            .execution_options(populate_existing=True)
        )
        found = rows.first()
        if found is None:
            raise NotFound(f"there is no job {job_id}", "List the jobs and use one of their ids")
        return await self._job(*found)

    async def _job(self, job: Job, workspace: str) -> JobOfAny:
        assert job.workspace_id is not None
        over = job.state in FINAL
        standing = None if over else await Waiting(self._session).standing(job.id)
        return JobOfAny(
            job.id, job.workspace_id, workspace, job.kind, job.state, job.attempt, job.failures,
            job.error, job.enqueued_ms, job.started_ms, job.finished_ms, standing,
        )  # fmt: skip

    async def dispatchers(self) -> list[DispatcherRecord]:
        """Who hands out jobs."""
        return [
            DispatcherRecord(row.id, row.slots, row.running, row.draining, row.seen_ms)
            for row in await Waiting(self._session).dispatchers()
        ]
