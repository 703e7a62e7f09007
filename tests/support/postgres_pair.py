"""Two PostgreSQL servers for tests: a primary that confirms nothing which its standby does not have, and the standby.

What an operator, Patroni or a managed service does at a fail-over is done here with PostgreSQL's own programs.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.postgres import Postgres, as_somebody, find_postgres, new_server

__all__ = ["PostgresPair", "run_pair"]

_OPTIONS = ("fsync=off", "max_connections=80", "wal_keep_size=256MB")
"""Processes die here, no machine: what is written is there."""
_SLOT = "other"
_WAIT_S = 20.0


@dataclass
class PostgresPair:
    """Who is which may change."""

    primary: Postgres
    standby: Postgres
    hosts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hosts = [self.primary.port, self.standby.port]

    def url(self, database: str) -> str:
        """With both servers, in the order of their making; clients find the primary."""
        servers = "&".join(f"host=127.0.0.1:{port}" for port in self.hosts)
        return f"postgresql+asyncpg://videoclip@/{database}?{servers}"

    def ask(self, server: Postgres, statement: str, database: str = "postgres") -> str:
        """What psql prints of a statement's result."""
        done = _program(
            "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
            "-p", str(server.port), "-U", "videoclip", "-d", database, "-c", statement,
            cwd=server.folder,
        )  # fmt: skip
        return done.strip()

    def new_database(self, name: str = "videoclip") -> str:
        """URL of an empty database."""
        self.ask(self.primary, f"CREATE DATABASE {name}")
        return self.url(name)

    def follow(self) -> None:
        """Make the standby anew from the primary, and let the primary confirm nothing without it."""
        shutil.rmtree(self.standby.folder / "data", ignore_errors=True)
        _program(
            "pg_basebackup", "-D", str(self.standby.folder / "data"), "-d", _conninfo(self.primary),
            "-R", "-C", "-S", _SLOT, "-X", "stream", "-c", "fast", cwd=self.standby.folder,
        )  # fmt: skip
        self.standby.start()
        self.confirm_together()

    def confirm_together(self) -> None:
        """From now on a commit waits for the standby."""
        self.ask(self.primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask(self.primary, "SELECT pg_reload_conf()")
        self.until(self.primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "1")  # fmt: skip

    def lose_primary(self) -> None:
        """As a machine that loses its power."""
        self.primary.stop(signal.SIGKILL)

    def promote(self) -> None:
        """Make the standby the primary; the other one is the standby then, and must be brought back as such."""
        _program(
            "pg_ctl", "promote", "-w", "-D", str(self.standby.folder / "data"),
            cwd=self.standby.folder,
        )  # fmt: skip
        self.primary, self.standby = self.standby, self.primary

    def bring_back(self) -> None:
        """The old primary follows the new one: what only it had is taken back (pg_rewind)."""
        data = self.standby.folder / "data"
        self.ask(self.primary, f"SELECT pg_create_physical_replication_slot('{_SLOT}')")
        self.ask(self.primary, "CHECKPOINT")
        _program(
            "pg_rewind", "-D", str(data), "--source-server", _conninfo(self.primary), "-R",
            cwd=self.standby.folder,
        )  # fmt: skip
        with (data / "postgresql.auto.conf").open("a") as options:
            options.write(f"primary_slot_name = '{_SLOT}'\n")
        self.standby.start()
        self.confirm_together()

    def until(self, server: Postgres, query: str, wanted: str, database: str = "postgres") -> None:
        """Wait until a query's answer is this.

        Raises:
            TimeoutError: it does not become so.
        """
        deadline = time.monotonic() + _WAIT_S
        while (found := self.ask(server, query, database)) != wanted:
            if time.monotonic() > deadline:
                message = f"{query}: {found}\n{(server.folder / 'log').read_text()[-2000:]}"
                raise TimeoutError(message)
            time.sleep(0.1)


@contextlib.contextmanager
def run_pair() -> Iterator[PostgresPair]:
    """A primary and its standby, which end with the block, with everything in them."""
    with new_server(_OPTIONS) as one, new_server(_OPTIONS, empty=True) as other:
        one.start()
        pair = PostgresPair(one, other)
        try:
            pair.follow()
            yield pair
        finally:
            for server in (one, other):
                server.stop(signal.SIGQUIT)


def _conninfo(server: Postgres) -> str:
    return f"host=127.0.0.1 port={server.port} user=videoclip dbname=postgres"


def _program(name: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [*as_somebody(), str(find_postgres() / name), *arguments],
        check=False, capture_output=True, text=True, cwd=cwd, timeout=60,
    )  # fmt: skip
    if done.returncode:
        message = f"{name}: {done.stderr.strip()}"
        raise RuntimeError(message)
    return done.stdout
