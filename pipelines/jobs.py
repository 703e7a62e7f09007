"""`run_job`: the one entry. It can be killed at any instant and run again; finished units are not done twice."""

from __future__ import annotations

import json
import shutil
import threading

from pydantic import TypeAdapter

from pipelines.clip import JobResult, clip, cut, transcribe
from pipelines.context import JobContext
from pipelines.ray_runtime import RayRuntime
from pipelines.source import printable_path
from videoclip.errors import VideoClipError, one_line
from videoclip.fingerprint import fingerprint
from videoclip.progress import EventSink, Progress, ignore_events
from videoclip.schemas import ClipRequest, CutRequest, JobRequest
from videoclip.settings import Settings
from videoclip.store import JobRecord, Store
from videoclip.store.objects import NO_SPACE, full

__all__ = ["run_job", "submit"]

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
) -> JobResult:
    """Do a job, or what is left of it.

    Args:
        job_id: from `submit`.
        store: where the job and its artifacts are.
        settings: of this process.
        ray: started at the first use.
        sink: hears of progress.
        cancel: set by somebody else to stop the job.

    Raises:
        VideoClipError: with the cause and the remedy; the job's row says the same.
    """
    job = store.job(job_id)
    request = _REQUEST.validate_python(job.request)
    name = printable_path(request.source.rpartition("/")[2])
    progress = Progress(sink, job=job.id, source=name)
    with store.own_job(job.id) as attempt:
        context = JobContext(
            job_id=job.id,
            attempt=attempt,
            settings=settings,
            store=store,
            ray=ray,
            progress=progress,
            cancel=cancel or threading.Event(),
        )
        shutil.rmtree(context.work_folder(), ignore_errors=True)
        progress.emit("job_started", data={"kind": job.kind, "attempt": attempt})
        try:
            result = _run(context, request)
        except VideoClipError as error:
            state = "cancelled" if error.code == "cancelled" else "failed"
            fault = {"code": error.code, "cause": error.cause, "remedy": error.remedy}
            store.finish_job(job.id, attempt, state, fault)
            raise
        except OSError as error:
            if error.errno not in NO_SPACE:
                store.finish_job(job.id, attempt, "failed", _defect(error))
                raise
            problem = full(settings.data_dir, error.errno)
            fault = {"code": problem.code, "cause": problem.cause, "remedy": problem.remedy}
            store.finish_job(job.id, attempt, "failed", fault)
            raise problem from error
        except Exception as error:
            store.finish_job(job.id, attempt, "failed", _defect(error))
            raise
        except KeyboardInterrupt:
            store.finish_job(job.id, attempt, "cancelled")
            raise
        finally:
            shutil.rmtree(context.work_folder(), ignore_errors=True)
        store.finish_job(job.id, attempt, result.manifest.status)
    return result


def _defect(error: Exception) -> dict[str, str]:
    return {
        "code": "internal",
        "cause": one_line(f"{type(error).__name__}: {error}"),
        "remedy": "This is a defect of Video-Clip: please report it",
    }


def _run(context: JobContext, request: JobRequest) -> JobResult:
    if isinstance(request, ClipRequest):
        return clip(context, request)
    if isinstance(request, CutRequest):
        return cut(context, request)
    return transcribe(context, request)
