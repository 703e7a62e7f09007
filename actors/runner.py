"""One attempt at one job of the queue, in a process of its own: ``python -m actors.runner JOB_ID ATTEMPT``.

It renews its lease by the database's clock, hears that way that the job is cancelled, and tells how far it is.
Whatever hangs, this process ends: seconds after a cancel, at once when another attempt owns the job.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import psutil

from actors.telling import Telling
from videoclip.errors import DatabaseAway, JobBusy, VideoClipError
from videoclip.logs import log_to_stderr, tell_always
from videoclip.observe import tracing
from videoclip.settings import Settings, load_settings
from videoclip.store import Store
from videoclip.store.queue import Queue

if TYPE_CHECKING:
    from pipelines.ray_runtime import RayRuntime

__all__ = ["LEFT", "SETTLED", "UNSETTLED", "Runner", "main", "told_to_end"]

SETTLED = 0
"""The job's row says how the attempt ended."""
UNSETTLED = 70
"""It ended without saying so: whoever started it has to."""
LEFT = 75
"""Another attempt owns the job, or it was given back."""
_LEAVE_S = 15.0
"""After the end is written: what hangs on the way out is cut off."""
_LAST_WRITE_S = 3.0
_ABOUT_TO_S = 0.5
_log = logging.getLogger("videoclip.runner")


class Runner:
    """The attempt, and the thread that watches over it."""

    def __init__(self, job_id: str, attempt: int, settings: Settings) -> None:
        self._job_id, self._attempt = job_id, attempt
        self._settings = settings
        self._cancel = threading.Event()
        self._settled = threading.Event()
        self._cancelled_at: float | None = None
        self._telling = Telling(settings.jobs.progress_ms)
        self._ray: RayRuntime | None = None

    def run(self) -> int:
        """Do the job; returns the exit status."""
        jobs = self._settings.jobs
        signals = _signals_as_bytes()
        with Store(self._settings, patience_s=jobs.database_wait_s) as store:
            self._store = store
            watch = threading.Thread(
                target=self._watch, args=(signals,), name="videoclip-lease", daemon=True
            )
            watch.start()
            try:
                # Late: the lease is renewed while this takes seconds on a busy machine.
                from pipelines.jobs import run_job
                from pipelines.ray_runtime import RayRuntime

                with RayRuntime(self._settings.ray) as ray:
                    self._ray = ray
                    try:
                        run_job(
                            self._job_id,
                            attempt=self._attempt,
                            store=store,
                            settings=self._settings,
                            ray=ray,
                            sink=self._telling.hear,
                            cancel=self._cancel,
                            before_end=self._tell_the_rest,
                        )
                    finally:
                        self._settled.set()
                        self._leave_in_time()
            except JobBusy as busy:
                _log.warning("%s", busy)
                return LEFT
            except VideoClipError as error:
                _log.warning("%s", error)
                return UNSETTLED
            except Exception:  # noqa: BLE001 - whoever started this process is told by its status
                _log.exception("a defect")
                return UNSETTLED
            return SETTLED

    # ------------------------------------------------------------------ the thread

    def _watch(self, signals: int) -> None:
        try:
            while not self._settled.is_set():
                self._beat()
                ready, _, _ = select.select(
                    [signals], [], [], self._settings.jobs.heartbeat_ms / 1000
                )
                if ready and told_to_end(signals) and not self._settled.is_set():
                    self._last_write(lambda q: q.release(self._job_id, self._attempt, "shutdown"))
                    self._exit(LEFT)
        except JobBusy as busy:
            # The end may just have been written: then the other thread is about to say so.
            if not self._settled.wait(_ABOUT_TO_S):
                _log.warning("%s", busy)
                self._exit(LEFT)
        except Exception:  # noqa: BLE001 - likewise
            # Without a lease nobody may work: another attempt takes the job over.
            _log.exception("the lease cannot be renewed")
            self._exit(UNSETTLED)

    def _beat(self) -> None:
        with suppress(DatabaseAway):  # it is asked again; if that takes too long, the lease is lost
            if self._renew() and self._cancelled_at is None:
                self._cancelled_at = time.monotonic()
                self._cancel.set()
        if self._ray is not None:
            self._leave_a_lost_cluster(self._ray)
        grace_s = self._settings.jobs.cancel_grace_ms / 1000
        if self._cancelled_at is not None and time.monotonic() - self._cancelled_at >= grace_s:
            self._last_write(lambda q: q.finish(self._job_id, self._attempt, "cancelled"))
            self._exit(LEFT)

    def _leave_a_lost_cluster(self, ray: RayRuntime) -> None:
        """Another attempt joins the one that there is then; this one would wait for ever."""
        try:
            ray.check()
        except VideoClipError as lost:
            _log.warning("%s", lost)
            error = {"code": lost.code, "cause": lost.cause, "remedy": lost.remedy}
            again_ms = self._settings.jobs.backoff_ms
            self._last_write(
                lambda q: q.fail(
                    self._job_id, self._attempt, error, retryable=True, backoff_ms=again_ms
                )
            )
            self._exit(LEFT)

    def _renew(self) -> bool:
        events, progress = self._telling.take()

        async def work(queue: Queue) -> bool:
            cancelled = await queue.heartbeat(
                self._job_id,
                self._attempt,
                lease_ms=self._settings.jobs.lease_ms,
                progress=progress,
            )
            for kind, data in events:
                await queue.tell(self._job_id, self._attempt, kind, data)
            return cancelled

        try:
            return self._store.queue(work, patient=False)
        except DatabaseAway:
            self._telling.give_back(events)
            raise

    def _tell_the_rest(self) -> None:
        with suppress(DatabaseAway):
            self._renew()

    def _last_write(self, work: Callable[[Queue], Coroutine[Any, Any, Any]]) -> None:
        """Before this process ends itself; if it does not get through, the lease runs out."""
        deadline = time.monotonic() + _LAST_WRITE_S
        while not self._settled.is_set() and time.monotonic() < deadline:
            try:
                self._store.queue(work, patient=False)
            except JobBusy:
                return
            except VideoClipError as error:
                _log.warning("%s", error)
                time.sleep(0.2)
            else:
                return

    def _leave_in_time(self) -> None:
        timer = threading.Timer(_LEAVE_S, self._exit, (SETTLED,))
        timer.daemon = True
        timer.start()

    def _exit(self, status: int) -> NoReturn:
        """End now, with every FFmpeg; what a private Ray runs is ended by its guardian."""
        with suppress(psutil.Error):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    if child.name() in ("ffmpeg", "ffprobe", "setpriv", "prlimit"):
                        child.kill()
        logging.shutdown()
        os._exit(status)


def told_to_end(signals: int) -> bool:
    """Whether SIGTERM or SIGINT is among what came through the pipe: other signals write into it too."""
    return any(number in (signal.SIGTERM, signal.SIGINT) for number in os.read(signals, 256))


def _signals_as_bytes() -> int:
    """A pipe that gets a byte for each SIGTERM or SIGINT, even while the main thread is deep in C code.

    Whoever sets another handler later, as Ray does, does not change that.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    return reader


def main() -> int:
    """Command line."""
    settings = load_settings()
    log_to_stderr(settings.observe)
    job_id, attempt = sys.argv[1:]
    tell_always(job=job_id, attempt=int(attempt))
    tracing.set_up(settings.observe, "videoclip-runner")
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    try:
        with tracing.span("run", parent=os.environ.get("TRACEPARENT")):
            return Runner(job_id, int(attempt), settings).run()
    finally:
        tracing.shut_down()


if __name__ == "__main__":
    sys.exit(main())
