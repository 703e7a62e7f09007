"""Uploads that can be resumed: the tus 1.0 protocol, and what became of them."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from pipelines.assets import AssetMaker
from serve_apps.gateway import tus
from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.delivery import Room, room_of
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from videoclip.errors import (
    ChecksumMismatch,
    InvalidRequest,
    QuotaExceeded,
    SourceError,
    StorageFull,
    TooLarge,
    UnsupportedType,
    UploadBusy,
    VideoClipError,
    WrongState,
)
from videoclip.schemas.api.problems import PROBLEM_TYPE, Problem
from videoclip.schemas.api.uploads import FaultOut, UploadOut, UploadPage
from videoclip.store.receive import Receiver
from videoclip.store.staging import Checksum
from videoclip.store.uploads import UploadRecord, Uploads

__all__ = ["router", "tus_router"]

_LOG = logging.getLogger("videoclip.gateway")
_WAIT_S = 5.0
"""How long the last request of an upload waits for the asset, so that most clients learn of it at once."""

router = APIRouter(prefix="/uploads", tags=["uploads"])
tus_router = APIRouter(prefix="/uploads", tags=["uploads"], route_class=tus.TusRoute)
Reader = Annotated[Principal, Depends(require("uploads:read"))]
Writer = Annotated[Principal, Depends(require("uploads:write"))]

_MISMATCH: dict[int | str, dict[str, Any]] = {
    460: {
        "model": Problem,
        "description": "The bytes are not those of their checksum; none of them was kept",
        "content": {PROBLEM_TYPE: {}},
    }
}
_BODY = {
    "requestBody": {
        "required": False,
        "content": {tus.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_WRITING = {**problems(400, 404, 408, 409, 410, 412, 413, 415, 423, 507), **_MISMATCH}


@tus_router.options("/{upload_id}", summary="What this server can do", status_code=204)
async def options_of(request: Request, upload_id: PathId) -> Response:
    """The same for every upload."""
    del upload_id
    return await options(request)


@tus_router.options("", summary="What this server can do", status_code=204)
async def options(request: Request) -> Response:
    """Tell the protocol's version, extensions and the largest size; needs no sign-in."""
    largest = room_of(request).settings.media.max_bytes
    return Response(status_code=204, headers=tus.capabilities(largest))


@tus_router.post(
    "", summary="Start an upload", status_code=201, responses=_WRITING, openapi_extra=_BODY,
    response_model=UploadOut,
)  # fmt: skip
async def create(request: Request, who: Writer) -> Response:
    """Announce a file (`Upload-Length`), or join finished parts (`Upload-Concat: final;…`).

    Its first bytes may come in the body. `Location` says where the others go.
    """
    room = room_of(request)
    details, name = tus.metadata(request)
    kind, parts = tus.concat_parts(request)
    base = request.url.path.rstrip("/")
    if kind == "final":
        async with room.database.session() as session:
            uploads = Uploads(session, who.workspace_id, room.settings)
            upload = await uploads.join(parts, name=name, details=details, created_by=who.name)
            _check_size(upload.size, room)
    else:
        size = tus.number(request, "Upload-Length")
        if size is None:
            raise InvalidRequest("Upload-Length is missing", "Say how many bytes the file has")
        _check_size(size, room)
        checksum = _checksum(request)
        brings = request.headers.get("content-type") == tus.CONTENT_TYPE
        if brings:
            _check_request(request, room)
        async with room.database.session() as session:
            uploads = Uploads(session, who.workspace_id, room.settings)
            upload = await uploads.create(
                size, name=name, details=details, created_by=who.name, partial=kind == "partial"
            )
        if brings:
            upload = await _first_bytes(request, room, upload, checksum)
    upload = await _finished(room, upload)
    gateway = room.settings.gateway
    # Where requests must be short, the bytes go to the gateway that takes long ones, if there is one.
    place = gateway.files_url.rstrip("/") if gateway.max_request_bytes else ""
    headers = {**tus.headers_of(upload, base), "Location": f"{place}{base}/{upload.id}"}
    return JSONResponse(_out(upload).model_dump(), 201, headers)


@tus_router.head(
    "/{upload_id}", summary="How far an upload has come", responses=problems(404, 410, 412)
)
async def offset(request: Request, upload_id: PathId, who: Reader) -> Response:
    """`Upload-Offset` says how many bytes are here, safely: go on there."""
    room = room_of(request)
    upload = await _upload(room, who, upload_id)
    if upload.expired and upload.state == "open":
        return Response(status_code=410)
    base = request.url.path.rpartition("/")[0]
    return Response(headers={**tus.headers_of(upload, base), "Cache-Control": "no-store"})


@tus_router.patch(
    "/{upload_id}", summary="Send bytes", status_code=204, responses=_WRITING, openapi_extra=_BODY
)
async def append(request: Request, upload_id: PathId, who: Writer) -> Response:
    """Bytes that begin at `Upload-Offset`, which must be where the upload ends.

    With `Upload-Checksum` all of them count or none. The answer to the last ones has `Upload-Asset`, if the file
    was examined within five seconds.
    """
    return await _append(request, upload_id, who)


@tus_router.post(
    "/{upload_id}", summary="Send bytes, or end an upload, where PATCH and DELETE cannot be sent",
    status_code=204, responses=_WRITING, openapi_extra=_BODY,
)  # fmt: skip
async def override(request: Request, upload_id: PathId, who: Writer) -> Response:
    """As the method that `X-HTTP-Method-Override` names."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await _append(request, upload_id, who)
    if method == "DELETE":
        return await _terminate(request, upload_id, who)
    raise InvalidRequest(
        "X-HTTP-Method-Override names no method of uploads", "Send PATCH or DELETE in it"
    )


@tus_router.delete(
    "/{upload_id}", summary="End an upload", status_code=204, responses=problems(404, 409, 412, 423)
)
async def terminate(request: Request, upload_id: PathId, who: Writer) -> Response:
    """Forget the upload and its bytes. What is an asset already stays one."""
    return await _terminate(request, upload_id, who)


@router.get("", summary="List uploads")
async def page(
    request: Request, who: Reader, cursor: Cursor = None, limit: Limit = 50
) -> UploadPage:
    """List the uploads of the workspace, newest first."""
    room = room_of(request)
    async with room.database.reading() as session:
        found = await Uploads(session, who.workspace_id, room.settings).page(
            after=cursor, limit=limit + 1
        )
    more = found[limit - 1].id if len(found) > limit else None
    return UploadPage(uploads=[_out(upload) for upload in found[:limit]], next_cursor=more)


@router.get("/{upload_id}", summary="One upload", responses=problems(404))
async def one(request: Request, upload_id: PathId, who: Reader) -> UploadOut:
    """How far it has come, the asset that it became, or why it was refused."""
    return _out(await _upload(room_of(request), who, upload_id))


async def _append(request: Request, upload_id: str, who: Principal) -> Response:
    room = room_of(request)
    if request.headers.get("content-type") != tus.CONTENT_TYPE:
        raise UnsupportedType(
            "these bytes have another type", f"Send Content-Type: {tus.CONTENT_TYPE}"
        )
    start = tus.number(request, "Upload-Offset")
    if start is None:
        raise InvalidRequest("Upload-Offset is missing", "Say where these bytes begin")
    _check_request(request, room)
    upload = await Receiver(room.database, room.staging, room.settings).append(
        who.workspace_id, upload_id, start, request.stream(),
        length=tus.number(request, "Content-Length"), checksum=_checksum(request),
    )  # fmt: skip
    upload = await _finished(room, upload)
    base = request.url.path.rpartition("/")[0]
    return Response(status_code=204, headers=tus.headers_of(upload, base))


async def _terminate(request: Request, upload_id: str, who: Principal) -> Response:
    room = room_of(request)
    upload = await _upload(room, who, upload_id)
    if upload.joined_into is not None:
        raise WrongState("the upload is a part of another", "End that one: its parts go with it")
    with room.staging.hold(upload_id):
        async with room.database.session() as session:
            gone = await Uploads(session, who.workspace_id, room.settings).remove(upload_id)
        for name in gone:
            room.staging.remove(name)
    return Response(status_code=204)


async def _first_bytes(
    request: Request, room: Room, upload: UploadRecord, checksum: Checksum | None
) -> UploadRecord:
    """The bytes that came with the announcement. Without them the upload would be of no use to anybody."""
    receiver = Receiver(room.database, room.staging, room.settings)
    try:
        return await receiver.append(
            upload.workspace_id, upload.id, 0, request.stream(),
            length=tus.number(request, "Content-Length"), checksum=checksum,
        )  # fmt: skip
    except (ChecksumMismatch, TooLarge, StorageFull):
        async with room.database.session() as session:
            await Uploads(session, upload.workspace_id, room.settings).remove(upload.id)
        room.staging.remove(upload.id)
        raise


async def _finished(room: Room, upload: UploadRecord) -> UploadRecord:
    """Make it an asset when all bytes are here. That goes on when this is answered; the sweeper does what is left."""
    if upload.state != "received" or upload.concat == "partial":
        return upload
    maker = AssetMaker(room.database, room.objects, room.staging, room.settings)
    try:
        done = await room.background.run(
            ("upload", upload.id), lambda: maker.finish(upload.workspace_id, upload.id),
            wait_s=_WAIT_S,
        )  # fmt: skip
    except UploadBusy:
        return upload
    except (StorageFull, SourceError, QuotaExceeded, VideoClipError) as error:
        # The bytes are here all the same, and that is what this request is about.
        _LOG.warning("an upload could not be finished yet: %s", error)
        return upload
    return done or upload


async def _upload(room: Room, who: Principal, upload_id: str) -> UploadRecord:
    async with room.database.reading() as session:
        return await Uploads(session, who.workspace_id, room.settings).get(upload_id)


def _checksum(request: Request) -> Checksum | None:
    header = request.headers.get("upload-checksum")
    return None if header is None else Checksum.parse(header)


def _check_request(request: Request, room: Room) -> None:
    limit = room.settings.gateway.max_request_bytes
    length = tus.number(request, "Content-Length")
    if limit and (length is None or length > limit):
        raise TooLarge(
            f"this gateway takes at most {limit} bytes in one request, and wants to know how many come",
            "Send the upload in several requests (chunkSize of tus clients)",
        )


def _check_size(size: int, room: Room) -> None:
    largest = room.settings.media.max_bytes
    if size > largest:
        raise TooLarge(
            f"the file has {size} bytes, and {largest} is the most", "Cut it into several files"
        )


def _out(upload: UploadRecord) -> UploadOut:
    return UploadOut(
        id=upload.id, name=upload.name, size=upload.size, offset=upload.offset, state=upload.state,
        concat=upload.concat, error=FaultOut(**upload.error) if upload.error else None,
        asset_id=upload.asset_id, created_ms=upload.created_ms, expires_ms=upload.expires_ms,
    )  # fmt: skip
