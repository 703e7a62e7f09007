"""Reads and writes of jobs, units, artifacts. The caller owns the transaction; nothing commits here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import JobBusy, StoreError
from videoclip.store.insert import insert_into
from videoclip.store.models import Artifact, Base, FileDigest, Job, UnitRow
from videoclip.store.objects import ObjectRef
from videoclip.store.records import ArtifactRecord, JobRecord, UnitFailure

__all__ = ["Repository"]

_IN_LIMIT = 500
"""Values in one IN list; SQLite allows 32,766, older builds 999."""


class Repository:
    """All statements, over one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ensure_job(self, kind: str, key: str, request: dict[str, Any]) -> JobRecord:
        """The job with this key, made if there is none."""
        wanted = select(Job).where(Job.key == key)
        job = await self._session.scalar(wanted)
        if job is None:
            await self._insert_new(
                Job, id=str(uuid7()), key=key, kind=kind, request=request, state="queued", attempt=0
            )
            job = (await self._session.scalars(wanted)).one()
        return _job(job)

    async def job(self, job_id: str) -> JobRecord:
        """One job.

        Raises:
            StoreError: there is none with this id.
        """
        job = await self._session.get(Job, job_id)
        if job is None:
            raise StoreError(f"there is no job {job_id}", "List the jobs and use one of their ids")
        return _job(job)

    async def start_attempt(self, job_id: str) -> int:
        """Raise the fence: commits of earlier attempts are refused from now on."""
        await self._session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(attempt=Job.attempt + 1, state="running", error=None)
        )
        job = await self._session.get(Job, job_id, populate_existing=True)
        if job is None:
            raise StoreError(f"there is no job {job_id}", "List the jobs and use one of their ids")
        return job.attempt

    async def finish_job(
        self, job_id: str, attempt: int, state: str, error: dict[str, Any] | None
    ) -> None:
        """Write the final state of an attempt, if it is still the newest."""
        await self._session.execute(
            update(Job)
            .where(Job.id == job_id, Job.attempt == attempt)
            .values(state=state, error=error)
        )

    async def artifacts(self, fingerprints: Iterable[str]) -> dict[str, ArtifactRecord]:
        """The artifacts that exist among these fingerprints."""
        wanted = list(fingerprints)
        found: dict[str, ArtifactRecord] = {}
        for first in range(0, len(wanted), _IN_LIMIT):
            rows = await self._session.scalars(
                select(Artifact).where(Artifact.fingerprint.in_(wanted[first : first + _IN_LIMIT]))
            )
            found.update((row.fingerprint, _artifact(row)) for row in rows)
        return found

    async def commit_unit(
        self,
        job_id: str,
        attempt: int,
        key: str,
        artifact: ArtifactRecord,
        *,
        reused: bool = False,
    ) -> None:
        """A unit is done: its artifact and its row, in one transaction, under the fence.

        Raises:
            JobBusy: a newer attempt owns the job.
        """
        await self._check_fence(job_id, attempt)
        if not reused:
            await self._insert_new(
                Artifact,
                fingerprint=artifact.fingerprint,
                stage=artifact.stage,
                payload=artifact.payload,
                objects={
                    role: {"sha256": ref.sha256, "size": ref.size}
                    for role, ref in artifact.objects.items()
                },
                wall_s=artifact.wall_s,
                cpu_s=artifact.cpu_s,
            )
        await self._session.merge(
            UnitRow(
                job_id=job_id,
                stage=artifact.stage,
                key=key,
                fingerprint=artifact.fingerprint,
                state="reused" if reused else "done",
                attempt=attempt,
                wall_s=0.0 if reused else artifact.wall_s,
                cpu_s=0.0 if reused else artifact.cpu_s,
                gpu_s=0.0 if reused else artifact.gpu_s,
                started_ms=None if reused else artifact.started_ms,
                finished_ms=None if reused else artifact.finished_ms,
                error=None,
            )
        )

    async def fail_unit(
        self,
        job_id: str,
        attempt: int,
        stage: str,
        key: str,
        fingerprint: str,
        failure: UnitFailure,
    ) -> None:
        """A unit failed for good in this attempt."""
        await self._check_fence(job_id, attempt)
        await self._session.merge(
            UnitRow(
                job_id=job_id,
                stage=stage,
                key=key,
                fingerprint=fingerprint,
                state="failed",
                attempt=attempt,
                error={"code": failure.code, "cause": failure.cause, "remedy": failure.remedy},
            )
        )

    async def forget_artifact(self, fingerprint: str) -> None:
        """Drop a row whose files are gone, so that the work is done again."""
        await self._session.execute(delete(Artifact).where(Artifact.fingerprint == fingerprint))

    async def digest(self, path: str, size: int, mtime_ns: int, inode: int) -> str | None:
        """The remembered SHA-256 of an unchanged file."""
        row = await self._session.get(FileDigest, path)
        if row is None or (row.size, row.mtime_ns, row.inode) != (size, mtime_ns, inode):
            return None
        return row.sha256

    async def remember_digest(
        self, path: str, size: int, mtime_ns: int, inode: int, sha256: str
    ) -> None:
        """Remember a file's SHA-256."""
        await self._session.execute(
            insert_into(self._session, FileDigest)
            .values(path=path, size=size, mtime_ns=mtime_ns, inode=inode, sha256=sha256)
            .on_conflict_do_update(
                index_elements=["path"],
                set_={"size": size, "mtime_ns": mtime_ns, "inode": inode, "sha256": sha256},
            )
        )

    async def _insert_new(self, table: type[Base], **values: Any) -> None:
        """Insert a row unless one with its key is there, made by another process a moment ago perhaps."""
        await self._session.execute(
            insert_into(self._session, table).values(**values).on_conflict_do_nothing()
        )

    async def _check_fence(self, job_id: str, attempt: int) -> None:
        # PostgreSQL: the row stays as it is until this transaction ends. SQLite has one writer anyway.
        newest = await self._session.scalar(
            select(Job.attempt).where(Job.id == job_id).with_for_update(read=True)
        )
        if newest != attempt:
            raise JobBusy(
                f"attempt {attempt} of job {job_id} was overtaken by attempt {newest}",
                "Leave this process; the newer attempt goes on with the job",
            )


def _job(row: Job) -> JobRecord:
    return JobRecord(
        id=row.id, kind=row.kind, request=row.request, state=row.state, attempt=row.attempt,
        workspace_id=row.workspace_id,
    )  # fmt: skip


def _artifact(row: Artifact) -> ArtifactRecord:
    return ArtifactRecord(
        fingerprint=row.fingerprint,
        stage=row.stage,
        payload=row.payload,
        objects={
            role: ObjectRef(str(ref["sha256"]), int(ref["size"]))
            for role, ref in row.objects.items()
        },
        wall_s=row.wall_s,
        cpu_s=row.cpu_s,
    )
