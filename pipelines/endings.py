"""How a job ends: in its row, by the rules of the command line or by those of the queue."""

from __future__ import annotations

import mimetypes
import time
from pathlib import Path
from typing import Any, Protocol

from pipelines.context import JobContext
from pipelines.dropped import tally
from pipelines.faults import fault, may_pass, unit_may_pass
from pipelines.manifests import JobResult
from pipelines.units import own_cpu_seconds
from videoclip.errors import Cancelled
from videoclip.schemas import JobRequest, Manifest, Transcript
from videoclip.store.database import StoreSession
from videoclip.store.queue import Queue
from videoclip.store.search import index_heard

__all__ = ["Ending", "LocalEnding", "QueuedEnding", "told_as_asked"]

_HOUR_MS = 3_600_000
_MEDIA_TYPES = {".srt": "application/x-subrip", ".vtt": "text/vtt", ".mkv": "video/x-matroska"}
_FINISHED = {"succeeded": "succeeded", "nothing_selected": "succeeded", "partial": "partial"}


class Ending(Protocol):
    """Writes a job's end."""

    def done(self, result: JobResult) -> None:
        """It ran to its end."""
        ...

    def failed(self, error: BaseException) -> None:
        """It did not."""
        ...


class LocalEnding:
    """A job of the command line: the row says how it went; the files go to the user's folder."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def done(self, result: JobResult) -> None:
        """The manifest's status."""
        context = self._context
        context.store.finish_job(context.job_id, context.attempt, result.manifest.status)

    def failed(self, error: BaseException) -> None:
        """Cancelled or failed, with the cause."""
        context = self._context
        cancelled = isinstance(error, Cancelled | KeyboardInterrupt)
        state = "cancelled" if cancelled else "failed"
        context.store.finish_job(context.job_id, context.attempt, state, fault(error))


class QueuedEnding:
    """A job of the queue: its files are objects, named in its row's result; failures may be tried again."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._wall, self._cpu = time.monotonic(), own_cpu_seconds()

    def done(self, result: JobResult) -> None:
        """Publish what was made.

        Raises:
            JobBusy: the attempt no longer owns the job.
            StorageFull: no space is left for the manifest.
        """
        context, manifest = self._context, result.manifest
        told = self._result(result)
        state = _FINISHED.get(manifest.status)
        if state is not None:
            transcript = self._transcript(result)
            if transcript is None:
                context.store.queue(
                    lambda queue: queue.finish(context.job_id, context.attempt, state, told)
                )
                return

            async def publish(session: StoreSession) -> None:
                """Not within the seconds of other work of the queue: what was said may be long."""
                await Queue(session).finish(context.job_id, context.attempt, state, told)
                await index_heard(session, context.job_id, transcript)

            context.store.session(publish)
            return
        first = manifest.failures[0]
        error = {"code": first.code, "cause": first.cause, "remedy": first.remedy}
        self._fail(error, retryable=any(map(unit_may_pass, manifest.failures)), result=told)

    def failed(self, error: BaseException) -> None:
        """Write the cause; what may pass is tried again.

        Raises:
            JobBusy: the attempt no longer owns the job.
        """
        context = self._context
        if isinstance(error, Cancelled):
            context.store.queue(
                lambda queue: queue.finish(context.job_id, context.attempt, "cancelled")
            )
        else:
            self._fail(fault(error), retryable=may_pass(error), result=None)

    def _transcript(self, result: JobResult) -> Transcript | None:
        """What the job heard, to be found by the search."""
        ref = result.files.get("transcript.json")
        if ref is None:
            return None
        return Transcript.model_validate_json(
            self._context.store.objects.path(ref).read_text("utf-8")
        )

    def _fail(
        self, error: dict[str, Any], *, retryable: bool, result: dict[str, Any] | None
    ) -> None:
        context = self._context
        context.store.queue(
            lambda queue: queue.fail(
                context.job_id, context.attempt, error, retryable=retryable,
                backoff_ms=context.settings.jobs.backoff_ms, result=result,
            )
        )  # fmt: skip

    def _result(self, result: JobResult) -> dict[str, Any]:
        folder = self._context.work_folder("result")
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "manifest.json"
        draft.write_text(result.manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        manifest = self._context.store.objects.put(draft)
        candidates = result.manifest.candidates
        return {
            "status": result.manifest.status,
            "manifest": {"sha256": manifest.sha256, "size": manifest.size},
            "files": [
                {
                    "name": name, "sha256": ref.sha256, "size": ref.size,
                    "media_type": _media_type(name),
                }
                for name, ref in sorted(result.files.items())
            ],
            "notices": [notice.model_dump() for notice in result.manifest.notices],
            **({"candidates": tally(candidates)} if candidates else {}),
            "cost": self._cost(result),
        }  # fmt: skip

    def _cost(self, result: JobResult) -> dict[str, Any]:
        """What this run cost; work that earlier runs had done costs nothing again."""
        manifest = result.manifest
        cpu_s = max(own_cpu_seconds() - self._cpu, sum(stage.cpu_s for stage in manifest.stages))
        hours = manifest.media.duration_ms / _HOUR_MS
        totals = {
            "wall_s": round(time.monotonic() - self._wall, 3),
            "cpu_s": round(cpu_s, 3),
            "gpu_s": round(sum(stage.gpu_s for stage in manifest.stages), 3),
            "prompt_tokens": manifest.llm.prompt_tokens if manifest.llm else 0,
            "completion_tokens": manifest.llm.completion_tokens if manifest.llm else 0,
            "bytes_in": manifest.source.size_bytes,
            "bytes_out": sum(ref.size for ref in result.files.values()),
        }
        return {
            **totals,
            "video_ms": manifest.media.duration_ms,
            "per_video_hour": {
                name: round(value / hours, 3) for name, value in totals.items() if hours
            },
            "stages": [stage.model_dump() for stage in manifest.stages],
        }


def told_as_asked(result: JobResult, request: JobRequest) -> JobResult:
    """The result with the references of the request; paths of the server are nobody's business.

    An address keeps no query: that is where secrets are.
    """
    plain = request.model_dump(mode="json")
    if request.source.startswith(("http://", "https://")):
        plain["source"] = request.source.partition("?")[0]
    manifest = result.manifest.model_dump(mode="json") | {"request": plain}
    return JobResult(Manifest.model_validate(manifest), result.files)


def _media_type(name: str) -> str:
    suffix = Path(name).suffix.lower()
    known = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0]
    return known or "application/octet-stream"
