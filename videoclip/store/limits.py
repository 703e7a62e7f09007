"""Limits of rate, counted in the database so that all replicas share them: windows of fixed length."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.store.clock import now_ms
from videoclip.store.insert import insert_into
from videoclip.store.models import RateWindow

__all__ = ["RateLimits", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was granted of a limit."""

    granted: int
    rest_ms: int
    """Until the window ends and the count begins anew."""


class RateLimits:
    """Statements over one session; the caller owns the transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take(self, subject: str, span_ms: int, amount: int, limit: int) -> Taken:
        """Take some of a limit.

        Args:
            subject: whose, and of what.
            span_ms: length of the window.
            amount: how much is wanted.
            limit: how much there is in a window.
        """
        statement = insert_into(self._session, RateWindow).values(
            subject=subject, window_ms=now_ms() // span_ms * span_ms, used=amount
        )
        row = (
            await self._session.execute(
                statement.on_conflict_do_update(
                    index_elements=["subject", "window_ms"],
                    set_={"used": RateWindow.used + amount},
                ).returning(RateWindow.used, RateWindow.window_ms, now_ms().label("now"))
            )
        ).one()
        granted = max(0, min(amount, limit - (row.used - amount)))
        return Taken(granted, max(0, row.window_ms + span_ms - row.now))

    async def used(self, subject: str, span_ms: int) -> Taken:
        """How much was used in the present window (as ``granted``), without using any."""
        row = (
            await self._session.execute(
                select(RateWindow.used, RateWindow.window_ms, now_ms().label("now")).where(
                    RateWindow.subject == subject,
                    RateWindow.window_ms == now_ms() // span_ms * span_ms,
                )
            )
        ).one_or_none()
        if row is None:
            return Taken(0, span_ms)
        return Taken(row.used, max(0, row.window_ms + span_ms - row.now))

    async def forget(self, subject: str) -> None:
        """Begin a subject's count anew."""
        await self._session.execute(delete(RateWindow).where(RateWindow.subject == subject))

    async def sweep(self, older_ms: int) -> None:
        """Drop windows that began so long ago."""
        await self._session.execute(
            delete(RateWindow).where(RateWindow.window_ms < now_ms() - older_ms)
        )
