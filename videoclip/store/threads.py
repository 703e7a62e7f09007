"""Blocking work beside the event loop that ends before whoever asked for it goes on, cancelled or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

__all__ = ["in_thread"]

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


async def in_thread(
    work: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Result:
    """As ``asyncio.to_thread``, but a caller that is cancelled waits for the thread all the same.

    Who holds a file or a lock must not give it back while a thread still writes.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        raise
