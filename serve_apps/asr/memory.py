"""A replica that is out of memory says so to whoever asked, and ends: Serve starts a fresh one, the caller comes again.

What a failed allocation leaves behind in an engine nobody knows, and memory that leaks does not come back.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import psutil

from videoclip.errors import EngineBusy, EngineOutOfMemory

__all__ = ["Memory"]

_GIB = 1024**3
_log = logging.getLogger("ray.serve")


class Memory:
    """What this process takes, and its end when that is too much.

    Args:
        limit_gib: resident memory that it may take, GiB; 0: no limit.
        leave: called once when it was too much; has the process end.
    """

    def __init__(self, limit_gib: float, leave: Callable[[], None]) -> None:
        self._limit = limit_gib * _GIB
        self._leave = leave
        self._process = psutil.Process(os.getpid())
        self._ending = False

    def admit(self) -> None:
        """Ask before work that others brought.

        Raises:
            EngineBusy: the process is about to end; another one takes its place.
        """
        if self._ending:
            raise EngineBusy(
                "the replica ran out of memory and is about to end",
                "Ask again: another takes its place",
            )

    def over(self) -> EngineOutOfMemory | None:
        """Look how much the process takes; if that is too much it is about to end, and this is the answer."""
        if not self._limit:
            return None
        taken = self._process.memory_info().rss
        if taken <= self._limit:
            return None
        return self.lost(f"it took {taken / _GIB:.1f} GiB, and may take {self._limit / _GIB:.1f}")

    def lost(self, why: str) -> EngineOutOfMemory:
        """The answer to those whose work it was; from now on this process is about to end."""
        error = EngineOutOfMemory(
            f"a replica of the recogniser ran out of memory: {why}",
            "Lower asr.batch_seconds or speech.shard_target_ms, or give its machine more memory",
        )
        if not self._ending:
            self._ending = True
            _log.warning("%s", error)
            self._leave()
        return error
