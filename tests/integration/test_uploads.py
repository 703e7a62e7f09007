"""Uploads below the protocol: what is confirmed is on the disk, one writer at a time, quotas, strangers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
import zlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import update

from tests.support.desk import Desk, emptied
from videoclip.errors import (
    ChecksumMismatch,
    NotFound,
    OffsetMismatch,
    QuotaExceeded,
    TooLarge,
    UploadBusy,
    UploadGone,
    UsageError,
    WrongState,
)
from videoclip.settings import Settings, UploadSettings
from videoclip.store.database import Database
from videoclip.store.models import Upload
from videoclip.store.quotas import Quotas
from videoclip.store.staging import Checksum, Held, Staging
from videoclip.store.uploads import UploadRecord, Uploads

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(lasting_settings: Settings) -> AsyncIterator[Desk]:
    settings = lasting_settings.model_copy(
        update={"uploads": UploadSettings(commit_bytes=64 * 1024, max_open=20)}
    )
    desk = Desk(Database(settings), settings)
    await desk.open()
    yield desk
    await desk.database.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opened: Desk) -> Desk:
    await emptied(opened.database, opened.settings)
    return opened


class Untouched:
    """A body that must not be read."""

    def __aiter__(self) -> Untouched:
        return self

    async def __anext__(self) -> bytes:
        raise AssertionError("the body was read before the request was refused")


async def test_bytes_arrive_in_order_and_the_offset_tells_how_many(desk: Desk) -> None:
    upload = await desk.create(10, name="a.mp4")
    assert (upload.offset, upload.state) == (0, "open")
    assert (await desk.send(upload.id, 0, b"abc", b"de")).offset == 5
    done = await desk.send(upload.id, 5, b"fghij")
    assert (done.offset, done.state) == (10, "received")
    assert desk.bytes_of(upload.id) == b"abcdefghij"


async def test_26_a_wrong_offset_is_refused_before_the_body(desk: Desk) -> None:
    upload = await desk.create(10)
    await desk.send(upload.id, 0, b"abc")
    for offset in (0, 2, 4, 11):
        with pytest.raises(OffsetMismatch, match="has 3 bytes"):
            await desk.receiver.append("w1", upload.id, offset, Untouched())
    assert desk.bytes_of(upload.id) == b"abc"


@pytest.mark.parametrize("algorithm", ["sha1", "crc32"])
async def test_26_of_a_request_with_a_wrong_checksum_nothing_stays(
    desk: Desk, algorithm: str
) -> None:
    def checksum(data: bytes) -> Checksum:
        digest = (
            zlib.crc32(data).to_bytes(4, "big")
            if algorithm == "crc32"
            else hashlib.new(algorithm, data).digest()
        )
        return Checksum.parse(f"{algorithm} {base64.b64encode(digest).decode()}")

    big = bytes(range(256)) * 1024  # several confirmations, were there no checksum
    upload = await desk.create(3 + len(big))
    await desk.send(upload.id, 0, b"abc", checksum=checksum(b"abc"))
    with pytest.raises(ChecksumMismatch):
        await desk.send(upload.id, 3, big, checksum=checksum(b"other"))
    assert desk.bytes_of(upload.id) == b"abc"
    assert (await desk.get(upload.id)).offset == 3
    done = await desk.send(upload.id, 3, big, checksum=checksum(big))
    assert done.state == "received"
    assert desk.bytes_of(upload.id) == b"abc" + big


async def test_25_what_a_stranger_sends_is_not_even_read(desk: Desk) -> None:
    upload = await desk.create(10)
    with pytest.raises(NotFound):
        await desk.receiver.append("w2", upload.id, 0, Untouched())
    with pytest.raises(NotFound):
        await desk.get(upload.id, "w2")
    assert not desk.staging.path(upload.id).exists()


async def test_25_over_the_quota_nothing_is_read(desk: Desk) -> None:
    upload = await desk.create(10)
    async with desk.database.session() as session:
        await Quotas(session, "w1", desk.settings.quota).set_limits(max_bytes=9)
    with pytest.raises(QuotaExceeded, match="may keep 9"):
        await desk.receiver.append("w1", upload.id, 0, Untouched())
    assert not desk.staging.path(upload.id).exists()
    with pytest.raises(QuotaExceeded):
        await desk.create(1)
    assert (await desk.create(1, "w2")).size == 1, "another workspace has its own quota"


async def test_uploads_at_once_do_not_exceed_the_quota_together(desk: Desk) -> None:
    async with desk.database.session() as session:
        await Quotas(session, "w1", desk.settings.quota).set_limits(max_bytes=50)
    told = await asyncio.gather(*(desk.create(10) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, UploadRecord) for answer in told) == 5
    assert sum(isinstance(answer, QuotaExceeded) for answer in told) == 5


async def test_27_of_two_writers_one_is_refused(desk: Desk) -> None:
    upload = await desk.create(6)
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"abc"
        waiting.set()
        await go_on.wait()
        yield b"def"

    first = asyncio.create_task(desk.receiver.append("w1", upload.id, 0, slow()))
    await waiting.wait()
    with pytest.raises(UploadBusy):
        await desk.receiver.append("w1", upload.id, 0, Untouched())
    # The same from another process: the lock is the kernel's.
    with pytest.raises(UploadBusy), Staging(desk.staging.folder).hold(upload.id):
        pass
    go_on.set()
    assert (await first).state == "received"
    assert desk.bytes_of(upload.id) == b"abcdef"


async def test_a_client_that_goes_away_loses_nothing_that_arrived(desk: Desk) -> None:
    upload = await desk.create(6)

    async def breaking() -> AsyncIterator[bytes]:
        yield b"abcd"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await desk.receiver.append("w1", upload.id, 0, breaking())
    assert (await desk.get(upload.id)).offset == 4
    digest = Checksum("sha1", hashlib.sha1(b"ef").digest())
    with pytest.raises(ConnectionError):
        await desk.receiver.append("w1", upload.id, 4, breaking_after(b"e"), checksum=digest)
    assert (await desk.get(upload.id)).offset == 4, "half of a checked request does not count"
    assert (await desk.send(upload.id, 4, b"ef", checksum=digest)).state == "received"
    assert desk.bytes_of(upload.id) == b"abcdef"


async def test_a_request_that_is_cancelled_lets_go_of_the_file_when_nothing_writes_any_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a late write would reach a file that somebody else has opened since."""
    upload = await desk.create(2 * 2**20)
    writing, go_on = threading.Event(), threading.Event()
    write = Held.write
    ended: list[int] = []

    def slow(self: Held, data: bytes, offset: int) -> None:
        writing.set()
        go_on.wait(10)
        write(self, data, offset)
        ended.append(offset)

    monkeypatch.setattr(Held, "write", slow)
    task = asyncio.create_task(desk.send(upload.id, 0, b"x" * 2**20, b"y" * 2**20))
    await asyncio.to_thread(writing.wait, 10)
    task.cancel()
    await asyncio.sleep(0.05)
    with pytest.raises(UploadBusy), desk.staging.hold(upload.id):
        pass
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended
    offset = (await desk.get(upload.id)).offset
    assert desk.bytes_of(upload.id) == (b"x" * 2**20)[:offset]
    with desk.staging.hold(upload.id):
        pass


async def breaking_after(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
    raise ConnectionError


async def test_bytes_that_were_never_confirmed_are_cut_off(desk: Desk) -> None:
    """As a killed process leaves them: in the file, not in the row."""
    upload = await desk.create(8)
    await desk.send(upload.id, 0, b"abcd")
    with desk.staging.path(upload.id).open("ab") as file:
        file.write(b"torn")
    await desk.send(upload.id, 4, b"ef")
    await desk.send(upload.id, 6, b"gh")
    assert desk.bytes_of(upload.id) == b"abcdefgh"


async def test_confirmed_bytes_that_are_lost_are_told(desk: Desk) -> None:
    upload = await desk.create(8)
    await desk.send(upload.id, 0, b"abcd")
    desk.staging.remove(upload.id)
    with pytest.raises(UploadGone, match="no longer there"):
        await desk.send(upload.id, 4, b"ef")


async def test_more_bytes_than_announced_are_refused(desk: Desk) -> None:
    upload = await desk.create(4)
    with pytest.raises(TooLarge):
        await desk.receiver.append("w1", upload.id, 0, Untouched(), length=5)
    with pytest.raises(TooLarge):
        await desk.send(upload.id, 0, b"abc", b"de")
    assert (await desk.get(upload.id)).offset == 3
    assert desk.bytes_of(upload.id) == b"abc"


async def test_a_long_request_is_confirmed_in_between(desk: Desk) -> None:
    upload = await desk.create(4 * 2**20)
    seen = []

    async def watching() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * 2**19
            seen.append((await desk.get(upload.id)).offset)

    await desk.receiver.append("w1", upload.id, 0, watching())
    assert seen == sorted(seen)
    assert len({*seen}) >= 4
    assert all(offset <= 2**19 * (n + 1) for n, offset in enumerate(seen))


async def test_an_expired_upload_takes_nothing(desk: Desk) -> None:
    upload = await desk.create(4)
    async with desk.database.session() as session:
        await session.execute(update(Upload).values(expires_ms=0))
    with pytest.raises(UploadGone, match="expired"):
        await desk.receiver.append("w1", upload.id, 0, Untouched())


async def test_parts_are_joined_once_and_count_once(desk: Desk) -> None:
    one, two = await desk.create(3, partial=True), await desk.create(2, partial=True)
    whole = await desk.create(2)
    await desk.send(one.id, 0, b"abc")

    async def join(*ids: str, workspace: str = "w1") -> UploadRecord:
        async with desk.database.session() as session:
            return await Uploads(session, workspace, desk.settings).join(ids, name="x")

    with pytest.raises(WrongState):
        await join(one.id, two.id)
    await desk.send(two.id, 0, b"de")
    for wrong, error in (
        ([one.id, one.id], UsageError),
        ([one.id, whole.id], WrongState),
        ([], UsageError),
    ):
        with pytest.raises(error):
            await join(*wrong)
    with pytest.raises(NotFound):
        await join(one.id, two.id, workspace="w2")
    final = await join(two.id, one.id)
    assert (final.size, final.state, final.parts) == (5, "received", (two.id, one.id))
    with pytest.raises(WrongState, match="takes no bytes"):
        await desk.receiver.append("w1", final.id, 5, Untouched())
    with pytest.raises(WrongState):
        await join(one.id, two.id)
    with desk.staging.hold(final.id) as held:
        desk.staging.join(final.parts, held)
        assert held.size == 5
    assert desk.bytes_of(final.id) == b"deabc"
    async with desk.database.session() as session:
        usage = await Quotas(session, "w1", desk.settings.quota).usage()
        assert usage.upload_bytes == 7
        assert set(await Uploads(session, "w1", desk.settings).remove(final.id)) == {
            final.id, one.id, two.id,
        }  # fmt: skip


async def test_too_many_unfinished_uploads_are_refused(desk: Desk) -> None:
    for _ in range(20):
        await desk.create(1)
    with pytest.raises(UsageError, match="20 uploads"):
        await desk.create(1)
