"""Transcripts of a workspace in versions: the recogniser's first, then what people corrected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import Conflict, NotFound
from videoclip.store.clock import now_ms
from videoclip.store.insert import insert_into
from videoclip.store.models import Asset, TranscriptRow, TranscriptVersion
from videoclip.store.transcript_deltas import going_back, is_delta_text, unrolled

__all__ = ["TranscriptRecord", "Transcripts", "VersionRecord"]


@dataclass(frozen=True, slots=True)
class TranscriptRecord:
    """A transcript, without its words."""

    id: str
    job_id: str | None
    asset_id: str | None
    name: str
    language: str
    version: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One of its versions, without its words."""

    version: int
    author: str | None
    """None: the recogniser."""
    note: str
    created_ms: int


class Transcripts:
    """Statements over one session for one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace = workspace_id

    async def add(
        self,
        content: Mapping[str, Any],
        *,
        name: str,
        job_id: str | None = None,
        asset_id: str | None = None,
        author: str | None = None,
    ) -> TranscriptRecord:
        """A transcript's first version; a job has one transcript, however often this is called for it.

        Args:
            content: a `Transcript` as JSON.
            name: for people.
            job_id: that made it.
            asset_id: that it is of.
            author: who wrote it; None: a recogniser.
        """
        now = await self._session.scalar(select(now_ms()))
        transcript_id = str(uuid7())
        if asset_id is not None:  # it may be deleted by now
            asset_id = await self._session.scalar(
                select(Asset.id).where(Asset.id == asset_id, Asset.workspace_id == self._workspace)
            )
        made = await self._session.scalar(
            insert_into(self._session, TranscriptRow)
            .values(
                id=transcript_id, workspace_id=self._workspace, job_id=job_id, asset_id=asset_id,
                name=name[:255], language=str(content["language"])[:35], version=1, created_ms=now,
            )
            .on_conflict_do_nothing(index_elements=["job_id"])
            .returning(TranscriptRow.id)
        )  # fmt: skip
        if made is not None:
            self._session.add(
                TranscriptVersion(
                    transcript_id=made,
                    version=1,
                    content=dict(content),
                    author=author,
                    created_ms=now,
                )
            )
            await self._session.flush()
            return await self.get(made)
        known = await self.of_job(job_id or "")
        if known is None:
            raise _unknown()
        return known

    async def get(self, transcript_id: str) -> TranscriptRecord:
        """One transcript.

        Raises:
            NotFound: the workspace has none with this id.
        """
        row = await self._session.scalar(
            self._mine()
            .where(TranscriptRow.id == transcript_id)
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise _unknown()
        return _record(row)

    async def of_job(self, job_id: str) -> TranscriptRecord | None:
        """The transcript that a job made."""
        row = await self._session.scalar(self._mine().where(TranscriptRow.job_id == job_id))
        return None if row is None else _record(row)

    async def page(self, *, after: str | None = None, limit: int = 50) -> list[TranscriptRecord]:
        """The newest first; ``after``: the id of the last one of the page before."""
        wanted = self._mine()
        if after is not None:
            wanted = wanted.where(TranscriptRow.id < after)
        rows = await self._session.scalars(wanted.order_by(TranscriptRow.id.desc()).limit(limit))
        return [_record(row) for row in rows]

    async def content(self, transcript_id: str, version: int | None = None) -> dict[str, Any]:
        """The words of a version (a `Transcript` as JSON); None: the newest.

        Raises:
            NotFound: the workspace has no such transcript, or it has no such version.
        """
        record = await self.get(transcript_id)
        wanted = record.version if version is None else version
        # In one statement: somebody may write the next version, and what was whole becomes a difference.
        rows = (
            await self._session.execute(
                select(TranscriptVersion.version, TranscriptVersion.content)
                .where(
                    TranscriptVersion.transcript_id == transcript_id,
                    TranscriptVersion.version >= wanted,
                )
                .order_by(TranscriptVersion.version.desc())
            )
        ).all()
        found = unrolled(row.content for row in rows)
        if found is None or rows[-1].version != wanted:
            raise NotFound("the transcript has no such version", "List its versions")
        return found

    async def text(self, transcript_id: str, version: int) -> str:
        """The same as JSON text, as it is kept: hours of words are megabytes, which need not be read to be sent.

        Raises:
            NotFound: the workspace has no such transcript, or it has no such version.
        """
        await self.get(transcript_id)
        found = await self._session.scalar(
            select(cast(TranscriptVersion.content, Text)).where(
                TranscriptVersion.transcript_id == transcript_id,
                TranscriptVersion.version == version,
            )
        )
        if found is None or is_delta_text(str(found)):
            return json.dumps(await self.content(transcript_id, version))
        return str(found)

    async def versions(self, transcript_id: str) -> list[VersionRecord]:
        """All versions, the newest first.

        Raises:
            NotFound: the workspace has no such transcript.
        """
        await self.get(transcript_id)
        rows = await self._session.execute(
            select(
                TranscriptVersion.version, TranscriptVersion.author, TranscriptVersion.note,
                TranscriptVersion.created_ms,
            )
            .where(TranscriptVersion.transcript_id == transcript_id)
            .order_by(TranscriptVersion.version.desc())
        )  # fmt: skip
        return [VersionRecord(*row) for row in rows]

    async def correct(
        self,
        transcript_id: str,
        base: int,
        content: Mapping[str, Any],
        *,
        before: Mapping[str, Any],
        author: str | None,
        note: str = "",
    ) -> TranscriptRecord:
        """Write the version after ``base``; of that only the difference is kept.

        Args:
            transcript_id: whose.
            base: the version that was corrected.
            content: the new one, a `Transcript` as JSON.
            before: what ``base`` is.
            author: who has corrected it.
            note: why.

        Raises:
            NotFound: the workspace has no such transcript.
            Conflict: somebody else has written that version already.
        """
        record = await self.get(transcript_id)
        raised = await self._session.scalar(
            update(TranscriptRow)
            .where(TranscriptRow.id == transcript_id, TranscriptRow.version == base)
            .values(version=base + 1)
            .returning(TranscriptRow.version)
        )
        if raised is None:
            raise Conflict(
                f"the transcript has version {record.version}, and this is a correction of {base}",
                "Read the newest version, and correct that",
            )
        await self._session.execute(
            update(TranscriptVersion)
            .where(
                TranscriptVersion.transcript_id == transcript_id, TranscriptVersion.version == base
            )
            .values(content=going_back(before, content))
        )
        now = await self._session.scalar(select(now_ms()))
        self._session.add(
            TranscriptVersion(
                transcript_id=transcript_id, version=raised, content=dict(content), author=author,
                note=note, created_ms=now,
            )
        )  # fmt: skip
        await self._session.flush()
        return await self.get(transcript_id)

    def _mine(self) -> Any:
        return select(TranscriptRow).where(TranscriptRow.workspace_id == self._workspace)


def _record(row: TranscriptRow) -> TranscriptRecord:
    return TranscriptRecord(
        row.id, row.job_id, row.asset_id, row.name, row.language, row.version, row.created_ms
    )


def _unknown() -> NotFound:
    return NotFound("there is no such transcript", "List the transcripts and use one of their ids")
