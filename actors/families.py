"""Jobs that the dispatcher does itself, since they only ask for other jobs: batches, watched folders and buckets."""

from __future__ import annotations

import json
import logging
from typing import Any

from pydantic import ValidationError

from actors.looks import LOOK_S, Looks
from videoclip.errors import (
    DatabaseAway,
    JobBusy,
    SourceEmpty,
    UsageError,
    VideoClipError,
    WrongState,
)
from videoclip.schemas import BatchRequest, WatchRequest, child_request
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.parents import Claim, FoundFile
from videoclip.store.patience import short
from videoclip.store.queue import Queue
from videoclip.store.quotas import Quotas

__all__ = ["HOLD_MS", "KINDS", "Families"]

KINDS = ("batch", "watch")
_WRITE_S = 60.0
HOLD_MS = round((LOOK_S + _WRITE_S + 30.0) * 1000)
"""Longest time in which a family is begun or looked after, ms; whoever takes longer is lost."""
_MOST_NEW = 1_000
"""Files of a watched folder that one look takes; the next looks take the others."""
_log = logging.getLogger("videoclip.dispatcher")


class Families:
    """Begins batches and watches, and looks after watched folders."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._looks = Looks(settings)

    async def begin(self, claim: Claim) -> None:
        """Ask for a batch's children, all at once or none; or begin to watch."""
        try:
            sources: list[str] = []
            if claim.kind == "batch":
                request = BatchRequest.model_validate(claim.request)
                sources = await self._sources(request)
            else:
                WatchRequest.model_validate(claim.request)

            async def work(queue: Queue) -> None:
                for number, source in enumerate(sources):
                    await self._child(queue, claim, source, f"{claim.id}:{number}")
                await self._check_quota(queue, claim.workspace_id)
                await queue.park(claim.id, claim.attempt)

            await short(self._database, work, limit_s=_WRITE_S)
        except JobBusy:
            return
        except DatabaseAway:  # the dispatcher begins again when it is back
            raise
        except (VideoClipError, ValidationError) as error:
            await self._fail(claim, error)

    async def _fail(self, claim: Claim, error: VideoClipError | ValidationError) -> None:
        known = error if isinstance(error, VideoClipError) else _invalid(error)
        fault = {"code": known.code, "cause": known.cause, "remedy": known.remedy}
        backoff_ms = self._settings.jobs.backoff_ms

        async def work(queue: Queue) -> None:
            await queue.fail(
                claim.id, claim.attempt, fault, retryable=known.retryable, backoff_ms=backoff_ms
            )

        try:
            await short(self._database, work)
        except JobBusy:
            return

    async def _child(self, queue: Queue, parent: Claim, source: str, key: str) -> str:
        """A child's id; one that failed in an earlier run of the parent is run again."""
        request = child_request(parent.request.get("each", {}), source)
        plain = json.loads(json.dumps(request.model_dump()))
        made = await queue.enqueue(
            parent.workspace_id, request.kind, plain, parent_id=parent.id,
            idempotency_key=f"child:{key}", max_failures=self._settings.jobs.max_failures,
            **await queue.inherited(parent.id),
        )  # fmt: skip
        if not made.new and made.state not in ("queued", "running", "succeeded"):
            try:
                await queue.redrive(made.id)
            except WrongState:  # it is being cancelled
                _log.info("job %s is %s", made.id, made.state)
        return made.id

    async def _check_quota(self, queue: Queue, workspace_id: str) -> None:
        quotas = Quotas(queue.session, workspace_id, self._settings.quota)
        await quotas.check_jobs()

    async def _sources(self, request: BatchRequest) -> list[str]:
        if request.folder is None:
            return request.sources
        start, files = await self._looks.look(request.folder)
        if not files:
            raise SourceEmpty(
                "the folder holds no video or audio file", "Name a folder with media in it"
            )
        return [start + file.name for file in files]

    # ------------------------------------------------------------------ watched folders

    async def due_watch(self) -> Claim | None:
        """The watch that waits the longest to be looked after; nobody else gets it meanwhile."""
        return await short(self._database, lambda queue: queue.due_watch(HOLD_MS))

    async def look_after(self, watch: Claim) -> None:
        """Make jobs of the new files of a watched folder, and say how it stands."""
        told: dict[str, Any]
        try:
            request = WatchRequest.model_validate(watch.request)
            start, files = await self._looks.look(request.folder)
            made = await short(
                self._database,
                lambda queue: self._new_files(queue, watch, request, start, files),
                limit_s=_WRITE_S,
            )
            told = {"stage": "watch", "files": len(files), "new": made}
        except DatabaseAway:
            raise
        except (VideoClipError, ValidationError) as error:
            known = error if isinstance(error, VideoClipError) else _invalid(error)
            told = {"stage": "watch", "error": {"code": known.code, "cause": known.cause}}
        pause_ms = self._settings.jobs.watch_ms
        await short(self._database, lambda queue: queue.looked_after(watch, told, pause_ms))

    async def _new_files(
        self,
        queue: Queue,
        watch: Claim,
        request: WatchRequest,
        start: str,
        files: list[FoundFile],
    ) -> int:
        ready = await queue.remember_files(
            watch, files, settle_ms=request.settle_ms, most=_MOST_NEW
        )
        for file in ready:
            job_id = await self._child(queue, watch, start + file.name, f"{watch.id}:{file.key}")
            await queue.remember_job(watch, file, job_id)
        if ready:
            await self._check_quota(queue, watch.workspace_id)
        return len(ready)


def _invalid(error: ValidationError) -> UsageError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return UsageError(f"the request is not valid: {where}: {first['msg']}", "Correct it")
