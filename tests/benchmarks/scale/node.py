"""A logical node: a Ray actor with a real dispatcher, whose runners are threads instead of processes.

A process for each of ten thousand jobs would be hours of imports; what a process costs is measured by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import actors.dispatcher
from actors.dispatcher import Dispatcher
from actors.telling import Telling
from pipelines.jobs import run_job
from pipelines.ray_runtime import RayRuntime
from tests.benchmarks.scale import simulated
from videoclip.settings import Settings
from videoclip.store import Store
from videoclip.store.parents import Claim

__all__ = ["Node"]

_LOG = logging.getLogger("videoclip.bench")
_numbers = itertools.count(1)


class _Attempt:
    """Stands for a runner process: what the dispatcher does with one."""

    def __init__(self, claim: Claim, ending: asyncio.Future[int]) -> None:
        self.claim, self._ending = claim, ending
        self.pid = next(_numbers)

    async def ended(self) -> int:
        return await self._ending

    def ask(self) -> None:
        return

    def kill(self) -> None:
        return


class Node:
    """Works until it is told to stop.

    Args:
        settings: of the database, with as many slots as jobs run at once here.
        speed: of the simulated engines.
    """

    def __init__(self, settings: Settings, speed: float) -> None:
        simulated.install(speed)
        self._settings = settings
        self._store = Store(settings, patience_s=60)
        self._ray = RayRuntime(settings.ray.model_copy(update={"in_process": True}))
        self._pool = ThreadPoolExecutor(settings.jobs.slots, "videoclip-job")
        self._dispatcher: Dispatcher | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._dispatch()))
        self._failed: list[str] = []

    def start(self) -> None:
        """Take jobs from now on."""
        self._thread.start()

    def stop(self) -> list[str]:
        """Take no more jobs; what went wrong."""
        while self._dispatcher is None or self._loop is None:
            time.sleep(0.01)
        self._loop.call_soon_threadsafe(self._dispatcher.drain)
        self._thread.join()
        self.close()
        return self._failed

    def close(self) -> None:
        """Let go of the database."""
        self._pool.shutdown()
        self._store.close()

    def cpu_s(self) -> float:
        """Processor seconds of this process so far."""
        return time.process_time()

    def pid(self) -> int:
        """Of this process."""
        return os.getpid()

    async def _dispatch(self) -> None:
        self._loop = asyncio.get_running_loop()
        actors.dispatcher.start_runner = self._start  # type: ignore[assignment]
        dispatcher = Dispatcher(self._settings)
        self._dispatcher = dispatcher
        await dispatcher.run()

    async def _start(self, claim: Claim, _environment: Mapping[str, str], _data: Path) -> Any:
        loop = asyncio.get_running_loop()
        return _Attempt(claim, loop.run_in_executor(self._pool, self.work, claim))

    def work(self, claim: Claim) -> int:
        """Do a job as `actors.runner.Runner` does, without what is a process's; returns its exit status."""
        telling = Telling(self._settings.jobs.progress_ms)
        over = threading.Event()

        def renew() -> None:
            events, progress = telling.take()

            async def work(queue: Any) -> None:
                await queue.heartbeat(
                    claim.id,
                    claim.attempt,
                    lease_ms=self._settings.jobs.lease_ms,
                    progress=progress,
                )
                for kind, data in events:
                    await queue.tell(claim.id, claim.attempt, kind, data)

            self._store.queue(work, patient=False)

        def watch() -> None:
            while not over.wait(self._settings.jobs.heartbeat_ms / 1000):
                renew()

        renew()
        watcher = threading.Thread(target=watch)
        watcher.start()

        def before_end() -> None:
            over.set()
            watcher.join()
            renew()

        try:
            run_job(
                claim.id, attempt=claim.attempt, store=self._store, settings=self._settings,
                ray=self._ray, sink=telling.hear, before_end=before_end,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - told at the end, and to the dispatcher
            _LOG.exception("job %s", claim.id)
            self._failed.append(f"{claim.id}: {error}")
            return 70
        finally:
            over.set()
        return 0
