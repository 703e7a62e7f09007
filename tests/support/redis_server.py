"""A real Redis with a password, in a folder of its own."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Redis", "run_redis"]

_START_S = 30


@dataclass(frozen=True)
class Redis:
    """Where it listens, and what it asks for."""

    host: str
    port: int
    password: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def address(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"

    def said(self, *lines: str) -> str:
        """Its last answer to these commands."""
        answer = ""
        with socket.create_connection((self.host, self.port), timeout=5) as connection:
            for line in lines:
                connection.sendall(f"{line}\r\n".encode())
                answer = connection.recv(4096).decode()
        return answer.strip()


@contextmanager
def run_redis(host: str) -> Iterator[Redis]:
    """A server that ends with the block."""
    if shutil.which("redis-server") is None:
        raise FileNotFoundError("Redis is not installed: run make setup-test")
    with socket.socket() as probe:
        probe.bind((host, 0))
        redis = Redis(host, probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="videoclip-redis-") as folder:
        wanted = [f"bind {host}", f"port {redis.port}", f"dir {folder}", 'save ""', "appendonly no"]
        # The password is given on standard input, where nobody else sees it.
        process = subprocess.Popen(
            ["redis-server", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert process.stdin is not None
        process.stdin.write("\n".join([*wanted, f"requirepass {redis.password}", ""]))
        process.stdin.close()
        try:
            _wait(redis)
            yield redis
        finally:
            process.kill()
            process.wait()


def _wait(redis: Redis) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            assert redis.said(f"AUTH {redis.password}", "PING") == "+PONG"
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
