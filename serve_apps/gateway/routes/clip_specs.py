"""Edited clips: an edit list with a style, changed in versions, rendered by a job."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.delivery import room_of
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.results import job_of
from serve_apps.gateway.routes.highlights import CandidateId, candidate_of
from serve_apps.gateway.sources import check_sources
from videoclip.schemas import EditedClip, RenderOptions, RenderRequest, TimeRange
from videoclip.schemas.api.clip_specs import RenderOut, SpecChange, SpecIn, SpecOut, SpecPage
from videoclip.schemas.api.fields import Id
from videoclip.store.edits import ClipSpecRecord, ClipSpecs
from videoclip.store.jobs import Jobs
from videoclip.store.quotas import Quotas
from videoclip.store.transcripts import Transcripts

__all__ = ["router"]

router = APIRouter(tags=["clip specs"])
Reader = Annotated[Principal, Depends(require("clips:read"))]
Writer = Annotated[Principal, Depends(require("clips:write"))]
Renderer = Annotated[Principal, Depends(require("clips:write", "jobs:write"))]


@router.post("/clip-specs", summary="Make an edited clip", status_code=201, responses=problems(404))
async def create(request: Request, body: SpecIn, who: Writer) -> SpecOut:
    """Nothing is rendered yet."""
    return await _create(request, who, body)


@router.post(
    "/jobs/{job_id}/highlights/{candidate_id}/clip-spec", summary="Edit a highlight",
    status_code=201, responses=problems(404),
)  # fmt: skip
async def of_highlight(
    request: Request, job_id: PathId, candidate_id: CandidateId, who: Writer
) -> SpecOut:
    """An edited clip that begins as the highlight was found, with the job's style and transcript."""
    candidate = await candidate_of(request, who, job_id, candidate_id)
    job = await job_of(request, who, job_id)
    async with room_of(request).database.reading() as session:
        transcript = await Transcripts(session, who.workspace_id).of_job(job_id)
    body = SpecIn(
        source=str(job.request["source"]),
        title=candidate.title[:200],
        ranges=[TimeRange(start_ms=candidate.start_ms, end_ms=candidate.end_ms)],
        render=RenderOptions.model_validate(job.request.get("render") or {}),
        transcript_id=None if transcript is None else transcript.id,
        job_id=job_id,
    )
    return await _create(request, who, body, candidate_id)


@router.get("/clip-specs", summary="List edited clips")
async def page(
    request: Request,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    job: Annotated[
        Id | None, Query(description="only those made in the review of this job")
    ] = None,
) -> SpecPage:
    """List the edited clips of the workspace, newest first."""
    async with room_of(request).database.paging(cursor) as session:
        found = await ClipSpecs(session, who.workspace_id).page(
            after=cursor, limit=limit + 1, job_id=job
        )
    more = found[limit - 1].id if len(found) > limit else None
    return SpecPage(clips=[_out(spec) for spec in found[:limit]], next_cursor=more)


@router.get("/clip-specs/{spec_id}", summary="One edited clip", responses=problems(404))
async def one(request: Request, spec_id: PathId, who: Reader) -> SpecOut:
    """As it is now."""
    async with room_of(request).database.reading() as session:
        return _out(await ClipSpecs(session, who.workspace_id).get(spec_id))


@router.patch(
    "/clip-specs/{spec_id}", summary="Change an edited clip", responses=problems(404, 409)
)
async def edit(request: Request, spec_id: PathId, body: SpecChange, who: Writer) -> SpecOut:
    """Whoever changes a version that is no longer the newest is told so (409), and nothing is overwritten."""
    room = room_of(request)
    told = body.model_dump(mode="json", exclude_unset=True, exclude={"base_version"})
    # Only the transcript can be taken away; the others have no empty state.
    changes = {
        key: value for key, value in told.items() if value is not None or key == "transcript_id"
    }
    check_sources(_plain(changes), room.settings.jobs)
    async with room.database.session() as session:
        await _check_transcript(Transcripts(session, who.workspace_id), body.transcript_id)
        specs = ClipSpecs(session, who.workspace_id)
        return _out(await specs.edit(spec_id, body.base_version, **changes))


@router.delete(
    "/clip-specs/{spec_id}", summary="Forget an edited clip", status_code=204,
    responses=problems(404),
)  # fmt: skip
async def delete(request: Request, spec_id: PathId, who: Writer) -> Response:
    """What was rendered of it stays."""
    async with room_of(request).database.session() as session:
        await ClipSpecs(session, who.workspace_id).delete(spec_id)
    return Response(status_code=204)


@router.post(
    "/clip-specs/{spec_id}/render", summary="Render an edited clip", status_code=202,
    responses=problems(404),
)  # fmt: skip
async def render(request: Request, spec_id: PathId, who: Renderer) -> RenderOut:
    """Ask for a job that renders it as it is now. The same version asked for again is the same job."""
    room = room_of(request)
    async with room.database.session() as session:
        spec = await ClipSpecs(session, who.workspace_id).get(spec_id)
        wanted = RenderRequest(
            source=spec.source,
            clips=[EditedClip(title=spec.title, ranges=_ranges(spec))],
            transcript=f"transcript:{spec.transcript_id}" if spec.transcript_id else None,
            render=RenderOptions.model_validate(spec.render),
        )
        queued = await Jobs(session, who.workspace_id).create(
            "render", _plain(wanted.model_dump()), created_by=who.name,
            idempotency_key=f"clip-spec:{spec.id}:{spec.version}",
            max_failures=room.settings.jobs.max_failures,
        )  # fmt: skip
        if queued.new:
            await Quotas(session, who.workspace_id, room.settings.quota).check_jobs()
    return RenderOut(job_id=queued.id)


async def _create(
    request: Request, who: Principal, body: SpecIn, candidate_id: str | None = None
) -> SpecOut:
    room = room_of(request)
    plain = body.model_dump(mode="json")
    check_sources(_plain({"source": body.source, "render": plain["render"]}), room.settings.jobs)
    async with room.database.session() as session:
        await _check_transcript(Transcripts(session, who.workspace_id), body.transcript_id)
        if body.job_id is not None:
            await Jobs(session, who.workspace_id).get(body.job_id)
        spec = await ClipSpecs(session, who.workspace_id).create(
            source=body.source, title=body.title, ranges=plain["ranges"], render=plain["render"],
            transcript_id=body.transcript_id, job_id=body.job_id, candidate_id=candidate_id,
            created_by=who.name,
        )  # fmt: skip
    return _out(spec)


async def _check_transcript(transcripts: Transcripts, transcript_id: str | None) -> None:
    if transcript_id is not None:
        await transcripts.get(transcript_id)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _ranges(spec: ClipSpecRecord) -> list[TimeRange]:
    return [TimeRange.model_validate(piece) for piece in spec.ranges]


def _out(spec: ClipSpecRecord) -> SpecOut:
    return SpecOut(
        id=spec.id, version=spec.version, source=spec.source, title=spec.title,
        ranges=_ranges(spec), render=RenderOptions.model_validate(spec.render),
        transcript_id=spec.transcript_id, job_id=spec.job_id, candidate_id=spec.candidate_id,
        created_by=spec.created_by, created_ms=spec.created_ms, updated_ms=spec.updated_ms,
    )  # fmt: skip
