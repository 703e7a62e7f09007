"""Pauses, locks and blocking work, for both clients: what the names with `async_` do, those without do in the thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["AsyncLock", "Lock", "async_sleep", "async_work", "sleep", "work"]

P = ParamSpec("P")
T = TypeVar("T")

AsyncLock = asyncio.Lock
Lock = threading.Lock
sleep = time.sleep
async_sleep = asyncio.sleep


def work(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do what may block."""
    return function(*arguments, **options)


async def async_work(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do what may block, without holding up the event loop."""
    return await asyncio.to_thread(function, *arguments, **options)
