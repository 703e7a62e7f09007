"""Takes in the bytes of an upload, knowing nothing of HTTP: what is confirmed is on the disk.

Everything that can be refused is refused before the first byte is read. One writer at a time (a lock on the
file); what a killed process wrote and did not confirm is cut off when the upload goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from videoclip.errors import (
    ChecksumMismatch,
    ClientSlow,
    OffsetMismatch,
    TooLarge,
    UploadGone,
    VideoClipError,
    WrongState,
)
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.staging import Checksum, Held, Staging
from videoclip.store.threads import in_thread
from videoclip.store.uploads import UploadRecord, Uploads

__all__ = ["Receiver"]

_BUFFER = 1 << 20


class Receiver:
    """Adds bytes to uploads.

    Args:
        database: where their rows are.
        staging: where their bytes lie.
        settings: for limits and how often bytes are confirmed.
    """

    def __init__(self, database: Database, staging: Staging, settings: Settings) -> None:
        self._database = database
        self._staging = staging
        self._settings = settings

    async def append(
        self,
        workspace_id: str,
        upload_id: str,
        offset: int,
        body: AsyncIterator[bytes],
        *,
        length: int | None = None,
        checksum: Checksum | None = None,
    ) -> UploadRecord:
        """Write a request's bytes at the end of an upload.

        Without a checksum, what has arrived counts even if the client goes away in between. With one, all of the
        request's bytes count or none.

        Args:
            workspace_id: whose upload it must be.
            upload_id: which.
            offset: where the client believes that the upload ends.
            body: the bytes.
            length: how many they are, where that is known.
            checksum: what they are.

        Raises:
            NotFound: the workspace has no such upload.
            UploadBusy: another request writes to it.
            OffsetMismatch: it ends elsewhere.
            ChecksumMismatch: the bytes are others.
            TooLarge: more bytes than were announced.
            ClientSlow: none come any more; what came before counts.
            UploadGone: it expired.
            QuotaExceeded: the workspace keeps too much.
            StorageFull: no space is left.
        """
        async with self._database.reading() as session:
            record = await Uploads(session, workspace_id, self._settings).may_write(upload_id)
        _check(record, offset, length)
        with self._staging.hold(upload_id) as held:
            # Again, now that nobody else writes.
            async with self._database.reading() as session:
                record = await Uploads(session, workspace_id, self._settings).get(upload_id)
            _check(record, offset, length)
            held.begin(record.offset)
            arrival = _Arrival(self, record, held, checksum)
            try:
                async for piece in _not_idle(body, self._settings.uploads.idle_s):
                    await arrival.take(piece)
                await arrival.end()
            except BaseException:
                # The client went away, or the disk is full. What arrived before counts.
                with suppress(VideoClipError, OSError):
                    await asyncio.shield(arrival.stop())
                raise
        async with self._database.reading() as session:
            return await Uploads(session, workspace_id, self._settings).get(upload_id)

    async def commit(self, record: UploadRecord, before: int, after: int) -> None:
        """Confirm bytes that are on the disk."""
        async with self._database.session() as session:
            await Uploads(session, record.workspace_id, self._settings).advance(
                record.id, before, after
            )

    @property
    def often(self) -> tuple[int, float]:
        """Bytes and seconds after which bytes are confirmed."""
        return self._settings.uploads.commit_bytes, self._settings.uploads.commit_s


class _Arrival:
    """The bytes of one request."""

    def __init__(
        self, receiver: Receiver, record: UploadRecord, held: Held, checksum: Checksum | None
    ) -> None:
        self._receiver = receiver
        self._record = record
        self._held = held
        self._checksum = checksum
        self._digest = None if checksum is None else checksum.start()
        self._buffer = bytearray()
        self._written = self._confirmed = record.offset
        self._confirmed_at = time.monotonic()

    async def take(self, piece: bytes) -> None:
        if self._written + len(self._buffer) + len(piece) > self._record.size:
            raise _too_large(self._record.size)
        self._buffer += piece
        bytes_, seconds = self._receiver.often
        if len(self._buffer) >= min(_BUFFER, bytes_):
            await self._write()
        if self._digest is None and (
            self._written - self._confirmed >= bytes_
            or time.monotonic() - self._confirmed_at >= seconds
        ):
            await self._confirm()

    async def end(self) -> None:
        await self._write()
        if (
            self._checksum is not None
            and self._digest is not None
            and self._digest.digest() != self._checksum.digest
        ):
            raise ChecksumMismatch(
                "the bytes are not those of their checksum", "Send the same bytes again"
            )
        await self._confirm()

    async def stop(self) -> None:
        """Keep what may be kept, cut the rest off."""
        if self._digest is None:
            try:
                await self._confirm()
            except (VideoClipError, OSError):
                self._held.begin(self._confirmed)
                raise
        self._held.begin(self._confirmed)

    async def _write(self) -> None:
        if not self._buffer:
            return
        data, self._buffer = self._buffer, bytearray()

        def work() -> None:
            self._held.write(data, self._written)
            if self._digest is not None:
                self._digest.update(data)

        await in_thread(work)
        self._written += len(data)

    async def _confirm(self) -> None:
        await self._write()
        self._confirmed_at = time.monotonic()
        if self._written == self._confirmed:
            return
        await in_thread(self._held.sync)
        await self._receiver.commit(self._record, self._confirmed, self._written)
        self._confirmed = self._written


async def _not_idle(body: AsyncIterator[bytes], idle_s: float) -> AsyncIterator[bytes]:
    """A dead connection must not hold the upload against the client's next one."""
    pieces = aiter(body)
    while True:
        try:
            async with asyncio.timeout(idle_s):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise ClientSlow(
                f"nothing arrived for {idle_s:g} seconds",
                "Ask for the offset (HEAD) and go on there",
            ) from error
        yield piece


def _check(record: UploadRecord, offset: int, length: int | None) -> None:
    if record.concat == "final":
        raise WrongState("a joined upload takes no bytes", "Send them to its parts, before joining")
    if record.expired:
        raise UploadGone("the upload has expired", "Start it again, as a new one")
    if offset != record.offset:
        raise OffsetMismatch(
            f"the upload has {record.offset} bytes, and these begin at {offset}",
            "Ask for its offset (HEAD) and go on there",
        )
    if length is not None and length > record.size - record.offset:
        raise _too_large(record.size)
    if record.state != "open" and length:
        raise WrongState("all bytes of the upload are here already", "There is nothing to send")


def _too_large(size: int) -> TooLarge:
    return TooLarge(
        f"more bytes than the {size} that were announced", "Announce the file's real size"
    )
