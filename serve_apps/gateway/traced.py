"""A span around each request; what asks may name the trace that it is part of (W3C Trace Context)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videoclip.observe import tracing

__all__ = ["Traced"]

_QUIET = "/api/v1/health/"


class Traced:
    """ASGI middleware, in use only where traces are sent.

    Args:
        app: what comes after it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http" or scope["path"].startswith(_QUIET):
            await self._app(scope, receive, send)
            return
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = Headers(scope=scope).get("traceparent")
        with tracing.span("request", parent=parent, root=True) as request:
            try:
                await self._app(scope, receive, answer)
            finally:
                route = getattr(scope.get("route"), "path", None) or "unmatched"
                request.rename(
                    f"{scope['method'][:10]} {route}",
                    {"http.route": route, "http.response.status_code": status},
                )
