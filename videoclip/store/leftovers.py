"""What killed processes leave in the data folder of their machine: work folders that nobody works in, old logs."""

from __future__ import annotations

import fcntl
import shutil
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["STALE_S", "sweep_leftovers"]

STALE_S = 24 * 3600
_LOGS_S = 30 * STALE_S


def sweep_leftovers(data_dir: Path) -> int:
    """Remove work folders that were left a day ago or longer, and logs of jobs after a month; returns how many."""
    gone, now = 0, time.time()
    for folder in (data_dir / "work").glob("*"):
        with suppress(OSError):
            if folder.stat().st_mtime < now - STALE_S and not _is_owned(data_dir, folder.name):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    for log in (data_dir / "logs" / "jobs").glob("*.log"):
        with suppress(OSError):
            if log.stat().st_mtime < now - _LOGS_S:
                log.unlink()
                gone += 1
    return gone


def _is_owned(data_dir: Path, name: str) -> bool:
    try:
        with (data_dir / "locks" / f"{name}.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
