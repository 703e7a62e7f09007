"""Jobs that are made of other jobs: they wait, parked, until their children are over, and end as these did.

A parked job is running without a lease: no process works on it, so none can be lost, and it takes no slot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from videoclip.store.control import FINAL, HELD, Control, overtaken
from videoclip.store.insert import insert_into
from videoclip.store.models import Job, WatchedFile

__all__ = ["Claim", "FoundFile", "Parents"]

_FAILED = ("failed", "dead")


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that was handed out."""

    id: str
    workspace_id: str
    kind: str
    request: dict[str, Any]
    attempt: int
    """The fence: goes with every write."""
    traceparent: str | None = None
    """Of the span that asked for it."""
    waiting_ms: int = 0
    """Since when it could have been started."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a watched folder, as it is now."""

    name: str
    """Inside the folder."""
    size: int
    mtime_ns: int

    @property
    def key(self) -> str:
        """Of this file with this content, for its job."""
        return f"{self.name_sha256}:{self.size}:{self.mtime_ns}"

    @property
    def name_sha256(self) -> str:
        """Names may be longer than a key may be."""
        return hashlib.sha256(self.name.encode()).hexdigest()


class Parents(Control):
    """Statements over one session; the caller owns the transaction."""

    async def park(self, job_id: str, attempt: int) -> None:
        """The job's children are asked for; it needs nobody to work on it until they are over.

        Raises:
            JobBusy: the attempt no longer owns the job.
        """
        done = await self._session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.attempt == attempt, Job.state.in_(HELD))
            .values(lease_until_ms=None, lease_owner=None, not_before_ms=0)
            .returning(Job.id)
        )
        if done is None:
            raise overtaken(job_id, attempt)

    async def inherited(self, job_id: str) -> dict[str, Any]:
        """What children have from their parent."""
        row = (
            await self._session.execute(
                select(Job.created_by, Job.priority).where(Job.id == job_id)
            )
        ).one()
        return {"created_by": row.created_by, "priority": row.priority}

    async def children(self, job_id: str) -> dict[str, int]:
        """How many children are in which state."""
        rows = await self._session.execute(
            select(Job.state, func.count()).where(Job.parent_id == job_id).group_by(Job.state)
        )
        return {str(state): int(count) for state, count in rows}

    async def settle(self, limit: int = 100) -> list[str]:
        """End parked jobs whose children are over; returns their ids.

        A batch ends as its children did. A watch ends when it was cancelled. A batch that shall stop at the
        first failure has its other children cancelled.
        """
        await self._stop_at_failures(limit)
        child = aliased(Job)
        active = (
            select(child.id).where(child.parent_id == Job.id, child.state.not_in(FINAL)).exists()
        )
        over = await self._session.scalars(
            select(Job)
            .where(
                Job.state.in_(HELD), Job.lease_until_ms.is_(None), Job.workspace_id.is_not(None),
                (Job.state == "cancelling") | (Job.kind != "watch"), ~active,
            )
            .limit(limit)
            .with_for_update(skip_locked=True, of=Job)
            .execution_options(populate_existing=True)
        )  # fmt: skip
        ids = []
        for job in over.all():
            counts = await self.children(job.id)
            state, error = _outcome(job.state, counts)
            now = await self._now()
            await self._session.execute(
                update(Job)
                .where(Job.id == job.id)
                .values(
                    state=state, error=error, finished_ms=now, progress=None,
                    result={"children": counts},
                )
            )  # fmt: skip
            await self._event(job.id, state, job.attempt, now, {"children": counts})
            ids.append(job.id)
        return ids

    async def _stop_at_failures(self, limit: int) -> None:
        """Cancel what is left of the batches that shall stop at a failure and have one."""
        child = aliased(Job)
        failed, left = (
            select(child.id).where(child.parent_id == Job.id, wanted).exists()
            for wanted in (child.state.in_(_FAILED), child.state.not_in(FINAL))
        )
        rows = await self._session.execute(
            select(Job.id, Job.request)
            .where(
                Job.state == "running", Job.lease_until_ms.is_(None), Job.kind == "batch",
                failed, left,
            )
            .limit(limit)
        )  # fmt: skip
        for job_id, request in rows.all():
            if request.get("on_failure") == "stop":
                await self._cancel_children(job_id)

    # ------------------------------------------------------------------ watched folders

    async def due_watch(self, hold_ms: int) -> Claim | None:
        """A watch that waits to be looked after, now by the caller; None: there is none.

        Nobody else gets it until ``looked_after``, or for ``hold_ms`` where the caller is lost.
        """
        now = await self._now()
        due = (
            select(Job.id)
            .where(
                Job.state == "running", Job.kind == "watch", Job.lease_until_ms.is_(None),
                Job.not_before_ms <= now,
            )
            .order_by(Job.not_before_ms)
            .limit(1)
            .with_for_update(skip_locked=True)
        )  # fmt: skip
        job_id = await self._session.scalar(due)
        if job_id is None:
            return None
        job = (
            await self._session.execute(
                update(Job)
                .where(Job.id == job_id)
                .values(not_before_ms=now + hold_ms)
                .returning(Job.workspace_id, Job.request, Job.attempt)
            )
        ).one()
        return Claim(job_id, job.workspace_id, "watch", job.request, job.attempt)

    async def looked_after(self, watch: Claim, progress: dict[str, Any], pause_ms: int) -> None:
        """Where a watch stands, which waits for so long now; what was overtaken meanwhile is left alone."""
        await self._session.execute(
            update(Job)
            .where(Job.id == watch.id, Job.attempt == watch.attempt, Job.state.in_(HELD))
            .values(progress=progress, not_before_ms=await self._now() + pause_ms)
        )

    async def remember_files(
        self, watch: Claim, files: Sequence[FoundFile], *, settle_ms: int, most: int
    ) -> list[FoundFile]:
        """Remember what is in the folder; returns what has no job yet and did not change for ``settle_ms``.

        Args:
            watch: of the folder.
            files: what is in it now.
            settle_ms: milliseconds.
            most: files that are new, and files that are returned; the others come at the next look.
        """
        rows = await self._session.scalars(
            select(WatchedFile).where(WatchedFile.watch_id == watch.id)
        )
        known = {row.name_sha256: row for row in rows}
        now = await self._now()
        ready: list[FoundFile] = []
        new = 0
        for file in files:
            row = known.get(file.name_sha256)
            if row is None:
                new += 1
                if new > most:
                    continue
                await self._session.execute(
                    insert_into(self._session, WatchedFile)
                    .values(
                        watch_id=watch.id, name_sha256=file.name_sha256, name=file.name,
                        size=file.size, mtime_ns=file.mtime_ns, changed_ms=now,
                    )
                    .on_conflict_do_nothing()
                )  # fmt: skip
            elif (row.size, row.mtime_ns) != (file.size, file.mtime_ns):
                row.size, row.mtime_ns, row.changed_ms, row.job_id = (
                    file.size, file.mtime_ns, now, None,
                )  # fmt: skip
            elif row.job_id is None and now - row.changed_ms >= settle_ms:
                ready.append(file)
        await self._session.flush()
        return ready[:most]

    async def remember_job(self, watch: Claim, file: FoundFile, job_id: str) -> None:
        """The job that was made of a file."""
        await self._session.execute(
            update(WatchedFile)
            .where(WatchedFile.watch_id == watch.id, WatchedFile.name_sha256 == file.name_sha256)
            .values(job_id=job_id)
        )


def _outcome(state: str, counts: dict[str, int]) -> tuple[str, dict[str, Any] | None]:
    """A parent's final state and error, from its own state and its children's."""
    if state == "cancelling":
        return "cancelled", None
    total, good = sum(counts.values()), counts.get("succeeded", 0)
    if good == total:
        return "succeeded", None
    error = {
        "code": "children_failed",
        "cause": f"{total - good} of {total} jobs did not succeed",
        "remedy": "See these jobs; run the batch again to do only them again",
    }
    return ("partial" if good or counts.get("partial") else "failed"), error
