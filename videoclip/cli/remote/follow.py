"""A job of a server, shown as one that runs here: its events become those of the reporter."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from videoclip.cli.console import Reporter
from videoclip.cli.remote.text import clean, plain
from videoclip.client import Cancelled, Job, JobEvent, Progress, VideoClip, VideoClipError
from videoclip.progress import Event, StageMeter

__all__ = ["cancelled_by_stop", "follow", "goes_on_after_stop", "moving", "source_of"]

_LOOK_S = 5.0
_STOP_S = 2.0
_FIELDS = (
    "stage", "done", "total", "unit", "reused", "rate", "eta_s", "elapsed_s",
)  # fmt: skip
_TOLD = frozenset({"stage_started", "progress", "stage_finished", "notice", "error"})


def follow(client: VideoClip, job: Job, reporter: Reporter) -> Job:
    """Show a job until it is over; the job as it is then.

    Raises:
        VideoClipError: the server stayed away.
    """
    heard: queue.SimpleQueue[JobEvent | VideoClipError | None] = queue.SimpleQueue()

    def listen() -> None:
        try:
            for event in job.stream():
                heard.put(event)
            heard.put(None)
        except VideoClipError as error:
            heard.put(error)

    threading.Thread(target=listen, name="videoclip-events", daemon=True).start()
    show = _Shown(client, job, reporter)
    while True:
        try:
            found = heard.get(timeout=_LOOK_S)
        except queue.Empty:
            show.standing()
            continue
        if found is None:
            reporter.clear()
            return client.jobs.get(job.id)
        if isinstance(found, VideoClipError):
            raise found
        show.event(found)


class _Shown:
    """What was shown of a job."""

    def __init__(self, client: VideoClip, job: Job, reporter: Reporter) -> None:
        self._client, self._job, self._reporter = client, job, reporter
        self._source = source_of(job)
        self._said = ""
        self._in_stage = False

    def event(self, told: JobEvent) -> None:
        """An event of the server."""
        data = clean(told.data)
        if told.kind == "running":
            self._reporter.event(
                Event(
                    "job_started", self._job.id, self._source,
                    data={"kind": self._job.kind, "attempt": told.attempt},
                )
            )  # fmt: skip
        elif told.kind in _TOLD:
            self._in_stage = told.kind in ("stage_started", "progress")
            fields = {name: data[name] for name in _FIELDS if name in data}
            self._reporter.event(
                Event(
                    told.kind, self._job.id, plain(str(data.get("source") or self._source)),
                    **fields, data=data.get("data") or {},
                )
            )  # fmt: skip
        elif told.kind == "queued":
            self._in_stage = False
            self.standing()

    def standing(self) -> None:
        """Say why it waits, or how far its parts are, when that changed."""
        if self._in_stage:
            return
        try:
            standing = self._client.jobs.get(self._job.id).standing
        except VideoClipError:  # the stream notices whether that stays so
            return
        text = plain(standing.text) if standing is not None else ""
        if text and text != self._said:
            self._said = text
            self._reporter.note(text)


def source_of(job: Job) -> str:
    """What people call a job's source."""
    told = job.source_name or job.request.get("source") or job.request.get("folder") or job.kind
    return plain(str(told))


@contextmanager
def goes_on_after_stop(client: VideoClip, job_ids: Sequence[str]) -> Iterator[None]:
    """Ctrl-C stops following, not the jobs, and says so.

    Raises:
        Cancelled: it came.
    """
    try:
        yield
    except KeyboardInterrupt:
        ids = " ".join(job_ids)
        which = "the job goes on" if len(job_ids) == 1 else f"{len(job_ids)} jobs go on"
        raise Cancelled(
            f"not followed any more; {which} at {client.base_url}",
            f"Follow: videoclip jobs follow {ids}; cancel: videoclip jobs cancel {ids}",
        ) from None


@contextmanager
def cancelled_by_stop(client: VideoClip, job_ids: Sequence[str]) -> Iterator[None]:
    """SIGINT and SIGTERM cancel the jobs.

    Raises:
        Cancelled: one came.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        quick = client.with_options(timeout_s=_STOP_S, retries=0)
        for job_id in job_ids:
            with suppress(VideoClipError):  # it is over, or the server is away
                quick.jobs.cancel(job_id)
        raise Cancelled("cancelled", "Run the same command again to go on from here") from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def moving(reporter: Reporter, stage: str, source: str, total: int) -> Iterator[Progress]:
    """Bytes that go over, as a stage.

    Args:
        reporter: shows it.
        stage: ``upload`` or ``download``.
        source: what goes over.
        total: how many bytes it has.

    Yields:
        What hears how many bytes are there, and how many there are.
    """
    meter = StageMeter(float(total))

    def tell(event: str) -> None:
        rate, eta_s = meter.rate, meter.eta_s
        reporter.event(
            Event(
                event, source=source, stage=stage, done=meter.done, total=meter.total, unit="bytes",
                rate=None if rate is None else round(rate, 1), elapsed_s=round(meter.elapsed_s, 3),
                eta_s=None if eta_s is None else round(eta_s, 1),
            )
        )  # fmt: skip

    def move(done: int, total: int) -> None:
        meter.done, meter.total = float(done), float(total)
        tell("progress")

    tell("stage_started")
    try:
        yield move
    except BaseException:
        reporter.clear()
        raise
    meter.done = meter.total
    tell("stage_finished")
    reporter.clear()
