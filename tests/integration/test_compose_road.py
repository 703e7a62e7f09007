"""The road of the Compose file without Docker: the gateway as its container runs it, behind the real Caddy with our file."""

from __future__ import annotations

import base64
import contextlib
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from tests.support.compose import FOLDER, compose_file, env_file
from tests.support.gateway_process import Known, make_known, running
from tests.support.ports import free_port
from videoclip.settings import Settings

CADDY = Path(sys.executable).with_name("caddy")


@dataclass
class Road:
    """What a browser sees."""

    http: int
    https: int
    known: Known
    client: httpx.Client

    def url(self, path: str) -> str:
        return f"https://localhost:{self.https}{path}"

    @property
    def owner(self) -> dict[str, str]:
        return self.known.headers


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("compose")
    subprocess.run(
        ["bash", FOLDER / "secrets.sh", "localhost"],
        env={**os.environ, "OUT": str(folder)}, check=True, capture_output=True,
    )  # fmt: skip
    service = compose_file("compose.yaml", env_file(folder / ".env"))["services"]["gateway"]
    assert service["command"] == ["videoclip", "gateway"]
    settings = Settings(data_dir=folder / "data")
    settings.data_dir.mkdir()
    (settings.data_dir / "videoclip.db").write_bytes(sqlite_template.read_bytes())
    given = {**env_file(folder / "secrets" / "videoclip.env"), **service["environment"]}
    # What is different here: no containers, so no PostgreSQL of theirs, loopback, and a free port.
    for name in ("DATABASE_URL", "DATA_DIR", "GATEWAY__HOST", "GATEWAY__PORT"):
        given.pop(f"VIDEOCLIP_{name}")
    given["VIDEOCLIP_GATEWAY__TRUSTED_PROXIES"] = '["127.0.0.0/8"]'
    variables = {name: str(value) for name, value in given.items()}
    key = SecretStr(given["VIDEOCLIP_SECRET_KEY"])
    known = make_known(settings.model_copy(update={"secret_key": key}))
    with (
        running(settings, folder / "gateway.log", **variables) as gateway,
        caddy(folder, gateway.base.removeprefix("http://")) as (http, https),
        httpx.Client(verify=trust(folder, https), timeout=20) as client,
    ):
        yield Road(http, https, known, client)


@contextlib.contextmanager
def caddy(folder: Path, gateway: str) -> Iterator[tuple[int, int]]:
    """Caddy with the Caddyfile of the Compose file; gives its ports."""
    http, https, admin = free_port(), free_port(), free_port()
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--config", FOLDER / "Caddyfile", "--adapter", "caddyfile"],
            env={
                "PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder),
                "PUBLIC_HOST": "localhost", "GATEWAY": gateway, "HTTP_PORT": str(http),
                "HTTPS_PORT": str(https), "ADMIN": f"127.0.0.1:{admin}",
            },
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield http, https
    finally:
        process.terminate()
        process.wait(timeout=20)


def trust(folder: Path, port: int) -> ssl.SSLContext:
    """Wait until Caddy has a certificate; trust its own authority."""
    root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, httpx.HTTPError):
            context = ssl.create_default_context(cafile=root)
            httpx.get(f"https://localhost:{port}/api/v1/health/live", verify=context, timeout=5)
            return context
        time.sleep(0.1)
    raise TimeoutError((folder / "caddy.log").read_text()[-3000:])


def test_plain_http_is_sent_to_https_which_stays(road: Road) -> None:
    answer = httpx.get(f"http://localhost:{road.http}/ui/", timeout=10)
    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://localhost")
    ready = road.client.get(road.url("/api/v1/health/ready"))
    assert ready.status_code == 200
    assert "max-age=31536000" in ready.headers["strict-transport-security"]
    assert "server" not in ready.headers


def test_older_tls_is_refused(road: Road) -> None:
    old = ssl.create_default_context()
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.ConnectError, match=r"(?i)protocol.version|alert"):
        httpx.get(road.url("/api/v1/health/live"), verify=old, timeout=10)


def test_an_upload_larger_than_any_other_request_goes_through_in_pieces(road: Road) -> None:
    size = 5 * 2**20
    head = {**road.owner, "Tus-Resumable": "1.0.0"}
    name = base64.b64encode(b"show.mp4").decode()
    made = road.client.post(
        road.url("/api/v1/uploads"),
        headers={**head, "Upload-Length": str(size + 10), "Upload-Metadata": f"filename {name}"},
    )
    assert made.status_code == 201, made.text
    where = httpx.URL(road.url("/")).join(made.headers["location"])
    sent = road.client.patch(
        where,
        headers={**head, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        content=(bytes(2**20) for _ in range(5)),
    )
    assert sent.status_code == 204, sent.text
    assert road.client.head(where, headers=head).headers["upload-offset"] == str(size)
    # The same bytes anywhere else are not taken.
    refused = road.client.post(road.url("/api/v1/jobs"), headers=road.owner, content=bytes(size))
    assert refused.status_code == 413


def test_events_come_as_they_happen(road: Road) -> None:
    asked = road.client.post(
        road.url("/api/v1/jobs"),
        headers=road.owner,
        json={"request": {"kind": "cut", "source": "https://videos.example/one.mp4", "ranges": [{"start_ms": 0, "end_ms": 1000}]}},
    )  # fmt: skip
    assert asked.status_code == 201, asked.text
    events = road.url(f"/api/v1/jobs/{asked.json()['id']}/events")
    began = time.monotonic()
    with road.client.stream("GET", events, headers=road.owner) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        first = next(line for line in stream.iter_lines() if line.startswith("data:"))
    assert "queued" in first
    assert time.monotonic() - began < 10, "nobody collects the stream before passing it on"


def test_who_says_to_come_from_elsewhere_is_not_believed(road: Road) -> None:
    """Limits of strangers count by the address that Caddy saw, whatever the request claims."""
    codes = {
        road.client.get(
            road.url("/api/v1/jobs"), headers={"X-Forwarded-For": f"198.51.100.{number}"}
        ).status_code
        for number in range(130)
    }
    assert codes == {401, 429}
