# Made from ../_async/keys.py by `make docs`; do not edit.
"""API keys."""

from __future__ import annotations

from collections.abc import Iterable

from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client.bodies import dumped, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.keys import KeyIn, KeyOut, KeysOut, NewKeyOut

__all__ = ["Keys"]


class Keys(Resource):
    """Keys for programs, of the workspace."""

    @operation("POST /keys")
    def create(self, name: str, scopes: Iterable[str], *, days: int | None = 90) -> NewKeyOut:
        """Make a key; its secret is told once, here.

        Args:
            name: for people.
            scopes: such as `jobs:read`; no more than one has oneself.
            days: how long it is valid; None: it does not end.
        """
        body = dumped(valid(KeyIn, name=name, scopes=list(scopes), days=days))
        return self._transport.post("/keys", NewKeyOut, body)

    @operation("GET /keys")
    def page(self, *, cursor: str | None = None, limit: int = 50) -> KeysOut:
        """Some of the keys that were not revoked, oldest first, without their secrets."""
        return self._transport.get("/keys", KeysOut, {"cursor": cursor, "limit": limit})

    def list(self) -> Listing[KeysOut, KeyOut]:
        """All of them, oldest first."""
        return Listing(
            lambda cursor: self.page(cursor=cursor, limit=200),
            lambda page: page.keys,
            lambda page: page.next_cursor,
        )

    @operation("DELETE /keys/{key_id}")
    def revoke(self, key_id: str) -> None:
        """End a key, at once."""
        self._transport.send("DELETE", f"/keys/{segment(key_id)}")
