"""Why a job waits, how long still, and which dispatchers could take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from videoclip.errors import StoreError
from videoclip.store.control import HELD, Control
from videoclip.store.insert import insert_into
from videoclip.store.models import DispatcherRow, Job, Workspace

__all__ = ["Standing", "Waiting"]

_SILENT_MS = 30_000
"""A dispatcher that was not heard of for so long is gone."""
_RECENT = 20
_GPU = ("gpu", "waiting for GPU")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands, for people."""

    state: str
    position: int | None
    """Jobs of its workspace before it; None when it does not wait."""
    code: str | None
    """Why it waits: pause, no_dispatcher, draining, workspace_limit, free_slot, starting, children, gpu."""
    text: str
    eta_ms: int | None
    """Until it is over, by what such jobs took lately; None where nothing is known."""


class Waiting(Control):
    """Statements over one session; the caller owns the transaction."""

    async def present(self, owner: str, *, slots: int, running: int, draining: bool) -> None:
        """A dispatcher says that it is there; forgets those that fell silent long ago."""
        now = await self._now()
        values: dict[str, Any] = {
            "slots": slots, "running": running, "draining": draining, "seen_ms": now,
        }  # fmt: skip
        await self._session.execute(
            insert_into(self._session, DispatcherRow)
            .values(id=owner, **values)
            .on_conflict_do_update(index_elements=["id"], set_=values)
        )
        await self._session.execute(
            delete(DispatcherRow).where(DispatcherRow.seen_ms < now - 100 * _SILENT_MS)
        )

    async def leave(self, owner: str) -> None:
        """A dispatcher ends."""
        await self._session.execute(delete(DispatcherRow).where(DispatcherRow.id == owner))

    async def dispatchers(self) -> list[DispatcherRow]:
        """Those that were heard of lately."""
        since = await self._now() - _SILENT_MS
        rows = await self._session.scalars(
            select(DispatcherRow).where(DispatcherRow.seen_ms >= since).order_by(DispatcherRow.id)
        )
        return list(rows)

    async def standing(self, job_id: str) -> Standing:
        """Where a job stands: its place, what it waits for, how long still.

        Raises:
            StoreError: there is none with this id.
        """
        job = await self._session.get(Job, job_id, populate_existing=True)
        if job is None:
            raise StoreError(f"there is no job {job_id}", "List the jobs and use one of their ids")
        if job.state in HELD:
            return await self._running(job)
        if job.state != "queued":
            return Standing(job.state, None, None, job.state, None)
        position = await self.position(job_id) or 0
        code, text = await self._reason(job, position)
        place = f"{_ordinal(position + 1)}, {text}"
        return Standing(job.state, position, code, place, await self._eta(job, position, code))

    async def _running(self, job: Job) -> Standing:
        if job.lease_until_ms is None and job.workspace_id is not None:
            rows = await self._session.execute(
                select(Job.finished_ms.is_not(None), func.count())
                .where(Job.parent_id == job.id)
                .group_by(Job.finished_ms.is_not(None))
            )
            counts = {bool(over): int(count) for over, count in rows}
            total = sum(counts.values())
            text = f"{counts.get(True, 0)} of {total} jobs are over"
            return Standing(job.state, None, "children", text, None)
        told = (job.progress or {}).get("eta_s")
        usual = await self._usual_ms(job)
        left = None
        if usual is not None and job.started_ms is not None:
            left = max(0, usual - (await self._now() - job.started_ms))
        if told is not None:
            left = max(round(told * 1000), left or 0)
        if _waits_for_gpu(job.progress):
            return Standing(job.state, None, *_GPU, None)
        stage = (job.progress or {}).get("stage") or "starting"
        return Standing(job.state, None, None, stage, left)

    async def _reason(self, job: Job, position: int) -> tuple[str, str]:
        now = await self._now()
        if job.not_before_ms > now:
            seconds = -(-(job.not_before_ms - now) // 1000)
            return "pause", f"tried again in {seconds} s" if job.failures else f"due in {seconds} s"
        there = await self.dispatchers()
        if not there:
            return "no_dispatcher", "waiting for a dispatcher: none is running"
        if all(row.draining for row in there):
            return "draining", "waiting for a dispatcher: those that run are about to end"
        limit = await self._session.scalar(
            select(Workspace.max_running).where(Workspace.id == job.workspace_id)
        )
        if limit is not None:
            running = await self._count(Job.workspace_id == job.workspace_id)
            if running >= limit:
                return (
                    "workspace_limit",
                    f"waiting for its workspace, which runs {running} of {limit}",
                )
        if position == 0 and sum(row.slots - row.running for row in there if not row.draining) > 0:
            return "starting", "about to start"
        at_work = await self._session.scalars(
            select(Job.progress).where(Job.state == "running", Job.lease_until_ms.is_not(None))
        )
        if any(map(_waits_for_gpu, at_work)):  # they hold the slots
            return _GPU
        return "free_slot", "waiting for a free slot"

    async def _eta(self, job: Job, position: int, code: str) -> int | None:
        usual = await self._usual_ms(job)
        if usual is None or code in ("no_dispatcher", "draining"):
            return None
        slots = sum(row.slots for row in await self.dispatchers())
        sharing = await self._session.scalar(
            select(func.count(Job.workspace_id.distinct())).where(
                Job.state.in_(("queued", *HELD)), Job.workspace_id.is_not(None)
            )
        )
        ours = max(1.0, slots / max(1, sharing or 1))
        pause = max(0, job.not_before_ms - await self._now())
        return round(pause + usual * (1 + position / ours))

    async def _usual_ms(self, job: Job) -> int | None:
        """What jobs of this kind took lately, on the average."""
        recent = (
            select((Job.finished_ms - Job.started_ms).label("took"))
            .where(
                Job.kind == job.kind, Job.state.in_(("succeeded", "partial")),
                Job.workspace_id.is_not(None), Job.started_ms.is_not(None),
            )
            .order_by(Job.finished_ms.desc())
            .limit(_RECENT)
            .subquery()
        )  # fmt: skip
        mean = await self._session.scalar(select(func.avg(recent.c.took)))
        return None if mean is None else round(mean)

    async def _count(self, *wanted: Any) -> int:
        found = await self._session.scalar(
            select(func.count()).where(
                Job.state.in_(HELD), Job.lease_until_ms.is_not(None), *wanted
            )
        )
        return found or 0


def _waits_for_gpu(progress: dict[str, Any] | None) -> bool:
    told = (progress or {}).get("data")
    return isinstance(told, dict) and told.get("waiting_for") == "gpu"


def _ordinal(number: int) -> str:
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"
