"""Assets of a workspace: videos and sounds that were examined and are kept as objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import NotFound, WrongState
from videoclip.store.clock import now_ms
from videoclip.store.control import FINAL
from videoclip.store.insert import insert_into
from videoclip.store.models import Asset, AssetFile, Job
from videoclip.store.objects import ObjectRef

__all__ = ["AssetRecord", "Assets", "ViewRecord"]


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """An asset as it stands."""

    id: str
    name: str
    ref: ObjectRef
    duration_ms: int
    media: dict[str, Any]
    """A `MediaInfo`."""
    state: str
    created_by: str | None
    created_ms: int


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """A file to look at an asset by."""

    name: str
    kind: str
    ref: ObjectRef
    media_type: str


class Assets:
    """Statements over one session for one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace = workspace_id

    async def add(
        self,
        name: str,
        ref: ObjectRef,
        media: Mapping[str, Any],
        *,
        created_by: str | None = None,
    ) -> AssetRecord:
        """A new asset; its object must be there.

        Args:
            name: for people.
            ref: its content.
            media: what the probe found (a `MediaInfo`).
            created_by: user or API key.
        """
        row = Asset(
            id=str(uuid7()), workspace_id=self._workspace, created_by=created_by, name=name,
            sha256=ref.sha256, size=ref.size, duration_ms=int(media["duration_ms"]),
            media=dict(media), state="ready", created_ms=await self._session.scalar(select(now_ms())),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _record(row)

    async def get(self, asset_id: str) -> AssetRecord:
        """One asset.

        Raises:
            NotFound: this workspace has none with this id.
        """
        row = await self._session.scalar(
            select(Asset)
            .where(Asset.id == asset_id, Asset.workspace_id == self._workspace)
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise _unknown()
        return _record(row)

    async def names(self, asset_ids: Collection[str]) -> dict[str, str]:
        """What people call these assets, by id; those that are not there are left out."""
        if not asset_ids:
            return {}
        rows = await self._session.execute(
            select(Asset.id, Asset.name).where(
                Asset.workspace_id == self._workspace, Asset.id.in_(asset_ids)
            )
        )
        return {row.id: row.name for row in rows}

    async def find(
        self, *, text: str = "", kinds: Collection[str] = (), after: str | None = None,
        limit: int = 50,
    ) -> list[AssetRecord]:  # fmt: skip
        """The newest first.

        Args:
            text: that their names contain, in any case.
            kinds: ``video``, ``sound`` or ``image``; none: all.
            after: id of the last one of the page before.
            limit: at most so many.
        """
        wanted = select(Asset).where(Asset.workspace_id == self._workspace)
        if text:
            wanted = wanted.where(func.lower(Asset.name).contains(text.lower(), autoescape=True))
        if kinds:
            wanted = wanted.where(or_(*(_IS[kind] for kind in kinds)))
        if after is not None:
            wanted = wanted.where(Asset.id < after)
        rows = await self._session.scalars(wanted.order_by(Asset.id.desc()).limit(limit))
        return [_record(row) for row in rows]

    async def delete(self, asset_id: str) -> None:
        """Forget an asset; its object goes with a later sweep, unless something else refers to it.

        Raises:
            NotFound: this workspace has none with this id.
            WrongState: a job that is not over reads it.
        """
        job = await self._session.scalar(
            select(Job.id)
            .where(
                Job.workspace_id == self._workspace,
                Job.state.not_in(FINAL),
                cast(Job.request, String).contains(asset_id, autoescape=True),
            )
            .limit(1)
        )
        if job is not None:
            raise WrongState(f"job {job} reads the asset", "Wait until it is over, or cancel it")
        gone = await self._session.scalar(
            delete(Asset)
            .where(Asset.id == asset_id, Asset.workspace_id == self._workspace)
            .returning(Asset.id)
        )
        if gone is None:
            raise _unknown()

    async def views(self, asset_id: str) -> dict[str, ViewRecord]:
        """The files to look at an asset by, by name; none where none were made yet."""
        rows = await self._session.scalars(
            select(AssetFile)
            .join(Asset, Asset.id == AssetFile.asset_id)
            .where(AssetFile.asset_id == asset_id, Asset.workspace_id == self._workspace)
            .order_by(AssetFile.name)
        )
        return {
            row.name: ViewRecord(
                row.name, row.kind, ObjectRef(row.sha256, row.size), row.media_type
            )
            for row in rows
        }

    async def add_views(self, asset_id: str, views: Iterable[ViewRecord]) -> None:
        """Remember files to look at an asset by.

        Raises:
            NotFound: the asset was deleted in the meantime.
        """
        await self.get(asset_id)
        for view in views:
            values = {
                "kind": view.kind, "sha256": view.ref.sha256, "size": view.ref.size,
                "media_type": view.media_type,
            }  # fmt: skip
            await self._session.execute(
                insert_into(self._session, AssetFile)
                .values(asset_id=asset_id, name=view.name, **values)
                .on_conflict_do_update(index_elements=["asset_id", "name"], set_=values)
            )


_IMAGE = Asset.media["container"].as_string().endswith("_pipe", autoescape=True)
"""FFmpeg's demuxers of single images are all called so."""
_PICTURE = Asset.media["video"].as_string().is_not(None)
_IS: dict[str, ColumnElement[bool]] = {
    "image": _IMAGE, "video": and_(_PICTURE, ~_IMAGE), "sound": ~_PICTURE,
}  # fmt: skip


def _record(row: Asset) -> AssetRecord:
    return AssetRecord(
        row.id, row.name, ObjectRef(row.sha256, row.size), row.duration_ms, row.media, row.state,
        row.created_by, row.created_ms,
    )  # fmt: skip


def _unknown() -> NotFound:
    return NotFound("there is no such asset", "List the assets and use one of their ids")
