"""Files from the server: in pieces to a temporary name, gone on with after a break, put in place when they are whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from videoclip.client._async.patience import AsyncPatience
from videoclip.client._async.transport import AsyncTransport
from videoclip.client.files import Arriving, Progress, is_here
from videoclip.client.problems import AnswerUnreadable, unreachable
from videoclip.client.waiting import async_work
from videoclip.errors import LinkInvalid, NotAllowed, VideoClipError

__all__ = ["FileInfo", "async_fetch", "async_fetch_all", "async_stat"]

_SHA256 = re.compile(r'"([0-9a-f]{64})"')
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class FileInfo(NamedTuple):
    """What a server says of a file."""

    size: int
    sha256: str | None
    media_type: str


async def async_stat(
    transport: AsyncTransport, path: str, query: Mapping[str, Any] | None = None, *,
    signed: bool = True,
) -> FileInfo:  # fmt: skip
    """A file's size, digest and type, without its bytes."""
    if path.startswith(("/", transport.config.base_url)):
        try:
            answer = await transport.send("HEAD", path, query=query, signed=signed, follow=False)
        except NotAllowed as error:
            if signed:
                raise
            raise LinkInvalid(
                "the link has ended, was taken back or changed",
                "Ask for a new one",
                **error.context,
            ) from error
        if answer.status_code < 300:
            return _info(answer, answer.headers.get("content-length", ""))
    # In a bucket, whose links are good for GET only.
    headers = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}
    try:
        async with transport.opened(
            "GET", path, query=query, headers=headers, signed=signed
        ) as answer:
            told = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            return _info(answer, told[3] if told else answer.headers.get("content-length", ""))
    except VideoClipError as error:
        if error.context.get("status") != 416:
            raise
    return FileInfo(0, None, "application/octet-stream")


def _info(answer: httpx.Response, length: str) -> FileInfo:
    if not length.isdecimal():
        raise AnswerUnreadable("the server does not say how large the file is", "Try it later")
    tag = _SHA256.fullmatch(answer.headers.get("etag", ""))
    kind = answer.headers.get("content-type", "application/octet-stream")
    return FileInfo(int(length), tag and tag[1], kind)


async def async_fetch_all(
    transport: AsyncTransport, path: str, query: Mapping[str, Any] | None = None, *,
    signed: bool = True,
) -> bytes:  # fmt: skip
    """A small file as bytes."""
    return (await transport.send("GET", path, query=query, signed=signed)).content


async def async_fetch(
    transport: AsyncTransport,
    path: str,
    place: Path,
    *,
    size: int,
    sha256: str | None,
    query: Mapping[str, Any] | None = None,
    on_progress: Progress | None = None,
    signed: bool = True,
) -> Path:
    """Write a file of the server to a place on this machine, unless these very bytes are there already.

    Args:
        transport: to the server.
        path: of the file there.
        place: where it goes; what is there is replaced, but not before all has arrived.
        size: how many bytes it has.
        sha256: what they are; None: that is not known, and a broken download begins anew next time.
        query: of the address.
        on_progress: hears of bytes.
        signed: with the key or token.

    Raises:
        ChecksumMismatch: other bytes came.
        StorageFull: there is no room.
        VideoClipError: the server refused, or stayed away for too long.
    """
    if await async_work(is_here, place, size, sha256):
        if on_progress is not None:
            on_progress(size, size)
        return place
    arriving = await async_work(Arriving, place, size, sha256)
    patience = AsyncPatience(transport.config.patience_s)
    try:
        while arriving.offset < size:
            begun = arriving.offset
            # Always a range: a gateway that sends little at once then sends what it may.
            headers = {"Range": f"bytes={begun}-", "Accept-Encoding": "identity"}
            try:
                async with transport.opened(
                    "GET", path, query=query, headers=headers, signed=signed
                ) as answer:
                    _check(answer, arriving)
                    async for piece in answer.aiter_bytes():
                        await async_work(arriving.write, piece)
                        if arriving.offset > size:
                            break
                        patience.moved()
                        if on_progress is not None:
                            on_progress(arriving.offset, size)
            except httpx.TransportError as error:
                await patience.after(unreachable(error, transport.config.base_url))
            except VideoClipError as error:
                await patience.after(error)
            else:
                if arriving.offset == begun:
                    await patience.after(unreachable(httpx.ReadError("it sent nothing"), path))
        return await async_work(arriving.finish)
    finally:
        with suppress(OSError):
            arriving.close()


def _check(answer: httpx.Response, arriving: Arriving) -> None:
    """See that the answer begins where the file ends."""
    if answer.status_code != 206:
        arriving.restart()
        return
    told = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if told is None or int(told[1]) != arriving.offset or int(told[3]) != arriving.size:
        raise AnswerUnreadable(
            "the server sent another part of the file than was asked for", "Download it again"
        )
