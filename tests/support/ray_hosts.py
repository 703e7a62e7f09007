"""A Ray cluster over several hosts of `tests.support.hosts`, started as the product's generated commands start it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.support.command import ROOT
from tests.support.hosts import Host
from tests.support.patience import patient

__all__ = ["RayHosts", "ray_hosts", "wait_for"]

_PORT = 6379
_STORE = 80 * 2**20
_START_S = 120
_STARTED = "Ray runtime started"
_MARK = "TEST_RAY_HOST"
"""All of Ray on a host inherits it."""
_PATIENT = {"RAY_agent_register_timeout_ms": "120000", "RAY_worker_register_timeout_seconds": "180"}
"""Several Rays start side by side on one machine."""
_LOOK = """
import json, sys
from ray._raylet import GcsClient
nodes = GcsClient(address=sys.argv[1]).get_all_node_info(timeout=10)
print(json.dumps([[node.node_id.hex(), node.node_manager_address, node.state] for node in nodes.values()]))
"""


def wait_for(what: Callable[[], Any], within_s: float, described: str, every_s: float = 0.2) -> Any:
    """Wait until something is true; its value."""
    deadline = time.monotonic() + patient(within_s)
    while not (value := what()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s:.0f} s: {described}")
        time.sleep(every_s)
    return value


@dataclass
class RayHosts:
    """The cluster: one head, others that join. Ray's processes are killed one by one, never machine-wide."""

    head: Host
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    nodes: dict[Host, subprocess.Popen[bytes]] = field(default_factory=dict)
    settled: set[Host] = field(default_factory=set)
    """Hosts that have a folder of their own for Ray, as machines have."""

    def __post_init__(self) -> None:
        token = self.folder / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        self.variables = {
            "PYTHONPATH": str(ROOT),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
            **_PATIENT,
            **self.variables,
        }

    @property
    def address(self) -> str:
        """Where the control service listens."""
        return f"{self.head.address}:{_PORT}"

    def environment(self) -> dict[str, str]:
        """Of everything that takes part."""
        return {**os.environ, **self.variables}

    @property
    def _ray(self) -> Path:
        """Ray's folder, as its processes see it."""
        return self.folder / "ray"

    def _home(self, host: Host) -> Path:
        """The same, as this process sees it."""
        return self.folder / host.space if host.cable else self._ray

    def start(
        self, host: Host, cpus: int = 1, *more: str, environment: dict[str, str] | None = None
    ) -> None:
        """Start the head, or let another host join; on a busy machine again where Ray's patience was too short."""
        for last in (False, False, True):
            self._start(host, cpus, more, environment or {})
            if wait_for(lambda: self._began(host), _START_S, f"{host.space} takes part") > 0:
                return
            self.kill(host)
            if last:
                raise RuntimeError(self.logs())

    def _start(
        self, host: Host, cpus: int, more: tuple[str, ...], environment: dict[str, str]
    ) -> None:
        role = (
            ("--head", "--port", str(_PORT), "--temp-dir", str(self._ray))
            if host == self.head
            else ("--address", self.address)
        )
        if host not in self.settled:
            for folder in (self._ray, self._home(host)):
                folder.mkdir(exist_ok=True)
            host.own(self._ray, self._home(host))
            self.settled.add(host)
        if host == self.head:
            # Without hosts, its programs are one machine's, and Ray would believe that its head still runs.
            (self._home(host) / "ray_current_cluster").unlink(missing_ok=True)
        with self._log(host).open("wb") as log:
            self.nodes[host] = subprocess.Popen(
                [*host.command(), sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *role,
                "--node-ip-address", host.address, "--num-cpus", str(cpus),
                "--object-store-memory", str(_STORE), "--disable-usage-stats", *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
                env={**self.environment(), **environment, _MARK: self._mark(host)},
            )  # fmt: skip

    def _began(self, host: Host) -> int:
        """Over 0: it takes part; below: it failed; 0: not yet."""
        if _STARTED in self._log(host).read_text():
            return 1
        return -1 if self.nodes[host].poll() is not None else 0

    def _log(self, host: Host) -> Path:
        return self.folder / f"{host.space}.log"

    def _mark(self, host: Host) -> str:
        return f"{self.folder.name}/{host.space}"

    def known(self) -> list[tuple[str, str, int]]:
        """Id, address and state (0: alive) of every node that the control service knows; none if it does not answer."""
        done = subprocess.run(
            [sys.executable, "-c", _LOOK, self.address],
            env=self.environment(), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return [tuple(node) for node in json.loads(done.stdout)] if done.returncode == 0 else []

    def alive(self) -> dict[str, str]:
        """Ids of the nodes that take part, by address."""
        return {address: node for node, address, state in self.known() if state == 0}

    def process(self, host: Host, name: str) -> psutil.Process:
        """A host's ``gcs_server`` or ``raylet``."""
        family = psutil.Process(self.nodes[host].pid).children(recursive=True)
        return next(one for one in family if one.name() == name)

    def kill(self, host: Host) -> None:
        """Kill all of Ray on a host at once, as a loss of power does; other programs there go on."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(_MARK) == self._mark(host):
                    process.kill()
        self.nodes.pop(host).wait()

    def logs(self) -> str:
        """The ends of what the nodes said."""
        return "\n".join(
            f"== {file.name}\n{file.read_text()[-1500:]}" for file in self.folder.glob("*.log")
        )


@contextmanager
def ray_hosts(head: Host, variables: dict[str, str]) -> Iterator[RayHosts]:
    """A cluster whose head is that host; it ends with the block."""
    # Sockets have short paths.
    folder = Path(tempfile.mkdtemp(prefix="vcr-", dir="/tmp"))
    ray = RayHosts(head, folder, variables)
    try:
        yield ray
    finally:
        for host in list(ray.nodes):
            with suppress(psutil.Error):
                ray.kill(host)
        shutil.rmtree(folder, ignore_errors=True)
