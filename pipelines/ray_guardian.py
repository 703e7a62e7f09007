"""Watches over a private Ray: when its owner is gone, however it ended, so is everything that it started.

Run as a script in a process of its own, standard library only, so that it starts in milliseconds:

    python -S -E ray_guardian.py MARK FOLDER

It waits until its standard input closes (the owner holds the other end), then kills every process whose
environment carries MARK and removes FOLDER. Ray itself ends with its driver on most occasions, but agents
of a node that was killed while starting can live on.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

SWEEP_S = 5.0
QUIET_SWEEPS = 3


def marked(mark: bytes) -> list[int]:
    """Process ids that carry the mark, except this one."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = Path(f"/proc/{entry.name}/environ").read_bytes()
            except OSError:
                continue
            if mark in environment:
                found.append(int(entry.name))
    return found


def sweep(mark: bytes) -> None:
    """Kill until nothing is found a few times in a row: a dying process may still have forked."""
    deadline, quiet = time.monotonic() + SWEEP_S, 0
    while quiet < QUIET_SWEEPS and time.monotonic() < deadline:
        processes = marked(mark)
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
        sweep(mark)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
