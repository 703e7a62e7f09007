"""How many workers run side by side follows from the memory that is really there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.machine import available_memory
from pipelines.units import fitting

GIB = 1 << 30


def system(folder: Path, *, available: int, cgroup: str) -> tuple[Path, Path]:
    """A /proc and a /sys/fs/cgroup with what the kernel writes there."""
    proc, cgroups = folder / "proc", folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    cgroups.mkdir()
    (proc / "meminfo").write_text(
        f"MemTotal: {64 * GIB // 1024} kB\nMemAvailable: {available // 1024} kB\n"
    )
    (proc / "self" / "cgroup").write_text(cgroup)
    return cgroups, proc


def group(folder: Path, names: tuple[str, str], limit: str, used: int, stat: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, str(used)), strict=True):
        (folder / name).write_text(value + "\n")
    (folder / "memory.stat").write_text(stat)


V2 = ("memory.max", "memory.current")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def test_without_a_limit_the_system_says_what_is_free(tmp_path: Path) -> None:
    cgroups, proc = system(tmp_path, available=8 * GIB, cgroup="0::/user.slice\n")
    group(cgroups / "user.slice", V2, "max", GIB, "")
    assert available_memory(cgroups, proc) == 8 * GIB


def test_a_container_has_less_and_its_file_cache_counts_as_free(tmp_path: Path) -> None:
    cgroups, proc = system(tmp_path, available=8 * GIB, cgroup="0::/\n")
    group(cgroups, V2, str(4 * GIB), 3 * GIB, f"anon {GIB}\ninactive_file {2 * GIB}\n")
    assert available_memory(cgroups, proc) == 3 * GIB


def test_the_limit_of_a_group_around_ours_holds_too(tmp_path: Path) -> None:
    cgroups, proc = system(tmp_path, available=8 * GIB, cgroup="0::/pod/container\n")
    group(cgroups / "pod" / "container", V2, "max", GIB, "")
    group(cgroups / "pod", V2, str(2 * GIB), GIB, "")
    assert available_memory(cgroups, proc) == GIB


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    cgroups, proc = system(tmp_path, available=8 * GIB, cgroup="4:cpu,memory:/docker/ab\n0::/\n")
    group(
        cgroups / "memory" / "docker" / "ab",
        V1,
        str(4 * GIB),
        3 * GIB,
        f"cache 5\ntotal_inactive_file {GIB}\n",
    )
    group(cgroups / "memory", V1, "9223372036854771712", 60 * GIB, "")
    assert available_memory(cgroups, proc) == 2 * GIB


def test_a_system_that_tells_nothing(tmp_path: Path) -> None:
    assert available_memory(tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("wanted", "free", "each", "size"),
    [(8, 4 * GIB, GIB, 4), (2, 4 * GIB, GIB, 2), (8, GIB // 2, GIB, 1), (8, 0, GIB, 1)],
)
def test_as_many_workers_as_memory_allows_and_never_none(
    wanted: int, free: int, each: int, size: int
) -> None:
    assert fitting(wanted, free, each) == size
