"""What people do to jobs: cancel them, run them again, ask where they stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import JobBusy, StoreError, WrongState
from videoclip.store.clock import now_ms
from videoclip.store.models import Job, JobEvent
from videoclip.store.outbox import announce

__all__ = ["CHANNEL", "FINAL", "HELD", "Control", "overtaken"]

FINAL = ("succeeded", "partial", "failed", "cancelled", "dead")
"""States that a job does not leave by itself."""
HELD = ("running", "cancelling")
"""States in which an attempt owns the job."""
CHANNEL = "videoclip_job"
"""PostgreSQL tells those who listen here that a job waits, which spares them the rest of their pause."""


class Control:
    """Statements over one session; the caller owns the transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @property
    def session(self) -> AsyncSession:
        """For repositories that take part in the transaction."""
        return self._session

    async def cancel(self, job_id: str) -> str:
        """Cancel a job and what it is the parent of; returns its new state.

        Raises:
            WrongState: it is over already.
        """
        state = await self._cancel_one(job_id)
        await self._cancel_children(job_id)
        return state

    async def _cancel_children(self, job_id: str) -> None:
        children = await self._session.scalars(
            select(Job.id).where(Job.parent_id == job_id, Job.state.not_in(FINAL)).order_by(Job.id)
        )
        for child in children.all():
            await self.cancel(child)

    async def _cancel_one(self, job_id: str) -> str:
        now = await self._now()
        done = (
            await self._session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state.in_(("queued", "running", "cancelling")))
                .values(
                    state=case((Job.state == "queued", "cancelled"), else_="cancelling"),
                    finished_ms=case((Job.state == "queued", now), else_=None),
                )
                .returning(Job.state, Job.attempt)
            )
        ).one_or_none()
        if done is None:
            state = await self._session.scalar(select(Job.state).where(Job.id == job_id))
            if state is None:
                raise StoreError(
                    f"there is no job {job_id}", "List the jobs and use one of their ids"
                )
            raise WrongState(f"the job is {state} already", "There is nothing left to cancel")
        await self._event(job_id, done.state, done.attempt, now, {})
        return str(done.state)

    async def redrive(self, job_id: str) -> None:
        """Let a job that failed, was given up or cancelled wait again, as if it were new; finished units stay.

        Raises:
            WrongState: it is none of these.
        """
        now = await self._now()
        attempt = await self._session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.state.in_(("failed", "dead", "cancelled", "partial")))
            .values(
                state="queued", failures=0, error=None, enqueued_ms=now, not_before_ms=now,
                finished_ms=None, lease_until_ms=None, lease_owner=None, progress=None,
            )
            .returning(Job.attempt)
        )  # fmt: skip
        if attempt is None:
            state = await self._session.scalar(select(Job.state).where(Job.id == job_id))
            if state == "succeeded":
                raise WrongState(
                    "the job has succeeded: nothing of it is left to run again",
                    "To have other clips, ask for a new job of the same source",
                )
            raise WrongState(f"the job is {state}, not over", "Wait for it, or cancel it")
        await self._event(job_id, "queued", attempt, now, {"redriven": True})

    async def position(self, job_id: str) -> int | None:
        """How many jobs of its workspace are before it, from 0; None when it does not wait."""
        job = (
            await self._session.execute(
                select(Job.workspace_id, Job.priority, Job.enqueued_ms, Job.state).where(
                    Job.id == job_id
                )
            )
        ).one_or_none()
        if job is None or job.state != "queued":
            return None
        before = or_(
            Job.priority > job.priority,
            (Job.priority == job.priority) & (Job.enqueued_ms < job.enqueued_ms),
            (Job.priority == job.priority)
            & (Job.enqueued_ms == job.enqueued_ms)
            & (Job.id < job_id),
        )
        return await self._session.scalar(
            select(func.count()).where(
                Job.workspace_id == job.workspace_id, Job.state == "queued", before
            )
        )

    async def events(self, job_id: str, after: int = 0, limit: int = 500) -> list[JobEvent]:
        """What happened to a job since event ``after``, in order."""
        rows = await self._session.scalars(
            select(JobEvent)
            .where(JobEvent.job_id == job_id, JobEvent.id > after)
            .order_by(JobEvent.id)
            .limit(limit)
        )
        return list(rows)

    async def _event(
        self, job_id: str, kind: str, attempt: int, now: int, data: dict[str, Any]
    ) -> None:
        event = JobEvent(job_id=job_id, at_ms=now, kind=kind, attempt=attempt, data=data)
        self._session.add(event)
        await self._session.flush()
        await announce(self._session, job_id, event.id, kind, now, data)
        if kind == "queued" and self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(text(f"NOTIFY {CHANNEL}"))
        if kind in FINAL:  # where it stood is of no use any more, and would be most of the rows
            await self._session.execute(
                delete(JobEvent).where(JobEvent.job_id == job_id, JobEvent.kind == "progress")
            )

    async def _now(self) -> int:
        return int(await self._session.scalar(select(now_ms())) or 0)


def overtaken(job_id: str, attempt: int) -> JobBusy:
    """What an attempt hears that no longer owns its job."""
    return JobBusy(
        f"attempt {attempt} no longer owns job {job_id}",
        "Leave this process; another attempt goes on with the job, or it was given up",
    )
