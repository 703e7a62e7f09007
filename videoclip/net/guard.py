"""The guard: checks an address as text, then each address that its name stands for, at the moment of connecting."""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import httpcore
import httpx

from videoclip.errors import AddressRefused
from videoclip.net.addresses import AddressRules

if TYPE_CHECKING:
    from videoclip.settings import NetSettings

__all__ = ["Guard", "Resolver", "shown"]

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Addresses of a name, as numbers."""

_REMEDY = "Give a public http(s) address, or ask the operator to allow the network (VIDEOCLIP_NET__ALLOW_PRIVATE)"
_LONGEST_URL = 4096
# What old libraries read as an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1, 127.1. Only the usual form is taken.
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE)


async def _resolve(host: str, port: int) -> list[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Guard:
    """Rules for requests on behalf of users."""

    rules: AddressRules = field(default_factory=AddressRules)
    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    schemes: frozenset[str] = frozenset({"http", "https"})
    resolver: Resolver = _resolve
    trust: ssl.SSLContext | None = None
    """Certificates that are trusted; None: those of this machine."""

    @classmethod
    def of(cls, settings: NetSettings) -> Guard:
        """The guard that the settings describe."""
        return cls(AddressRules.of(settings.allow_private), frozenset(settings.ports))

    def url(self, text: str) -> httpx.URL:
        """A checked address. Its name is not resolved yet.

        Raises:
            AddressRefused: it is none that a user may give.
        """
        if len(text) > _LONGEST_URL or not text.isprintable() or re.search(r"[\s\\]", text):
            raise AddressRefused(
                "this is not an address", "Write https://host/path without spaces or backslashes"
            )
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError) as error:
            raise AddressRefused("this is not an address", "Write https://host/path") from error
        if url.scheme not in self.schemes or not url.host:
            raise AddressRefused(
                f"only {' and '.join(sorted(self.schemes))} addresses are taken", _REMEDY
            )
        if url.userinfo:
            raise AddressRefused(
                "the address holds a user name or password",
                "Addresses are written into logs: use one that needs no password, such as a signed link",
            )
        port = _port(url)
        if port not in self.ports:
            raise AddressRefused(
                f"port {port} is not allowed",
                f"Allowed: {sorted(self.ports)} (VIDEOCLIP_NET__PORTS)",
            )
        self._check_host(url.host)
        return url.copy_with(fragment=None)

    def _check_host(self, host: str) -> None:
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            if _NUMBERS.fullmatch(host):
                raise AddressRefused(
                    f"{host} is not the usual form of an IP address", "Write four decimal numbers"
                ) from None
            return
        self._check([str(address)], host)

    async def addresses(self, host: str, port: int) -> list[str]:
        """The checked addresses of a name: connect to these and to no others.

        Raises:
            AddressRefused: one of them is out of bounds.
            OSError: there is no such name.
        """
        try:
            found = [str(ipaddress.ip_address(host.strip("[]")))]
        except ValueError:
            found = await self.resolver(host, port)
        self._check(found, host)
        return found

    def _check(self, addresses: Iterable[str], host: str) -> None:
        for text in addresses:
            fault = self.rules.fault(ipaddress.ip_address(text))
            if fault is not None:
                # The name is told, not what it stands for: that would map our network for the asker.
                raise AddressRefused(f"{shown_host(host)} must not be reached: {fault}", _REMEDY)

    def pool(self, *, connections: int = 10) -> httpcore.AsyncConnectionPool:
        """Connections that go only where the guard lets them. The environment's proxies are not used."""
        return httpcore.AsyncConnectionPool(
            max_connections=connections,
            max_keepalive_connections=0,
            network_backend=_Backend(self),
            ssl_context=self.trust or _trust(),
        )


class _Backend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, and connects to exactly what was checked; TLS still verifies the name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            with anyio.fail_after(timeout):
                addresses = await self._guard.addresses(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"there is no host {shown_host(host)}") from error
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        del path, timeout, socket_options
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes a while."""
    return httpx.create_ssl_context(trust_env=True)


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else {"http": 80, "https": 443}.get(url.scheme, 0)


def shown_host(host: str) -> str:
    """A host name for a message."""
    return host if len(host) <= 80 else host[:79] + "…"


def shown(url: httpx.URL | str) -> str:
    """An address for logs and lists: without path and query, where signed links and robots carry secrets."""
    url = httpx.URL(url)
    port = f":{url.port}" if url.port is not None else ""
    return f"{url.scheme}://{url.host}{port}" + ("/…" if url.raw_path.strip(b"/") else "")
