"""All that the store knows of how a job went: its row, its attempts, its units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import StoreError
from videoclip.observe.tracing import trace_id_of
from videoclip.store.control import FINAL
from videoclip.store.models import Job, JobEvent, UnitRow

__all__ = ["AttemptRecord", "JobRun", "UnitRun", "job_run"]

_MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt of a job of the queue; times are milliseconds since 1970."""

    attempt: int
    started_ms: int
    ended_ms: int | None
    outcome: str
    """running, or the state after it: queued means that it is tried again."""
    error: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class UnitRun:
    """One unit, as it was done last."""

    stage: str
    key: str
    state: str
    attempt: int
    fingerprint: str
    started_ms: int | None
    finished_ms: int | None
    wall_s: float
    cpu_s: float
    gpu_s: float
    error: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job with all of that."""

    id: str
    kind: str
    state: str
    attempt: int
    failures: int
    error: dict[str, Any] | None
    enqueued_ms: int
    """0: of the command line, which does not queue."""
    started_ms: int | None
    finished_ms: int | None
    trace_id: str | None
    result: dict[str, Any] | None
    attempts: list[AttemptRecord]
    units: list[UnitRun]


async def job_run(session: AsyncSession, job_id: str) -> JobRun:
    """How a job went.

    Raises:
        StoreError: there is none with this id.
    """
    job = await session.get(Job, job_id)
    if job is None:
        raise StoreError(
            f"there is no job {job_id}",
            "Name the id of a job of this data folder, or the output folder of clip or cut",
        )
    rows = await session.scalars(
        select(UnitRow).where(UnitRow.job_id == job_id).order_by(UnitRow.stage, UnitRow.key)
    )
    units = [
        UnitRun(
            row.stage, row.key, row.state, row.attempt, row.fingerprint, row.started_ms,
            row.finished_ms, row.wall_s, row.cpu_s, row.gpu_s, row.error,
        )
        for row in rows
    ]  # fmt: skip
    return JobRun(
        id=job.id, kind=job.kind, state=job.state, attempt=job.attempt, failures=job.failures,
        error=job.error, enqueued_ms=job.enqueued_ms, started_ms=job.started_ms,
        finished_ms=job.finished_ms, trace_id=trace_id_of(job.traceparent), result=job.result,
        attempts=await _attempts(session, job_id), units=units,
    )  # fmt: skip


async def _attempts(session: AsyncSession, job_id: str) -> list[AttemptRecord]:
    events = await session.scalars(
        select(JobEvent)
        .where(JobEvent.job_id == job_id, JobEvent.kind.in_(("running", "queued", *FINAL)))
        .order_by(JobEvent.id)
        .limit(_MOST_EVENTS)
    )
    found: list[AttemptRecord] = []
    for event in events:
        if event.kind == "running":
            found.append(AttemptRecord(event.attempt, event.at_ms, None, "running", None))
        elif found and found[-1].ended_ms is None and found[-1].attempt == event.attempt:
            begun = found.pop()
            found.append(
                AttemptRecord(
                    begun.attempt, begun.started_ms, event.at_ms, event.kind,
                    event.data.get("error"),
                )
            )  # fmt: skip
    return found
