"""How long something goes on that takes many requests, while the server comes and goes."""

from __future__ import annotations

import time

from videoclip.client.retry import LONGEST_S, backoff_s
from videoclip.client.waiting import async_sleep
from videoclip.errors import VideoClipError

__all__ = ["AsyncPatience"]

_PASSING = frozenset({408, 423, 429, 460, 500, 502, 503, 504})
_CODES = frozenset({"server_unreachable", "offset_mismatch"})


class AsyncPatience:
    """Waits between attempts as long as something moves now and then."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self.moved()

    def moved(self) -> None:
        """Something went over: the time begins anew."""
        self._attempt = 0
        self._until = time.monotonic() + self._patience_s

    async def after(self, error: VideoClipError) -> None:
        """Wait a little after a fault that may pass.

        Raises:
            VideoClipError: the fault, if it does not pass, or has not for too long.
        """
        passes = error.code in _CODES or error.context.get("status") in _PASSING
        told = float(error.context.get("retry_after_s", 0.0))
        pause = max(told, backoff_s(self._attempt))
        if not passes or told > LONGEST_S or time.monotonic() + pause > self._until:
            raise error
        self._attempt += 1
        await async_sleep(pause)
