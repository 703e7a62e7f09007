"""Runner processes of a dispatcher: started in groups of their own, ended with all that they started."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from videoclip.store.parents import Claim

__all__ = ["RunnerProcess", "start_runner"]

_ROOT = Path(__file__).resolve().parents[1]


class RunnerProcess:
    """A runner at work on a claim."""

    def __init__(self, claim: Claim, process: asyncio.subprocess.Process, data_dir: Path) -> None:
        self.claim = claim
        self._process = process
        self._data_dir = data_dir

    @property
    def pid(self) -> int:
        """Of the runner, and of its group."""
        return self._process.pid

    async def ended(self) -> int:
        """Wait for its end; returns the exit status, negative for a signal. Nothing of its group is left then."""
        status = await self._process.wait()
        self._signal(signal.SIGKILL)
        await asyncio.to_thread(self._clear_away)
        return status

    def _clear_away(self) -> None:
        """What a killed runner left half-done, and a log that says nothing."""
        name = f"{self.claim.id}-{self.claim.attempt}"
        shutil.rmtree(self._data_dir / "work" / name, ignore_errors=True)
        with suppress(OSError):
            (self._data_dir / "locks" / f"{name}.lock").unlink(missing_ok=True)
            if _log_file(self._data_dir, self.claim).stat().st_size == 0:
                _log_file(self._data_dir, self.claim).unlink()

    def ask(self) -> None:
        """Ask it to give its attempt back and to end."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


async def start_runner(
    claim: Claim, environment: Mapping[str, str], data_dir: Path
) -> RunnerProcess:
    """Start a runner for a claim."""
    with _appending(_log_file(data_dir, claim)) as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "actors.runner", claim.id, str(claim.attempt),
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            cwd="/", env=_importing(environment), start_new_session=True,
        )  # fmt: skip
    return RunnerProcess(claim, process, data_dir)


def _log_file(data_dir: Path, claim: Claim) -> Path:
    return data_dir / "logs" / "jobs" / f"{claim.id}-{claim.attempt}.log"


def _appending(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def _importing(environment: Mapping[str, str]) -> dict[str, str]:
    """The folder that holds the server packages, wherever they are installed, comes first."""
    others = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    here = str(_ROOT)
    path = os.pathsep.join([here, *(part for part in others if part != here)])
    return {**environment, "PYTHONPATH": path}
