"""What every request goes through before any route: addresses, sizes, an id; and every answer: headers, a log line."""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from serve_apps.gateway.problems import problem_response
from serve_apps.gateway.traffic import Traffic
from videoclip.errors import UsageError
from videoclip.schemas.api.problems import Problem
from videoclip.settings import GatewaySettings

__all__ = ["Guard"]

_LOG = logging.getLogger("videoclip.gateway.access")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # The API answers with no pages: nothing in an answer may load or run anything.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
_TLS_HEADER = ("Strict-Transport-Security", "max-age=31536000")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Guard:
    """ASGI middleware.

    Args:
        app: what comes after it.
        settings: lists of addresses, limits.
        streamed: prefixes of paths that take bodies of any size and check them by themselves.
        traffic: counts requests; None: they are not counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: GatewaySettings,
        streamed: Iterable[str],
        traffic: Traffic | None = None,
    ) -> None:
        self._app = app
        self._traffic = traffic
        self._allow = _networks(settings.allow_ips, "allow_ips")
        self._deny = _networks(settings.deny_ips, "deny_ips")
        self._proxies = _networks(settings.trusted_proxies, "trusted_proxies")
        self._max_body = settings.max_body_bytes
        self._tls = settings.public_url.startswith("https://")
        self._streamed = tuple(streamed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid7())
        ip = self._client_ip(scope, headers)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["client_ip"] = ip
        state["tls"] = self._came_by_tls(scope, headers)
        if scope["type"] == "websocket":
            if self._is_allowed(ip):
                await self._app(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            return
        begun = time.perf_counter()
        status, waited_s = 500, None
        # The web UI is guarded, too, and knows when the server ends only where it is the gateway's own.
        closing = getattr(getattr(scope.get("app"), "state", None), "closing", None)
        if self._traffic is not None:
            self._traffic.begins()

        async def answer(message: Message) -> None:
            nonlocal status, waited_s
            if message["type"] == "http.response.start":
                status, waited_s = message["status"], time.perf_counter() - begun
                added = MutableHeaders(scope=message)
                self._add_headers(added, request_id)
                if closing is not None and closing.is_set():
                    added["Connection"] = "close"  # the next request finds a server that stays
            await send(message)

        try:
            refusal = self._refusal(scope, headers, ip, request_id)
            if refusal is not None:
                await problem_response(refusal)(scope, receive, answer)
            elif scope["path"].startswith(self._streamed):
                await self._app(scope, receive, answer)
            else:
                await self._app(scope, self._counted(receive), answer)
        finally:
            if self._traffic is not None:
                self._traffic.ends(scope, status, waited_s or time.perf_counter() - begun)
            _LOG.info(
                "%s %s %s %d %.1f ms",
                ip, scope["method"], scope["path"], status, (time.perf_counter() - begun) * 1000,
                extra={
                    "request_id": request_id, "user": state.get("user"), "status": status,
                    "duration_ms": round((time.perf_counter() - begun) * 1000, 1),
                },
            )  # fmt: skip

    def _refusal(self, scope: Scope, headers: Headers, ip: str, request_id: str) -> Problem | None:
        if not self._is_allowed(ip):
            return Problem(
                title="this address may not use the API", status=403,
                detail="Ask the administrator to allow it", code="address_denied",
                request_id=request_id,
            )  # fmt: skip
        length = headers.get("content-length", "")
        if scope["path"].startswith(self._streamed) or not length:
            return None
        # More digits than a number of bytes can have: not even read as one.
        if length.isdecimal() and (len(length) > 18 or int(length) > self._max_body):
            return Problem(
                title=f"the request is larger than {self._max_body} bytes", status=413,
                detail="Send less at once; files go through /api/v1/uploads", code="too_large",
                request_id=request_id,
            )  # fmt: skip
        return None

    def _counted(self, receive: Receive) -> Receive:
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self._max_body:
                raise HTTPException(413, f"the request is larger than {self._max_body} bytes")
            return message

        return counted

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if self._tls:
            headers.setdefault(*_TLS_HEADER)

    def _client_ip(self, scope: Scope, headers: Headers) -> str:
        peer = scope.get("client")
        ip = _plain(peer[0]) if peer else ""
        if not self._proxies or not _in(ip, self._proxies):
            return ip
        # From the right: what trusted proxies wrote; the first other address is the client's.
        for word in reversed(headers.get("x-forwarded-for", "").split(",")):
            candidate = _plain(word.strip())
            if not candidate:
                break
            ip = candidate
            if not _in(ip, self._proxies):
                break
        return ip

    def _came_by_tls(self, scope: Scope, headers: Headers) -> bool:
        """Whether the client's connection is encrypted, as far as a server or a trusted proxy says so."""
        peer = scope.get("client")
        if peer and self._proxies and _in(_plain(peer[0]), self._proxies):
            word = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
            if word:
                return word == "https"
        return bool(scope.get("scheme") in ("https", "wss"))

    def _is_allowed(self, ip: str) -> bool:
        return not _in(ip, self._deny) and (not self._allow or _in(ip, self._allow))


def _networks(words: list[str], name: str) -> list[Network]:
    try:
        return [ipaddress.ip_network(word, strict=False) for word in words]
    except ValueError as error:
        raise UsageError(
            f"gateway.{name} has something that is no network: {error}",
            "Write addresses or networks such as 10.0.0.0/8 or 2001:db8::/32",
        ) from error


def _plain(word: str) -> str:
    """An address as one writes it; IPv4 in IPv6 as IPv4; empty: none."""
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _in(ip: str, networks: list[Network]) -> bool:
    if not ip:
        return False
    address = ipaddress.ip_address(ip)
    return any(address in network for network in networks)
