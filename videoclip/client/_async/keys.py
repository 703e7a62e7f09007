"""API keys."""

from __future__ import annotations

from collections.abc import Iterable

from videoclip.client._async.resource import AsyncListing, AsyncResource, segment
from videoclip.client.bodies import dumped, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.keys import KeyIn, KeyOut, KeysOut, NewKeyOut

__all__ = ["AsyncKeys"]


class AsyncKeys(AsyncResource):
    """Keys for programs, of the workspace."""

    @operation("POST /keys")
    async def create(self, name: str, scopes: Iterable[str], *, days: int | None = 90) -> NewKeyOut:
        """Make a key; its secret is told once, here.

        Args:
            name: for people.
            scopes: such as `jobs:read`; no more than one has oneself.
            days: how long it is valid; None: it does not end.
        """
        body = dumped(valid(KeyIn, name=name, scopes=list(scopes), days=days))
        return await self._transport.post("/keys", NewKeyOut, body)

    @operation("GET /keys")
    async def page(self, *, cursor: str | None = None, limit: int = 50) -> KeysOut:
        """Some of the keys that were not revoked, oldest first, without their secrets."""
        return await self._transport.get("/keys", KeysOut, {"cursor": cursor, "limit": limit})

    def list(self) -> AsyncListing[KeysOut, KeyOut]:
        """All of them, oldest first."""
        return AsyncListing(
            lambda cursor: self.page(cursor=cursor, limit=200),
            lambda page: page.keys,
            lambda page: page.next_cursor,
        )

    @operation("DELETE /keys/{key_id}")
    async def revoke(self, key_id: str) -> None:
        """End a key, at once."""
        await self._transport.send("DELETE", f"/keys/{segment(key_id)}")
