"""A store with two workspaces, and short ways to its uploads and assets."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable

from sqlalchemy import delete

from pipelines.assets import AssetMaker
from videoclip.settings import Settings
from videoclip.store.assets import Assets
from videoclip.store.database import Database
from videoclip.store.models import (
    Artifact,
    Asset,
    AssetFile,
    Job,
    Preset,
    Quota,
    ShareLink,
    TranscriptRow,
    UnitRow,
    Upload,
    UsageEntry,
    Workspace,
)
from videoclip.store.objects import open_objects
from videoclip.store.receive import Receiver
from videoclip.store.staging import open_staging
from videoclip.store.sweep import Sweep
from videoclip.store.uploads import UploadRecord, Uploads

__all__ = ["Desk", "emptied", "stream"]


class Desk:
    """A store with two workspaces, and short ways to its uploads."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.staging = open_staging(settings)
        self.receiver = Receiver(database, self.staging, settings)
        self.objects = open_objects(settings)
        self.maker = AssetMaker(database, self.objects, self.staging, settings)
        self.sweep = Sweep(database, self.objects, self.staging, settings)

    async def open(self) -> None:
        await self.database.open()
        async with self.database.session() as session:
            session.add_all([Workspace(id="w1", name="one"), Workspace(id="w2", name="two")])

    async def create(self, size: int, workspace: str = "w1", **more: object) -> UploadRecord:
        async with self.database.session() as session:
            uploads = Uploads(session, workspace, self.settings)
            return await uploads.create(size, **more)  # type: ignore[arg-type]

    async def get(self, upload_id: str, workspace: str = "w1") -> UploadRecord:
        async with self.database.reading() as session:
            return await Uploads(session, workspace, self.settings).get(upload_id)

    async def send(
        self, upload_id: str, offset: int, *pieces: bytes, workspace: str = "w1", **more: object
    ) -> UploadRecord:
        return await self.receiver.append(
            workspace,
            upload_id,
            offset,
            stream(pieces),
            **more,  # type: ignore[arg-type]
        )

    async def bring(self, content: bytes, name: str = "a.mp4") -> UploadRecord:
        """Upload it whole and finish it."""
        upload = await self.create(len(content), name=name)
        await self.send(upload.id, 0, content)
        return await self.maker.finish("w1", upload.id)

    async def asset_names(self, workspace: str = "w1", **more: object) -> list[str]:
        async with self.database.reading() as session:
            found = await Assets(session, workspace).find(**more)  # type: ignore[arg-type]
            return [asset.name for asset in found]

    def bytes_of(self, upload_id: str) -> bytes:
        path = self.staging.path(upload_id)
        return path.read_bytes() if path.exists() else b""


async def stream(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def emptied(database: Database, settings: Settings) -> None:
    """Everything of uploads, assets and jobs gone: cheaper than a new database for each test."""
    async with database.session() as session:
        for table in (
            UnitRow, ShareLink, TranscriptRow, AssetFile, Asset, Upload, Quota, UsageEntry, Artifact, Job, Preset,
        ):  # fmt: skip
            await session.execute(delete(table))
    for name in ("uploads", "objects", "work"):
        shutil.rmtree(settings.data_dir / name, ignore_errors=True)
