"""A real Prometheus for tests, and its checkers; `make setup-test` takes them out of Debian's packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.ports import free_port

__all__ = ["Prometheus", "running_prometheus", "tool"]


def tool(name: str) -> str:
    """Path of prometheus, promtool or amtool.

    Raises:
        RuntimeError: it is not here.
    """
    here = Path(sys.prefix) / "prometheus" / "usr" / "bin" / name
    found = str(here) if here.is_file() else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not here: run `make setup-test`")
    return found


class Prometheus:
    """One that runs."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1"

    def query(self, query: str) -> list[dict[str, Any]]:
        """An instant query's vector."""
        answer = httpx.get(f"{self._base}/query", params={"query": query}, timeout=10)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def value(self, query: str, patience_s: float = 20.0) -> float:
        """Of the first series, once there is one."""
        deadline = time.monotonic() + patience_s
        while not (found := self.query(query)):
            assert time.monotonic() < deadline, f"nothing for {query}"
            time.sleep(0.2)
        return float(found[0]["value"][1])

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self._base}/query", params={"query": "1"}).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("Prometheus did not start")


@contextmanager
def running_prometheus(folder: Path, targets: list[str], rules: Path) -> Iterator[Prometheus]:
    """One that reads the targets (``host:port``) each second and evaluates the rules."""
    folder.mkdir(parents=True)
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": "videoclip-test", "static_configs": [{"targets": targets}]}
        ],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                tool("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        found = Prometheus(port)
        found.wait()
        yield found
    finally:
        process.terminate()
        process.wait(20)
