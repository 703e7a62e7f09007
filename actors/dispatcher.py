"""Hands jobs of the queue to runner processes, takes lost ones back, and drains when it is told to end.

    python -m actors.dispatcher          the same as `videoclip dispatch`

Any number of dispatchers work side by side, on any number of machines: the database decides who gets what.
SIGTERM: no more jobs are taken, those at work go on. A second SIGTERM: they are given back to the queue.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import psutil

from actors.deliverer import deliver
from actors.families import HOLD_MS, Families
from actors.families import KINDS as FAMILIES
from actors.family_tasks import FamilyTasks
from actors.observing import Observing
from actors.processes import RunnerProcess, start_runner
from actors.sweeper import sweep
from videoclip.errors import DatabaseAway, JobBusy, VideoClipError
from videoclip.logs import log_to_stderr
from videoclip.settings import Settings, load_settings
from videoclip.store.control import CHANNEL
from videoclip.store.database import Database
from videoclip.store.leftovers import sweep_leftovers
from videoclip.store.parents import Claim
from videoclip.store.patience import short
from videoclip.store.queue import Queue

__all__ = ["Dispatcher", "dispatch", "main"]

RUNNERS = ("clip", "cut", "transcribe", "render")
"""Kinds that get a runner process."""
_START_MS = 30_000
"""A runner that does not renew its lease by then did not start; that it died is noticed at once."""
_GIVE_BACK_S = 4.0
_STOP_S = 1.0
_DELIVER_S = 2.0
_PRESENT_S = 5.0
_CLEARING_S = 3600.0
_RENEW_MS = 3_000
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_log = logging.getLogger("videoclip.dispatcher")


class Dispatcher:
    """One loop over the queue.

    Args:
        settings: of the database and of jobs.
        environment: of the runners; default: this process's.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._settings, self._jobs = settings, settings.jobs
        self._environment = dict(os.environ if environment is None else environment)
        self._host = socket.gethostname()[:60]
        self.owner = f"{self._host}:{os.getpid()}:{random.getrandbits(32):08x}"
        self._database = Database(settings)
        self._families = FamilyTasks(
            Families(self._database, settings), done=self._look_again, away=self._be_unsure
        )
        self._observing = Observing(settings, self._database)
        self._running: dict[tuple[str, int], RunnerProcess] = {}
        self._lost: list[tuple[Claim, str]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._draining = self._aborting = False
        self._others = 0
        self._next_sweep = self._next_present = self._next_clearing = 0.0
        self._unsure = True

    def drain(self) -> None:
        """Take no more jobs; the second time, give back those at work."""
        self._aborting = self._draining
        self._draining = True
        self._wake.set()

    async def run(self) -> None:
        """Work until drained."""
        _log.info("dispatcher %s with %d slots", self.owner, self._jobs.slots)
        self._observing.start()
        listener = asyncio.create_task(self._listen())
        told = asyncio.Event()
        deliverer = asyncio.create_task(deliver(self._settings, told))
        sweeper = asyncio.create_task(sweep(self._settings, told))
        pause_s = 0.0
        try:
            while not (self._draining and not self._running):
                if self._aborting:
                    await self._give_back()
                    continue
                try:
                    await self._round()
                except DatabaseAway as away:
                    pause_s = min(max(pause_s * 2, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
                    self._after_absence(pause_s)
                    _log.warning("%s", away)
                except Exception:  # noqa: BLE001 - one bad round must not end the loop
                    pause_s = _LONGEST_PAUSE_S
                    _log.exception("a round failed")
                else:
                    pause_s = 0.0
                await self._pause(pause_s or self._jobs.poll_ms / 1000, may_wake=not pause_s)
        finally:
            listener.cancel()
            for runner in self._running.values():
                runner.kill()
            await self._end()
            told.set()  # after the ends of the last jobs; what it does not send, the next one does
            await asyncio.wait({deliverer, sweeper}, timeout=_DELIVER_S)
            deliverer.cancel()
            sweeper.cancel()
            self._observing.close()
            # They have said what was wrong.
            await asyncio.gather(deliverer, sweeper, return_exceptions=True)

    # ------------------------------------------------------------------ a round

    async def _round(self) -> None:
        if self._unsure:
            await self._open()
        await self._report_lost()
        now = time.monotonic()
        if now >= self._next_sweep:
            await self._sweep()
            self._next_sweep = time.monotonic() + self._jobs.sweep_ms / 1000
        if now >= self._next_present:
            await self._present()
        if now >= self._next_clearing:
            await asyncio.to_thread(sweep_leftovers, self._settings.data_dir.absolute())
            self._next_clearing = now + _CLEARING_S
        if self._draining:
            return
        await self._families.look_after_watches()
        while self._families.room:
            family = await self._claim(FAMILIES, HOLD_MS)
            if family is None:
                break
            self._families.begin(family)
        while self._free() and not self._draining:
            claim = await self._claim(RUNNERS)
            if claim is None:
                return
            await self._start(claim)

    async def _open(self) -> None:
        """Bring the schema up; start what was handed out to this dispatcher in a reply that never arrived."""
        await asyncio.wait_for(self._database.open(), 60)
        for claim in await self._queue(lambda queue: queue.held_by(self.owner)):
            if claim.kind in FAMILIES:
                if not self._families.begins(claim):
                    self._families.begin(claim)
            elif (claim.id, claim.attempt) not in self._running:
                await self._start(claim)
        self._unsure = False

    def _look_again(self) -> None:
        self._wake.set()

    def _be_unsure(self) -> None:
        self._unsure = True

    def _after_absence(self, pause_s: float) -> None:
        """Runners were without the database too: they come first, before anybody calls them lost."""
        self._unsure = True
        grace_s = min(self._jobs.lease_ms, max(5 * self._jobs.heartbeat_ms, _RENEW_MS)) / 1000
        self._next_sweep = max(self._next_sweep, time.monotonic() + pause_s + grace_s)

    async def _sweep(self) -> None:
        lost = await self._queue(lambda queue: queue.expire())
        if lost:
            _log.warning("nothing was heard of the runners of %s", ", ".join(lost))
        # What was just parked may have been cancelled in the same moment, hence at each sweep.
        await self._queue(lambda queue: queue.settle())
        owners = await self._queue(lambda queue: queue.owners())
        self._others = sum(count for name, count in owners.items() if self._is_orphaned(name))

    def _is_orphaned(self, owner: str) -> bool:
        """Whether a dispatcher of this machine died and left its runners at work, which take our slots."""
        host, _, rest = owner.partition(":")
        process = rest.partition(":")[0]
        return (
            owner != self.owner
            and host == self._host
            and process.isdigit()
            and not psutil.pid_exists(int(process))
        )

    async def _present(self) -> None:
        await self._queue(
            lambda queue: queue.present(
                self.owner, slots=self._jobs.slots, running=len(self._running),
                draining=self._draining,
            )
        )  # fmt: skip
        self._observing.present(len(self._running), self._jobs.slots)
        self._next_present = time.monotonic() + _PRESENT_S

    def _free(self) -> int:
        return self._jobs.slots - len(self._running) - self._others

    async def _claim(self, kinds: tuple[str, ...], start_ms: int = _START_MS) -> Claim | None:
        lease_ms = max(self._jobs.lease_ms, start_ms)
        return await short(
            self._database, lambda queue: queue.claim(self.owner, lease_ms=lease_ms, kinds=kinds)
        )

    async def _queue(self, work: Callable[[Queue], Coroutine[Any, Any, Any]]) -> Any:
        return await short(self._database, work)

    # ------------------------------------------------------------------ runners

    async def _start(self, claim: Claim) -> None:
        try:
            runner = await start_runner(
                claim, self._observing.began(claim, self._environment),
                self._settings.data_dir.absolute(),
            )  # fmt: skip
        except OSError as error:
            self._lost.append((claim, f"no runner could be started: {error}"))
            return
        _log.info(
            "job %s, attempt %d: process %d", claim.id, claim.attempt, runner.pid,
            extra={"job": claim.id, "attempt": claim.attempt},
        )  # fmt: skip
        self._running[claim.id, claim.attempt] = runner
        task = asyncio.create_task(self._reap(runner))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reap(self, runner: RunnerProcess) -> None:
        status = await runner.ended()
        claim = runner.claim
        self._running.pop((claim.id, claim.attempt), None)
        if status:
            self._lost.append((claim, _cause(status)))
        else:
            await self._observing.ended(claim)
        _log.info(
            "job %s, attempt %d ended with %d", claim.id, claim.attempt, status,
            extra={"job": claim.id, "attempt": claim.attempt},
        )  # fmt: skip
        self._wake.set()

    async def _report_lost(self) -> None:
        """Runners that ended without a word: waiting for the end of the lease would be a waste."""
        while self._lost:
            claim, cause = self._lost[0]
            error = {
                "code": "worker_lost", "cause": cause,
                "remedy": "It is tried again by itself; if this repeats, see the job's log and "
                "the memory of that machine",
            }  # fmt: skip
            await self._unless_settled(
                lambda queue, claim=claim, error=error: queue.fail(
                    claim.id, claim.attempt, error, retryable=True,
                    backoff_ms=self._jobs.backoff_ms,
                )
            )  # fmt: skip
            self._lost.pop(0)
            await self._observing.ended(claim)

    async def _unless_settled(self, work: Callable[..., Coroutine[Any, Any, Any]]) -> None:
        try:
            await self._queue(work)
        except JobBusy:  # the runner has said how it ended
            return

    async def _give_back(self) -> None:
        """End the runners; none of it counts against their jobs."""
        runners = list(self._running.values())
        for runner in runners:
            runner.ask()
        waiting = list(self._tasks)
        if waiting:
            await asyncio.wait(waiting, timeout=_GIVE_BACK_S)
        for runner in runners:
            runner.kill()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        self._lost.clear()
        await self._release([runner.claim for runner in runners])

    async def _release(self, claims: list[Claim]) -> None:
        for claim in claims:
            try:
                await self._unless_settled(
                    lambda queue, claim=claim: queue.release(claim.id, claim.attempt, "shutdown")
                )
            except VideoClipError as error:
                _log.warning("job %s could not be given back: %s", claim.id, error)

    async def _end(self) -> None:
        try:
            await self._release(await self._families.stop(_STOP_S))
            await self._report_lost()
            await self._queue(lambda queue: queue.leave(self.owner))
            await asyncio.wait_for(self._database.close(), 10)
        except (VideoClipError, asyncio.TimeoutError) as error:
            _log.warning("%s", error)

    # ------------------------------------------------------------------ waiting

    async def _pause(self, seconds: float, *, may_wake: bool) -> None:
        if not may_wake and not self._draining:
            await asyncio.sleep(seconds)
            return
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except asyncio.TimeoutError:
            return
        self._wake.clear()

    async def _listen(self) -> None:
        """Hear of new jobs at once; without it they wait for the next look."""
        if not self._jobs.listen:
            return
        while True:
            try:
                async with self._database.listening(CHANNEL, self._wake.set) as lost:
                    await lost.wait()
            except Exception as error:  # noqa: BLE001 - polling goes on, whatever this was
                _log.info("not told of new jobs for now: %s", error)
            await asyncio.sleep(_LONGEST_PAUSE_S)


def _cause(status: int) -> str:
    if status >= 0:
        return f"the job's process ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"the job's process was ended by {name}"


async def dispatch(settings: Settings) -> None:
    """Work in the foreground until SIGTERM or SIGINT."""
    dispatcher = Dispatcher(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, dispatcher.drain)
    await dispatcher.run()


def main() -> int:
    """Command line."""
    settings = load_settings()
    log_to_stderr(settings.observe)
    asyncio.run(dispatch(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
