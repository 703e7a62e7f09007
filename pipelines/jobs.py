"""`run_job`: the one entry. It can be killed at any instant and run again; finished units are not done twice."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import TypeAdapter, ValidationError

from pipelines.context import JobContext
from pipelines.endings import Ending, LocalEnding, QueuedEnding, told_as_asked
from pipelines.faults import as_known, fault
from pipelines.manifests import JobResult
from pipelines.ray_runtime import RayRuntime
from pipelines.references import resolved
from pipelines.source import printable_path
from videoclip.errors import InvalidRequest, JobBusy
from videoclip.fingerprint import fingerprint
from videoclip.progress import EventSink, Progress, ignore_events
from videoclip.schemas import ClipRequest, CutRequest, JobRequest, RenderRequest
from videoclip.settings import Settings
from videoclip.store import JobRecord, Store

__all__ = ["run_job", "run_stages", "submit"]

_REQUEST: TypeAdapter[JobRequest] = TypeAdapter(JobRequest)
_JOB_VERSION = 1


def submit(store: Store, request: JobRequest) -> JobRecord:
    """The job for this request: the same request is the same job, however often it is asked."""
    # Not pydantic's own JSON: a file name need not be UTF-8, and pydantic refuses what Python escapes.
    plain = json.loads(json.dumps(request.model_dump()))
    return store.ensure_job(request.kind, fingerprint("job", _JOB_VERSION, plain), plain)


def run_job(
    job_id: str,
    *,
    store: Store,
    settings: Settings,
    ray: RayRuntime,
    sink: EventSink = ignore_events,
    cancel: threading.Event | None = None,
    attempt: int | None = None,
    before_end: Callable[[], None] = lambda: None,
) -> JobResult:
    """Do a job, or what is left of it.

    Args:
        job_id: from `submit`, or of the queue.
        store: where the job and its artifacts are.
        settings: of this process.
        ray: started at the first use.
        sink: hears of progress.
        cancel: set by somebody else to stop the job.
        attempt: that the queue handed out: the job's files are references, its result is published. None: a
            job of the command line, which this process takes for itself.
        before_end: called when all is made, before the row says so.

    Raises:
        VideoClipError: with the cause and the remedy; the job's row says the same.
        JobBusy: the attempt no longer owns the job; nothing was written.
    """
    job = store.job(job_id)
    request = _request(store, job, attempt)
    name = printable_path(request.source.partition("?")[0].rpartition("/")[2])
    progress = Progress(sink, job=job.id, source=name)
    with _owned(store, job, attempt) as (owned, folder):
        context = JobContext(
            job_id=job.id,
            attempt=owned,
            settings=settings,
            store=store,
            ray=ray,
            progress=progress,
            cancel=cancel or threading.Event(),
            folder=folder,
        )
        shutil.rmtree(context.work_folder(), ignore_errors=True)
        progress.emit("job_started", data={"kind": job.kind, "attempt": owned})
        ending: Ending = LocalEnding(context) if attempt is None else QueuedEnding(context)
        try:
            if attempt is None:
                result = run_stages(context, request)
            else:
                found = resolved(context, request, job.workspace_id or "")
                result = told_as_asked(run_stages(context, found), request)
            before_end()
            ending.done(result)
        except JobBusy:
            raise
        except (Exception, KeyboardInterrupt) as error:
            known = as_known(error, settings)
            ending.failed(known)
            if known is not error:
                raise known from error
            raise
        finally:
            progress.close()
            shutil.rmtree(context.work_folder(), ignore_errors=True)
    return result


def _request(store: Store, job: JobRecord, attempt: int | None) -> JobRequest:
    """What the job is asked to do.

    Raises:
        InvalidRequest: it is none that this release understands; the row of a queued job says so.
    """
    try:
        return _REQUEST.validate_python(job.request)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        problem = InvalidRequest(
            f"the request is not valid: {where}: {first['msg']}",
            "Correct it; a request of another release may not be understood by this one",
        )
        if attempt is not None:
            told = fault(problem)
            store.queue(lambda queue: queue.fail(job.id, attempt, told, retryable=False))
        raise problem from error


@contextmanager
def _owned(store: Store, job: JobRecord, attempt: int | None) -> Iterator[tuple[int, str | None]]:
    """The attempt's number, and the name of its private folder."""
    if attempt is None:
        with store.own_job(job.id) as own:
            yield own, None
    else:
        with store.own_attempt(job.id, attempt) as folder:
            yield attempt, folder


def run_stages(context: JobContext, request: JobRequest) -> JobResult:
    """What the job is made of, without its row: files of the request are paths here.

    Raises:
        VideoClipError: with the cause and the remedy.
    """
    # Late: what one kind needs takes seconds to import, and another has no use for it.
    if isinstance(request, CutRequest):
        from pipelines.cuts import cut

        return cut(context, request)
    if isinstance(request, RenderRequest):
        from pipelines.edits import render_edits

        return render_edits(context, request)
    from pipelines.clip import clip, transcribe

    if isinstance(request, ClipRequest):
        return clip(context, request)
    return transcribe(context, request)
