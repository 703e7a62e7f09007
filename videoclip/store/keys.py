"""API keys of one workspace: shown once, kept as a hash, bounded by scopes and time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import NotFound
from videoclip.store.audit import Actor, record
from videoclip.store.clock import now_ms
from videoclip.store.models import ApiKey
from videoclip.store.secret_words import hashed, new_secret

__all__ = ["KEY_KIND", "KeyRecord", "Keys"]

KEY_KIND = "vck"
"""How every key begins."""
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    user_id: str | None
    created_ms: int
    expires_ms: int | None
    last_used_ms: int | None
    revoked_ms: int | None


class Keys:
    """Statements over one session and one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def create(
        self, name: str, scopes: Iterable[str], life_ms: int | None, user_id: str, actor: Actor
    ) -> tuple[KeyRecord, str]:
        """Make a key; returns it and its secret, which is not to be had again.

        Args:
            name: what it is for.
            scopes: what it may do, within what its maker may do at the time of use.
            life_ms: how long it is valid; None: until it is revoked.
            user_id: who makes it.
            actor: for the record.
        """
        word = new_secret(KEY_KIND)
        key_id = str(uuid7())
        await self._session.execute(
            insert(ApiKey).values(
                id=key_id, workspace_id=self._workspace_id, user_id=user_id, name=name,
                prefix=word[:_SHOWN], sha256=hashed(word), scopes=sorted(set(scopes)),
                created_ms=now_ms(), expires_ms=None if life_ms is None else now_ms() + life_ms,
            )
        )  # fmt: skip
        made = await self._get(key_id)
        await record(
            self._session, actor, "key.created", workspace_id=self._workspace_id, target=key_id,
            data={"name": name, "scopes": list(made.scopes)},
        )  # fmt: skip
        return made, word

    async def page(self, after: str | None, limit: int) -> list[KeyRecord]:
        """Keys that were not revoked, made after key ``after``, oldest first."""
        query = select(ApiKey).where(
            ApiKey.workspace_id == self._workspace_id, ApiKey.revoked_ms.is_(None)
        )
        if after is not None:
            query = query.where(ApiKey.id > after)
        rows = await self._session.scalars(query.order_by(ApiKey.id).limit(limit))
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str, actor: Actor) -> None:
        """End a key.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        done = await self._session.scalar(
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.workspace_id == self._workspace_id)
            .where(ApiKey.revoked_ms.is_(None))
            .values(revoked_ms=now_ms())
            .returning(ApiKey.id)
        )
        if done is None:
            raise _not_found(key_id)
        await record(
            self._session, actor, "key.revoked", workspace_id=self._workspace_id, target=key_id
        )

    async def _get(self, key_id: str) -> KeyRecord:
        row = await self._session.scalar(
            select(ApiKey).where(ApiKey.id == key_id, ApiKey.workspace_id == self._workspace_id)
        )
        if row is None:
            raise _not_found(key_id)
        return _key(row)


def _not_found(key_id: str) -> NotFound:
    return NotFound(f"there is no key {key_id}", "List the keys and use one of their ids")


def _key(row: ApiKey) -> KeyRecord:
    return KeyRecord(
        row.id, row.name, row.prefix, tuple(row.scopes), row.user_id, row.created_ms,
        row.expires_ms, row.last_used_ms, row.revoked_ms,
    )  # fmt: skip
