"""How an attempt at a job ended, for those who count: from its row and its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.store.control import FINAL
from videoclip.store.models import Job, JobEvent

__all__ = ["EndedAttempt", "ended_attempt"]


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that is over; times are milliseconds since 1970."""

    kind: str
    request: dict[str, Any]
    is_part: bool
    """Of a batch or a watch."""
    first: bool
    """No attempt was before it."""
    outcome: str
    """succeeded, partial, failed, cancelled, dead; retried: it failed and waits again; released: given back."""
    code: str | None
    """Of the error that ended it."""
    enqueued_ms: int
    started_ms: int | None
    result: dict[str, Any] | None
    """What the job made, where the attempt was its last."""


async def ended_attempt(session: AsyncSession, job_id: str, attempt: int) -> EndedAttempt | None:
    """How it ended; None: it is not over, or the job is gone."""
    job = await session.get(Job, job_id, populate_existing=True)
    if job is None:
        return None
    last = await session.scalar(
        select(JobEvent)
        .where(
            JobEvent.job_id == job_id, JobEvent.attempt == attempt,
            JobEvent.kind.in_((*FINAL, "queued")),
        )
        .order_by(JobEvent.id)  # a later one of the same number: it was run again
        .limit(1)
    )  # fmt: skip
    if last is None:
        return None
    earlier = await session.scalar(
        select(JobEvent.id)
        .where(JobEvent.job_id == job_id, JobEvent.kind == "running", JobEvent.attempt < attempt)
        .limit(1)
    )
    error = last.data.get("error") or {}
    outcome = last.kind
    if outcome == "queued":
        outcome = "released" if "released" in last.data else "retried"
    return EndedAttempt(
        kind=job.kind,
        request=job.request,
        is_part=job.parent_id is not None,
        first=earlier is None,
        outcome=outcome,
        code=error.get("code"),
        enqueued_ms=job.enqueued_ms,
        started_ms=job.started_ms,
        result=job.result if last.kind in FINAL else None,
    )
