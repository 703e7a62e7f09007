"""Highlights: what a job found, why, and whether somebody wants it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.delivery import room_of
from serve_apps.gateway.fields import PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.results import job_of, manifest_of
from videoclip.errors import NotFound
from videoclip.schemas import Candidate
from videoclip.schemas.api.highlights import DecisionIn, HighlightList, HighlightOut
from videoclip.store.edits import Decisions

__all__ = ["CandidateId", "candidate_of", "router"]

router = APIRouter(prefix="/jobs/{job_id}/highlights", tags=["highlights"])
Reader = Annotated[Principal, Depends(require("highlights:read"))]
Writer = Annotated[Principal, Depends(require("highlights:write"))]
CandidateId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,16}$", examples=["c03"])]


@router.get("", summary="Highlights of a job", responses=problems(404))
async def page(request: Request, job_id: PathId, who: Reader) -> HighlightList:
    """All candidates with scores and reasons, also of those that were dropped."""
    job = await job_of(request, who, job_id)
    manifest = await manifest_of(request, job)
    async with room_of(request).database.reading() as session:
        decisions = await Decisions(session, who.workspace_id).of_job(job_id)
    best = sorted(manifest.candidates, key=lambda one: -one.score)
    return HighlightList(
        highlights=[HighlightOut(candidate=one, decision=decisions.get(one.id)) for one in best]
    )


@router.put("/{candidate_id}", summary="Accept or reject a highlight", responses=problems(404))
async def decide(
    request: Request, job_id: PathId, candidate_id: CandidateId, body: DecisionIn, who: Writer
) -> HighlightOut:
    """The last decision counts."""
    candidate = await candidate_of(request, who, job_id, candidate_id)
    async with room_of(request).database.session() as session:
        await Decisions(session, who.workspace_id).decide(
            job_id, candidate_id, body.decision, author=who.name
        )
    return HighlightOut(candidate=candidate, decision=body.decision)


async def candidate_of(
    request: Request, who: Principal, job_id: str, candidate_id: str
) -> Candidate:
    """A candidate of a job of the caller's workspace.

    Raises:
        NotFound: there is no such job, or it found no such candidate.
    """
    job = await job_of(request, who, job_id)
    for candidate in (await manifest_of(request, job)).candidates:
        if candidate.id == candidate_id:
            return candidate
    raise NotFound("the job found no such highlight", "List the highlights of the job")
