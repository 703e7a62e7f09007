"""A local Ray that stays between commands, so that a job need not wait for one to start.

    python -m cluster.local up | down | status

It binds to loopback, and is ended by the process ids that it was started with, never machine-wide.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from videoclip.settings import Settings, load_settings

__all__ = ["down", "status", "up"]

_START_S = 60


def up(settings: Settings) -> dict[str, Any]:
    """Start it, or find it running; returns its record (address, pids)."""
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
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    head = subprocess.Popen(
        [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
            *("--node-ip-address", "127.0.0.1", "--port", address.rpartition(":")[2]),
            # `serve deploy`, `serve status` and the state API speak to the dashboard.
            *("--include-dashboard", "true", "--dashboard-host", "127.0.0.1"),
            *("--dashboard-port", str(dashboard_port), "--disable-usage-stats"),
            *("--object-store-memory", str(settings.ray.object_store_bytes)),
            *(("--num-cpus", str(settings.ray.num_cpus)) if settings.ray.num_cpus else ()),
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
        "serve_port": _free_port(),
        "pid": head.pid,
        "started": psutil.Process(head.pid).create_time(),
    }
    _record_file(settings).write_text(json.dumps(record), encoding="utf-8")
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if head.poll() is not None:
            break
        if _answers(address) and _answers(f"127.0.0.1:{dashboard_port}"):
            return record
        time.sleep(0.2)
    down(settings)
    raise SystemExit(f"error: Ray did not start\n  what to do: read {folder / 'ray.log'}")


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
    settings = load_settings()
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
