"""Families begun and looked after beside the dispatcher's rounds, which a folder or bucket that hangs must not hold up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from actors.families import Families
from videoclip.errors import DatabaseAway
from videoclip.store.parents import Claim

__all__ = ["FamilyTasks"]

_MOST = 16
"""Batches that are begun at once; as many watches are looked after."""
_log = logging.getLogger("videoclip.dispatcher")


class FamilyTasks:
    """Tasks of one dispatcher.

    Args:
        families: do the work.
        done: is called when children may wait to be handed out.
        away: is called when the database went away from one that was begun.
    """

    def __init__(
        self, families: Families, *, done: Callable[[], None], away: Callable[[], None]
    ) -> None:
        self._families = families
        self._done, self._away = done, away
        self._begins: dict[asyncio.Task[None], Claim] = {}
        self._watches: dict[asyncio.Task[None], Claim] = {}

    @property
    def room(self) -> bool:
        """Whether one more may be begun."""
        return len(self._begins) < _MOST

    def begins(self, claim: Claim) -> bool:
        """Whether this attempt is being begun."""
        return any(
            not task.done() and (begun.id, begun.attempt) == (claim.id, claim.attempt)
            for task, begun in self._begins.items()
        )

    def begin(self, claim: Claim) -> None:
        """Begin a batch or a watch that was handed out."""
        self._start(self._begins, claim, self._families.begin(claim))

    async def look_after_watches(self) -> None:
        """Begin to look after those that wait for it."""
        while len(self._watches) < _MOST:
            watch = await self._families.due_watch()
            if watch is None:
                return
            self._start(self._watches, watch, self._families.look_after(watch))

    async def stop(self, within_s: float) -> list[Claim]:
        """Stop all of them; what was handed out and is not begun."""
        tasks = {*self._begins, *self._watches}
        if not tasks:
            return []
        await asyncio.wait(tasks, timeout=within_s)
        left = list(self._begins.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # they have said what was wrong
        return left

    def _start(
        self,
        group: dict[asyncio.Task[None], Claim],
        claim: Claim,
        work: Coroutine[Any, Any, None],
    ) -> None:
        task = asyncio.create_task(self._guarded(claim, work))
        group[task] = claim
        task.add_done_callback(lambda ended: group.pop(ended, None))

    async def _guarded(self, claim: Claim, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DatabaseAway as away:
            _log.warning("%s", away)
            self._away()
        except Exception:  # noqa: BLE001 - one bad family must not end the dispatcher
            _log.exception("job %s", claim.id)
        self._done()
