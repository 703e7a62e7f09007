"""What this machine, or the container around this process, can give: processors and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_memory", "processors"]

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_NO_LIMIT = 1 << 60
"""Control groups of version 1 write "no limit" as a number near 2**63."""


def processors() -> int:
    """Processors that this process may use: affinity, and a container's quota (cgroup v2)."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(here or 1, _cpu_quota()))


def _cpu_quota() -> int:
    """Whole processors that a container's quota allows; a large number where there is none."""
    try:
        quota, period = (_CGROUPS / "cpu.max").read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):
        return 1 << 16


def available_memory(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> int | None:
    """Bytes that can still be had without swapping: the least of the system and each control group.

    File cache that the kernel can drop counts as free. None where the system does not tell.
    """
    amounts = [*_system(proc), *_groups(cgroups, proc)]
    return min(amounts) if amounts else None


def _system(proc: Path) -> Iterator[int]:
    for line in _lines(proc / "meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _groups(cgroups: Path, proc: Path) -> Iterator[int]:
    """What is left in this process's groups and those around them; limits hold for all below."""
    for line in _lines(proc / "self" / "cgroup"):
        _, controllers, place = line.split(":", 2)
        if controllers == "":
            yield from _left(cgroups, place, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            yield from _left(
                cgroups / "memory",
                place,
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file",
            )


def _left(root: Path, place: str, limit: str, usage: str, cache: str) -> Iterator[int]:
    inner = root / place.strip("/")
    for folder in (inner, *inner.parents):
        if not folder.is_relative_to(root):
            return
        try:
            most = int((folder / limit).read_text(encoding="ascii"))
            used = int((folder / usage).read_text(encoding="ascii"))
        except (OSError, ValueError):  # not there, or "max"
            continue
        stat = dict(line.split(" ", 1) for line in _lines(folder / "memory.stat"))
        if most < _NO_LIMIT:
            yield max(0, most - used + int(stat.get(cache, 0)))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
