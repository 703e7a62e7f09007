"""Whether the server lives."""

from __future__ import annotations

from videoclip.client._async.resource import AsyncResource
from videoclip.client.operations import operation
from videoclip.schemas.api.health import Health

__all__ = ["AsyncServerHealth"]


class AsyncServerHealth(AsyncResource):
    """Whether the server lives, and whether it can work."""

    @operation("GET /health/live")
    async def live(self) -> Health:
        """The process lives; needs no key."""
        return await self._transport.get("/health/live", Health)

    @operation("GET /health/ready")
    async def ready(self) -> Health:
        """It can work; needs no key.

        Raises:
            DatabaseAway: not at this moment.
        """
        return await self._transport.get("/health/ready", Health)
