"""A local Ray that stays between commands, so that a job need not wait for one to start.

    python -m cluster.local up | down | status

It binds to loopback, and is ended by the process ids that it was started with, never machine-wide.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from pipelines.machine import processors
from pipelines.ray_runtime import ON_LOOPBACK
from videoclip.errors import EngineUnavailable, OutputUnwritable, VideoClipError
from videoclip.settings import Settings, load_settings

__all__ = ["ENVIRONMENT", "alone", "down", "note", "status", "up"]

ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",
    **ON_LOOPBACK,
    "RAY_USAGE_STATS_ENABLED": "0",
    # A replica that hangs would not hear that it shall end: it is replaced a minute sooner.
    "RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS": "1",
}
"""What Ray's processes are started with."""

_START_S = 60
_POLL_S = 0.2


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One at a time: a second `up` waits for the first one and finds what it started.

    Raises:
        OutputUnwritable: the data folder cannot be written.
    """
    folder = settings.data_dir / "cluster"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise OutputUnwritable(
            f"the data folder {settings.data_dir} cannot be written: {error.strerror}",
            "Set VIDEOCLIP_DATA_DIR to a folder that can",
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up(
    settings: Settings,
    waiting: Callable[[float], None] = lambda _: None,
    *,
    held: float = 0.0,
) -> dict[str, Any]:
    """Start it, or find it running.

    Args:
        settings: where the data folder is.
        waiting: hears again and again for how many seconds it has been waited for.
        held: Ray CPUs that are taken by what stays; Ray has them besides those for jobs.

    Returns:
        Its record: addresses, process id, what was noted.

    Raises:
        EngineUnavailable: it did not start.
    """
    known = status(settings)
    if known is not None:
        return known
    folder = settings.data_dir / "cluster"
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{_free_port()}"
    dashboard_port = _free_port()
    log = (folder / "ray.log").open("wb")
    root = str(Path(__file__).resolve().parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")])),
        **ENVIRONMENT,
    }
    head = subprocess.Popen(
        [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
            *("--node-ip-address", "127.0.0.1", "--port", address.rpartition(":")[2]),
            # `serve deploy`, `serve status` and the state API speak to the dashboard.
            *("--include-dashboard", "true", "--dashboard-host", "127.0.0.1"),
            *("--dashboard-port", str(dashboard_port), "--disable-usage-stats"),
            # `ray job submit` goes through it; the usual port may be another Ray's.
            *("--dashboard-agent-listen-port", str(_free_port())),
            *("--object-store-memory", str(settings.ray.object_store_bytes)),
            *("--num-cpus", str((settings.ray.num_cpus or processors()) + math.ceil(held))),
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    log.close()
    record = {
        "address": address,
        "dashboard": f"http://127.0.0.1:{dashboard_port}",
        "serve_port": _serve_port(settings),
        "pid": head.pid,
        "started": psutil.Process(head.pid).create_time(),
    }
    _write(settings, record)
    begun = time.monotonic()
    while time.monotonic() < begun + _START_S:
        if head.poll() is not None:
            break
        if _answers(address) and _answers(f"127.0.0.1:{dashboard_port}"):
            return record
        waiting(time.monotonic() - begun)
        time.sleep(_POLL_S)
    down(settings)
    raise EngineUnavailable("Ray did not start", f"Read {folder / 'ray.log'}")


def note(settings: Settings, **values: Any) -> None:
    """Keep something beside the record of the Ray that runs; it goes with it."""
    record = status(settings)
    if record is not None:
        _write(settings, {**record, **values})


def down(settings: Settings) -> bool:
    """End it and everything that it started; returns whether there was one."""
    record = status(settings)
    if record is None:
        return False
    head = psutil.Process(record["pid"])
    family = [head, *head.children(recursive=True)]
    for process in family:
        _signal(process, terminate=True)
    _, alive = psutil.wait_procs(family, timeout=10)
    for process in alive:
        _signal(process, terminate=False)
    _record_file(settings).unlink(missing_ok=True)
    return True


def status(settings: Settings) -> dict[str, Any] | None:
    """The record of the Ray that runs, or None. A recycled process id does not count."""
    try:
        record: dict[str, Any] = json.loads(_record_file(settings).read_text(encoding="utf-8"))
        process = psutil.Process(record["pid"])
        alive = process.create_time() == record["started"] and process.status() != "zombie"
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    return record if alive else None


def _record_file(settings: Settings) -> Path:
    return settings.data_dir / "cluster" / "local.json"


def _write(settings: Settings, record: dict[str, Any]) -> None:
    file = _record_file(settings)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(record), encoding="utf-8")
    fresh.replace(file)


def _serve_port(settings: Settings) -> int:
    """Where Serve's proxy listens: as the settings say, else where `videoclip gateway` would, else anywhere."""
    usual = settings.gateway.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", usual))
        except OSError:
            return _free_port()
        return int(probe.getsockname()[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, int(port))) == 0


def _signal(process: psutil.Process, *, terminate: bool) -> None:
    try:
        process.terminate() if terminate else process.kill()
    except psutil.NoSuchProcess:
        return


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="cluster.local", description=__doc__)
    parser.add_argument("action", choices=["up", "down", "status"])
    action = parser.parse_args().action
    try:
        return _act(action, load_settings())
    except VideoClipError as error:
        sys.stderr.write(f"error: {error.cause}\n  what to do: {error.remedy}\n")
        return error.exit_status


def _act(action: str, settings: Settings) -> int:
    if action == "up":
        record = up(settings)
        sys.stdout.write(
            f"Ray is up at {record['address']}. To use it:\n"
            f"  export VIDEOCLIP_RAY__ADDRESS={record['address']}\n"
        )
        return 0
    if action == "down":
        sys.stdout.write("Ray is down.\n" if down(settings) else "No Ray was running.\n")
        return 0
    record_or_none = status(settings)
    sys.stdout.write(f"up at {record_or_none['address']}\n" if record_or_none else "down\n")
    return 0 if record_or_none else 1


if __name__ == "__main__":
    sys.exit(main())
