"""Follow a job's events as they come; a stream that breaks goes on from the last event that arrived."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from videoclip.errors import DatabaseAway, TooManyRequests
from videoclip.settings import GatewaySettings
from videoclip.store.control import FINAL
from videoclip.store.database import Database
from videoclip.store.jobs import JobEventRecord, Jobs

__all__ = ["Places", "follow", "is_over"]

_PAGE = 200
_BUSY_S = 5
_SIGN_OF_LIFE_S = 15.0


class Places:
    """Bounds the streams that a caller has open here: each looks at the database all the time."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """A place for one stream.

        Raises:
            TooManyRequests: the caller has as many as it may have.
        """
        if self._taken[caller] >= self._each:
            raise TooManyRequests(
                f"there are {self._each} streams open already",
                "Close one of them, or ask GET /jobs now and then instead",
                retry_after_s=_BUSY_S,
            )
        self._taken[caller] += 1
        try:
            yield
        finally:
            self._taken[caller] -= 1
            if self._taken[caller] <= 0:
                del self._taken[caller]


async def is_over(database: Database, workspace_id: str, job_id: str, after: int) -> bool:
    """Whether nothing more will come.

    Raises:
        NotFound: there is no such job in the workspace.
    """
    async with database.reading() as session:
        jobs = Jobs(session, workspace_id)
        return await jobs.state(job_id) in FINAL and not await jobs.events(job_id, after, 1)


async def follow(
    database: Database,
    workspace_id: str,
    job_id: str,
    after: int,
    settings: GatewaySettings,
    closing: asyncio.Event,
) -> AsyncIterator[JobEventRecord | None]:
    """Events in order, None as a sign of life; ends when the job is over, after a time, or with the server.

    Args:
        database: open.
        workspace_id: whose job.
        job_id: which job.
        after: the last event that arrived before; 0: from the first one.
        settings: pauses and the longest stream.
        closing: set when the server ends.

    Raises:
        NotFound: there is no such job in the workspace.
    """
    until = time.monotonic() + settings.stream_s
    told = time.monotonic()
    while not closing.is_set() and time.monotonic() < until:
        rows: list[JobEventRecord] = []
        over = False
        try:
            async with database.reading() as session:
                jobs = Jobs(session, workspace_id)
                # The state first: what happens in between is then seen in the next round.
                over = await jobs.state(job_id) in FINAL
                rows = await jobs.events(job_id, after, _PAGE)
        except DatabaseAway:
            over = False  # it comes back, or the stream's time ends
        for row in rows:
            yield row
            after, told = row.id, time.monotonic()
        if len(rows) == _PAGE:
            continue
        if over:
            return
        if time.monotonic() - told > _SIGN_OF_LIFE_S:
            yield None
            told = time.monotonic()
        try:
            await asyncio.wait_for(closing.wait(), settings.stream_poll_s)
        except TimeoutError:
            continue
