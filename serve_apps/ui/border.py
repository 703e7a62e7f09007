"""What may come to the UI at all: reading pages and what they load; changes only to the session, from our own pages."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gradio_ui.document import Site, finish
from gradio_ui.pages import PAGES
from serve_apps.ui.cookie import BASE
from serve_apps.ui.origin import is_ours
from serve_apps.ui.routes import FOR_EVER

__all__ = ["Border"]

_OURS = (f"{BASE}/code/", f"{BASE}/session")
_GRADIO = (f"{BASE}/assets/", f"{BASE}/static/", f"{BASE}/theme.css")
"""All that its front end loads: our pages have no event of Gradio's, so its queue, uploads and files stay closed."""
_NAMED = f"{BASE}/assets/"
"""Their names change with their content."""
_PATHS = frozenset({f"{BASE}/", *(f"{BASE}/{page.path}" for page in PAGES if page.path)})
_LARGEST_PAGE = 4 * 2**20


class Border:
    """ASGI middleware round the whole UI.

    Args:
        app: the UI.
        site: what pages are told.
        public_url: address that people reach it by; empty: not known.
    """

    def __init__(self, app: ASGIApp, site: Site, public_url: str) -> None:
        self._app = app
        self._site = site
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        scope = _at_base(scope)
        path = scope["path"]
        reads = scope["method"] in ("GET", "HEAD")
        if not reads and not is_ours(Headers(scope=scope), self._public_url):
            await _refusal(403, "foreign_origin", "another site's page sent this")(
                scope, receive, send
            )
        elif path.startswith(_OURS):
            await self._app(scope, receive, send)
        elif reads and path.startswith(_GRADIO):
            await self._app(scope, receive, _kept(send) if path.startswith(_NAMED) else send)
        elif reads and path in _PATHS:
            await self._app(_plain(scope), receive, _PageSend(send, self._site))
        else:
            await _refusal(404, "not_found", "there is no such page")(scope, receive, send)


class _PageSend:
    """Holds a page until it is whole, and sends it with our parts in it."""

    def __init__(self, send: Send, site: Site) -> None:
        self._send = send
        self._site = site
        self._start: Message = {}
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body") and len(self._body) < _LARGEST_PAGE:
            return
        headers = MutableHeaders(raw=list(self._start["headers"]))
        if headers.get("content-type", "").startswith("text/html"):
            html, policy = finish(self._body.decode(), self._site)
            self._body[:] = html.encode()
            headers["Content-Security-Policy"] = policy
            headers["Content-Length"] = str(len(self._body))
        headers["Cache-Control"] = "no-store"
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": bytes(self._body)})


def _at_base(scope: Scope) -> Scope:
    """The request as if this were the whole server: Ray Serve puts the route into ``root_path``."""
    root, path = scope.get("root_path", ""), scope["path"]
    if not path.startswith(BASE):
        path = root + path
    if path == BASE:
        path = f"{BASE}/"
    return {**scope, "root_path": "", "path": path, "raw_path": path.encode()}


def _plain(scope: Scope) -> Scope:
    """The request for a page that is not compressed."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    return {**scope, "headers": headers}


def _kept(send: Send) -> Send:
    """Sends what a browser may keep for ever."""

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message)["Cache-Control"] = FOR_EVER
        await send(message)

    return keep


def _refusal(status: int, code: str, title: str) -> JSONResponse:
    content = {"title": title, "status": status, "detail": f"Go to {BASE}/", "code": code}
    return JSONResponse(content, status, media_type="application/problem+json")
