"""Ask the library: search in everything that was said, and what was found as clips."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.fields import Limit
from serve_apps.gateway.problems import problems
from serve_apps.gateway.routes.jobs import IdempotencyKey
from serve_apps.gateway.sources import check_sources
from videoclip.schemas import EditedClip, RenderRequest
from videoclip.schemas.api.fields import Id
from videoclip.schemas.api.search import (
    HitOut,
    HitPage,
    SupercutIn,
    SupercutOut,
    SupercutPart,
    WordOut,
)
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.jobs import Jobs
from videoclip.store.quotas import Quotas
from videoclip.store.search import Hit, Search, supercut
from videoclip.store.transcripts import Transcripts

__all__ = ["router"]

router = APIRouter(prefix="/search", tags=["search"])
Reader = Annotated[Principal, Depends(require("search:read"))]
Cutter = Annotated[Principal, Depends(require("search:read", "clips:write", "jobs:write"))]
_FURTHEST = 10_000


@router.get("", summary="Search in what was said")
async def search(
    request: Request,
    who: Reader,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            examples=["手机 价格"],
            description="words, all of which must be said in a sentence; quotation marks hold some together",
        ),
    ],
    source: Annotated[
        str | None,
        Query(max_length=255, pattern=r"^[^\x00-\x1f]*$", description="only of this one"),
    ] = None,
    job: Annotated[Id | None, Query(description="only in this job's transcript")] = None,
    limit: Limit = 50,
    skip: Annotated[int, Query(ge=0, le=_FURTHEST)] = 0,
) -> HitPage:
    """Sentences of all transcripts of the workspace, Chinese and English, with the time of each word found."""
    database: Database = request.app.state.database
    async with database.reading_late() as session:
        found = await Search(session, who.workspace_id).find(
            q, source=source, job_id=job, limit=limit + 1, skip=skip
        )
    more = skip + limit if len(found) > limit and skip + limit <= _FURTHEST else None
    return HitPage(hits=[_hit(hit) for hit in found[:limit]], next_skip=more)


@router.post(
    "/supercut", summary="Make clips of hits", status_code=202, responses=problems(404, 409)
)
async def cut_together(
    request: Request, body: SupercutIn, who: Cutter, idempotency_key: IdempotencyKey = None
) -> SupercutOut:
    """Ask for a clip of each source that plays the hits in order, without playing anything twice.

    A clip has one source: hits of several videos become several jobs.
    """
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    render = json.loads(json.dumps(body.render.model_dump()))
    check_sources({"render": render}, settings.jobs)
    parts: list[SupercutPart] = []
    async with database.session() as session:
        hits = await Search(session, who.workspace_id).pick(
            [(pick.job_id, pick.sentence) for pick in body.hits], body.q
        )
        jobs = Jobs(session, who.workspace_id)
        new = False
        for cut in supercut(hits, pad_ms=body.pad_ms, whole_sentences=body.q is None):
            said = next(hit.job_id for hit in hits if hit.source == cut.source)
            transcript = await Transcripts(session, who.workspace_id).of_job(said)
            wanted = RenderRequest(
                source=cut.source,
                clips=[EditedClip(title=body.title, ranges=list(cut.ranges))],
                transcript=None if transcript is None else f"transcript:{transcript.id}",
                render=body.render,
            )
            plain = json.loads(json.dumps(wanted.model_dump()))
            check_sources(plain, settings.jobs)
            key = None if idempotency_key is None else f"{idempotency_key}:{cut.source}"
            queued = await jobs.create(
                "render", plain, created_by=who.name, idempotency_key=key,
                max_failures=settings.jobs.max_failures,
            )  # fmt: skip
            new = new or queued.new
            parts.append(SupercutPart(job_id=queued.id, source=cut.source, ranges=len(cut.ranges)))
        if new:
            await Quotas(session, who.workspace_id, settings.quota).check_jobs()
    return SupercutOut(jobs=parts)


def _hit(hit: Hit) -> HitOut:
    return HitOut(
        job_id=hit.job_id, source=hit.source, sentence=hit.sentence, start_ms=hit.start_ms,
        end_ms=hit.end_ms, speaker=hit.speaker, text=hit.text, rank=hit.rank,
        found=[
            WordOut(begin=word.begin, end=word.end, start_ms=word.start_ms, end_ms=word.end_ms)
            for word in hit.found
        ],
    )  # fmt: skip
