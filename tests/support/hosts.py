"""Hosts without machines: namespaces on one bridge, each with an address, processes and mounts of its own.

For root on Linux only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

__all__ = ["Host", "Network", "loopback", "missing", "network", "sweep"]

_PREFIX = "vcnet"
_FIRST = 10
_BEGIN_S = 10


@dataclass(frozen=True)
class Host:
    """Namespaces with one address; they see only their own processes. The file system is everybody's, less what is mounted."""

    space: str
    address: str
    cable: str = ""
    """The end of its cable that is in the bridge; none: no host of its own, only an address of this machine."""
    first: int = 0
    """Its first process, as this machine counts."""

    def command(self, *words: str | os.PathLike[str]) -> list[str]:
        """Words that run others there."""
        there = (
            ["nsenter", "--target", str(self.first), "--net", "--pid", "--mount"]
            if self.cable
            else []
        )
        return [*there, *map(os.fspath, words)]

    def run(
        self, *words: str | os.PathLike[str], timeout: float = 60, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program there to its end."""
        return subprocess.run(
            self.command(*words), timeout=timeout, check=False, capture_output=True, text=True, **options
        )  # fmt: skip

    def own(self, there: Path, here: Path) -> None:
        """Let the folder ``there`` be another one on this host: ``here``."""
        if self.cable:
            self.run("mount", "--bind", here, there).check_returncode()

    def cut(self) -> None:
        """Pull its cable: packets are lost without a word, as they are by a broken switch."""
        _ip("link", "set", self.cable, "down")

    def mend(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self.cable, "up")


@dataclass
class Network:
    """Hosts, and this machine at the bridge's address."""

    bridge: str
    address: str
    hosts: list[Host] = field(default_factory=list)
    begun: list[subprocess.Popen[bytes]] = field(default_factory=list)
    """The programs that keep the hosts."""


def loopback(count: int, first: int = 1) -> Network:
    """Addresses of this machine's loopback, where hosts cannot be made: their programs can be killed, not cut off.

    Args:
        count: how many.
        first: the last number of the first one; several must not begin with 1, which Ray takes for another address.
    """
    hosts = [Host(f"own{n}", f"127.0.0.{first + n}") for n in range(count)]
    return Network("", "127.0.0.1", hosts)


def missing() -> str:
    """Why there can be no hosts here; empty where there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root makes network namespaces"
    for program, package in (
        ("ip", "iproute2"),
        ("nsenter", "util-linux"),
        ("unshare", "util-linux"),
    ):
        if shutil.which(program) is None:
            return f"the program {program} ({package}) is not installed"
    space = f"{_PREFIX}{os.getpid()}x"
    try:
        _ip("netns", "add", space)
        _ip("netns", "exec", space, "unshare", "--pid", "--fork", "--mount", "--mount-proc", "true")
        _ip("link", "add", space, "type", "bridge")
    except subprocess.CalledProcessError as error:
        return f"network namespaces cannot be made: {str(error.stderr).strip()}"
    finally:
        _ip("netns", "delete", space, check=False)
        _ip("link", "delete", space, check=False)
    return ""


@contextmanager
def network(count: int) -> Iterator[Network]:
    """So many hosts; in the end whatever runs in them is killed, and nothing of them is left."""
    sweep()
    name = f"{_PREFIX}{os.getpid()}"
    prefix = _free_prefix()
    net = Network(name, f"{prefix}.1")
    try:
        _ip("link", "add", name, "type", "bridge")
        _ip("address", "add", f"{net.address}/24", "dev", name)
        _ip("link", "set", name, "up")
        for number in range(count):
            _add_host(net, prefix, number)
        yield net
    finally:
        _remove(name)
        for one in net.begun:
            one.wait()


def sweep() -> None:
    """Remove what processes left that were killed."""
    with suppress(FileNotFoundError):
        names = [line.split()[0] for line in _ip("netns", "list", check=False).splitlines() if line]
        links = [
            line.split()[0] for line in _ip("-br", "link", "show", "type", "bridge", check=False).splitlines()
        ]  # fmt: skip
        for name in {*(name.partition("-")[0] for name in names), *links}:
            owner = name.removeprefix(_PREFIX)
            if name.startswith(_PREFIX) and owner.isdigit() and not psutil.pid_exists(int(owner)):
                _remove(name)


def _add_host(net: Network, prefix: str, number: int) -> None:
    bridge, space = net.bridge, f"{net.bridge}-{number}"
    _ip("netns", "add", space)
    first = _begin(net, space)
    host = Host(space, f"{prefix}.{_FIRST + number}", f"{bridge}c{number}", first)
    _ip("link", "add", host.cable, "type", "veth", "peer", "name", "eth0", "netns", host.space)
    _ip("link", "set", host.cable, "master", bridge)
    _ip("link", "set", host.cable, "up")
    for words in (
        ("link", "set", "lo", "up"),
        ("address", "add", f"{host.address}/24", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("route", "add", "default", "via", f"{prefix}.1"),
    ):
        _ip("-n", host.space, *words)
    net.hosts.append(host)


def _begin(net: Network, space: str) -> int:
    """Start the first process of a host, without which it has no processes of its own; it ends with the host's others."""
    outer = subprocess.Popen(
        ["ip", "netns", "exec", space, "unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc",
         "sleep", "infinity"],
        stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    net.begun.append(outer)
    deadline = time.monotonic() + _BEGIN_S
    while True:
        for process in psutil.Process(outer.pid).children():
            if process.name() == "sleep":
                return process.pid
        if time.monotonic() > deadline or outer.poll() is not None:
            message = f"the host {space} did not begin"
            raise RuntimeError(message)
        time.sleep(0.05)


def _remove(name: str) -> None:
    """The bridge of that name, its hosts, and what runs in them."""
    for line in _ip("netns", "list", check=False).splitlines():
        space = line.split()[0] if line else ""
        if not space.startswith(f"{name}-"):
            continue
        for pid in _ip("netns", "pids", space, check=False).split():
            with suppress(psutil.Error):
                psutil.Process(int(pid)).kill()
        _ip("netns", "delete", space, check=False)
    _ip("link", "delete", name, check=False)


def _free_prefix() -> str:
    """The first three numbers of addresses that nobody here uses."""
    taken = _ip("-br", "-4", "address")
    for number in range(os.getpid() % 200, os.getpid() % 200 + 50):
        if (prefix := f"10.213.{number}") + "." not in taken:
            return prefix
    message = "no free range of addresses"
    raise RuntimeError(message)


def _ip(*words: str, check: bool = True) -> str:
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout
