"""A real PostgreSQL of our own for tests: its folder, its port, its life; nothing of the machine's is touched."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.support.ports import free_port

__all__ = ["Postgres", "as_somebody", "find_postgres", "new_server", "run_postgres"]

_START_S = 60
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")
"""A crash of the machine may lose the test's data."""
_DURABLE = ("max_connections=60",)


def find_postgres() -> Path:
    """The folder of ``initdb`` and ``postgres``; Debian keeps them out of PATH."""
    for name in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (name / "initdb").exists():
            return name
    found = shutil.which("initdb")
    if found is None:
        raise FileNotFoundError("PostgreSQL is not installed: run make setup-test")
    return Path(found).resolve().parent


@dataclass
class Postgres:
    """A server on loopback that anybody on this machine may use while it lives."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = _QUICK

    def url(self, database: str = "postgres") -> str:
        """As SQLAlchemy writes it."""
        return f"postgresql+asyncpg://videoclip@127.0.0.1:{self.port}/{database}"

    async def new_database(self, template: str = "template1") -> str:
        """URL of a new database: empty, or a copy of one that nobody is connected to."""
        name = f"t{uuid.uuid4().hex[:12]}"
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="videoclip", database="postgres"
        )
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            await connection.close()
        return self.url(name)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            *(*as_somebody(), str(find_postgres() / "postgres"), "-D", str(self.folder / "data")),
            *("-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)),
            *(word for option in self.options for word in ("-c", option)),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_S
        ready = str(find_postgres() / "pg_isready")
        while subprocess.run(
            [ready, "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        ).returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT drops all connections, SIGQUIT as a crash would."""
        if self.process is not None:
            os.killpg(self.process.pid, how)
            self.process.wait(timeout=30)
            self.process = None


@contextlib.contextmanager
def run_postgres(*, durable: bool = False, options: tuple[str, ...] = ()) -> Iterator[Postgres]:
    """A server that ends with the block, with everything in it.

    Args:
        durable: as one is run for real, for benchmarks.
        options: of the server, further ones.
    """
    with new_server((*(_DURABLE if durable else _QUICK), *options)) as server:
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def new_server(options: tuple[str, ...], *, empty: bool = False) -> Iterator[Postgres]:
    """A server that was not started yet, in a folder that goes with the block; empty: without its files."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="videoclip-pg-"))
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam(_user())
            os.chown(folder, user.pw_uid, user.pw_gid)
        if not empty:
            subprocess.run(
                [
                    *(*as_somebody(), str(find_postgres() / "initdb"), "-D", str(folder / "data")),
                    *("-U", "videoclip", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync"),
                    "--data-checksums",  # pg_rewind needs them
                ],
                check=True, stdout=subprocess.DEVNULL, cwd=folder,
            )  # fmt: skip
        yield Postgres(folder, port, options=options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def as_somebody() -> list[str]:
    """What a command begins with, since PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(_user())
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
