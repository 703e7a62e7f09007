"""A sign-in: an access token that is renewed before it ends, once however many ask at the same time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from videoclip.client.bodies import read
from videoclip.client.waiting import AsyncLock
from videoclip.schemas.api.auth import TokenOut

if TYPE_CHECKING:
    from videoclip.client._async.transport import AsyncTransport

__all__ = ["AsyncTokens"]

_EARLY_S = 30.0


class AsyncTokens:
    """The tokens of one sign-in; they are shown nowhere."""

    def __init__(self, told: TokenOut) -> None:
        self._lock = AsyncLock()
        self._take(told)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace_id={self.workspace_id!r})"

    def _take(self, told: TokenOut) -> None:
        self._access = told.access_token
        self.refresh_token = told.refresh_token
        self.workspace_id = told.workspace_id
        # Short-lived tokens are used for half their life at least.
        self._until = time.monotonic() + max(told.expires_in - _EARLY_S, told.expires_in / 2)

    async def word(self, transport: AsyncTransport) -> str:
        """The access token, a new one if it is about to end."""
        word = self._access
        if time.monotonic() >= self._until:
            await self.renew(transport, stale=word)
        return self._access

    async def renew(
        self,
        transport: AsyncTransport,
        *,
        stale: str | None = None,
        workspace_id: str | None = None,
    ) -> None:
        """Get new tokens, unless another caller just did.

        Args:
            transport: to the server.
            stale: the token that is of no use any more; None: renew whatever it is.
            workspace_id: go on in this workspace.

        Raises:
            NotSignedIn: the sign-in has ended.
        """
        async with self._lock:
            if stale is not None and stale != self._access:
                return
            body = {"refresh_token": self.refresh_token}
            if workspace_id is not None:
                body["workspace_id"] = workspace_id
            # Never sent twice: a refresh token that comes twice ends the sign-in.
            answer = await transport.send(
                "POST", "/auth/refresh", json=body, signed=False, safe=False
            )
            self._take(read(TokenOut, answer.content))
