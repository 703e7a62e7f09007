"""Links to give away: one file of a job, for whoever has the link, until it expires or is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import LinkInvalid, NotFound
from videoclip.store.clock import now_ms
from videoclip.store.models import Job, ShareLink
from videoclip.store.objects import ObjectRef
from videoclip.store.secret_words import hashed, new_secret

__all__ = ["JobFile", "ShareRecord", "Shares", "job_files", "open_share"]


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file that a job made."""

    name: str
    ref: ObjectRef
    media_type: str


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """A link that was given away; its secret is told once, when it is made."""

    id: str
    job_id: str
    name: str
    created_by: str | None
    created_ms: int
    expires_ms: int
    revoked_ms: int | None


def job_files(result: dict[str, Any] | None) -> dict[str, JobFile]:
    """The files of a job's result, by name."""
    return {
        str(file["name"]): JobFile(
            str(file["name"]),
            ObjectRef(str(file["sha256"]), int(file["size"])),
            str(file.get("media_type") or "application/octet-stream"),
        )
        for file in (result or {}).get("files", ())
    }


class Shares:
    """Statements over one session for one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace = workspace_id

    async def create(
        self, job_id: str, name: str, *, life_ms: int, created_by: str | None = None
    ) -> tuple[ShareRecord, str]:
        """Give a link to a file of a job; returns it and its secret.

        Raises:
            NotFound: the workspace has no such job, or the job no such file.
        """
        await self._check_file(job_id, name)
        secret = new_secret("share")
        now = int(await self._session.scalar(select(now_ms())) or 0)
        row = ShareLink(
            id=str(uuid7()), workspace_id=self._workspace, created_by=created_by, job_id=job_id,
            name=name, token_sha256=hashed(secret), created_ms=now, expires_ms=now + life_ms,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _record(row), secret

    async def of_job(self, job_id: str, before: str | None, limit: int) -> list[ShareRecord]:
        """The newest links to files of a job older than link ``before``, those that no longer work among them."""
        query = select(ShareLink).where(
            ShareLink.job_id == job_id, ShareLink.workspace_id == self._workspace
        )
        if before is not None:
            query = query.where(ShareLink.id < before)
        rows = await self._session.scalars(query.order_by(ShareLink.id.desc()).limit(limit))
        return [_record(row) for row in rows]

    async def revoke(self, share_id: str) -> None:
        """Take a link back; doing it twice changes nothing.

        Raises:
            NotFound: the workspace gave no such link.
        """
        found = await self._session.scalar(
            update(ShareLink)
            .where(ShareLink.id == share_id, ShareLink.workspace_id == self._workspace)
            .values(revoked_ms=now_ms())
            .returning(ShareLink.id)
        )
        if found is None:
            raise NotFound("there is no such link", "List the links of the job")

    async def _check_file(self, job_id: str, name: str) -> None:
        row = (
            await self._session.execute(
                select(Job.result).where(Job.id == job_id, Job.workspace_id == self._workspace)
            )
        ).one_or_none()
        if row is None:
            raise NotFound("there is no such job", "List the jobs and use one of their ids")
        if name not in job_files(row.result):
            raise NotFound("the job has no such file", "List the files of the job")


async def open_share(session: AsyncSession, share_id: str, secret: str) -> JobFile:
    """The file behind a link that somebody was given.

    Raises:
        LinkInvalid: there is no such link, its secret is another, it expired or was taken back.
    """
    row = (
        await session.execute(
            select(ShareLink.name, Job.result)
            .join(Job, Job.id == ShareLink.job_id)
            .where(
                ShareLink.id == share_id,
                ShareLink.token_sha256 == hashed(secret),
                ShareLink.revoked_ms.is_(None),
                ShareLink.expires_ms > now_ms(),
            )
        )
    ).one_or_none()
    file = None if row is None else job_files(row.result).get(row.name)
    if file is None:
        raise LinkInvalid(
            "the link is not valid, or no longer", "Ask whoever gave it for a new one"
        )
    return file


def _record(row: ShareLink) -> ShareRecord:
    return ShareRecord(
        row.id, row.job_id, row.name, row.created_by, row.created_ms, row.expires_ms, row.revoked_ms
    )
