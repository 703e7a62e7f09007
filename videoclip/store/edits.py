"""What people want made: candidates that they accept or reject, and clips that they edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import Conflict, NotFound
from videoclip.schemas.api.highlights import Decision
from videoclip.store.clock import now_ms
from videoclip.store.insert import insert_into
from videoclip.store.models import ClipSpec, HighlightDecision, Job

__all__ = ["ClipSpecRecord", "ClipSpecs", "Decisions"]


class Decisions:
    """Decisions on candidates; statements over one session for one workspace."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace = workspace_id

    async def of_job(self, job_id: str) -> dict[str, Decision]:
        """By candidate; those without a decision are not named.

        Raises:
            NotFound: the workspace has no such job.
        """
        await self._check(job_id)
        rows = await self._session.execute(
            select(HighlightDecision.candidate_id, HighlightDecision.decision).where(
                HighlightDecision.job_id == job_id
            )
        )
        return {row.candidate_id: row.decision for row in rows}

    async def decide(
        self, job_id: str, candidate_id: str, decision: Decision | None, *, author: str | None
    ) -> None:
        """Accept or reject a candidate; None: take the decision back.

        Raises:
            NotFound: the workspace has no such job.
        """
        await self._check(job_id)
        if decision is None:
            await self._session.execute(
                delete(HighlightDecision).where(
                    HighlightDecision.job_id == job_id,
                    HighlightDecision.candidate_id == candidate_id,
                )
            )
            return
        values = {"decision": decision, "author": author, "decided_ms": now_ms()}
        await self._session.execute(
            insert_into(self._session, HighlightDecision)
            .values(job_id=job_id, candidate_id=candidate_id, **values)
            .on_conflict_do_update(index_elements=["job_id", "candidate_id"], set_=values)
        )

    async def _check(self, job_id: str) -> None:
        found = await self._session.scalar(
            select(Job.id).where(Job.id == job_id, Job.workspace_id == self._workspace)
        )
        if found is None:
            raise NotFound("there is no such job", "List the jobs and use one of their ids")


@dataclass(frozen=True, slots=True)
class ClipSpecRecord:
    """An edit list with a style."""

    id: str
    source: str
    title: str
    ranges: list[dict[str, int]]
    render: dict[str, Any]
    transcript_id: str | None
    job_id: str | None
    candidate_id: str | None
    version: int
    created_by: str | None
    created_ms: int
    updated_ms: int


class ClipSpecs:
    """Edited clips; statements over one session for one workspace."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace = workspace_id

    async def create(
        self,
        *,
        source: str,
        title: str,
        ranges: Sequence[Mapping[str, int]],
        render: Mapping[str, Any],
        transcript_id: str | None = None,
        job_id: str | None = None,
        candidate_id: str | None = None,
        created_by: str | None = None,
    ) -> ClipSpecRecord:
        """A new one; what it refers to must be this workspace's, which the caller has checked."""
        now = int(await self._session.scalar(select(now_ms())) or 0)
        row = ClipSpec(
            id=str(uuid7()), workspace_id=self._workspace, source=source, title=title,
            ranges=[dict(piece) for piece in ranges], render=dict(render),
            transcript_id=transcript_id, job_id=job_id, candidate_id=candidate_id, version=1,
            created_by=created_by, created_ms=now, updated_ms=now,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _record(row)

    async def get(self, spec_id: str) -> ClipSpecRecord:
        """One of them.

        Raises:
            NotFound: the workspace has none with this id.
        """
        row = await self._session.scalar(
            self._mine().where(ClipSpec.id == spec_id).execution_options(populate_existing=True)
        )
        if row is None:
            raise _unknown()
        return _record(row)

    async def page(
        self, *, after: str | None = None, limit: int = 50, job_id: str | None = None
    ) -> list[ClipSpecRecord]:
        """The newest first; ``after``: the id of the last one of the page before; ``job_id``: only of its review."""
        wanted = self._mine()
        if job_id is not None:
            wanted = wanted.where(ClipSpec.job_id == job_id)
        if after is not None:
            wanted = wanted.where(ClipSpec.id < after)
        rows = await self._session.scalars(wanted.order_by(ClipSpec.id.desc()).limit(limit))
        return [_record(row) for row in rows]

    async def edit(self, spec_id: str, base: int, **changes: Any) -> ClipSpecRecord:
        """Change title, ranges, render or transcript_id of version ``base``.

        Raises:
            NotFound: the workspace has none with this id.
            Conflict: somebody else has changed it in between.
        """
        record = await self.get(spec_id)
        raised = await self._session.scalar(
            update(ClipSpec)
            .where(ClipSpec.id == spec_id, ClipSpec.version == base)
            .values(version=base + 1, updated_ms=now_ms(), **changes)
            .returning(ClipSpec.version)
        )
        if raised is None:
            raise Conflict(
                f"the clip has version {record.version}, and this is a change of {base}",
                "Read the newest version, and change that",
            )
        return await self.get(spec_id)

    async def delete(self, spec_id: str) -> None:
        """Forget it; what was rendered of it stays.

        Raises:
            NotFound: the workspace has none with this id.
        """
        gone = await self._session.scalar(
            delete(ClipSpec)
            .where(ClipSpec.id == spec_id, ClipSpec.workspace_id == self._workspace)
            .returning(ClipSpec.id)
        )
        if gone is None:
            raise _unknown()

    def _mine(self) -> Any:
        return select(ClipSpec).where(ClipSpec.workspace_id == self._workspace)


def _record(row: ClipSpec) -> ClipSpecRecord:
    return ClipSpecRecord(
        row.id, row.source, row.title, row.ranges, row.render, row.transcript_id, row.job_id,
        row.candidate_id, row.version, row.created_by, row.created_ms, row.updated_ms,
    )  # fmt: skip


def _unknown() -> NotFound:
    return NotFound("there is no such clip", "List the edited clips and use one of their ids")
