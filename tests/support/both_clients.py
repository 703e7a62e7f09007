"""The asynchronous client used as the other one, so that one test holds for both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

from videoclip.client import AsyncVideoClip

__all__ = ["Blocking"]


class Blocking:
    """An asynchronous object whose coroutines are waited for, and whose iterators are ordinary ones."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return self._shown(getattr(self.inner, name))

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        plain = [one.inner if isinstance(one, Blocking) else one for one in arguments]
        return self._shown(self.inner(*plain, **options))

    def __iter__(self) -> Iterator[Any]:
        found = self.inner
        if not hasattr(found, "__aiter__"):
            yield from (self._shown(one) for one in found)
            return
        iterator = found.__aiter__()
        try:
            while True:
                try:
                    yield self._shown(self._loop.run_until_complete(anext(iterator)))
                except StopAsyncIteration:
                    return
        finally:
            self._loop.run_until_complete(iterator.aclose())

    def _shown(self, value: Any) -> Any:
        if inspect.iscoroutine(value):
            value = self._loop.run_until_complete(value)
        module = type(value).__module__
        ours = module.startswith("videoclip.client._async") and not isinstance(value, tuple)
        if ours or inspect.isasyncgen(value) or inspect.ismethod(value):
            return Blocking(value, self._loop)
        if isinstance(value, AsyncVideoClip):
            return Blocking(value, self._loop)
        return value
