"""The reference client of the protocol (tus-js-client) against a real server that is killed under it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import ROOT
from tests.support.media import make_numbered_video
from tests.support.served_gateway import ServedGateway, served_gateway
from videoclip.fingerprint import file_sha256
from videoclip.settings import Settings

pytestmark = pytest.mark.slow

CLIENT = ROOT / "tests" / "tus"
SIZE = int(os.environ.get("VIDEOCLIP_TEST_TUS_BYTES") or 96 * 2**20)
"""The promise is a gigabyte: with VIDEOCLIP_TEST_TUS_BYTES=1073741824 it is that."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short video, and a box that nobody reads."""
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    make_numbered_video(path, frames=25, size=(160, 90))
    padding = SIZE - path.stat().st_size - 16
    with path.open("ab") as file:
        file.write((1).to_bytes(4, "big") + b"free" + (padding + 16).to_bytes(8, "big"))
        block = os.urandom(2**20)
        while padding:
            file.write(block[:padding])
            padding -= min(padding, len(block))
            block = block[1:] + block[:1]
    return path


def events(client: subprocess.Popen[str]) -> Iterator[dict[str, object]]:
    assert client.stdout is not None
    for line in client.stdout:
        yield json.loads(line)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[ServedGateway]:
    with served_gateway(Settings(data_dir=tmp_path / "data")) as gateway:
        gateway.start()
        yield gateway


def test_34_the_reference_client_uploads_through_pauses_and_kills(
    gateway: ServedGateway, video: Path
) -> None:
    kills = [30, 60]
    if not (CLIENT / "node_modules").is_dir():
        raise RuntimeError("tus-js-client is not here: run make setup-test")
    client = subprocess.Popen(
        ["node", "upload.mjs", f"{gateway.base}/uploads", gateway.known.headers["Authorization"].removeprefix("Bearer "), video, "15,80", "0"],
        cwd=CLIENT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    paused, killed, done, begun_with = 0, 0, {}, 0
    waiting = [SIZE * percent // 100 for percent in kills]
    # Whatever happens, the test ends.
    guard = threading.Timer(240, client.kill)
    guard.start()
    try:
        for event in events(client):
            assert "error" not in event, event
            paused += "paused" in event
            done = event if "done" in event else done
            if waiting and int(str(event.get("sent", 0))) > waiting[0]:
                waiting.pop(0)
                killed += 1
                port = gateway.base.rsplit(":", 1)[1].split("/")[0]
                gateway.kill()
                gateway.start(port=int(port))
                begun_with = gateway.peak_bytes()
        assert client.wait(timeout=10) == 0
    finally:
        guard.cancel()
        client.kill()
        client.wait()
        assert client.stdout is not None
        client.stdout.close()
    assert (paused, killed) == (2, len(kills))
    # A large file is examined in the background; its address tells how that went.
    deadline = time.monotonic() + 60
    while (told := gateway.ask("GET", str(done["done"])).json())["state"] == "received":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert told["state"] == "finished", told
    asset = gateway.ask("GET", f"/assets/{told['asset_id']}").json()
    assert (asset["size"], asset["sha256"]) == (SIZE, file_sha256(video))
    assert gateway.peak_bytes() - begun_with < 32 * 2**20, "memory does not grow with the file"
    assert asset["name"] == "from the reference client.mp4"
    counted = done["counted"]
    assert isinstance(counted, dict)
    assert counted["POST"] == 1, "it was resumed, not begun again"
    assert counted["HEAD"] >= 2 + len(kills)
