"""Ray with the platform on it, as the container of Compose starts it: a token, the proxy before an endpoint elsewhere, a
dispatcher that does jobs; `serve deploy` takes it out again."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.command import ROOT
from tests.support.platform import Platform, make_video
from tests.support.ports import free_port
from videoclip.settings import Settings

pytestmark = [pytest.mark.ray, pytest.mark.slow]


class _Endpoint(BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint elsewhere: the one thing here that is not ours."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._say({"asked": asked["model"], "key": self.headers.get("authorization", "")})

    def do_GET(self) -> None:
        self._say({"data": [{"id": "theirs"}]})

    def _say(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def test_the_platform_on_one_ray_serves_models_does_jobs_and_ends_with_it(
    tmp_path: Path, endpoint: str
) -> None:
    serving = {
        "gpu_gib": 0,
        "asr": {"recogniser": "pocketsphinx", "language": "en", "num_cpus": 0.1},
        "llm": {
            "engine": "proxy",
            "upstream": endpoint,
            "upstream_key": "VIDEOCLIP_TEST_UPSTREAM_KEY",
            "model": "theirs",
            "num_cpus": 0.1,
        },
    }
    (tmp_path / "serving.yaml").write_text(yaml.safe_dump(serving), encoding="utf-8")
    file = yaml.safe_load((ROOT / "configs" / "platform.yaml").read_text(encoding="utf-8"))
    file["http_options"]["port"] = port = free_port()
    (tmp_path / "platform.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
    (tmp_path / "token").write_text(secrets.token_hex(32))
    ray = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}
    dashboard_port = free_port()
    platform = Platform(
        Settings(data_dir=tmp_path / "data"),
        tmp_path,
        {
            **ray,
            "VIDEOCLIP_RAY__IN_PROCESS": "false",
            "VIDEOCLIP_SERVE__CONFIG": str(tmp_path / "serving.yaml"),
            "VIDEOCLIP_TEST_UPSTREAM_KEY": "theirs-secret",
            "GCS_PORT": str(free_port()),
            "DASHBOARD_PORT": str(dashboard_port),
            "PLATFORM_FILE": str(tmp_path / "platform.yaml"),
            "OBJECT_STORE_BYTES": str(160 * 2**20),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
    )
    head = started(platform, tmp_path)
    try:
        dashboard = Dashboard(f"http://127.0.0.1:{dashboard_port}", ray)
        apps = dashboard.wait_for_apps()
        assert {name: app["status"] for name, app in apps.items()} == {
            "asr": "RUNNING",
            "llm": "RUNNING",
            "dispatch": "RUNNING",
        }, (apps, (tmp_path / "head.log").read_text()[-3000:])
        stranger = httpx.get(f"{dashboard.address}/api/serve/applications/", timeout=30)
        assert stranger.status_code == 401
        base = f"http://127.0.0.1:{port}/llm/v1"
        body = {"model": "mine", "messages": []}
        own_key = {"authorization": "Bearer mine"}
        answer = httpx.post(f"{base}/chat/completions", json=body, headers=own_key, timeout=30)
        assert answer.json() == {"asked": "theirs", "key": "Bearer theirs-secret"}
        assert httpx.get(f"{base}/models", timeout=30).json()["data"] == [{"id": "theirs"}]
        bad = httpx.post(f"{base}/chat/completions", content=b"{", timeout=30)
        assert bad.status_code == 400

        (job,) = platform.final(
            platform.cut(make_video(tmp_path / "short.mp4"), (0, 400), (500, 900)), within_s=120
        )
        assert job.state == "succeeded", job.error
        file["applications"] = [app for app in file["applications"] if app["name"] != "dispatch"]
        dashboard.deploy(tmp_path, file)
        platform.wait(lambda: not platform.call(lambda queue: queue.dispatchers()), 60)
        head.terminate()
        head.wait(timeout=60)
    finally:
        if head.poll() is None:
            os.killpg(head.pid, signal.SIGKILL)
        platform.stop()
    assert platform.command.survivors(20) == []


def started(platform: Platform, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "head.log").open("wb") as log:
        return subprocess.Popen(
            ["bash", ROOT / "cluster" / "compose" / "ray-head.sh"],
            env=platform.command.variables(), cwd=folder, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


@dataclass
class Dashboard:
    """Of a Ray that asks for a token."""

    address: str
    variables: dict[str, str]

    def deploy(self, folder: Path, content: dict[str, Any]) -> None:
        (folder / "platform.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "ray.serve.scripts", "deploy", str(folder / "platform.yaml")],
            env={**os.environ, **self.variables, "RAY_DASHBOARD_ADDRESS": self.address},
            capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def wait_for_apps(self) -> dict[str, Any]:
        token = Path(self.variables["RAY_AUTH_TOKEN_PATH"]).read_text()
        headers = {"Authorization": f"Bearer {token}"}
        deadline = time.monotonic() + 200
        apps: dict[str, Any] = {}
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                url = f"{self.address}/api/serve/applications/"
                answer = httpx.get(url, headers=headers, timeout=30)
                apps = answer.json().get("applications", {}) if answer.is_success else {}
            if apps and all(app["status"] in {"RUNNING", "DEPLOY_FAILED"} for app in apps.values()):
                return apps
            time.sleep(1)
        return apps
