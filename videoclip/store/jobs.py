"""The jobs of one workspace: what its people ask for and see. A stranger's job is not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import NotFound
from videoclip.observe.tracing import trace_id_of
from videoclip.store.models import Job
from videoclip.store.queue import Queue, Queued
from videoclip.store.waiting import Standing

__all__ = ["JobEventRecord", "JobView", "Jobs"]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its workspace sees it; times are milliseconds since 1970."""

    id: str
    kind: str
    state: str
    request: dict[str, Any]
    priority: int
    attempt: int
    failures: int
    created_by: str | None
    parent_id: str | None
    error: dict[str, Any] | None
    result: dict[str, Any] | None
    progress: dict[str, Any] | None
    enqueued_ms: int
    started_ms: int | None
    finished_ms: int | None
    trace_id: str | None = None
    """None: it is not traced."""


@dataclass(frozen=True, slots=True)
class JobEventRecord:
    """Something that happened to a job."""

    id: int
    at_ms: int
    kind: str
    attempt: int
    data: dict[str, Any]


class Jobs:
    """Statements over one session and one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._queue = Queue(session)

    async def create(
        self,
        kind: str,
        request: dict[str, Any],
        *,
        created_by: str | None,
        idempotency_key: str | None = None,
        priority: int = 0,
        max_failures: int = 3,
    ) -> Queued:
        """Ask for a job.

        Raises:
            KeyReused: the key came with another request.
        """
        return await self._queue.enqueue(
            self._workspace_id, kind, request, created_by=created_by,
            idempotency_key=idempotency_key, priority=priority, max_failures=max_failures,
        )  # fmt: skip

    async def get(self, job_id: str) -> JobView:
        """One job.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        job = await self._session.scalar(
            select(Job)
            .where(Job.id == job_id, Job.workspace_id == self._workspace_id)
            .execution_options(populate_existing=True)
        )
        if job is None:
            raise _not_found(job_id)
        return _view(job)

    async def page(
        self,
        *,
        before: str | None = None,
        limit: int = 50,
        state: str | None = None,
        kind: str | None = None,
        parent_id: str | None = None,
    ) -> list[JobView]:
        """The newest jobs older than job ``before``, newest first."""
        query = select(Job).where(Job.workspace_id == self._workspace_id)
        if before is not None:
            query = query.where(Job.id < before)
        if state is not None:
            query = query.where(Job.state == state)
        if kind is not None:
            query = query.where(Job.kind == kind)
        if parent_id is not None:
            query = query.where(Job.parent_id == parent_id)
        rows = await self._session.scalars(query.order_by(Job.id.desc()).limit(limit))
        return [_view(row) for row in rows]

    async def standing(self, job_id: str) -> Standing:
        """Where a job stands: its place, what it waits for, how long still.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        await self.state(job_id)
        return await self._queue.standing(job_id)

    async def cancel(self, job_id: str) -> JobView:
        """Cancel a job and its parts.

        Raises:
            NotFound: there is none with this id in the workspace.
            WrongState: it is over already.
        """
        await self.state(job_id)
        await self._queue.cancel(job_id)
        return await self.get(job_id)

    async def redrive(self, job_id: str) -> JobView:
        """Let a job that is over wait again; what it has finished stays.

        Raises:
            NotFound: there is none with this id in the workspace.
            WrongState: it is not over, or went well.
        """
        await self.state(job_id)
        await self._queue.redrive(job_id)
        return await self.get(job_id)

    async def events(self, job_id: str, after: int = 0, limit: int = 200) -> list[JobEventRecord]:
        """What happened to a job since event ``after``, in order.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        await self.state(job_id)
        rows = await self._queue.events(job_id, after, limit)
        return [JobEventRecord(row.id, row.at_ms, row.kind, row.attempt, row.data) for row in rows]

    async def state(self, job_id: str) -> str:
        """Where a job stands.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        state = await self._session.scalar(
            select(Job.state).where(Job.id == job_id, Job.workspace_id == self._workspace_id)
        )
        if state is None:
            raise _not_found(job_id)
        return state


def _not_found(job_id: str) -> NotFound:
    return NotFound(f"there is no job {job_id}", "List the jobs and use one of their ids")


def _view(job: Job) -> JobView:
    return JobView(
        id=job.id, kind=job.kind, state=job.state, request=job.request, priority=job.priority,
        attempt=job.attempt, failures=job.failures, created_by=job.created_by,
        parent_id=job.parent_id, error=job.error, result=job.result, progress=job.progress,
        enqueued_ms=job.enqueued_ms,
        started_ms=job.started_ms, finished_ms=job.finished_ms,
        trace_id=trace_id_of(job.traceparent),
    )  # fmt: skip
