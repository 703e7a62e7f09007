"""A copy of the database that PostgreSQL keeps up to date, for reads that may be some seconds late."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from videoclip.errors import StoreError
from videoclip.store.faults import database_errors

__all__ = ["Replica"]

_LEFT_ALONE_S = 30.0
"""A copy that could not be reached is not asked for so long; the database itself answers meanwhile."""
_log = logging.getLogger("videoclip.store")


class Replica:
    """Sessions on the copy, while it can be reached.

    Args:
        engine: of the copy.
        guard: makes the driver's errors ours.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        guard: Callable[[], database_errors],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._guard = guard
        self.clock = clock
        self._left_alone_until = float("-inf")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession | None]:
        """A session that only reads; None while the copy cannot be reached."""
        if self.clock() < self._left_alone_until:
            yield None
            return
        async with self._sessions() as session:
            try:
                with self._guard():
                    await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            except StoreError as away:  # whatever it is, such as a password that it does not take
                self._left_alone_until = self.clock() + _LEFT_ALONE_S
                _log.warning("the replica is not asked for %.0f s: %s", _LEFT_ALONE_S, away)
                reached = False
            else:
                reached = True
            if reached:
                with self._guard():
                    yield session
                return
        yield None

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
