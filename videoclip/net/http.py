"""One guarded request with a small answer: what webhooks send."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import anyio
import httpcore
import httpx

from videoclip.errors import FetchFailed
from videoclip.net.guard import Guard, shown_host

__all__ = ["Answer", "exchange", "open_stream", "transport_errors"]

_LARGEST_ANSWER = 64 * 1024
USER_AGENT = "Video-Clip"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    """Its beginning."""


async def exchange(
    guard: Guard,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes = b"",
    limit_s: float = 15.0,
) -> Answer:
    """Send a request and read the beginning of the answer. Redirects are not followed.

    Args:
        guard: decides where it may go.
        method: GET, POST, ...
        url: as the user gave it.
        headers: of the request.
        content: its body.
        limit_s: for everything together, however slowly the other side dribbles.

    Raises:
        AddressRefused: the guard refused.
        FetchFailed: nothing came back in time.
    """
    checked = guard.url(url)
    async with (
        transport_errors(checked.host, limit_s),
        guard.pool(connections=1) as pool,
        open_stream(pool, method, checked, headers, content) as response,
    ):
        body = b""
        async for piece in response.aiter_stream():
            body += piece
            if len(body) >= _LARGEST_ANSWER:
                break
        return Answer(response.status, plain_headers(response), body[:_LARGEST_ANSWER])


@contextlib.asynccontextmanager
async def open_stream(
    pool: httpcore.AsyncConnectionPool,
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    content: bytes = b"",
    idle_s: float = 15.0,
) -> AsyncIterator[httpcore.Response]:
    """The answer's head; its body is read inside the block."""
    sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), idle_s)
    async with pool.stream(
        method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in sent.items()],
        content=content or None,
        extensions={"timeout": timeout},
    ) as response:
        yield response


def plain_headers(response: httpcore.Response) -> dict[str, str]:
    """Headers by lower-case name."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }


@contextlib.asynccontextmanager
async def transport_errors(host: str, limit_s: float) -> AsyncIterator[None]:
    """Bound the block in time, and turn what the transport raises into our errors."""
    name = shown_host(host)
    try:
        with anyio.fail_after(limit_s):
            yield
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise FetchFailed(
            f"{name} did not answer in time", "Try again later, or check the address"
        ) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        told = str(error) or type(error).__name__
        raise FetchFailed(
            f"{name} cannot be reached: {told}", "Try again later, or check the address"
        ) from error
