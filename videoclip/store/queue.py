"""The queue of jobs: who waits, who works, for how long somebody may be silent.

A job is claimed with a lease that its runner renews. Whoever raised the job's attempt number last owns it:
everything that an overtaken attempt still wants to write is refused. Times are the database's own.

queued -> running -> succeeded | partial | failed | cancelled
            |  +-> queued (failed or lost, and may be tried again) -> dead after too many times
            +-> cancelling -> cancelled
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from uuid_utils import uuid7

from videoclip.errors import KeyReused
from videoclip.fingerprint import fingerprint
from videoclip.observe import tracing
from videoclip.store.clock import now_ms
from videoclip.store.control import HELD, overtaken
from videoclip.store.insert import insert_into
from videoclip.store.models import Job, Workspace
from videoclip.store.parents import Claim, Parents
from videoclip.store.waiting import Waiting

__all__ = ["Claim", "Queue", "Queued"]

_KEY_VERSION = 1


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that was asked for."""

    id: str
    state: str
    new: bool
    """False: the same request under the same key had made it before."""


class Queue(Parents, Waiting):
    """Statements of the queue over one session; the caller owns the transaction."""

    # ------------------------------------------------------------------ asking

    async def enqueue(
        self,
        workspace_id: str,
        kind: str,
        request: dict[str, Any],
        *,
        created_by: str | None = None,
        idempotency_key: str | None = None,
        priority: int = 0,
        parent_id: str | None = None,
        delay_ms: int = 0,
        max_failures: int = 3,
    ) -> Queued:
        """Ask for a job. It exists when the caller's transaction commits.

        Args:
            workspace_id: whose job it is.
            kind: of ``JobRequest``.
            request: its content.
            created_by: user or API key.
            idempotency_key: the same key with the same request is the same job.
            priority: higher ones go first within a workspace.
            parent_id: the job that it is a part of.
            delay_ms: before that it is not handed out.
            max_failures: attempts that may fail or be lost before it is given up.

        Raises:
            KeyReused: the key came with another request.
        """
        body = fingerprint("request", _KEY_VERSION, {"kind": kind, "request": request})
        job_id = str(uuid7())
        name = idempotency_key if idempotency_key is not None else f"job:{job_id}"
        key = fingerprint("enqueue", _KEY_VERSION, {"workspace": workspace_id, "key": name})
        now = await self._now()
        asked = tracing.begin(
            "enqueue", {"videoclip.job": job_id, "videoclip.kind": kind}, root=True
        )
        asked_by = asked.traceparent
        asked.end()
        values = {
            "id": job_id, "key": key, "kind": kind, "request": request, "state": "queued", "attempt": 0,
            "workspace_id": workspace_id, "created_by": created_by, "parent_id": parent_id,
            "body_sha256": body, "priority": priority, "enqueued_ms": now, "not_before_ms": now + delay_ms,
            "max_failures": max_failures, "traceparent": asked_by,
        }  # fmt: skip
        await self._session.execute(
            insert_into(self._session, Job).values(**values).on_conflict_do_nothing()
        )
        row = (
            await self._session.execute(
                select(Job.id, Job.state, Job.body_sha256).where(Job.key == key)
            )
        ).one()
        if row.body_sha256 != body:
            raise KeyReused(
                "this Idempotency-Key was used for another request",
                "Use a new key for a new request",
            )
        if row.id == job_id:
            await self._event(job_id, "queued", 0, now, {"kind": kind})
        return Queued(row.id, row.state, new=row.id == job_id)

    # ------------------------------------------------------------------ handing out

    async def claim(
        self, owner: str, *, lease_ms: int, kinds: Sequence[str] | None = None
    ) -> Claim | None:
        """Hand out the next job, or None where nothing can be started now.

        Of the workspaces with something to do and below their limit, the one with the fewest running jobs
        for its weight is served; among equals, the one that was served the longest ago.

        Args:
            owner: who will work on it, for the record.
            lease_ms: it is taken away when nothing is heard for so long.
            kinds: only of these kinds.
        """
        now = await self._now()
        for workspace_id, limited in await self._deserving(now, kinds):
            place = await self._session.begin_nested() if limited else None
            if not limited or await self._below_limit(workspace_id):
                top = (
                    self._ready(now, kinds)
                    .where(Job.workspace_id == workspace_id)
                    .order_by(Job.priority.desc(), Job.enqueued_ms, Job.id)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                )
                job_id: str | None = await self._session.scalar(top)
                if job_id is not None:
                    return await self._start(job_id, workspace_id, owner, now, lease_ms)
            if place is not None:
                # Gives the workspace's row back: two claimers that go on with it in hand, each to the workspace
                # of the other, would wait for each other.
                await place.rollback()
        return None

    async def _deserving(self, now: int, kinds: Sequence[str] | None) -> list[tuple[str, bool]]:
        """Ids of workspaces, best first, and whether they have a limit."""
        running = (
            select(Job.workspace_id, func.count().label("count"))
            .where(Job.state.in_(HELD), Job.lease_until_ms.is_not(None))
            .group_by(Job.workspace_id)
            .subquery()
        )
        count = func.coalesce(running.c.count, 0)
        waiting = self._ready(now, kinds).where(Job.workspace_id == Workspace.id).exists()
        rows = await self._session.execute(
            select(Workspace.id, Workspace.max_running.is_not(None))
            .outerjoin(running, running.c.workspace_id == Workspace.id)
            .where(waiting, or_(Workspace.max_running.is_(None), count < Workspace.max_running))
            .order_by(count * 1.0 / Workspace.weight, Workspace.served_ms, Workspace.id)
        )
        return [(row[0], bool(row[1])) for row in rows]

    async def _below_limit(self, workspace_id: str) -> bool:
        """Count again with the workspace's row held, so that two claimers do not both take the last place."""
        limit = await self._session.scalar(
            select(Workspace.max_running).where(Workspace.id == workspace_id).with_for_update()
        )
        running = await self._session.scalar(
            select(func.count()).where(
                Job.workspace_id == workspace_id, Job.state.in_(HELD),
                Job.lease_until_ms.is_not(None),
            )
        )  # fmt: skip
        return limit is None or (running or 0) < limit

    async def _start(
        self, job_id: str, workspace_id: str, owner: str, now: int, lease_ms: int
    ) -> Claim:
        await self._session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(
                state="running", attempt=Job.attempt + 1, error=None, started_ms=now, finished_ms=None,
                lease_until_ms=now + lease_ms, lease_owner=owner, progress=None,
            )
        )  # fmt: skip
        await self._session.execute(
            update(Workspace).where(Workspace.id == workspace_id).values(served_ms=now)
        )
        job = (
            await self._session.execute(
                select(
                    Job.kind, Job.request, Job.attempt, Job.traceparent, Job.enqueued_ms,
                    Job.not_before_ms,
                ).where(Job.id == job_id)
            )
        ).one()  # fmt: skip
        await self._event(job_id, "running", job.attempt, now, {"owner": owner})
        return Claim(
            job_id, workspace_id, job.kind, job.request, job.attempt, job.traceparent,
            max(job.enqueued_ms, job.not_before_ms),
        )  # fmt: skip

    # ------------------------------------------------------------------ working

    async def heartbeat(
        self, job_id: str, attempt: int, *, lease_ms: int, progress: dict[str, Any] | None = None
    ) -> bool:
        """Renew the lease, and say where the job stands; true when the job shall be cancelled.

        Raises:
            JobBusy: another attempt owns the job now, or it was given up: stop, and write nothing.
        """
        told = {} if progress is None else {"progress": progress}
        state = await self._session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.attempt == attempt, Job.state.in_(HELD))
            .values(lease_until_ms=now_ms() + lease_ms, **told)
            .returning(Job.state)
        )
        if state is None:
            raise overtaken(job_id, attempt)
        return bool(state == "cancelling")

    async def tell(self, job_id: str, attempt: int, kind: str, data: dict[str, Any]) -> None:
        """An event of the attempt.

        Raises:
            JobBusy: it no longer owns the job.
        """
        await self._owned(job_id, attempt)
        await self._event(job_id, kind, attempt, await self._now(), data)

    async def release(self, job_id: str, attempt: int, reason: str) -> str:
        """The attempt stops before its end through no fault of the job's; returns the job's new state.

        The job waits again at once, and nothing is counted against it.

        Raises:
            JobBusy: it no longer owns the job.
        """
        job = await self._owned(job_id, attempt)
        if job.state == "cancelling":
            await self._end(job_id, attempt, "cancelled", None, None)
            return "cancelled"
        await self._session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(
                state="queued", attempt=Job.attempt + 1, lease_until_ms=None, lease_owner=None,
                progress=None,
            )
        )  # fmt: skip
        await self._event(job_id, "queued", attempt, await self._now(), {"released": reason})
        return "queued"

    async def held_by(self, owner: str) -> list[Claim]:
        """What was handed out to an owner and is not over."""
        rows = await self._session.execute(
            select(
                Job.id,
                Job.workspace_id,
                Job.kind,
                Job.request,
                Job.attempt,
                Job.traceparent,
                Job.enqueued_ms,
            ).where(Job.state.in_(HELD), Job.lease_owner == owner)
        )
        return [Claim(*row) for row in rows]

    async def owners(self) -> dict[str, int]:
        """Who holds how many jobs."""
        rows = await self._session.execute(
            select(Job.lease_owner, func.count())
            .where(Job.state.in_(HELD), Job.lease_until_ms.is_not(None))
            .group_by(Job.lease_owner)
        )
        return {str(owner): int(count) for owner, count in rows}

    async def finish(
        self, job_id: str, attempt: int, state: str, result: dict[str, Any] | None = None
    ) -> None:
        """The attempt is done: ``succeeded``, ``partial`` or ``cancelled``.

        Raises:
            JobBusy: it no longer owns the job.
        """
        await self._end(job_id, attempt, state, None, result)

    async def fail(
        self,
        job_id: str,
        attempt: int,
        error: dict[str, Any],
        *,
        retryable: bool,
        backoff_ms: int = 0,
        result: dict[str, Any] | None = None,
    ) -> str:
        """The attempt failed; returns the job's new state.

        Args:
            job_id: of the job.
            attempt: of its runner.
            error: code, cause, remedy.
            retryable: whether the same may go well later.
            backoff_ms: pause before the next attempt; doubled for each failure before.
            result: what there is to see all the same.

        Raises:
            JobBusy: it no longer owns the job.
        """
        job = await self._owned(job_id, attempt)
        if job.state == "cancelling":
            await self._end(job_id, attempt, "cancelled", error, None)
            return "cancelled"
        if not retryable:
            await self._end(job_id, attempt, "failed", error, result)
            return "failed"
        return await self._again(job, error, backoff_ms)

    async def expire(self, limit: int = 100) -> list[str]:
        """Take jobs from runners that were silent for too long; returns their ids.

        What was being cancelled is cancelled; the others wait again, or are given up.
        """
        now = await self._now()
        lost = await self._session.scalars(
            select(Job)
            .where(Job.state.in_(HELD), Job.lease_until_ms < now)
            .order_by(Job.lease_until_ms)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        ids = []
        for job in lost.all():
            error = {
                "code": "worker_lost", "cause": f"nothing was heard of {job.lease_owner} any more",
                "remedy": "It is tried again by itself; if this repeats, see the log of that machine",
            }  # fmt: skip
            if job.state == "cancelling":
                await self._end(job.id, job.attempt, "cancelled", error, None)
            else:
                await self._again(job, error, 0)
            ids.append(job.id)
        return ids

    # ------------------------------------------------------------------ inside

    def _ready(self, now: int, kinds: Sequence[str] | None) -> Select[Any]:
        wanted: list[ColumnElement[bool]] = [Job.state == "queued", Job.not_before_ms <= now]
        if kinds is not None:
            wanted.append(Job.kind.in_(kinds))
        return select(Job.id).where(*wanted)

    async def _owned(self, job_id: str, attempt: int) -> Job:
        job = await self._session.scalar(
            select(Job)
            .where(Job.id == job_id, Job.attempt == attempt, Job.state.in_(HELD))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if job is None:
            raise overtaken(job_id, attempt)
        return job

    async def _end(
        self,
        job_id: str,
        attempt: int,
        state: str,
        error: dict[str, Any] | None,
        result: dict[str, Any] | None,
    ) -> None:
        now = await self._now()
        done = await self._session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.attempt == attempt, Job.state.in_(HELD))
            .values(
                state=state, error=error, result=result, finished_ms=now, lease_until_ms=None,
                progress=None,
            )
            .returning(Job.id)
        )  # fmt: skip
        if done is None:
            raise overtaken(job_id, attempt)
        if state != "succeeded":
            await self._cancel_children(job_id)
        await self._event(job_id, state, attempt, now, {"error": error} if error else {})

    async def _again(self, job: Job, error: dict[str, Any], backoff_ms: int) -> str:
        """Wait for another attempt, or give up. The attempt number rises, so that the old runner is fenced off."""
        now = await self._now()
        failures = job.failures + 1
        state = "dead" if failures >= job.max_failures else "queued"
        pause = backoff_ms * 2 ** (failures - 1)
        await self._session.execute(
            update(Job)
            .where(Job.id == job.id)
            .values(
                state=state, attempt=Job.attempt + 1, failures=failures, error=error,
                not_before_ms=now + pause, lease_until_ms=None, lease_owner=None, progress=None,
                finished_ms=now if state == "dead" else None,
            )
        )  # fmt: skip
        if state == "dead":
            await self._cancel_children(job.id)
        data = {"error": error, "failures": failures, "pause_ms": pause}
        await self._event(job.id, state, job.attempt, now, data)
        return state
