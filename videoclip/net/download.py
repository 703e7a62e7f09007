"""Fetch a file from an address that a user gave: guarded, bounded, taken up again where it broke off.

What the other side says about the content's type is ignored: our own probe decides what a file is.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import httpcore
import httpx

from videoclip.errors import (
    AddressRefused,
    Cancelled,
    FetchFailed,
    SourceMissing,
    SourceOverLimit,
)
from videoclip.net.guard import Guard, shown_host
from videoclip.net.http import open_stream, plain_headers, transport_errors
from videoclip.net.part import Part
from videoclip.sizes import size_text

__all__ = ["Downloaded", "FetchLimits", "download", "fetch"]

Told = Callable[[int, int | None], None]
"""Hears of bytes that are here, and of how many there are where that is known."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_WATCH_S = 0.2
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much, how long, how often."""

    max_bytes: int
    max_s: float = 6 * 3600.0
    idle_s: float = 30.0
    redirects: int = 5
    tries: int = 5
    """In a row that bring nothing new."""
    pause_s: float = 1.0
    """Before it is tried again; doubled each time."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A whole file."""

    path: Path
    size: int
    sha256: str
    address: str
    """Where it came from in the end, after redirects; may hold a secret in its query."""


def download(
    url: str,
    target: Path,
    limits: FetchLimits,
    *,
    guard: Guard,
    told: Told | None = None,
    cancel: threading.Event | None = None,
) -> Downloaded:
    """As `fetch`, for code that waits. Not to be called inside an event loop."""

    async def run() -> Downloaded:
        return await fetch(url, target, limits, guard=guard, told=told, cancel=cancel)

    return anyio.run(run)


async def fetch(
    url: str,
    target: Path,
    limits: FetchLimits,
    *,
    guard: Guard,
    told: Told | None = None,
    cancel: threading.Event | None = None,
) -> Downloaded:
    """Fetch a file; ``target`` appears when it is whole, readable by its owner only.

    A part that an earlier call left beside the target (``.part``) is gone on with, if the server can say
    that the file is still the same.

    Args:
        url: http or https.
        target: where the file goes; its folder exists.
        limits: bytes, seconds, redirects, tries.
        guard: decides which addresses may be reached, for each redirect anew.
        told: hears of progress.
        cancel: set by somebody else to stop within a second.

    Raises:
        AddressRefused: the guard refused, or there were too many redirects.
        SourceMissing: nothing is there.
        SourceOverLimit: it is larger than allowed.
        FetchFailed: the other side failed, or took too long.
        StorageFull: no space is left.
        Cancelled: ``cancel`` was set.
    """
    checked = guard.url(url)
    part = Part(target, url)
    result: list[Downloaded] = []
    async with anyio.create_task_group() as tasks:
        stopped = cancel if cancel is not None else threading.Event()

        async def watch() -> None:
            while not stopped.is_set():  # noqa: ASYNC110 - set by another thread
                await anyio.sleep(_WATCH_S)
            tasks.cancel_scope.cancel()

        async def work() -> None:
            # An exception that left the group would come out inside an ExceptionGroup.
            try:
                with anyio.fail_after(limits.max_s):
                    result.append(await _tries(checked, part, limits, guard, told))
            except TimeoutError:
                faults.append(
                    FetchFailed(
                        f"{shown_host(checked.host)} took longer than {limits.max_s:.0f} s",
                        "Try again: what is here already is kept",
                    )
                )
            except Exception as error:  # noqa: BLE001 - raised below
                faults.append(error)
            finally:
                part.close()
            tasks.cancel_scope.cancel()

        faults: list[Exception] = []
        tasks.start_soon(work)
        if cancel is not None:
            tasks.start_soon(watch)
    if faults:
        raise faults[0]
    if not result:
        raise Cancelled("the download was cancelled", "Start it again to go on")
    return result[0]


async def _tries(
    url: httpx.URL, part: Part, limits: FetchLimits, guard: Guard, told: Told | None
) -> Downloaded:
    failed, furthest, pause = 0, part.size, limits.pause_s
    while True:
        try:
            return await _try(url, part, limits, guard, told)
        except FetchFailed:
            if (
                part.size > furthest
            ):  # it goes on: a long file may break off often, and the time is limited
                failed, furthest, pause = 0, part.size, limits.pause_s
            failed += 1
            if failed >= limits.tries or not part.again:
                raise
        await anyio.sleep(pause)
        pause *= 2


async def _try(
    url: httpx.URL, part: Part, limits: FetchLimits, guard: Guard, told: Told | None
) -> Downloaded:
    part.again = True
    async with guard.pool(connections=1) as pool:
        for _ in range(limits.redirects + 1):
            async with (
                transport_errors(url.host, limits.max_s),
                open_stream(pool, "GET", url, part.asking(), idle_s=limits.idle_s) as response,
            ):
                headers = plain_headers(response)
                if response.status not in _REDIRECTS:
                    _check_status(response.status, url.host, part)
                    await _body(response.status, response, headers, part, limits, told)
                    return Downloaded(part.target, part.size, part.finish(), str(url))
            url = _next(url, headers, guard)
    raise AddressRefused(
        f"more than {limits.redirects} redirects", "Give the address where the file really is"
    )


def _next(url: httpx.URL, headers: dict[str, str], guard: Guard) -> httpx.URL:
    where = headers.get("location", "")
    try:
        onward = url.join(where)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused("it redirects to no address", "Give another address") from error
    if url.scheme == "https" and onward.scheme == "http":
        raise AddressRefused(
            "it redirects from https to http", "Give the address where the file really is"
        )
    return guard.url(str(onward))


def _check_status(status: int, host: str, part: Part) -> None:
    name = shown_host(host)
    if status in _GONE:
        raise SourceMissing(
            f"{name} says that there is no such file ({status})", "Check the address"
        )
    if status == 416:  # what is here does not fit to what is there: from the beginning
        part.restart()
        raise FetchFailed(f"{name} cannot go on with the file", "Try again")
    if status not in (200, 206):
        part.again = status in _LATER
        raise FetchFailed(
            f"{name} answered {status}", "Check that the address can be read without signing in"
        )


async def _body(
    status: int,
    response: httpcore.Response,
    headers: dict[str, str],
    part: Part,
    limits: FetchLimits,
    told: Told | None,
) -> None:
    if headers.get("content-encoding", "identity") != "identity":
        part.again = False
        raise FetchFailed(
            "the file comes compressed although that was not asked for", "Give a plain file"
        )
    total = part.begin(status, headers)
    if total is not None and total > limits.max_bytes:
        part.drop()
        raise _too_large(limits)
    async for piece in _pieces(response):
        if part.size + len(piece) > limits.max_bytes:
            part.drop()
            raise _too_large(limits)
        await anyio.to_thread.run_sync(part.write, piece)
        if told is not None:
            told(part.size, total)
    if total is not None and part.size != total:
        raise FetchFailed(f"the file broke off at {part.size} of {total} bytes", "Try again")


async def _pieces(response: httpcore.Response) -> AsyncIterator[bytes]:
    """In larger pieces than the network's: each one costs a change of threads."""
    held = bytearray()
    try:
        async for piece in response.aiter_stream():
            held += piece
            if len(held) >= _CHUNK:
                yield bytes(held)
                held.clear()
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        if held:  # it counts, for the next try
            yield bytes(held)
        raise
    if held:
        yield bytes(held)


def _too_large(limits: FetchLimits) -> SourceOverLimit:
    return SourceOverLimit(
        f"the file is larger than {size_text(limits.max_bytes)}",
        "Give a smaller file, or raise VIDEOCLIP_NET__MAX_BYTES",
    )
