"""Brand kits of one workspace: how its clips look, by name; each change raises the version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import Conflict, NotFound
from videoclip.store.clock import now_ms
from videoclip.store.models import Preset

__all__ = ["PresetRecord", "Presets"]


@dataclass(frozen=True, slots=True)
class PresetRecord:
    """A brand kit."""

    id: str
    name: str
    description: str
    render: dict[str, Any]
    version: int
    created_ms: int
    updated_ms: int


class Presets:
    """Statements over one session and one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def create(self, name: str, description: str, render: dict[str, Any]) -> PresetRecord:
        """Make one.

        Raises:
            Conflict: there is one of this name.
        """
        preset_id = str(uuid7())
        with _name_taken(name):
            await self._session.execute(
                insert(Preset).values(
                    id=preset_id, workspace_id=self._workspace_id, name=name,
                    description=description, render=render, version=1, created_ms=now_ms(),
                    updated_ms=now_ms(),
                )
            )  # fmt: skip
        return await self.get(preset_id)

    async def get(self, preset_id: str) -> PresetRecord:
        """One of them.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        row = await self._session.scalar(
            select(Preset)
            .where(Preset.id == preset_id, Preset.workspace_id == self._workspace_id)
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise _not_found(preset_id)
        return _preset(row)

    async def page(self, after: str | None, limit: int) -> list[PresetRecord]:
        """Those after preset ``after``, oldest first."""
        query = select(Preset).where(Preset.workspace_id == self._workspace_id)
        if after is not None:
            query = query.where(Preset.id > after)
        rows = await self._session.scalars(query.order_by(Preset.id).limit(limit))
        return [_preset(row) for row in rows]

    async def replace(
        self, preset_id: str, version: int, name: str, description: str, render: dict[str, Any]
    ) -> PresetRecord:
        """Write it anew.

        Raises:
            NotFound: there is none with this id in the workspace.
            Conflict: it is not at this version any more, or there is another one of this name.
        """
        with _name_taken(name):
            done = await self._session.scalar(
                update(Preset)
                .where(Preset.id == preset_id, Preset.workspace_id == self._workspace_id)
                .where(Preset.version == version)
                .values(
                    name=name, description=description, render=render,
                    version=Preset.version + 1, updated_ms=now_ms(),
                )
                .returning(Preset.id)
            )  # fmt: skip
        found = await self.get(preset_id)
        if done is None:
            raise Conflict(
                f"the preset is at version {found.version}, not {version}",
                "Read it again and make the change anew",
            )
        return found

    async def delete(self, preset_id: str) -> None:
        """Delete it; clips made with it stay.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        done = await self._session.scalar(
            delete(Preset)
            .where(Preset.id == preset_id, Preset.workspace_id == self._workspace_id)
            .returning(Preset.id)
        )
        if done is None:
            raise _not_found(preset_id)


class _name_taken:  # noqa: N801 - used as a context manager, reads as a condition
    """Turn a second row of one name into an answer; the transaction is over then."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise Conflict(
                f"there is a preset {self._name}", "Take another name, or change that one"
            ) from error


def _not_found(preset_id: str) -> NotFound:
    return NotFound(f"there is no preset {preset_id}", "List the presets and use one of their ids")


def _preset(row: Preset) -> PresetRecord:
    return PresetRecord(
        row.id, row.name, row.description, row.render, row.version, row.created_ms, row.updated_ms
    )
