"""What jobs made: clips and other files, one by one or as a ZIP; links to give away; cut lists for editing programs."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from stream_zip import ZIP_AUTO, stream_zip

from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.delivery import FILE_RESPONSES, check_answer, deliver, link_to, room_of
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.results import file_of, job_of, manifest_of
from videoclip.errors import InvalidRequest
from videoclip.nle.edl import write_edl
from videoclip.nle.fcpxml import write_fcpxml
from videoclip.nle.otio import write_otio
from videoclip.nle.timeline import timeline_of
from videoclip.schemas.api.assets import LinkOut
from videoclip.schemas.api.clips import (
    ClipList,
    FileList,
    FileOut,
    NewShare,
    ShareIn,
    ShareList,
    ShareOut,
)
from videoclip.store.audit import record
from videoclip.store.objects import Objects
from videoclip.store.shares import JobFile, ShareRecord, Shares, job_files

__all__ = ["router"]

router = APIRouter(tags=["clips"])
Reader = Annotated[Principal, Depends(require("clips:read"))]
Writer = Annotated[Principal, Depends(require("clips:write"))]
_PIECE = 256 * 1024
_MOST_FILES = 1000
_WRITERS: dict[str, tuple[Any, str]] = {
    "edl": (write_edl, "text/plain"),
    "fcpxml": (write_fcpxml, "application/xml"),
    "otio": (write_otio, "application/json"),
}


@router.get("/jobs/{job_id}/files", summary="Files of a job", responses=problems(404))
async def files(request: Request, job_id: PathId, who: Reader) -> FileList:
    """All files that the job made; none while it has no result."""
    found = job_files((await job_of(request, who, job_id)).result)
    return FileList(
        files=[
            FileOut(
                name=file.name, size=file.ref.size, media_type=file.media_type,
                sha256=file.ref.sha256,
            )
            for file in found.values()
        ]
    )  # fmt: skip


@router.get("/jobs/{job_id}/clips", summary="Clips of a job", responses=problems(404))
async def clips(request: Request, job_id: PathId, who: Reader) -> ClipList:
    """Titles, reasons, scores, times and proof sheets; `file` names the file."""
    job = await job_of(request, who, job_id)
    return ClipList(clips=(await manifest_of(request, job)).clips)


@router.head(
    "/jobs/{job_id}/files/{name:path}", summary="A file of a job", responses=FILE_RESPONSES,
    response_class=Response,
)  # fmt: skip
@router.get(
    "/jobs/{job_id}/files/{name:path}", summary="A file of a job", responses=FILE_RESPONSES,
    response_class=Response,
)  # fmt: skip
async def content(
    request: Request,
    job_id: PathId,
    name: Annotated[str, Path(max_length=255)],
    who: Reader,
    inline: Annotated[bool, Query()] = False,
) -> Response:
    """Read it, or a range of it."""
    file = file_of(await job_of(request, who, job_id), name)
    short = PurePosixPath(file.name).name
    return await deliver(request, file.ref, short, file.media_type, inline=inline)


@router.post("/jobs/{job_id}/link", summary="A link to a file", responses=problems(404))
async def link(
    request: Request,
    job_id: PathId,
    who: Reader,
    name: Annotated[str, Query(max_length=255)],
    life_s: Annotated[int, Query(ge=10, le=7 * 24 * 3600, description="seconds")] = 3600,
    inline: Annotated[bool, Query()] = True,
) -> LinkOut:
    """A link without sign-in, such as a player needs; it ends by itself and cannot be taken back."""
    file = file_of(await job_of(request, who, job_id), name)
    url, expires_ms = link_to(request, file, life_s=life_s, inline=inline)
    return LinkOut(url=url, expires_ms=expires_ms)


@router.get(
    "/jobs/{job_id}/archive", summary="Files of a job as a ZIP", response_class=StreamingResponse,
    responses={
        200: {"description": "A ZIP", "content": {"application/zip": {}}},
        **problems(404, 413, 422),
    },
)  # fmt: skip
async def archive(
    request: Request,
    job_id: PathId,
    who: Reader,
    name: Annotated[
        list[str] | None,
        Query(max_length=_MOST_FILES, description="which; none: all of them"),
    ] = None,
) -> Response:
    """Written while it is sent: nothing waits for the whole, and none of it is kept."""
    job = await job_of(request, who, job_id)
    chosen = (
        [file_of(job, one) for one in dict.fromkeys(name)]
        if name
        else list(job_files(job.result).values())
    )
    if not chosen:
        raise InvalidRequest("the job has no files", "Wait until it has made some")
    check_answer(request, sum(file.ref.size for file in chosen))
    headers = {"Content-Disposition": f'attachment; filename="{job.id}.zip"'}
    stream = stream_zip(_members(room_of(request).objects, chosen))
    return StreamingResponse(stream, headers=headers, media_type="application/zip")


@router.get(
    "/jobs/{job_id}/timeline", summary="A cut list for an editing program",
    response_class=Response,
    responses={
        200: {
            "description": "The cut list",
            "content": {"text/plain": {}, "application/xml": {}, "application/json": {}},
        },
        **problems(400, 404),
    },
)  # fmt: skip
async def timeline(
    request: Request,
    job_id: PathId,
    who: Reader,
    kind: Annotated[Literal["edl", "fcpxml", "otio"], Query(alias="format")] = "otio",
    source_path: Annotated[
        str | None,
        Query(max_length=1000, description="where the editing program finds the source"),
    ] = None,
    source_timecode: Annotated[
        str | None, Query(max_length=16, description="of the source's first frame")
    ] = None,
) -> Response:
    """The clips as ranges of the source, in order: EDL (CMX 3600), FCPXML or OpenTimelineIO."""
    job = await job_of(request, who, job_id)
    manifest = await manifest_of(request, job)
    # Never a path of this server: who edits has the source elsewhere.
    where = source_path or f"/{manifest.source.name}"
    line = timeline_of(manifest, source_timecode=source_timecode, source_path=where)
    write, media_type = _WRITERS[kind]
    headers = {"Content-Disposition": f'attachment; filename="{job.id}.{kind}"'}
    return Response(write(line), headers=headers, media_type=media_type)


@router.post(
    "/jobs/{job_id}/shares", summary="Share a file", status_code=201, responses=problems(404)
)
async def share(request: Request, job_id: PathId, body: ShareIn, who: Writer) -> NewShare:
    """A link for whoever has it, until it ends or is taken back. It is told only now."""
    async with room_of(request).database.session() as session:
        made, secret = await Shares(session, who.workspace_id).create(
            job_id, body.name, life_ms=body.life_s * 1000, created_by=who.name
        )
        await record(
            session, actor_of(request, who), "share.created", workspace_id=who.workspace_id,
            target=made.id, data={"job": job_id, "name": body.name, "expires_ms": made.expires_ms},
        )  # fmt: skip
    url = request.url_for("shared_file", share_id=made.id).path
    return NewShare(url=f"{url}?key={secret}", **_share(made).model_dump())


@router.get("/jobs/{job_id}/shares", summary="Links to files of a job", responses=problems(404))
async def shares(
    request: Request, job_id: PathId, who: Reader, cursor: Cursor = None, limit: Limit = 50
) -> ShareList:
    """Those that no longer work are among them; secrets are not told again."""
    await job_of(request, who, job_id)
    async with room_of(request).database.reading() as session:
        found = await Shares(session, who.workspace_id).of_job(job_id, cursor, limit + 1)
    return ShareList(
        shares=[_share(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.delete(
    "/shares/{share_id}", summary="Take a link back", status_code=204, responses=problems(404)
)
async def revoke(request: Request, share_id: PathId, who: Writer) -> Response:
    """From now on it is as if there had never been one."""
    async with room_of(request).database.session() as session:
        await Shares(session, who.workspace_id).revoke(share_id)
        await record(
            session, actor_of(request, who), "share.revoked", workspace_id=who.workspace_id,
            target=share_id,
        )  # fmt: skip
    return Response(status_code=204)


def _members(objects: Objects, files: Iterable[JobFile]) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(timezone.utc)
    for file in files:
        # Our own names; still, none may leave the folder that the ZIP is unpacked into.
        parts = [part for part in PurePosixPath(file.name).parts if part not in ("/", "..")]
        # Video does not shrink: level 0 costs no processor time.
        method = ZIP_AUTO(file.ref.size, level=zlib.Z_NO_COMPRESSION)
        yield "/".join(parts), now, 0o100644, method, _pieces(objects, file)


def _pieces(objects: Objects, file: JobFile) -> Iterator[bytes]:
    with objects.path(file.ref).open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece


def _share(one: ShareRecord) -> ShareOut:
    return ShareOut(
        id=one.id, name=one.name, created_by=one.created_by, created_ms=one.created_ms,
        expires_ms=one.expires_ms, revoked_ms=one.revoked_ms,
    )  # fmt: skip
