"""`serve deploy` with our file, on the Ray of `videoclip up --no-models`; the proxy in front of an endpoint elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.command import ROOT, Command
from tests.support.served import free_port

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.alone]


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


@pytest.mark.timeout(300)
def test_serve_deploy_takes_our_file_and_the_proxy_fronts_an_endpoint(
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
    deploy = yaml.safe_load((ROOT / "configs" / "serve.yaml").read_text(encoding="utf-8"))
    deploy["http_options"]["port"] = port = free_port()
    (tmp_path / "serve.yaml").write_text(yaml.safe_dump(deploy), encoding="utf-8")
    command = Command(
        tmp_path / "data",
        {
            "VIDEOCLIP_SERVE__CONFIG": str(tmp_path / "serving.yaml"),
            "VIDEOCLIP_TEST_UPSTREAM_KEY": "theirs-secret",
        },
    )
    started = command.run("up", "--no-models", timeout=120)
    try:
        assert started.returncode == 0, started.stderr
        dashboard = started.stderr.split("dashboard: ")[1].split()[0]
        done = subprocess.run(
            [sys.executable, "-m", "ray.serve.scripts", "deploy", str(tmp_path / "serve.yaml")],
            env={**os.environ, "RAY_DASHBOARD_ADDRESS": dashboard, "RAY_AUTH_MODE": "disabled"},
            capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        apps = wait_for_apps(dashboard)
        assert {name: app["status"] for name, app in apps.items()} == {
            "asr": "RUNNING",
            "llm": "RUNNING",
        }, apps
        base = f"http://127.0.0.1:{port}/llm/v1"
        body = {"model": "mine", "messages": []}
        own_key = {"authorization": "Bearer mine"}
        answer = httpx.post(f"{base}/chat/completions", json=body, headers=own_key, timeout=30)
        assert answer.json() == {"asked": "theirs", "key": "Bearer theirs-secret"}
        assert httpx.get(f"{base}/models", timeout=30).json()["data"] == [{"id": "theirs"}]
        bad = httpx.post(f"{base}/chat/completions", content=b"{", timeout=30)
        assert bad.status_code == 400
    finally:
        command.run("down", timeout=60)
    assert command.survivors(20) == []


def wait_for_apps(dashboard: str) -> dict[str, Any]:
    deadline = time.monotonic() + 150
    apps: dict[str, Any] = {}
    while time.monotonic() < deadline:
        answer = httpx.get(f"{dashboard}/api/serve/applications/", timeout=30)
        apps = answer.json().get("applications", {}) if answer.is_success else {}
        if apps and all(app["status"] in {"RUNNING", "DEPLOY_FAILED"} for app in apps.values()):
            return apps
        time.sleep(1)
    return apps
