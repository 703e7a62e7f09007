"""A process that has loaded the command, and forks for each run of it: importing takes longer than most runs.

A run is a process of its own, as from a shell: own session, environment, standard output and error, and
exit status. Ray is not loaded beforehand. The zygote ends with the process that started it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

__all__ = ["run"]

ROOT = Path(__file__).resolve().parents[2]
_LOADED = (
    "videoclip.cli.app", "videoclip.client", "pipelines.jobs", "pipelines.clip", "pipelines.cuts", "pipelines.export",
    "aiosqlite", "alembic.command", "mako.template", "cv2", "decord",
)  # fmt: skip


def run(
    arguments: Sequence[str], environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `videoclip` with these arguments to its end.

    Raises:
        subprocess.TimeoutExpired: it took longer; its process group is killed.
    """
    wanted = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
    channel = _zygote().channel
    with _zygote().lock, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        socket.send_fds(channel, [len(wanted).to_bytes(4, "big")], [out.fileno(), err.fileno()])
        channel.sendall(wanted)
        pid = int.from_bytes(channel.recv(4, socket.MSG_WAITALL), "big")
        channel.settimeout(timeout)
        try:
            status = int.from_bytes(channel.recv(4, socket.MSG_WAITALL), "big", signed=True)
        except TimeoutError:
            os.killpg(pid, signal.SIGKILL)
            channel.settimeout(None)
            channel.recv(4, socket.MSG_WAITALL)
            raise subprocess.TimeoutExpired(
                list(arguments), timeout, _text(out), _text(err)
            ) from None
        finally:
            channel.settimeout(None)
        return subprocess.CompletedProcess(list(arguments), status, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace")


class _Zygote:
    """The process, and the channel to it; runs take turns."""

    def __init__(self) -> None:
        ours, its = socket.socketpair()
        self.channel = ours
        self.lock = threading.Lock()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.zygote", str(its.fileno())],
                pass_fds=[its.fileno()],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def end(self) -> None:
        """It ends when the channel does."""
        self.channel.close()
        self._process.wait(timeout=10)


@cache
def _zygote() -> _Zygote:
    started = _Zygote()
    atexit.register(started.end)
    return started


def main() -> int:
    """Serve runs until the other end of the channel is closed; a fork ends with the exit status of its run."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    # What nearly every run needs, and none of what starts threads or reads the environment.
    for module in _LOADED:
        importlib.import_module(module)
    gc.freeze()  # forks need not look at what was loaded
    while True:
        head, descriptors, _, _ = socket.recv_fds(channel, 4, 2)
        if not head:
            return 0
        wanted = json.loads(channel.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become(wanted["arguments"], wanted["environment"], *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(pid.to_bytes(4, "big"))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        channel.sendall(status.to_bytes(4, "big", signed=True))


def _become(arguments: list[str], environment: dict[str, str], out: int, err: int) -> NoReturn:
    os.setsid()
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["videoclip", *arguments]
    from videoclip.cli.main import main as command
    from videoclip.cli.stopping import leave

    status = leave(command())
    # All that an interpreter does at its end but to take itself down, which in a fork costs half a second.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
