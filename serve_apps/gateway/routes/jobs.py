"""Jobs: ask for one, see them, cancel one, run one again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.source_names import source_names
from serve_apps.gateway.sources import asset_ids, check_sources
from videoclip.schemas.api.fields import Id
from videoclip.schemas.api.jobs import ErrorOut, JobIn, JobOut, JobPage, StandingOut, State
from videoclip.settings import Settings
from videoclip.store.assets import Assets
from videoclip.store.database import Database
from videoclip.store.jobs import Jobs, JobView
from videoclip.store.quotas import Quotas
from videoclip.store.references import References

__all__ = ["JobOut", "router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])

Reader = Annotated[Principal, Depends(require("jobs:read"))]
Writer = Annotated[Principal, Depends(require("jobs:write"))]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A word of your own for this request: the same word with the same request is the same job, "
        "however often it is sent; with another request it is refused (409)",
    ),
]


@router.post(
    "",
    summary="Ask for a job",
    status_code=201,
    responses={
        200: {"model": JobOut, "description": "The same request came before under the same key"},
        **problems(404, 409),
    },
)
async def create(
    body: JobIn,
    request: Request,
    response: Response,
    who: Writer,
    idempotency_key: IdempotencyKey = None,
) -> JobOut:
    """Ask for a job. It exists when this answers; send an `Idempotency-Key` and repeat without fear."""
    settings: Settings = request.app.state.settings
    # As pydantic's own JSON writes it, except that any text that Python can hold is kept.
    plain = json.loads(json.dumps(body.request.model_dump()))
    check_sources(plain, settings.jobs)
    database: Database = request.app.state.database
    async with database.session() as session:
        jobs = Jobs(session, who.workspace_id)
        queued = await jobs.create(
            body.request.kind, plain, created_by=who.name, idempotency_key=idempotency_key,
            priority=body.priority, max_failures=settings.jobs.max_failures,
        )  # fmt: skip
        if queued.new:
            references = References(session, who.workspace_id)
            for asset_id in sorted(asset_ids(plain)):
                await references.asset(asset_id)
            await Quotas(session, who.workspace_id, settings.quota).check_jobs()
        job = await jobs.get(queued.id)
        names = await source_names(Assets(session, who.workspace_id), [job])
    if not queued.new:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return _out(job, settings, names)


@router.get("", summary="List jobs")
async def page(
    request: Request,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    state: State | None = None,
    kind: Annotated[str | None, Query(pattern=r"^[a-z_]{1,32}$")] = None,
    parent: Annotated[Id | None, Query(description="only parts of this job")] = None,
) -> JobPage:
    """List the jobs of the workspace, newest first."""
    database: Database = request.app.state.database
    async with database.paging(cursor) as session:
        found = await Jobs(session, who.workspace_id).page(
            before=cursor, limit=limit + 1, state=state, kind=kind, parent_id=parent
        )
        names = await source_names(Assets(session, who.workspace_id), found)
    more = found[limit - 1].id if len(found) > limit else None
    settings: Settings = request.app.state.settings
    return JobPage(jobs=[_out(job, settings, names) for job in found[:limit]], next_cursor=more)


@router.get("/{job_id}", summary="See a job", responses=problems(404))
async def get(request: Request, who: Reader, job_id: PathId) -> JobOut:
    """Where a job stands, and what came of it."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        jobs = Jobs(session, who.workspace_id)
        job = await jobs.get(job_id)
        standing = await jobs.standing(job_id)
        names = await source_names(Assets(session, who.workspace_id), [job])
    out = _out(job, request.app.state.settings, names)
    out.standing = StandingOut(
        position=standing.position, code=standing.code, text=standing.text, eta_ms=standing.eta_ms
    )
    return out


@router.post("/{job_id}/cancel", summary="Cancel a job", responses=problems(404, 409))
async def cancel(request: Request, who: Writer, job_id: PathId) -> JobOut:
    """Cancel a job and its parts. A running one is `cancelling` until its worker has stopped."""
    database: Database = request.app.state.database
    async with database.session() as session:
        cancelled = await Jobs(session, who.workspace_id).cancel(job_id)
        names = await source_names(Assets(session, who.workspace_id), [cancelled])
    return _out(cancelled, request.app.state.settings, names)


@router.post("/{job_id}/retry", summary="Run a job again", responses=problems(404, 409))
async def retry(request: Request, who: Writer, job_id: PathId) -> JobOut:
    """Let a job that failed, was given up, cancelled or is partial wait again; what it has finished stays."""
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    async with database.session() as session:
        again = await Jobs(session, who.workspace_id).redrive(job_id)
        await Quotas(session, who.workspace_id, settings.quota).check_jobs()
        names = await source_names(Assets(session, who.workspace_id), [again])
    return _out(again, settings, names)


def _out(job: JobView, settings: Settings, names: Mapping[str, str]) -> JobOut:
    return JobOut(
        id=job.id, kind=job.kind, state=job.state, request=job.request,
        source_name=names.get(job.id), priority=job.priority,
        attempt=job.attempt, failures=job.failures, created_by=job.created_by,
        parent_id=job.parent_id,
        error=None if job.error is None else ErrorOut.model_validate(job.error),
        result=job.result, progress=job.progress, enqueued_ms=job.enqueued_ms,
        started_ms=job.started_ms, finished_ms=job.finished_ms, trace_id=job.trace_id,
        trace_url=settings.observe.trace_url.replace("{trace_id}", job.trace_id) or None
        if job.trace_id else None,
    )  # fmt: skip
