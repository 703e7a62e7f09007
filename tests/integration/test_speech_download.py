"""Weights from a model hub (one of our own on loopback, in ModelScope's protocol): progress, resuming, revisions."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.command import ROOT
from tests.support.tiny_models import MODELS

SIZE = 24_000_000
HALF = 12_000_000
DOWNLOAD = """
import sys
from videoclip.cli.console import JsonReporter
from videoclip.errors import VideoClipError
from videoclip.progress import Progress
from videoclip.speech.protocol import RecogniserSpec
from videoclip.speech.weights import prefetch
progress = Progress(JsonReporter().event, job="1", source="x")
progress.start("download", 1, "bytes")
def told(model, here, total):
    progress.emit("bytes", data={"here": here, "total": total})
try:
    (folder,) = prefetch(RecogniserSpec("funasr", "zh", sys.argv[1]), told)
    progress.emit("folder", data={"path": str(folder)})
except VideoClipError as error:
    sys.exit(error.code)
"""


class Hub(ThreadingHTTPServer):
    """One model; a file breaks off where it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        folder = MODELS / "fsmn-vad"
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.files["model.pt"] = self.files["model.pt"].ljust(SIZE, b"\0")
        self.asked: list[tuple[str, str]] = []
        self.hold: threading.Event | None = None
        self.reached_half = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        if address.path == "/api/v1/models/iic/tiny/repo/files":
            listed = [
                {"Name": n, "Path": n, "Type": "blob", "Size": len(d), "Sha256": hashlib.sha256(d).hexdigest()}
                for n, d in self.server.files.items()
            ]  # fmt: skip
            self._say(200, json.dumps({"Code": 200, "Data": {"Files": listed}}).encode())
        elif address.path == "/api/v1/models/iic/tiny/repo":
            self._send_file(query["FilePath"], query.get("Revision", ""))
        else:
            self._say(404, b"")

    def _send_file(self, name: str, revision: str) -> None:
        data = self.server.files[name]
        wanted = self.headers.get("range", "")
        self.server.asked.append((name, wanted))
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("content-length", str(len(data) - start))
        self.send_header("accept-ranges", "bytes")
        if wanted:
            self.send_header("content-range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if name == "model.pt" and self.server.hold is not None:
            self.wfile.write(data[start : start + HALF])
            self.wfile.flush()
            self.server.reached_half.set()
            self.server.hold.wait(60)
            return
        self.wfile.write(data[start:])

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def download(hub: Hub, cache: Path, model: str = "iic/tiny") -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "MODELSCOPE_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}",
        "MODELSCOPE_CACHE": str(cache),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD, model],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_download_that_was_killed_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.hold = threading.Event()
    first = download(hub, tmp_path)
    assert hub.reached_half.wait(60)
    for line in first.stdout or ():
        event = json.loads(line)
        if event["event"] == "bytes" and event["data"]["here"] >= HALF // 4:
            break
    first.kill()
    first.communicate()
    hub.hold.set()
    hub.hold = None
    hub.asked.clear()
    out, err = download(hub, tmp_path).communicate(timeout=120)
    told = [json.loads(line) for line in out.splitlines()]
    folder = Path(told[-1]["data"]["path"])
    assert (folder / "model.pt").read_bytes() == hub.files["model.pt"], err
    assert "it/s" not in err, "one progress bar is enough"
    total = sum(len(data) for data in hub.files.values())
    moved = [event["data"] for event in told if event["event"] == "bytes"]
    assert {data["total"] for data in moved} == {total}
    assert SIZE <= moved[-1]["here"] <= total
    (wanted,) = (wanted for name, wanted in hub.asked if name == "model.pt")
    assert int(wanted.removeprefix("bytes=").partition("-")[0]) > 0, "it began from nothing"
    hub.asked.clear()
    out, _ = download(hub, tmp_path).communicate(timeout=120)
    assert hub.asked == [], "what is here is not asked for again"


def test_a_model_that_the_hub_does_not_have_is_told(hub: Hub, tmp_path: Path) -> None:
    process = download(hub, tmp_path, "iic/other")
    _, error = process.communicate(timeout=120)
    assert error.splitlines()[-1] == "engine_unavailable"
    assert process.returncode == 1
