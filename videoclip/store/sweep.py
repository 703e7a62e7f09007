"""Clears away: expired uploads, files and rows that lost each other, results that no job refers to, old data.

Everything here may be killed at any point and run again, in several processes at once. What is young is left
alone: an object is stored before the row that refers to it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import String, cast, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import StoreError, UploadBusy
from videoclip.settings import Settings
from videoclip.store.clock import now_ms
from videoclip.store.control import FINAL
from videoclip.store.database import Database
from videoclip.store.models import (
    Artifact,
    Asset,
    AssetFile,
    Job,
    Preset,
    UnitRow,
    Upload,
    Workspace,
)
from videoclip.store.objects import ObjectRef, Objects
from videoclip.store.quotas import Quotas
from videoclip.store.staging import Staging

__all__ = ["Sweep", "Swept"]

_DAY_MS = 24 * 3600 * 1000
_MANY = 500
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(slots=True)
class Swept:
    """What a sweep did."""

    uploads: int = 0
    """Expired ones."""
    files: int = 0
    """Bytes of uploads without a row, and half-written objects."""
    parts: int = 0
    """Uploads in parts to a bucket that nobody completed."""
    objects: int = 0
    """Objects that nothing refers to."""
    missing: list[str] = field(default_factory=list)
    """Assets whose object is gone."""
    artifacts: int = 0
    """Results whose object is gone, or that no job refers to."""
    jobs: int = 0
    """Finished ones, older than their workspace keeps them."""
    assets: int = 0
    """The same."""


class Sweep:
    """One sweep over the whole store.

    Args:
        database: the rows.
        objects: the files.
        staging: the bytes of uploads.
        settings: how long things are kept.
    """

    def __init__(
        self, database: Database, objects: Objects, staging: Staging, settings: Settings
    ) -> None:
        self._database = database
        self._objects = objects
        self._staging = staging
        self._settings = settings

    async def run(self) -> Swept:
        """Do all of it.

        Raises:
            StoreError: the database or the bucket refused, or the objects are not those of this database.
        """
        swept = Swept()
        swept.uploads = await self.expired_uploads()
        swept.files = await self.stray_files()
        await self._retire(swept)
        await self._reconcile(swept)
        before = time.time() - self._grace_s
        swept.files += await asyncio.to_thread(self._objects.sweep, before)
        swept.parts = await asyncio.to_thread(self._objects.abort_parts, before)
        return swept

    @property
    def _grace_s(self) -> float:
        return self._settings.sweep.grace_hours * 3600

    # ------------------------------------------------------------------ uploads

    async def unfinished(self, after: str = "", limit: int = 100) -> list[tuple[str, str]]:
        """Workspace and id of uploads whose bytes are all here, and that are neither assets nor refused yet.

        Args:
            after: id of the last one of the page before; one that cannot be finished must not keep others back.
            limit: at most so many.
        """
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Upload.workspace_id, Upload.id)
                .where(Upload.state == "received", Upload.concat != "partial", Upload.id > after)
                .order_by(Upload.id)
                .limit(limit)
            )
            return [(row[0], row[1]) for row in rows]

    async def expired_uploads(self) -> int:
        """Remove uploads to which nothing was added for too long; whoever is adding something keeps his."""
        gone, last = 0, ""
        while True:
            async with self._database.reading() as session:
                ids = await session.scalars(
                    select(Upload.id)
                    .where(Upload.id > last, *_expired())
                    .order_by(Upload.id)
                    .limit(_MANY)
                )
                found = list(ids)
            for upload_id in found:
                gone += await self._expire(upload_id)
            if len(found) < _MANY:
                return gone
            last = found[-1]

    async def _expire(self, upload_id: str) -> int:
        try:
            with self._staging.hold(upload_id):
                async with self._database.session() as session:
                    # Again, now that nobody writes: the writer may have put the expiry off.
                    still = await session.scalar(
                        delete(Upload)
                        .where(Upload.id == upload_id, *_expired())
                        .returning(Upload.id)
                    )
                    if still is None:
                        return 0
                    parts = await session.scalars(
                        delete(Upload).where(Upload.joined_into == upload_id).returning(Upload.id)
                    )
                    names = [upload_id, *parts]
                for name in names:
                    self._staging.remove(name)
        except UploadBusy:
            return 0
        return 1

    async def stray_files(self) -> int:
        """Remove bytes of uploads that have no row, as a kill leaves them."""
        before = time.time() - self._grace_s
        old = [name for name, touched in self._staging.ids() if touched < before]
        gone = 0
        for first in range(0, len(old), _MANY):
            some = old[first : first + _MANY]
            async with self._database.reading() as session:
                known = set(await session.scalars(select(Upload.id).where(Upload.id.in_(some))))
            for name in set(some) - known:
                self._staging.remove(name)
                gone += 1
        return gone

    # ------------------------------------------------------------------ retention

    async def _retire(self, swept: Swept) -> None:
        async with self._database.reading() as session:
            workspaces = list(await session.scalars(select(Workspace.id)))
        for workspace_id in workspaces:
            async with self._database.session() as session:
                limits = await Quotas(session, workspace_id, self._settings.quota).limits()
                if limits.retention_days is not None:
                    jobs, assets = await _retire(session, workspace_id, limits.retention_days)
                    swept.jobs += jobs
                    swept.assets += assets
        swept.artifacts += await self._forget_unused()

    async def _forget_unused(self) -> int:
        """Forget results that no job refers to any more."""
        before = datetime.now(timezone.utc) - timedelta(days=self._settings.sweep.result_days)
        async with self._database.session() as session:
            gone = await session.scalars(
                delete(Artifact)
                .where(
                    Artifact.created_at < before,
                    ~exists().where(UnitRow.fingerprint == Artifact.fingerprint),
                )
                .returning(Artifact.fingerprint)
            )
            return len(list(gone))

    # ------------------------------------------------------------------ rows and objects

    async def _reconcile(self, swept: Swept) -> None:
        """First the objects are listed, then the rows: what came in between is younger than the grace."""
        here = dict(await asyncio.to_thread(lambda: list(self._objects.items())))
        wanted = await self._referred()
        before = time.time() - self._grace_s
        if not wanted:
            return  # a new database: whatever lies there may be another's, or wait for its backup
        if wanted.isdisjoint(ref.sha256 for ref in here):
            raise StoreError(
                f"not one of {len(wanted)} objects of this database is in the object store",
                "Check VIDEOCLIP_OBJECTS__URL and the data folder: nothing was cleared away",
            )
        wanted |= await self._on_the_way()
        for ref, stored in here.items():
            if ref.sha256 not in wanted and stored < before:
                swept.objects += await asyncio.to_thread(self._objects.delete, ref, before)
        await self._repair_assets(here, swept)
        swept.artifacts += await self._forget_lost(here)

    async def _referred(self) -> set[str]:
        """Digests of all objects that a row refers to."""
        found: set[str] = set()
        async with self._database.reading() as session:
            for digest in (Asset.sha256, AssetFile.sha256):
                found.update(await session.scalars(select(digest)))
        async for _, objects in self._all(Artifact.fingerprint, Artifact.objects):
            found.update(_digests(objects))
        async for _, result in self._all(Job.id, Job.result):
            found.update(_digests(result))
        return found

    async def _all(self, key: Any, column: Any) -> AsyncIterator[tuple[str, Any]]:
        """A column of all rows in the order of their keys, some at a time: no transaction stays open for long."""
        last = ""
        while True:
            async with self._database.reading() as session:
                rows = await session.execute(
                    select(key, column).where(key > last).order_by(key).limit(_MANY)
                )
                some = [(row[0], row[1]) for row in rows]
            for row in some:
                yield row
            if len(some) < _MANY:
                return
            last = some[-1][0]

    async def _on_the_way(self) -> set[str]:
        """Digests of uploads that are becoming objects."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(Upload.sha256).where(Upload.state == "received"))
            return {digest for digest in rows if digest is not None}

    async def _repair_assets(self, here: Iterable[ObjectRef], swept: Swept) -> None:
        """An asset whose object is gone says so; one whose object came back (a restored backup) can be used again."""
        there = set(here)
        async with self._database.reading() as session:
            rows = await session.execute(select(Asset.id, Asset.sha256, Asset.size, Asset.state))
            wrong = [
                (row.id, "ready" if whole else "missing", ref)
                for row in rows
                if (whole := (ref := ObjectRef(row.sha256, row.size)) in there)
                != (row.state == "ready")
            ]
        for asset_id, state, ref in wrong:
            # It may have been stored after the listing.
            if state == "missing" and await asyncio.to_thread(self._objects.has, ref):
                continue
            async with self._database.session() as session:
                await session.execute(update(Asset).where(Asset.id == asset_id).values(state=state))
            if state == "missing":
                swept.missing.append(asset_id)

    async def _forget_lost(self, here: Iterable[ObjectRef]) -> int:
        """Forget results whose files are gone, so that they are made anew."""
        there = {ref.sha256 for ref in here}
        lost: list[str] = []
        async for name, objects in self._all(Artifact.fingerprint, Artifact.objects):
            refs = [ObjectRef(str(one["sha256"]), int(one["size"])) for one in objects.values()]
            gone = [ref for ref in refs if ref.sha256 not in there]
            if gone and not await asyncio.to_thread(self._all_there, gone):
                lost.append(name)
        for first in range(0, len(lost), _MANY):
            async with self._database.session() as session:
                await session.execute(
                    delete(Artifact).where(Artifact.fingerprint.in_(lost[first : first + _MANY]))
                )
        return len(lost)

    def _all_there(self, refs: Sequence[ObjectRef]) -> bool:
        return all(self._objects.has(ref) for ref in refs)


def _expired() -> tuple[Any, ...]:
    # A part goes with what it was joined into.
    return Upload.expires_ms < now_ms(), Upload.joined_into.is_(None)


async def _retire(session: AsyncSession, workspace_id: str, days: int) -> tuple[int, int]:
    """Forget finished jobs and assets that are older; an asset that an unfinished job or a preset names stays."""
    before = now_ms() - days * _DAY_MS
    jobs = await session.scalars(
        delete(Job)
        .where(Job.workspace_id == workspace_id, Job.state.in_(FINAL), Job.finished_ms < before)
        .returning(Job.id)
    )
    gone = len(list(jobs))
    in_use = exists().where(
        Job.workspace_id == workspace_id,
        Job.state.not_in(FINAL),
        cast(Job.request, String).contains(Asset.id),
    )
    in_preset = exists().where(
        Preset.workspace_id == workspace_id, cast(Preset.render, String).contains(Asset.id)
    )
    assets = await session.scalars(
        delete(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.created_ms < before, ~in_use, ~in_preset)
        .returning(Asset.id)
    )
    return gone, len(list(assets))


def _digests(value: Any) -> Iterator[str]:
    """Every SHA-256 in a JSON value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _digests(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _digests(inner)
    elif isinstance(value, str) and _SHA256.fullmatch(value):
        yield value
