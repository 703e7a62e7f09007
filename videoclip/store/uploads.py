"""Rows of uploads: what was announced, how far it has come, what it became."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import NotFound, OffsetMismatch, UsageError, WrongState
from videoclip.settings import Settings
from videoclip.store.clock import now_ms
from videoclip.store.models import Upload
from videoclip.store.quotas import Quotas

__all__ = ["UploadRecord", "Uploads", "display_name"]

_NAME_BYTES = 255
_DETAILS_BYTES = 8 * 1024
_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """An upload as it stands."""

    id: str
    workspace_id: str
    created_by: str | None
    name: str
    details: dict[str, Any]
    size: int
    offset: int
    state: str
    """open, received (all bytes are here), finished (it is an asset) or refused."""
    concat: str
    parts: tuple[str, ...]
    joined_into: str | None
    sha256: str | None
    error: dict[str, Any] | None
    asset_id: str | None
    created_ms: int
    expires_ms: int
    expired: bool


def display_name(name: str) -> str:
    """A file name for people: without folders and control characters, and not too long; never a path of ours."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable())
    short = clean.strip().encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore")
    return "upload" if short.strip(" .") == "" else short


class Uploads:
    """Statements over one session for one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str, settings: Settings) -> None:
        self._session = session
        self._workspace = workspace_id
        self._settings = settings
        self._quotas = Quotas(session, workspace_id, settings.quota)

    async def create(
        self,
        size: int,
        *,
        name: str = "",
        details: Mapping[str, Any] | None = None,
        created_by: str | None = None,
        partial: bool = False,
    ) -> UploadRecord:
        """Announce an upload; its bytes count against the quota from now on.

        Raises:
            QuotaExceeded: the workspace may not keep so much.
            UsageError: it has too many uploads that are not finished, or the details are too long.
        """
        if len(json.dumps(details or {})) > _DETAILS_BYTES:
            raise UsageError(
                "the upload's metadata are too long", "Send the file name and type only"
            )
        await self._quotas.add_bytes(size)
        unfinished = await self._session.scalar(
            select(func.count()).where(
                Upload.workspace_id == self._workspace, Upload.state.in_(("open", "received"))
            )
        )
        if (unfinished or 0) >= self._settings.uploads.max_open:
            raise UsageError(
                f"the workspace has {unfinished} uploads that are not finished",
                "Finish or delete some of them first",
            )
        return await self._add(
            size=size, name=display_name(name), details=dict(details or {}), created_by=created_by,
            concat="partial" if partial else "", state="open" if size else "received",
        )  # fmt: skip

    async def join(
        self,
        parts: Sequence[str],
        *,
        name: str = "",
        details: Mapping[str, Any] | None = None,
        created_by: str | None = None,
    ) -> UploadRecord:
        """Announce an upload that consists of finished partial ones, in this order.

        Raises:
            NotFound: one of them is not there.
            WrongState: one is not partial, not whole, or belongs to another already.
            TooLarge: together they are too large; the caller knows the limit.
        """
        if not 1 <= len(parts) <= _MOST_PARTS or len(set(parts)) != len(parts):
            raise UsageError(
                f"an upload is joined of 1 to {_MOST_PARTS} different parts", "Name each part once"
            )
        size = 0
        for part in parts:
            row = await self._row(part, hold=True)
            if row.concat != "partial" or row.state != "received" or row.joined_into is not None:
                raise WrongState(
                    f"upload {part} is not a whole partial upload that is still free",
                    "Join partial uploads (Upload-Concat: partial), once, when all their bytes are here",
                )
            size += row.size
        final = await self._add(
            size=size, name=display_name(name), details=dict(details or {}), created_by=created_by,
            concat="final", parts=list(parts), state="received", offset=size,
        )  # fmt: skip
        await self._session.execute(
            update(Upload).where(Upload.id.in_(parts)).values(joined_into=final.id)
        )
        return final

    async def get(self, upload_id: str) -> UploadRecord:
        """One upload.

        Raises:
            NotFound: this workspace has none with this id.
        """
        return await self._record(await self._row(upload_id))

    async def page(self, *, after: str | None = None, limit: int = 50) -> list[UploadRecord]:
        """The newest first; ``after``: the id of the last one of the page before."""
        wanted = select(Upload).where(Upload.workspace_id == self._workspace)
        if after is not None:
            wanted = wanted.where(Upload.id < after)
        rows = await self._session.scalars(wanted.order_by(Upload.id.desc()).limit(limit))
        now = await self._now()
        return [_record(row, now) for row in rows]

    async def may_write(self, upload_id: str) -> UploadRecord:
        """The upload, when bytes may be added to it at this moment.

        Raises:
            NotFound: this workspace has none with this id.
            QuotaExceeded: the workspace's quota is smaller by now than what it keeps.
        """
        record = await self.get(upload_id)
        await self._quotas.check_bytes()
        return record

    async def advance(self, upload_id: str, before: int, after: int) -> None:
        """So many bytes are on the disk; also puts off the expiry.

        Raises:
            OffsetMismatch: another request wrote in between, or the upload is gone.
        """
        moved = await self._session.scalar(
            update(Upload)
            .where(
                Upload.id == upload_id,
                Upload.workspace_id == self._workspace,
                Upload.state == "open",
                Upload.offset == before,
            )
            .values(
                offset=after,
                state=case((Upload.size == after, "received"), else_="open"),
                expires_ms=now_ms() + self._lifetime_ms,
            )
            .returning(Upload.id)
        )
        if moved is None:
            raise OffsetMismatch(
                "another request wrote to this upload", "Ask for its offset (HEAD) and go on there"
            )

    async def note_content(self, upload_id: str, sha256: str) -> None:
        """Remember what the bytes are, before they become an object."""
        await self._session.execute(
            update(Upload).where(Upload.id == upload_id).values(sha256=sha256)
        )

    async def refuse(self, upload_id: str, error: Mapping[str, Any]) -> None:
        """The file is no video that is accepted; its bytes stay until it expires."""
        await self._session.execute(
            update(Upload)
            .where(Upload.id == upload_id, Upload.state == "received")
            .values(state="refused", error=dict(error))
        )

    async def finish(self, upload_id: str, asset_id: str) -> bool:
        """The upload is an asset now; false where somebody else was faster."""
        done = await self._session.scalar(
            update(Upload)
            .where(Upload.id == upload_id, Upload.state == "received")
            .values(state="finished", asset_id=asset_id, error=None)
            .returning(Upload.id)
        )
        return done is not None

    async def remove(self, upload_id: str) -> list[str]:
        """Forget an upload and its parts; returns the ids whose bytes may go."""
        gone = await self._session.scalars(
            delete(Upload)
            .where(
                Upload.workspace_id == self._workspace,
                (Upload.id == upload_id) | (Upload.joined_into == upload_id),
            )
            .returning(Upload.id)
        )
        return list(gone)

    async def drop_parts(self, upload_id: str) -> list[str]:
        """Forget the parts of a joined upload; returns their ids."""
        gone = await self._session.scalars(
            delete(Upload)
            .where(Upload.workspace_id == self._workspace, Upload.joined_into == upload_id)
            .returning(Upload.id)
        )
        return list(gone)

    @property
    def _lifetime_ms(self) -> int:
        return self._settings.uploads.expire_hours * 3600 * 1000

    async def _add(self, **values: Any) -> UploadRecord:
        now = await self._now()
        row = Upload(
            id=str(uuid7()), workspace_id=self._workspace, created_ms=now,
            expires_ms=now + self._lifetime_ms, **values,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        await self._session.refresh(row)
        return _record(row, now)

    async def _row(self, upload_id: str, *, hold: bool = False) -> Upload:
        wanted = select(Upload).where(
            Upload.id == upload_id, Upload.workspace_id == self._workspace
        )
        row = await self._session.scalar(
            (wanted.with_for_update() if hold else wanted).execution_options(populate_existing=True)
        )
        if row is None:
            raise NotFound("there is no such upload", "Create it again; it may have expired")
        return row

    async def _record(self, row: Upload) -> UploadRecord:
        return _record(row, await self._now())

    async def _now(self) -> int:
        return int(await self._session.scalar(select(now_ms())) or 0)


def _record(row: Upload, now: int) -> UploadRecord:
    return UploadRecord(
        row.id, row.workspace_id, row.created_by, row.name, row.details, row.size, row.offset,
        row.state, row.concat, tuple(row.parts or ()), row.joined_into, row.sha256, row.error,
        row.asset_id, row.created_ms, row.expires_ms, row.expires_ms < now,
    )  # fmt: skip
