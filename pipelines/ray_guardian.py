"""Watches over a private Ray: when its owner is gone, however it ended, so is everything that it started.

Run as a script in a process of its own, standard library only, so that it starts in milliseconds:

    python -S -E ray_guardian.py MARK FOLDER

It waits until its standard input closes (the owner holds the other end), then kills every process whose
environment carries MARK or that has a file open in FOLDER, and removes FOLDER. Ray itself ends with its
driver on most occasions, but agents of a node that was killed while starting can live on. They name
themselves over their environment, so the mark alone does not find them all; their logs do.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

SWEEP_S = 5.0
QUIET_SWEEPS = 3


def marked(mark: bytes, folder: str) -> list[int]:
    """Process ids that carry the mark or work in the folder, except this one and an owner that lives on."""
    found, spared = [], (os.getpid(), os.getppid())
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) not in spared:
            try:
                environment = Path(f"/proc/{entry.name}/environ").read_bytes()
                if mark in environment or _works_in(entry.name, folder):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _works_in(process: str, folder: str) -> bool:
    for number in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208
        with contextlib.suppress(OSError):  # closed meanwhile
            if os.readlink(f"/proc/{process}/fd/{number}").startswith(folder + "/"):  # noqa: PTH115
                return True
    return False


def sweep(mark: bytes, folder: str) -> None:
    """Kill until nothing is found a few times in a row: a dying process may still have forked."""
    deadline, quiet = time.monotonic() + SWEEP_S, 0
    while quiet < QUIET_SWEEPS and time.monotonic() < deadline:
        processes = marked(mark, folder)
        for process in processes:
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                continue
        quiet = 0 if processes else quiet + 1
        time.sleep(0.05)


def main() -> None:
    """Wait for the owner's end, then clean up."""
    mark, folder = sys.argv[1].encode(), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    if Path("/proc/self").is_dir():
        sweep(mark, folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
