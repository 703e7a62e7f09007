"""Processor seconds of a command with everything that it starts, by process: counted by the kernel, not sampled."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

__all__ = ["Spent", "run_counted"]

_LOOK_S = 0.5
_GROUPS = Path("/sys/fs/cgroup")
_JOIN = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"'


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command took."""

    returncode: int
    wall_s: float
    cpu_s: float
    """Of all its processes, also of those that lived for a moment."""
    others_s: float
    """Of everybody else on this machine meanwhile."""
    by_process: dict[str, float] = field(default_factory=dict)
    """Looked up twice a second, so that a little is missing; the sum is not exact as `cpu_s` is."""
    output: str = ""


def run_counted(command: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> Spent:
    """Run a command in a control group of its own.

    Raises:
        PermissionError: this user may not make one.
        TimeoutError: it took too long; all of it was killed.
    """
    with _group() as group, tempfile.TemporaryFile() as output:
        seen: dict[int, tuple[str, float]] = {}
        began, busy = time.monotonic(), _busy_s()
        process = subprocess.Popen(
            ["sh", "-c", _JOIN, "sh", str(group), *command], env=dict(environment),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        while process.poll() is None:
            _look(group, seen)
            if time.monotonic() - began > timeout_s:
                _kill(group)
                process.wait()
                raise TimeoutError(f"not done within {timeout_s:.0f} s")
            time.sleep(_LOOK_S)
        wall_s, cpu_s = time.monotonic() - began, _used_s(group)
        others_s = max(0.0, _busy_s() - busy - cpu_s)
        _kill(group)
        output.seek(0)
        told = output.read().decode(errors="replace")
    by_process: dict[str, float] = defaultdict(float)
    for name, seconds in seen.values():
        by_process[name] += seconds
    return Spent(process.returncode, wall_s, cpu_s, others_s, dict(by_process), told)


@contextmanager
def _group() -> Iterator[Path]:
    """A control group that counts processor time, of either version."""
    old = _GROUPS / "cpuacct"
    group = (old if old.is_dir() else _GROUPS) / f"videoclip-{uuid.uuid4().hex[:12]}"
    group.mkdir()
    try:
        yield group
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:  # its last processes are on their way out
                _kill(group)
                time.sleep(0.1)


def _used_s(group: Path) -> float:
    old = group / "cpuacct.usage"
    if old.exists():
        return int(old.read_text()) / 1e9
    return int((group / "cpu.stat").read_text().split()[1]) / 1e6


def _busy_s() -> float:
    """Of all processors, since the machine was started; what a hypervisor took for others counts as theirs."""
    words = [float(word) for word in Path("/proc/stat").read_text().split()[1:9]]
    return (sum(words) - words[3] - words[4]) / os.sysconf("SC_CLK_TCK")


def _look(group: Path, seen: dict[int, tuple[str, float]]) -> None:
    for pid in _pids(group):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            times = process.cpu_times()
            seen[pid] = (_name(process), times.user + times.system)


def _name(process: psutil.Process) -> str:
    name = process.name()
    words = process.cmdline()
    if name.startswith(("ray::", "ffmpeg", "ffprobe", "raylet", "gcs_server")):
        return name
    for word in words[1:4]:
        if word.endswith(".py"):
            return Path(word).name
    return " ".join([Path(words[0]).name, *words[1:3]]) if words else name


def _pids(group: Path) -> list[int]:
    return [int(word) for word in (group / "cgroup.procs").read_text().split()]


def _kill(group: Path) -> None:
    for pid in _pids(group):
        with suppress(psutil.Error):
            psutil.Process(pid).kill()
