# Made from ../_async/jobs.py by `make docs`; do not edit.
"""Jobs: ask for one, follow it, cancel it, run it again."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import httpx
from pydantic import ValidationError

from videoclip.client._sync.clips import Clips
from videoclip.client._sync.job import Job
from videoclip.client._sync.patience import Patience
from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client._sync.transport import Transport
from videoclip.client.bodies import order_body, read
from videoclip.client.events import EventReader
from videoclip.client.idempotency import key_header
from videoclip.client.operations import operation
from videoclip.client.problems import AnswerUnreadable, WaitEnded, unreachable
from videoclip.client.waiting import sleep
from videoclip.errors import VideoClipError
from videoclip.schemas import Order
from videoclip.schemas.api.jobs import JobEvent, JobPage, State

__all__ = ["Jobs"]

_SILENCE_S = 45.0
"""A stream gives a sign of life more often than that."""


class Jobs(Resource):
    """The jobs of the workspace."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.clips = Clips(transport)

    @operation("POST /jobs")
    def create(
        self, request: Order | Mapping[str, Any], *, priority: int = 0,
        idempotency_key: str | None = None,
    ) -> Job:  # fmt: skip
        """Ask for a job. It exists when this returns, once, however often the request had to be sent.

        ```python
        job = client.jobs.create(ClipRequest(source=asset.reference, top=3))
        ```

        Args:
            request: a `ClipRequest`, `TranscribeRequest`, `CutRequest`, `RenderRequest`, `BatchRequest` or
                `WatchRequest`, or the same as a mapping with its `kind`.
            priority: from -10 to 10; higher ones go first in the workspace.
            idempotency_key: a word of your own: the same again is the same job; None: one is made.

        Raises:
            InvalidRequest: a field is wrong.
            KeyReused: the word came with another request before.
            QuotaExceeded: the workspace has as many jobs as it may.
        """
        answer = self._transport.send(
            "POST", "/jobs", json=order_body(request, priority),
            headers=key_header(idempotency_key), safe=True,
        )  # fmt: skip
        return self._bound(read(Job, answer.content))

    @operation("GET /jobs")
    def page(
        self, *, cursor: str | None = None, limit: int = 50, state: State | None = None,
        kind: str | None = None, parent: str | None = None,
    ) -> JobPage:  # fmt: skip
        """Some jobs, newest first.

        Args:
            cursor: `next_cursor` of the page before.
            limit: jobs at most.
            state: only those in this state.
            kind: only of this kind.
            parent: only parts of this job.
        """
        query = {"cursor": cursor, "limit": limit, "state": state, "kind": kind, "parent": parent}
        return self._transport.get("/jobs", JobPage, query)

    def list(
        self, *, state: State | None = None, kind: str | None = None, parent: str | None = None
    ) -> Listing[JobPage, Job]:
        """All jobs, newest first; see `page`."""
        return Listing(
            lambda cursor: self.page(
                cursor=cursor, limit=200, state=state, kind=kind, parent=parent
            ),
            self._entries,
            lambda page: page.next_cursor,
        )

    @operation("GET /jobs/{job_id}")
    def get(self, job_id: str) -> Job:
        """Where a job stands, and what came of it."""
        return self._bound(self._transport.get(f"/jobs/{segment(job_id)}", Job))

    @operation("POST /jobs/{job_id}/cancel")
    def cancel(self, job_id: str) -> Job:
        """Cancel a job and its parts; a running one is `cancelling` until its worker has stopped.

        Raises:
            WrongState: it is over.
        """
        return self._bound(self._transport.post(f"/jobs/{segment(job_id)}/cancel", Job))

    @operation("POST /jobs/{job_id}/retry")
    def retry(self, job_id: str) -> Job:
        """Let a job wait again that failed, was given up, cancelled or is partial; what it has finished stays.

        Raises:
            WrongState: it is none of these.
        """
        return self._bound(self._transport.post(f"/jobs/{segment(job_id)}/retry", Job))

    @operation("GET /jobs/{job_id}/events")
    def stream(self, job_id: str, *, after: int = 0) -> Generator[JobEvent, None, None]:
        """What happens to a job, as it happens, each event once, until it is over.

        A stream that breaks is taken up after the last event that arrived.

        Args:
            job_id: which job.
            after: id of the last event that is known already; 0: from the first one.

        Raises:
            NotFound: there is no such job.
            ServerUnreachable: the server stayed away longer than `patience_s`.
        """
        with closing(self._events(job_id, after, None)) as events:
            for event in events:
                yield event

    def wait(
        self, job_id: str, *, on_event: Callable[[JobEvent], None] | None = None,
        timeout_s: float | None = None,
    ) -> Job:  # fmt: skip
        """Wait until a job is over; the job as it is then, whatever became of it.

        Args:
            job_id: which job.
            on_event: hears of each event.
            timeout_s: how long to wait, to some seconds; None: as long as it takes.

        Raises:
            WaitEnded: it is not over yet; it goes on.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with closing(self._events(job_id, 0, until)) as events:
            for event in events:
                if on_event is not None:
                    on_event(event)
        return self.get(job_id)

    def _events(
        self, job_id: str, after: int, until: float | None
    ) -> Generator[JobEvent, None, None]:
        reader = EventReader(last_id=str(after) if after else "")
        patience = Patience(self._transport.config.patience_s)
        path = f"/jobs/{segment(job_id)}/events"
        while True:
            reader.begin()
            headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
            if reader.last_id:
                headers["Last-Event-ID"] = reader.last_id
            fault: VideoClipError | None = None
            try:
                with self._transport.opened(
                    "GET", path, headers=headers, read_s=_silence(until)
                ) as answer:
                    if answer.status_code == 204:
                        return
                    if "text/event-stream" not in answer.headers.get("content-type", ""):
                        raise AnswerUnreadable(
                            "something else than events came", "See what stands between"
                        )
                    for line in answer.iter_lines():
                        frame = reader.feed(line)
                        if frame is not None and frame.event == "end":
                            return
                        if frame is not None:
                            patience.moved()
                            yield _event(frame.data)
                        _check_time(until)
            except httpx.TransportError as error:
                fault = unreachable(error, self._transport.config.base_url)
            except VideoClipError as error:
                fault = error
            _check_time(until)
            if fault is not None:
                patience.after(fault)
            else:
                # The server ends streams after a time; that is no fault.
                sleep(min(reader.retry_s or 0.5, 5.0))

    def _entries(self, page: JobPage) -> Sequence[Job]:
        return [self._bound(Job.model_construct(**dict(job))) for job in page.jobs]

    def _bound(self, job: Job) -> Job:
        job._jobs = self
        return job


def _silence(until: float | None) -> float:
    return _SILENCE_S if until is None else min(_SILENCE_S, max(0.1, until - time.monotonic()))


def _check_time(until: float | None) -> None:
    if until is not None and time.monotonic() >= until:
        raise WaitEnded("the job is not over yet", "Wait for it again; it goes on")


def _event(data: str) -> JobEvent:
    try:
        return JobEvent.model_validate(json.loads(data))
    except (ValueError, ValidationError) as error:
        raise AnswerUnreadable(
            "an event of the job cannot be read", "Use the SDK of the server's release"
        ) from error
