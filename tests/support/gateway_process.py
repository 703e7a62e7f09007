"""The gateway as a process of its own, to be killed: `videoclip gateway`, or the same with a fault at a certain point."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from serve_apps.gateway.tokens import AccessToken, Tokens
from tests.support.command import ROOT
from videoclip.settings import Settings
from videoclip.store.accounts import Accounts
from videoclip.store.audit import Actor
from videoclip.store.database import Database
from videoclip.store.keys import Keys
from videoclip.store.secrets import Secrets
from videoclip.store.sign_ins import SignIns

__all__ = ["GatewayProcess", "Known", "make_known", "running"]

_START_S = 120
_DIES = """
import os, signal, sys
from pathlib import Path
from serve_apps.gateway.routes import jobs
from videoclip.cli.main import main
from videoclip.store.jobs import Jobs

def die_in(owner, name):
    work = getattr(owner, name)
    def dies(*arguments, **options):
        if Path({flag!r}).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*arguments, **options)
    setattr(owner, name, dies)

die_in(*{{"after the commit": (jobs, "_out"), "before the commit": (Jobs, "get")}}[{where!r}])
sys.exit(main(["gateway", "--port", "0"]))
"""


@dataclass
class GatewayProcess:
    """A gateway on a port of its own."""

    process: subprocess.Popen[bytes]
    base: str
    log: Path

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.wait(timeout=10)


@dataclass(frozen=True)
class Known:
    """Somebody who may do everything in a workspace."""

    user_id: str
    workspace_id: str
    headers: dict[str, str]
    key: str
    refresh_token: str


def make_known(settings: Settings) -> Known:
    """An owner with a workspace, a token and a key."""

    async def make() -> Known:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings)
        try:
            await database.open()
            async with database.session() as session:
                accounts = Accounts(session)
                user = await accounts.create_user("owner@one.test", "Owner", None)
                workspace = await accounts.create_workspace("One", user, Actor())
                begun = await SignIns(session, 1).begin(user, workspace, Actor())
                _, key = await Keys(session, workspace).create(
                    "load", ["jobs:read", "jobs:write"], None, user, Actor()
                )
        finally:
            await database.close()
        token = Tokens(Secrets.of(settings), 3600).make(AccessToken(user, workspace, begun.family))
        headers = {"Authorization": f"Bearer {token}"}
        return Known(user, workspace, headers, key, begun.refresh_token)

    return asyncio.run(make())


@contextlib.contextmanager
def running(
    settings: Settings,
    log: Path,
    *,
    dies: str = "",
    flag: Path | None = None,
    port: int = 0,
    through: Sequence[str] = (),
    module: str = "videoclip.cli.main",
    **variables: str,
) -> Iterator[GatewayProcess]:
    """Start a gateway and wait until it answers; it is ended with the block.

    Args:
        settings: data folder and database.
        log: where its standard error goes.
        dies: "after the commit" or "before the commit" of a job; empty: it does not.
        flag: it dies there when this file exists.
        port: 0: a free one.
        through: a command that starts it, such as ``prlimit --fsize=N``.
        module: what is run with the arguments of `videoclip gateway`.
        variables: more of its environment.
    """
    command = [sys.executable, "-m", module, "gateway", "--port", str(port)]
    if dies:
        command = [sys.executable, "-c", _DIES.format(flag=str(flag), where=dies)]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*through, *command],
            stdout=subprocess.DEVNULL,
            stderr=stream,
            cwd=ROOT,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("VIDEOCLIP_")},
                "VIDEOCLIP_DATA_DIR": str(settings.data_dir),
                "VIDEOCLIP_DATABASE_URL": settings.database_url,
                "VIDEOCLIP_CONFIG": os.devnull,
                "VIDEOCLIP_OFFLINE": "true",
                "VIDEOCLIP_UI__ENABLED": "false",  # importing it takes seconds of a processor
                "PYTHONPATH": str(ROOT),
                "PYTHONFAULTHANDLER": "1",
                **variables,
            },
        )
    try:
        yield GatewayProcess(process, _address(process, log), log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text()
        if "Application startup complete" in text:
            line = next(row for row in text.splitlines() if row.startswith("The API is at "))
            return line.removeprefix("The API is at ").removesuffix("/api/v1")
        time.sleep(0.05)
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        process.send_signal(signal.SIGABRT)  # it writes down what each thread is at
        process.wait(timeout=10)
    raise TimeoutError(log.read_text()[-4000:])
