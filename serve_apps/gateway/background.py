"""Work that goes on when its request has been answered: one task for each thing, however many ask for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from videoclip.errors import VideoClipError

__all__ = ["Background"]

_LOG = logging.getLogger("videoclip.gateway")
Result = TypeVar("Result")


class Background:
    """Tasks of this process. What a process that ends leaves undone is done by the sweeper or the next who asks.

    Args:
        at_once: tasks that work at the same time; the others wait.
    """

    def __init__(self, at_once: int = 2) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}
        self._gate = asyncio.Semaphore(at_once)

    async def run(
        self, key: Hashable, work: Callable[[], Awaitable[Result]], *, wait_s: float
    ) -> Result | None:
        """Start the work, unless it is under way, and wait for a while; None: it goes on.

        Args:
            key: names the work.
            work: does it.
            wait_s: seconds.

        Raises:
            Exception: what the work raised meanwhile; later ones are logged only.
        """
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(self._limited(work))
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        await asyncio.wait({task}, timeout=wait_s)
        return task.result() if task.done() else None

    async def _limited(self, work: Callable[[], Awaitable[Result]]) -> Result:
        async with self._gate:
            return await work()

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(key, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, VideoClipError):
            _LOG.error("work in the background failed", exc_info=error)
