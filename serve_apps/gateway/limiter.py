"""One limit for all replicas: each takes a small part of a minute's allowance from the database and spends it itself."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from videoclip.errors import TooManyRequests
from videoclip.store.database import Database
from videoclip.store.limits import RateLimits

__all__ = ["Limiter", "too_many"]

_SPAN_MS = 60_000
_PARTS = 20
"""A replica takes a twentieth at a time: twenty writes a minute and caller at most, and never over the limit."""
_REMEMBERED = 10_000


@dataclass(slots=True)
class _Lease:
    until: float = 0.0
    left: int = 0
    """-1: used up until then."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of those who come at once one asks the database, for all of them."""

    def spend(self) -> bool:
        """Count one; False: there is none here."""
        if self.left <= 0 or self.until <= time.monotonic():
            return False
        self.left -= 1
        return True

    def is_used_up(self) -> bool:
        """Whether the database need not be asked again."""
        return self.left < 0 and self.until > time.monotonic()


class Limiter:
    """Counts requests of callers against limits per minute."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    async def spend(self, subject: str, per_minute: int) -> None:
        """Count one request.

        Args:
            subject: who asks.
            per_minute: how many they may, over all replicas.

        Raises:
            TooManyRequests: they used them up.
        """
        lease = self._leases.setdefault(subject, _Lease())
        self._leases.move_to_end(subject)
        while len(self._leases) > _REMEMBERED:
            self._leases.popitem(last=False)
        if lease.spend():
            return
        async with lease.lock:
            if not lease.spend():
                if not lease.is_used_up():
                    await self._take(lease, subject, per_minute)
                if not lease.spend():
                    raise too_many(lease.until - time.monotonic())

    async def _take(self, lease: _Lease, subject: str, per_minute: int) -> None:
        amount = max(1, per_minute // _PARTS)
        async with self._database.session() as session:
            taken = await RateLimits(session).take(subject, _SPAN_MS, amount, per_minute)
        lease.until = time.monotonic() + taken.rest_ms / 1000
        lease.left = taken.granted or -1


def too_many(wait_s: float) -> TooManyRequests:
    """The answer to those who ask too often."""
    seconds = max(1, round(wait_s + 0.5))
    return TooManyRequests(
        "too many requests in this minute" if seconds <= 60 else "too many failed attempts",
        f"Wait {seconds} s and try again",
        retry_after_s=seconds,
    )
