"""Database, objects and machines are gone in the middle of a job; the commands of docs/disaster-recovery.md bring all back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyrage

from serve_apps.gateway.passwords import Passwords
from tests.chaos import Facts, Scenario
from tests.support.command import ROOT
from tests.support.guide import commands
from tests.support.platform import Platform, make_video
from tests.support.ports import free_port
from tests.support.postgres import run_postgres
from videoclip.settings import Settings
from videoclip.store.accounts import Accounts
from videoclip.store.audit import Actor
from videoclip.store.database import Database
from videoclip.store.objects import ObjectRef, open_objects

__all__ = ["SCENARIO"]

_GUIDE = ROOT / "docs" / "disaster-recovery.md"
_WHO = {"email": "owner@one.test", "password": "four words in a row"}
_CLIPS = [(start, start + 300) for start in range(0, 1700, 140)]


def run(folder: Path) -> Facts:
    """A job that is done and one at work are backed up; then there is nothing left but the backup and its key."""
    sources, backups = folder / "sources", folder / "backups"
    sources.mkdir()
    backups.mkdir()
    video = make_video(sources / "short.mp4")
    key = pyrage.x25519.Identity.generate()
    (folder / "key.txt").write_text(str(key))
    place: dict[str, Any] = {"BACKUPS": backups, "IDENTITY": folder / "key.txt", "RECIPIENT": key.to_public()}  # fmt: skip
    with run_postgres() as lost:
        url = asyncio.run(lost.new_database())
        old = Platform(Settings(data_dir=folder / "old", database_url=url), sources)
        try:
            asyncio.run(_add_owner(old.settings))
            done, at_work = old.cut(video), old.cut(video, *_CLIPS)
            old.dispatch()
            clips = old.content(old.final(done)[0])
            old.wait(lambda: _rendered(old, at_work))
            # What is done while the backup is written may not be in it.
            kept = _rendered(old, at_work)
            made = old.command.run("backup", backups, "--keep", "14", "--recipient", str(key.to_public()))  # fmt: skip
            assert made.returncode == 0, made.stderr
        finally:
            _die(old)
        lost.stop(signal.SIGKILL)
    shutil.rmtree(folder / "old")
    with run_postgres() as server:
        settings = Settings(
            data_dir=folder / "new", database_url=asyncio.run(server.new_database())
        )
        began = time.monotonic()
        with _Recovery(settings, sources, place) as recovery:
            recovered_s = time.monotonic() - began
            new = Platform(settings, sources, create=False)
            try:
                assert new.content(new.job(done)) == clips, "the same clips, byte for byte"
                (job,) = new.final(at_work, within_s=180)
                assert job.state == "succeeded", job.error
                reused = {unit.key for unit in new.units(at_work) if unit.state == "reused"}
                assert kept <= reused, "what was done by then is not done again"
                _play(new, done)
                _sign_in(recovery.address)
            finally:
                new.stop()
    assert len(list(backups.iterdir())) == 2, "and one of what was recovered"
    return {"recovered in s": round(recovered_s, 1), "clips equal": len(clips), "units kept": len(kept)}  # fmt: skip


class _Recovery:
    """The commands of the guide in a shell, and what they leave running, until the end of the block."""

    def __init__(self, settings: Settings, sources: Path, place: dict[str, Any]) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}/api/v1"
        self._log = settings.data_dir.with_name("recovery.log")
        path = settings.data_dir.with_name("bin")
        path.mkdir()
        command = path / "videoclip"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m videoclip.cli.main "$@"\n')
        command.chmod(0o755)
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("VIDEOCLIP_")},
            **{name: str(value) for name, value in place.items()},
            **Platform.quick(settings, sources),
            "VIDEOCLIP_GATEWAY__PORT": str(port),
            "VIDEOCLIP_UI__ENABLED": "false",
            "PATH": f"{path}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }

    def __enter__(self) -> _Recovery:
        script = f"set -euo pipefail\n{commands(_GUIDE, 'Recovery')}"
        with self._log.open("w") as log:
            self._shell = subprocess.Popen(
                ["bash", "-c", script], stdout=log, stderr=log, cwd=self._log.parent,
                env=self._environment, start_new_session=True,
            )  # fmt: skip
        if self._shell.wait(timeout=400):
            self.__exit__()
            raise AssertionError(self._log.read_text()[-4000:])
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGTERM)
        with suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGTERM)


async def _add_owner(settings: Settings) -> None:
    database = Database(settings)
    try:
        async with database.session() as session:
            accounts = Accounts(session)
            word = await Passwords().hash(_WHO["password"])
            user = await accounts.create_user(_WHO["email"], "Owner", word)
            await accounts.create_workspace("One", user, Actor())
    finally:
        await database.close()


def _die(platform: Platform) -> None:
    """As machines that lose their power."""
    for process, _ in list(platform.runners()):
        with suppress(psutil.Error):
            process.kill()
    for dispatcher in platform.started:
        dispatcher.kill()
        dispatcher.wait()
    for process, _ in list(platform.runners()):
        with suppress(psutil.Error):
            process.kill()
    platform.store.close()


def _rendered(platform: Platform, job_id: str) -> set[str]:
    return {unit.key for unit in platform.units(job_id) if unit.stage == "render"}


def _play(platform: Platform, job_id: str) -> None:
    """From the first frame to the last one."""
    result = platform.job(job_id).result
    assert result is not None
    file = next(one for one in result["files"] if one["name"].endswith(".mp4"))
    clip = open_objects(platform.settings).path(ObjectRef(file["sha256"], file["size"]))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-xerror", "-i", str(clip), "-f", "null", "-"], check=True
    )


def _sign_in(address: str) -> None:
    answer = httpx.post(f"{address}/auth/token", json=_WHO, timeout=30)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert httpx.get(f"{address}/jobs", headers=headers, timeout=30).is_success


SCENARIO = Scenario(
    name="disaster",
    broken="database, objects and all processes are gone while a job is at work",
    promise="the commands of docs/disaster-recovery.md bring all back from an encrypted backup",
    limit_s=600.0,
    run=run,
)
