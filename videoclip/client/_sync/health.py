# Made from ../_async/health.py by `make docs`; do not edit.
"""Whether the server lives."""

from __future__ import annotations

from videoclip.client._sync.resource import Resource
from videoclip.client.operations import operation
from videoclip.schemas.api.health import Health

__all__ = ["ServerHealth"]


class ServerHealth(Resource):
    """Whether the server lives, and whether it can work."""

    @operation("GET /health/live")
    def live(self) -> Health:
        """The process lives; needs no key."""
        return self._transport.get("/health/live", Health)

    @operation("GET /health/ready")
    def ready(self) -> Health:
        """It can work; needs no key.

        Raises:
            DatabaseAway: not at this moment.
        """
        return self._transport.get("/health/ready", Health)
