"""Counts requests by the template of their route, never by their path; and looks at the pool of connections."""

from __future__ import annotations

import asyncio

from starlette.types import Scope

from videoclip.observe.meter import Meter
from videoclip.store.database import Database

__all__ = ["Traffic", "watch_pool"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOOK_S = 5.0


class Traffic:
    """Requests of this process.

    Args:
        meter: counts.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._at_work = 0

    def begins(self) -> None:
        """A request has come."""
        self._at_work += 1
        self._meter.set("videoclip_http_requests_in_progress", self._at_work)

    def ends(self, scope: Scope, status: int, waited_s: float) -> None:
        """It was answered.

        Args:
            scope: of the request; its route is in it.
            status: of the answer.
            waited_s: until the answer began; streams and downloads take as long as they are.
        """
        self._at_work -= 1
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        meter = self._meter
        meter.set("videoclip_http_requests_in_progress", self._at_work)
        meter.count("videoclip_http_requests_total", method=method, route=route, status=str(status))
        meter.observe(
            "videoclip_http_request_duration_seconds", waited_s, method=method, route=route
        )
        problem = scope.get("state", {}).get("problem")
        if problem is not None:
            meter.count("videoclip_http_errors_total", code=problem)


async def watch_pool(database: Database, meter: Meter, closing: asyncio.Event) -> None:
    """Look at the connections now and then until the server ends."""
    while not closing.is_set():
        in_use, idle, limit = database.pool()
        meter.set("videoclip_database_pool_connections", in_use, state="in_use")
        meter.set("videoclip_database_pool_connections", idle, state="idle")
        meter.set("videoclip_database_pool_limit", limit)
        try:
            await asyncio.wait_for(closing.wait(), _LOOK_S)
        except TimeoutError:
            continue
