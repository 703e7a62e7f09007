"""The platform over several hosts: one database, one folder for all, dispatchers and Ray's nodes where one says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.support.command import SAMPLE, Command
from tests.support.hosts import Host, Network
from tests.support.platform import Platform
from tests.support.postgres import Postgres, run_postgres
from tests.support.ray_hosts import RayHosts, ray_hosts
from videoclip.settings import JobSettings, RaySettings, Settings

__all__ = ["Spread", "ask", "spread_platform", "undisturbed"]

_LOOK_S = 0.2
_TOOL = "ffmpeg"


@dataclass
class Spread:
    """An installation over hosts, and where which unit was seen at work."""

    net: Network
    platform: Platform
    ray: RayHosts
    seen: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Units by job and host's address: an FFmpeg of theirs ran there."""
    _over: threading.Event = field(default_factory=threading.Event)

    def dispatch(self, host: Host) -> None:
        """Start a dispatcher on a host."""
        command = self.platform.command
        there = Command(command.data, command.environment, command.mark, tuple(host.command()))
        with (command.data / "dispatcher.log").open("a") as log:
            process = there.start(module="actors.dispatcher", stdout=log, stderr=log)
        self.platform.started.append(process)

    def at_work(self, job_id: str, host: Host) -> set[str]:
        """Units of a job that were seen on a host until now."""
        return set(self.seen.get((job_id, host.address), ()))

    def done(self, job_id: str) -> set[str]:
        """Units of a job whose clips were committed."""
        return {unit.key for unit in self.platform.units(job_id) if unit.stage == "render"}

    def wait(self, what: Any, within_s: float, described: str) -> Any:
        """Wait until something is true; its value."""
        return self.platform.wait(what, within_s, lambda: f"{described}\n{self.ray.logs()}")

    def watch(self) -> None:
        """Look where tools run, until the end: by the node that started them and the folder that they work in."""
        while not self._over.wait(_LOOK_S):
            nodes = {node.pid: host.address for host, node in list(self.ray.nodes.items())}
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    if process.name() != _TOOL:
                        continue
                    job, *parts = process.cwd().partition("/work/")[2].split("/")
                    if len(parts) < 2 or parts[0] != "render":
                        continue
                    for parent in process.parents():
                        if address := nodes.get(parent.pid):
                            units = self.seen.setdefault((job.rpartition("-")[0], address), set())
                            units.add(parts[1])

    def stop_watching(self) -> None:
        """It is over."""
        self._over.set()


@contextmanager
def spread_platform(
    net: Network, folder: Path, variables: dict[str, str] | None = None
) -> Iterator[Spread]:
    """The database at the bridge, Ray's head to be started on the first host.

    Args:
        net: the hosts.
        folder: for everybody's data.
        variables: of Ray's processes and the platform's.
    """
    with run_postgres() as server:
        if net.bridge:
            _open_to(net, server)
        name = asyncio.run(server.new_database()).rpartition("/")[2]
        url = f"postgresql+asyncpg://videoclip@{net.address}:{server.port}/{name}"
        with ray_hosts(net.hosts[0], variables or {}) as ray:
            data = folder / "platform"
            ray.variables |= {"VIDEOCLIP_DATA_DIR": str(data), "VIDEOCLIP_OFFLINE": "true"}
            extra = {
                **ray.variables,
                "VIDEOCLIP_RAY__IN_PROCESS": "false",
                "VIDEOCLIP_RAY__ADDRESS": ray.address,
                "VIDEOCLIP_JOBS__LEASE_MS": "8000",
            }
            platform = Platform(Settings(data_dir=data, database_url=url), SAMPLE.parent, extra)
            ray.variables |= {"VIDEOCLIP_CONFIG": "/dev/null", **platform.command.environment}
            spread = Spread(net, platform, ray)
            watch = threading.Thread(target=spread.watch, daemon=True)
            watch.start()
            try:
                yield spread
            finally:
                spread.stop_watching()
                watch.join()
                platform.stop()


def _open_to(net: Network, server: Postgres) -> None:
    """The server listens at the bridge, too, for the hosts alone."""
    server.stop()
    with (server.folder / "data" / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {net.address}/24 trust\n")
    server.options = (*server.options, f"listen_addresses=127.0.0.1,{net.address}")
    server.start()


def ask(platform: Platform, first_ms: int, clips: int) -> str:
    """Ask for clips of the sample, each of which takes a second or more; the job's id."""
    ranges = [
        (first_ms + 9_000 * number, first_ms + 9_000 * number + 2_000) for number in range(clips)
    ]
    return platform.cut(SAMPLE, *ranges, render={"mode": "encode"})


def undisturbed(folder: Path, *wanted: tuple[int, int]) -> list[dict[str, str]]:
    """What comes out of jobs (see `ask`) without Ray, on this machine, where nothing is broken."""
    settings = Settings(
        data_dir=folder,
        jobs=JobSettings(source_folders=[SAMPLE.parent]),
        ray=RaySettings(in_process=True),
    )
    platform = Platform(settings, SAMPLE.parent)
    try:
        return [
            platform.content(platform.here(ask(platform, first, clips))) for first, clips in wanted
        ]
    finally:
        platform.stop()
