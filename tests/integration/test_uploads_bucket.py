"""Uploads into a bucket that fails as buckets do: retries with an end, nothing half-done that stays."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import obstore
import pytest
from pydantic import SecretStr

from actors.sweeper import Sweeper
from tests.support.bucket_server import bucket_server
from tests.support.desk import Desk
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.gateway import open_gateway, people
from tests.support.media import make_numbered_video
from videoclip.errors import StoreError
from videoclip.settings import ObjectSettings, Settings, SweepSettings
from videoclip.store import ObjectRef
from videoclip.store.bucket import open_bucket
from videoclip.store.database import Database


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultyProxy]:
    with bucket_server() as address, faulty_proxy(address) as proxy:
        yield proxy


@pytest.fixture
async def desk(
    proxy: FaultyProxy, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Desk]:
    proxy.fault = lambda number, method, path: None
    name = f"b{abs(hash(request.node.nodeid))}"
    made = await asyncio.to_thread(httpx.put, f"http://{proxy.target}/{name}")
    made.raise_for_status()
    bucket = ObjectSettings(
        url=f"s3://{name}/videos", endpoint=proxy.address, access_key_id="key",
        secret_access_key=SecretStr("hush-hush"), max_retries=4, timeout_s=1,
    )  # fmt: skip
    settings = Settings(
        data_dir=tmp_path / "data", objects=bucket, sweep=SweepSettings(grace_hours=1e-6)
    )
    desk = Desk(Database(settings), settings)
    await desk.open()
    proxy.seen.clear()
    yield desk
    await desk.database.close()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """More than one part of a bucket's upload."""
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    short = make_numbered_video(path, frames=25, size=(160, 90)).read_bytes()
    padding = os.urandom(17 * 2**20)
    return short + (len(padding) + 8).to_bytes(4, "big") + b"free" + padding


async def test_files_are_read_from_the_bucket_by_signed_addresses(
    desk: Desk, proxy: FaultyProxy, video: bytes
) -> None:
    async with open_gateway(desk.settings) as gateway:
        await people(gateway)
        sent = await gateway.ask(
            "POST", "/uploads", "editor", content=video,
            headers={
                "Tus-Resumable": "1.0.0", "Upload-Length": str(len(video)),
                "Content-Type": "application/offset+octet-stream",
                "Upload-Metadata": "filename RnLDvGguaHRtbA==",
            },
        )  # fmt: skip
        asset = f"/assets/{sent.json()['asset_id']}"
        led = await gateway.ask("GET", f"{asset}/content?inline=true", "viewer")
        assert led.status_code == 307
        for url in (
            led.headers["location"],
            (await gateway.ask("POST", f"{asset}/link", "viewer")).json()["url"],
        ):
            assert url.startswith(proxy.address)
            assert "X-Amz-Expires=3600" in url
            assert "hush-hush" not in url
            got = await asyncio.to_thread(httpx.get, url)
            assert got.content == video
            assert got.headers["content-type"] == "video/mp4"
            assert got.headers["content-disposition"] == "inline; filename*=utf-8''Fr%C3%BCh.html"
        # What workers read lies in the cache; the pictures of an asset are in the bucket too.
        still = await gateway.ask("GET", f"{asset}/thumbnail", "viewer")
        assert still.status_code == 307


def unfinished_parts(proxy: FaultyProxy, desk: Desk) -> int:
    bucket = desk.settings.objects.url.split("/")[2]
    return httpx.get(f"http://{proxy.target}/{bucket}?uploads").text.count("<UploadId>")


async def test_29_errors_that_pass_are_tried_again(
    desk: Desk, proxy: FaultyProxy, video: bytes
) -> None:
    faults: dict[int, int | str] = {2: 500, 3: 503, 5: "cut", 6: "silence", 8: 503}
    proxy.fault = lambda number, method, path: faults.get(number)
    upload = await desk.bring(video)
    assert upload.state == "finished"
    ref = ObjectRef(hashlib.sha256(video).hexdigest(), len(video))
    stored = bytes(obstore.get(open_bucket(desk.settings.objects), ref.key).bytes())
    assert stored == video
    assert list(desk.staging.ids()) == []
    assert unfinished_parts(proxy, desk) == 0


async def test_29_errors_that_stay_are_told_in_time_and_the_sweep_leaves_no_parts(
    desk: Desk, proxy: FaultyProxy, video: bytes
) -> None:
    # Parts are begun, and then nothing goes through, not even giving the parts up.
    def broken(number: int, method: str, path: str) -> int | None:
        return 503 if "partNumber" in path or method == "DELETE" else None

    proxy.fault = broken
    begun = time.monotonic()
    with pytest.raises(StoreError, match="object store failed") as told:
        await desk.bring(video)
    assert told.value.retryable
    assert time.monotonic() - begun < 30
    tries = [path for _, path in proxy.seen if "partNumber=1&" in path]
    assert len(tries) <= desk.settings.objects.max_retries + 1
    (waiting,) = await desk.sweep.unfinished()
    assert (await desk.get(waiting[1])).state == "received", "the bytes are kept"
    assert unfinished_parts(proxy, desk) == 1
    proxy.fault = lambda number, method, path: None
    swept = await Sweeper(desk.database, desk.settings).once()
    assert swept.parts == 1
    assert unfinished_parts(proxy, desk) == 0
    assert (await desk.get(waiting[1])).state == "finished"
    assert await desk.asset_names() == ["a.mp4"]
