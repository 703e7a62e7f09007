"""Batches across callers: one in flight, neighbours of like length, the oldest never passed over.

Not `@serve.batch`: that closes a batch as soon as its wait is over although the one before still runs, so what
comes meanwhile cannot join, and it puts what did not fit behind everything newer (docs/adr/0015-served-models.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["Batcher", "choose"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    size: float
    group: Hashable
    future: asyncio.Future[Result]
    since: float = field(default_factory=time.monotonic)


def choose(sizes: Sequence[float], *, most: float, most_items: int) -> list[int]:
    """Which of the waiting go into the next batch, by index, shortest first.

    The first of ``sizes`` is the oldest and always goes; then those whose length is nearest to it. A batch costs
    its number times its longest, because the others are padded; that product stays within ``most`` unless one
    alone is above it.
    """
    if not sizes:
        return []
    by_likeness = sorted(range(len(sizes)), key=lambda i: (i != 0, abs(sizes[i] - sizes[0]), i))
    chosen: list[int] = []
    longest = 0.0
    for index in by_likeness:
        with_it = max(longest, sizes[index])
        if chosen and (len(chosen) >= most_items or with_it * (len(chosen) + 1) > most):
            continue
        chosen.append(index)
        longest = with_it
    return sorted(chosen, key=lambda i: sizes[i])


class Batcher(Generic[Item, Result]):
    """Collects items on the event loop and runs batches on one thread of its own.

    Args:
        run: does a batch of one group, blocking; results in the order of the items.
        most: size of a batch at most, padding counted.
        most_items: items in a batch at most.
        wait_s: how long the first of a batch waits for company when nothing else is running.
    """

    def __init__(
        self,
        run: Callable[[Hashable, Sequence[Item]], Sequence[Result | Exception]],
        *,
        most: float,
        most_items: int,
        wait_s: float,
    ) -> None:
        self._run = run
        self._most = most
        self._most_items = most_items
        self._wait_s = wait_s
        self._waiting: list[_Waiting[Item, Result]] = []
        self._pump: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._began: float | None = None
        self.last_success = float("-inf")
        """Time (monotonic) at which a batch last succeeded."""

    @property
    def running_s(self) -> float:
        """How long the batch in flight has been running; 0 when there is none."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    async def submit(self, item: Item, size: float, group: Hashable = None) -> Result:
        """The result for ``item``; cancelling this call takes it out of the queue if it still waits there."""
        waiting: _Waiting[Item, Result] = _Waiting(
            item, size, group, asyncio.get_running_loop().create_future()
        )
        self._waiting.append(waiting)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._work())
        return await waiting.future

    def close(self) -> None:
        """Let the thread end after its batch; what still waits gets no answer."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        if self._wait_s:
            await asyncio.sleep(self._wait_s)
        while batch := self._next():
            await self._one(batch)

    def _next(self) -> list[_Waiting[Item, Result]]:
        # A caller that went away has cancelled its future.
        self._waiting = [waiting for waiting in self._waiting if not waiting.future.done()]
        if not self._waiting:
            return []
        group = self._waiting[0].group
        alike = [waiting for waiting in self._waiting if waiting.group == group]
        picked = choose(
            [waiting.size for waiting in alike], most=self._most, most_items=self._most_items
        )
        batch = [alike[index] for index in picked]
        taken = {id(waiting) for waiting in batch}
        self._waiting = [waiting for waiting in self._waiting if id(waiting) not in taken]
        return batch

    async def _one(self, batch: list[_Waiting[Item, Result]]) -> None:
        try:
            results = await self._on_thread(batch)
        except Exception as error:  # noqa: BLE001 - goes to whom it belongs
            if len(batch) == 1:
                _answer(batch[0], error=error)
                return
            # One bad piece must not fail its neighbours, who belong to other jobs.
            for waiting in batch:
                if not waiting.future.done():
                    await self._one([waiting])
            return
        self.last_success = time.monotonic()
        for waiting, result in zip(batch, results, strict=True):
            if isinstance(result, Exception):  # of this piece alone
                _answer(waiting, error=result)
            else:
                _answer(waiting, result)

    async def _on_thread(self, batch: list[_Waiting[Item, Result]]) -> Sequence[Result | Exception]:
        items = [waiting.item for waiting in batch]
        self._began = time.monotonic()
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._run, batch[0].group, items
            )
        finally:
            self._began = None
        if len(results) != len(items):
            message = f"{len(results)} results for {len(items)} items"
            raise RuntimeError(message)
        return results


def _answer(
    waiting: _Waiting[Item, Result], result: Result | None = None, error: Exception | None = None
) -> None:
    if waiting.future.done():
        return
    if error is not None:
        waiting.future.set_exception(error)
    else:
        waiting.future.set_result(result)  # type: ignore[arg-type]  # None is a result too
