"""Transcripts: read, corrected in versions, exported."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.delivery import room_of
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.results import file_of, job_of, manifest_of, text_of
from videoclip.schemas import Transcript
from videoclip.schemas.api.transcripts import (
    CorrectionIn,
    TranscriptInfo,
    TranscriptOut,
    TranscriptPage,
    VersionList,
    VersionOut,
)
from videoclip.speech.correct import correct
from videoclip.speech.subtitles import to_srt, to_vtt
from videoclip.store.search import index_job
from videoclip.store.transcripts import TranscriptRecord, Transcripts

__all__ = ["router"]

router = APIRouter(tags=["transcripts"])
Reader = Annotated[Principal, Depends(require("transcripts:read"))]
Writer = Annotated[Principal, Depends(require("transcripts:write"))]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="none: the newest")]
_FILE = "transcript.json"


@router.get("/transcripts", summary="List transcripts")
async def page(
    request: Request, who: Reader, cursor: Cursor = None, limit: Limit = 50
) -> TranscriptPage:
    """List the transcripts of the workspace that somebody has opened, newest first."""
    async with room_of(request).database.paging(cursor) as session:
        found = await Transcripts(session, who.workspace_id).page(after=cursor, limit=limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return TranscriptPage(transcripts=[_info(one) for one in found[:limit]], next_cursor=more)


@router.get(
    "/jobs/{job_id}/transcript", summary="The transcript of a job", response_model=TranscriptOut,
    responses=problems(404),
)  # fmt: skip
async def of_job(request: Request, job_id: PathId, who: Reader) -> Response:
    """What was said, with the corrections that were made since."""
    room = room_of(request)
    async with room.database.reading() as session:
        record = await Transcripts(session, who.workspace_id).of_job(job_id)
    if record is None:
        job = await job_of(request, who, job_id)
        text = await text_of(request, file_of(job, _FILE).ref)
        first = await asyncio.to_thread(Transcript.model_validate_json, text)
        name = (await manifest_of(request, job)).source.name
        source = str(job.request.get("source", ""))
        asset_id = source.removeprefix("asset:") if source.startswith("asset:") else None
        async with room.database.session() as session:
            record = await Transcripts(session, who.workspace_id).add(
                first.model_dump(mode="json"), name=name, job_id=job_id, asset_id=asset_id
            )
    return await _shown(request, who, record.id, None)


@router.get(
    "/transcripts/{transcript_id}", summary="One transcript", response_model=TranscriptOut,
    responses=problems(404),
)  # fmt: skip
async def one(
    request: Request, transcript_id: PathId, who: Reader, version: Version = None
) -> Response:
    """The newest version, or another one."""
    return await _shown(request, who, transcript_id, version)


@router.get("/transcripts/{transcript_id}/versions", summary="Versions", responses=problems(404))
async def versions(request: Request, transcript_id: PathId, who: Reader) -> VersionList:
    """Who wrote which version, and when. None is ever lost."""
    async with room_of(request).database.reading() as session:
        found = await Transcripts(session, who.workspace_id).versions(transcript_id)
    return VersionList(
        versions=[
            VersionOut(
                version=one.version, author=one.author, note=one.note, created_ms=one.created_ms
            )
            for one in found
        ]
    )


@router.post(
    "/transcripts/{transcript_id}/corrections", summary="Correct words and speakers",
    status_code=201, response_model=TranscriptOut, responses=problems(400, 404, 409),
)  # fmt: skip
async def correction(
    request: Request, transcript_id: PathId, body: CorrectionIn, who: Writer
) -> Response:
    """Write the next version. Times and ids stay, so highlights and clips still fit.

    Whoever corrects a version that is no longer the newest is told so (409), and nothing is overwritten.
    """
    database = room_of(request).database
    async with database.reading() as session:
        told = await Transcripts(session, who.workspace_id).content(
            transcript_id, body.base_version
        )
    # A version never changes: what is made of it outside of the transaction is as good.
    before, after, content = await asyncio.to_thread(_corrected, told, body)
    async with database.session() as session:
        transcripts = Transcripts(session, who.workspace_id)
        record = await transcripts.correct(
            transcript_id, body.base_version, content, before=told, author=who.name, note=body.note
        )
        if record.job_id is not None:
            # The search finds what is written now.
            await index_job(session, record.job_id, after, before)
    return _answer(record, record.version, json.dumps(content), 201)


def _corrected(
    told: dict[str, Any], body: CorrectionIn
) -> tuple[Transcript, Transcript, dict[str, Any]]:
    before = Transcript.model_validate(told)
    after = correct(
        before,
        words={word.id: word.text for word in body.words},
        speakers=body.speakers,
        sentence_speakers={sentence.id: sentence.speaker for sentence in body.sentences},
    )
    return before, after, after.model_dump(mode="json")


@router.get(
    "/transcripts/{transcript_id}/export", summary="As subtitles or text", response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {
                "application/x-subrip": {}, "text/vtt": {}, "text/plain": {},
                "application/json": {},
            },
        },
        **problems(404),
    },
)  # fmt: skip
async def export(
    request: Request,
    transcript_id: PathId,
    who: Reader,
    kind: Annotated[Literal["srt", "vtt", "txt", "json"], Query(alias="format")] = "srt",
    version: Version = None,
) -> Response:
    """SubRip, WebVTT, plain text with speakers, or this program's JSON."""
    async with room_of(request).database.reading() as session:
        content = await Transcripts(session, who.workspace_id).content(transcript_id, version)
    transcript = Transcript.model_validate(content)
    text, media_type = _written(transcript, kind)
    headers = {"Content-Disposition": f'attachment; filename="transcript.{kind}"'}
    body = text.encode("utf-8", "backslashreplace")
    return Response(body, headers=headers, media_type=media_type)


def _written(transcript: Transcript, kind: str) -> tuple[str, str]:
    if kind == "srt":
        return to_srt(transcript.sentences, transcript.language), "application/x-subrip"
    if kind == "vtt":
        return to_vtt(transcript.sentences, transcript.language), "text/vtt"
    if kind == "json":
        return transcript.model_dump_json(indent=1) + "\n", "application/json"
    lines = [
        f"{sentence.speaker}: {sentence.text}" if sentence.speaker else sentence.text
        for sentence in transcript.sentences
    ]
    return "\n".join(lines) + "\n", "text/plain"


async def _shown(
    request: Request, who: Principal, transcript_id: str, version: int | None
) -> Response:
    async with room_of(request).database.reading() as session:
        transcripts = Transcripts(session, who.workspace_id)
        record = await transcripts.get(transcript_id)
        shown = record.version if version is None else version
        text = await transcripts.text(transcript_id, shown)
    return _answer(record, shown, text)


def _answer(record: TranscriptRecord, shown: int, content: str, status: int = 200) -> Response:
    """A `TranscriptOut` around what is kept: to read and write hours of words anew would take a second."""
    head = json.dumps({**_info(record).model_dump(), "shown": shown})
    body = f'{head[:-1]}, "content": {content}}}'
    return Response(body, status, media_type="application/json")


def _info(record: TranscriptRecord) -> TranscriptInfo:
    return TranscriptInfo(
        id=record.id, job_id=record.job_id, asset_id=record.asset_id, name=record.name, language=record.language,
        version=record.version, created_ms=record.created_ms,
    )  # fmt: skip
