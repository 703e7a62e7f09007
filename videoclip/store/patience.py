"""Short transactions of the queue that give up in time, also on a connection that is dead without a sign."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from videoclip.errors import DatabaseAway
from videoclip.store.database import Database
from videoclip.store.queue import Queue

__all__ = ["short"]

Result = TypeVar("Result")
_LONGEST_S = 12.0
"""A claim among ten thousand jobs takes milliseconds; a heartbeat must be through before its lease ends."""


async def short(
    database: Database,
    work: Callable[[Queue], Coroutine[Any, Any, Result]],
    limit_s: float = _LONGEST_S,
) -> Result:
    """Do ``work`` in a transaction of the queue.

    Raises:
        DatabaseAway: it cannot be reached, or gave no answer in time; it may have been done all the same.
    """

    async def run() -> Result:
        async with database.queue() as queue:
            return await work(queue)

    try:
        return await asyncio.wait_for(run(), limit_s)
    except asyncio.TimeoutError as error:
        await database.reconnect()
        raise DatabaseAway(
            f"the database gave no answer within {limit_s:.0f} s",
            "See that it runs and can be reached; what is done stays done",
        ) from error
