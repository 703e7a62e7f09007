"""A gateway in a process of its own that is killed and started again on the same data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.gateway_process import GatewayProcess, Known, make_known, running
from videoclip.settings import Settings

__all__ = ["ServedGateway", "served_gateway"]


@dataclass
class ServedGateway:
    """The gateway, and how to speak to it as the owner of a workspace."""

    settings: Settings
    known: Known
    variables: dict[str, str]
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    process: GatewayProcess | None = None

    @property
    def base(self) -> str:
        """Address of the API."""
        assert self.process is not None
        return f"{self.process.base}/api/v1"

    @property
    def headers(self) -> dict[str, str]:
        return {**self.known.headers, "Tus-Resumable": "1.0.0"}

    def start(self, *, port: int = 0, through: Sequence[str] = ()) -> None:
        """Start it, and wait until it answers."""
        log = self.settings.data_dir.with_suffix(".log")
        self.process = self.stack.enter_context(
            running(self.settings, log, port=port, through=through, **self.variables)
        )

    def kill(self) -> None:
        """As the kernel would for want of memory."""
        assert self.process is not None
        self.process.kill()

    def peak_bytes(self) -> int:
        """The most memory that it has used so far."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """Send a request as the owner; the path may be an address."""
        headers = {**self.headers, **options.pop("headers", {})}  # type: ignore[dict-item]
        url = path if path.startswith("http") else f"{self.base}{path.removeprefix('/api/v1')}"
        return httpx.request(method, url, headers=headers, timeout=30, **options)  # type: ignore[arg-type]


@contextlib.contextmanager
def served_gateway(settings: Settings, **variables: str) -> Iterator[ServedGateway]:
    """A gateway over an empty database, not started yet; ``variables``: more of its environment."""
    gateway = ServedGateway(settings, make_known(settings), variables)
    with gateway.stack:
        yield gateway
