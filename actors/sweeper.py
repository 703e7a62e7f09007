"""Clears away what expired and what lost its counterpart, and finishes uploads that a killed server left.

The dispatcher runs it; several may run side by side, and each can be killed.


python -m actors.sweeper             until SIGTERM
python -m actors.sweeper --once      one sweep
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from dataclasses import asdict

from pipelines.assets import AssetMaker
from videoclip.errors import DatabaseAway, VideoClipError
from videoclip.logs import log_to_stderr
from videoclip.settings import Settings, load_settings
from videoclip.store.database import Database
from videoclip.store.objects import open_objects
from videoclip.store.staging import open_staging
from videoclip.store.sweep import Sweep, Swept

__all__ = ["Sweeper", "main", "sweep"]

_LOG = logging.getLogger("videoclip.sweeper")
_FIRST_S = 20.0


class Sweeper:
    """Sweeps again and again. Several may run side by side; each step can be killed and done again.

    Args:
        database: open.
        settings: how often, and how long things are kept.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        objects, staging = open_objects(settings), open_staging(settings)
        self._sweep = Sweep(database, objects, staging, settings)
        self._maker = AssetMaker(database, objects, staging, settings)
        self._every_s = settings.sweep.every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.once()
            except VideoClipError as error:  # the next sweep tries again
                _LOG.error("the sweep stopped: %s", error)
            except Exception:  # noqa: BLE001 - one bad sweep must not end the loop
                _LOG.exception("the sweep failed")
            await _pause(stop, self._every_s)

    async def once(self) -> Swept:
        """One sweep.

        Raises:
            VideoClipError: something refused; what was done before stays done.
        """
        last = ""
        while waiting := await self._sweep.unfinished(last):
            for workspace_id, upload_id in waiting:
                try:
                    await self._maker.finish(workspace_id, upload_id)
                except VideoClipError as error:
                    # Busy: its server is at it. Anything else: the next sweep tries again.
                    _LOG.info("upload %s: %s", upload_id, error)
            last = waiting[-1][1]
        swept = await self._sweep.run()
        done = {name: value for name, value in asdict(swept).items() if value}
        if done:
            _LOG.info("cleared away: %s", done)
        return swept


async def sweep(settings: Settings, stop: asyncio.Event) -> None:
    """Sweep until ``stop`` is set, whether the database is there or not; not at once, since others are starting too."""
    database = Database(settings)
    try:
        await _pause(stop, min(_FIRST_S, settings.sweep.every_s))
        while not stop.is_set():
            try:
                await database.open()
                break
            except DatabaseAway as away:
                _LOG.warning("%s", away)
                await _pause(stop, _FIRST_S)
        await Sweeper(database, settings).run(stop)
    except VideoClipError as error:
        _LOG.error("nothing is cleared away: %s", error)
        raise
    finally:
        await database.close()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def serve(settings: Settings, *, once: bool = False) -> None:
    """Sweep until SIGTERM or SIGINT, or once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = Database(settings)
    await database.open()
    try:
        sweeper = Sweeper(database, settings)
        await (sweeper.once() if once else sweeper.run(stop))
    finally:
        await database.close()


def main() -> None:
    """The program."""
    settings = load_settings()
    log_to_stderr(settings.observe)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(settings, once="--once" in sys.argv[1:]))


if __name__ == "__main__":
    main()
