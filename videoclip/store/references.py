"""What the references in a job's request mean in its workspace: assets, files of earlier jobs, transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import NotFound
from videoclip.store.models import Asset, Job, TranscriptRow, TranscriptVersion
from videoclip.store.objects import ObjectRef

__all__ = ["References", "StoredFile"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object with the name that people know it by."""

    name: str
    ref: ObjectRef


class References:
    """Statements over one session and one workspace: what belongs to others is not found."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def asset(self, asset_id: str) -> StoredFile:
        """A video of the library.

        Raises:
            NotFound: there is none, or its content is gone.
        """
        row = await self._session.scalar(
            select(Asset).where(Asset.id == asset_id, Asset.workspace_id == self._workspace_id)
        )
        if row is None or row.state != "ready":
            raise _missing(f"asset:{asset_id}")
        return StoredFile(row.name, ObjectRef(row.sha256, row.size))

    async def job_file(self, job_id: str, name: str) -> StoredFile:
        """A file that an earlier job made.

        Raises:
            NotFound: there is no such job, or it made no such file.
        """
        result: dict[str, Any] | None = await self._session.scalar(
            select(Job.result).where(Job.id == job_id, Job.workspace_id == self._workspace_id)
        )
        for file in (result or {}).get("files", ()):
            if file["name"] == name:
                return StoredFile(name.rpartition("/")[2], ObjectRef(file["sha256"], file["size"]))
        raise _missing(f"job:{job_id}/{name}")

    async def transcript(self, transcript_id: str) -> dict[str, Any]:
        """The newest version of a transcript.

        Raises:
            NotFound: there is none.
        """
        content = await self._session.scalar(
            select(TranscriptVersion.content)
            .join(TranscriptRow, TranscriptRow.id == TranscriptVersion.transcript_id)
            .where(
                TranscriptRow.id == transcript_id,
                TranscriptRow.workspace_id == self._workspace_id,
                TranscriptVersion.version == TranscriptRow.version,
            )
        )
        if content is None:
            raise _missing(f"transcript:{transcript_id}")
        return dict(content)


def _missing(reference: str) -> NotFound:
    return NotFound(
        f"there is no {reference} in this workspace", "List what is there and name one of these"
    )
