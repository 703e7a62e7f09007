"""API and UI in one process, on one origin. The API answers at once; the UI is imported meanwhile."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_apps.gateway.app import PREFIX
from serve_apps.ui.cookie import BASE
from videoclip.settings import Settings

__all__ = ["Together"]

_LOG = logging.getLogger("videoclip.ui")


class Together:
    """An ASGI application: what is below ``/ui`` goes to the UI, everything else to the API.

    Args:
        gateway: the API.
        settings: of both.
    """

    def __init__(self, gateway: FastAPI, settings: Settings) -> None:
        self.state = gateway.state
        self._gateway = gateway
        self._settings = settings
        self._ui: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or start and end with the server."""
        if scope["type"] == "lifespan":
            loop = asyncio.get_running_loop()
            self._ui = loop.create_future()

            async def started(message: Message) -> None:
                await send(message)
                if message["type"] == "lifespan.startup.complete":  # the API goes first
                    # A daemon: who ends the server does not wait for an import.
                    threading.Thread(
                        target=self._load, args=(loop,), name="ui", daemon=True
                    ).start()

            await self._gateway(scope, receive, started)
        elif scope["path"] == BASE or scope["path"].startswith(f"{BASE}/"):
            await (await self._loaded())(scope, receive, send)
        else:
            await self._gateway(scope, receive, send)

    async def _ask(self, path: str, body: dict[str, Any], ip: str) -> httpx.Response:
        """Ask the gateway in this process; it counts requests by the browser's address, not by ours."""
        transport = httpx.ASGITransport(app=self._gateway, client=(ip, 0))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.post(f"{PREFIX}{path}", json=body)

    def _load(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            from serve_apps.ui.app import create_ui

            made: Any = create_ui(self._settings, self._ask)
            made.state.closing = self.state.closing  # its connections end with the server, too
        except Exception:  # noqa: BLE001 - whatever it is, the API goes on
            _LOG.exception("the web UI did not start; the API is not touched by it")
            made = PlainTextResponse("The web UI did not start: see the log.\n", 503)
        with suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(self._set, made)

    def _set(self, made: ASGIApp) -> None:
        if self._ui is not None and not self._ui.done():
            self._ui.set_result(made)

    async def _loaded(self) -> ASGIApp:
        if self._ui is None:
            return PlainTextResponse("The server is starting.\n", 503)
        return await asyncio.shield(self._ui)
