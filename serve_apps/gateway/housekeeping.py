"""Forget now and then what is of no use any more: windows of limits, sign-ins that ended long ago."""

from __future__ import annotations

import asyncio
import logging

from videoclip.errors import VideoClipError
from videoclip.store.database import Database
from videoclip.store.limits import RateLimits
from videoclip.store.sign_ins import SignIns

__all__ = ["keep_house"]

_LOG = logging.getLogger("videoclip.gateway")
_DAY_MS = 24 * 3600 * 1000
_OLD_SIGN_INS_DAYS = 7


async def keep_house(database: Database, closing: asyncio.Event, every_s: float = 600.0) -> None:
    """Go on until the server ends; replicas that do the same at once do no harm."""
    while not closing.is_set():
        try:
            await asyncio.wait_for(closing.wait(), every_s)
        except TimeoutError:
            await sweep_once(database)


async def sweep_once(database: Database) -> None:
    """Forget once; what fails is tried again the next time."""
    try:
        async with database.session() as session:
            await RateLimits(session).sweep(_DAY_MS)
            await SignIns(session, 0).sweep(_OLD_SIGN_INS_DAYS * _DAY_MS)
    except VideoClipError as error:
        _LOG.warning("old rows are swept later: %s", error)
