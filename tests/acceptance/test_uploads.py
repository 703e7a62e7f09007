"""Uploads survive what happens to servers: real processes, killed in the middle, and a disk that is full."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.command import ROOT, Command
from tests.support.desk import Desk
from tests.support.media import make_numbered_video
from tests.support.served_gateway import ServedGateway, served_gateway
from videoclip.settings import Settings
from videoclip.store import ObjectRef
from videoclip.store.database import Database
from videoclip.store.uploads import Uploads

pytestmark = pytest.mark.slow

BYTES = {"Content-Type": "application/offset+octet-stream"}
PIECE = 64 * 1024
AWAY = 512 * 1024
"""May be on its way, not confirmed yet."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Eight megabytes that are a video: a short one, and a box that nobody reads."""
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    short = make_numbered_video(path, frames=25, size=(160, 90)).read_bytes()
    padding = os.urandom(8 * 2**20 - len(short) - 8)
    return short + (len(padding) + 8).to_bytes(4, "big") + b"free" + padding


def stored(gateway: ServedGateway, upload_id: str) -> tuple[int, bytes]:
    """What the database says, and what is on the disk."""

    async def read() -> int:
        database = Database(gateway.settings)
        try:
            async with database.reading() as session:
                return (
                    await Uploads(session, gateway.known.workspace_id, gateway.settings).get(
                        upload_id
                    )
                ).offset
        finally:
            await database.close()

    path = gateway.settings.data_dir / "uploads" / upload_id
    return asyncio.run(read()), path.read_bytes() if path.exists() else b""


def test_24_a_server_killed_at_1_50_and_99_percent_loses_nothing_that_it_confirmed(
    video: bytes, store_settings: Settings
) -> None:
    with served_gateway(store_settings, VIDEOCLIP_UPLOADS__COMMIT_BYTES="131072") as gateway:
        gateway.start()
        begun = gateway.ask("POST", "/uploads", headers={"Upload-Length": str(len(video))})
        path = begun.headers["location"]
        upload_id = path.rpartition("/")[2]
        told = 0
        # Of what differs between the databases, one kill tells enough.
        for percent in (50,) if store_settings.database_url else (1, 50, 99):
            until = len(video) * percent // 100
            offset = int(gateway.ask("HEAD", path).headers["upload-offset"])

            def dying(offset: int = offset, until: int = until) -> Iterator[bytes]:
                for at in range(offset, until, PIECE):
                    yield video[at : min(at + PIECE, until)]
                deadline = time.monotonic() + 30  # for what is on its way
                while int(gateway.ask("HEAD", path).headers["upload-offset"]) < until - AWAY:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                gateway.kill()
                yield video[until:]

            with pytest.raises(httpx.HTTPError):
                gateway.ask(
                    "PATCH", path, content=dying(), headers={**BYTES, "Upload-Offset": str(offset)}
                )
            confirmed, on_disk = stored(gateway, upload_id)
            assert offset <= confirmed <= len(on_disk)
            assert on_disk[:confirmed] == video[:confirmed]
            gateway.start()
            told = int(gateway.ask("HEAD", path).headers["upload-offset"])
            assert told == confirmed
            assert told >= until - AWAY, "not everything is begun again"
        done = gateway.ask(
            "PATCH", path, content=video[told:],
            headers={**BYTES, "Upload-Offset": str(told)},
        )  # fmt: skip
        assert done.status_code == 204
        asset = gateway.ask("GET", f"/assets/{done.headers['upload-asset']}").json()
        assert asset["sha256"] == hashlib.sha256(video).hexdigest()
        link = gateway.ask("POST", f"/assets/{asset['id']}/link").json()["url"]
        whole = httpx.get(gateway.base.removesuffix("/api/v1") + link)
        assert hashlib.sha256(whole.content).hexdigest() == asset["sha256"]


def test_28_a_disk_that_is_full_is_told_and_the_upload_goes_on_when_there_is_room(
    video: bytes, tmp_path: Path
) -> None:
    with served_gateway(
        Settings(data_dir=tmp_path / "data"), VIDEOCLIP_UPLOADS__COMMIT_BYTES="131072"
    ) as gateway:
        gateway.start(through=("prlimit", f"--fsize={3 * 2**20}"))  # as a full disk, without rights
        begun = gateway.ask("POST", "/uploads", headers={"Upload-Length": str(len(video))})
        path = begun.headers["location"]
        upload_id = path.rpartition("/")[2]
        full = gateway.ask("PATCH", path, content=video, headers={**BYTES, "Upload-Offset": "0"})
        assert (full.status_code, full.json()["code"]) == (507, "storage_full")
        offset = int(gateway.ask("HEAD", path).headers["upload-offset"])
        confirmed, on_disk = stored(gateway, upload_id)
        assert 0 < offset == confirmed == len(on_disk)
        assert on_disk == video[:offset]
        again = gateway.ask(
            "PATCH", path, content=video[offset:], headers={**BYTES, "Upload-Offset": str(offset)}
        )
        assert again.status_code == 507
        assert gateway.ask("GET", "/health/ready").status_code == 200
        gateway.kill()
        gateway.start()
        offset = int(gateway.ask("HEAD", path).headers["upload-offset"])
        done = gateway.ask(
            "PATCH", path, content=video[offset:], headers={**BYTES, "Upload-Offset": str(offset)}
        )
        assert done.status_code == 204
        asset = gateway.ask("GET", f"/assets/{done.headers['upload-asset']}").json()
        assert asset["sha256"] == hashlib.sha256(video).hexdigest()


_DIES_AFTER_THE_MOVE = """
import os, signal, sys
from videoclip.cli.main import main
from videoclip.store.objects import Objects

adopt = Objects.adopt

def dies(self, path, ref):
    adopt(self, path, ref)
    os.kill(os.getpid(), signal.SIGKILL)

Objects.adopt = dies
sys.exit(main(["sweep", "--once"]))
"""


def test_30_a_process_killed_between_object_and_row_loses_nothing(
    video: bytes, tmp_path: Path
) -> None:
    store_settings = Settings(data_dir=tmp_path / "data")

    async def bring() -> str:
        desk = Desk(Database(store_settings), store_settings)
        await desk.open()
        upload = await desk.create(len(video), name="a.mp4")
        await desk.send(upload.id, 0, video)
        await desk.database.close()
        return upload.id

    async def look(upload_id: str) -> tuple[str, list[str], bool]:
        desk = Desk(Database(store_settings), store_settings)
        upload, names = await desk.get(upload_id), await desk.asset_names()
        await desk.database.close()
        ref = ObjectRef(hashlib.sha256(video).hexdigest(), len(video))
        return upload.state, names, desk.objects.has(ref)

    upload_id = asyncio.run(bring())
    command = Command(store_settings.data_dir)
    killed = subprocess.run(
        [sys.executable, "-c", _DIES_AFTER_THE_MOVE],
        check=False,
        cwd=ROOT,
        env=command.variables(),
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert asyncio.run(look(upload_id)) == ("received", [], True)
    again = command.run("sweep", "--once")
    assert again.returncode == 0, again.stderr
    assert asyncio.run(look(upload_id)) == ("finished", ["a.mp4"], True)
    assert list((store_settings.data_dir / "uploads").iterdir()) == []
