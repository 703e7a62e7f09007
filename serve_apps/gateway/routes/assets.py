"""Assets: the videos and sounds of a workspace, what they are, and what one sees of them without playing them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from pipelines.assets import AssetMaker, ViewKind
from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.delivery import FILE_RESPONSES, deliver, link_to, room_of
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from videoclip.errors import NotFound
from videoclip.schemas import MediaInfo
from videoclip.schemas.api.assets import AssetKind, AssetOut, AssetPage, LinkOut, MakingOut, View
from videoclip.store.assets import AssetRecord, Assets
from videoclip.store.audit import record
from videoclip.store.shares import JobFile

__all__ = ["LinkOut", "router"]

router = APIRouter(prefix="/assets", tags=["assets"])
Reader = Annotated[Principal, Depends(require("assets:read"))]
Writer = Annotated[Principal, Depends(require("assets:write"))]
_VIEW_FILES: dict[View, tuple[str, ViewKind]] = {
    "thumbnail": ("thumbnail.jpg", "picture"),
    "storyboard": ("storyboard.vtt", "picture"),
    "waveform": ("waveform.json", "sound"),
    "shots": ("shots.json", "cuts"),
}
_TYPES = {
    "mov": "video/mp4", "matroska": "video/x-matroska", "mp3": "audio/mpeg", "wav": "audio/wav",
    "ogg": "audio/ogg", "mpegts": "video/mp2t", "flv": "video/x-flv", "avi": "video/x-msvideo",
    "png_pipe": "image/png", "jpeg_pipe": "image/jpeg", "webp_pipe": "image/webp",
}  # fmt: skip
_WAIT_S = 5.0


@router.get("", summary="List assets")
async def page(
    request: Request,
    who: Reader,
    q: Annotated[str, Query(max_length=200, description="part of the name")] = "",
    kind: Annotated[list[AssetKind] | None, Query(description="only these; none: all")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AssetPage:
    """List the assets of the workspace, newest first."""
    async with room_of(request).database.paging(cursor) as session:
        found = await Assets(session, who.workspace_id).find(
            text=q.replace("\0", ""), kinds=kind or (), after=cursor, limit=limit + 1
        )
    more = found[limit - 1].id if len(found) > limit else None
    return AssetPage(assets=[_out(asset) for asset in found[:limit]], next_cursor=more)


@router.get("/{asset_id}", summary="One asset", responses=problems(404))
async def one(request: Request, asset_id: PathId, who: Reader) -> AssetOut:
    """What it is. A job reads it as `asset:ID`."""
    return _out(await _asset(request, who, asset_id))


@router.delete(
    "/{asset_id}", summary="Delete an asset", status_code=204, responses=problems(404, 409)
)
async def delete(request: Request, asset_id: PathId, who: Writer) -> Response:
    """Forget it. Its file goes with a later sweep, unless something else has the same content."""
    async with room_of(request).database.session() as session:
        await Assets(session, who.workspace_id).delete(asset_id)
        await record(
            session, actor_of(request, who), "asset.deleted", workspace_id=who.workspace_id,
            target=asset_id,
        )  # fmt: skip
    return Response(status_code=204)


@router.head(
    "/{asset_id}/content", summary="The file itself",
    responses=FILE_RESPONSES, response_class=Response,
)  # fmt: skip
@router.get(
    "/{asset_id}/content", summary="The file itself",
    responses=FILE_RESPONSES, response_class=Response,
)  # fmt: skip
async def content(
    request: Request, asset_id: PathId, who: Reader, inline: Annotated[bool, Query()] = False
) -> Response:
    """Read it, or a range of it."""
    asset = await _asset(request, who, asset_id)
    return await deliver(request, asset.ref, asset.name, _media_type(asset), inline=inline)


@router.post("/{asset_id}/link", summary="A link to the file", responses=problems(404))
async def link(
    request: Request,
    asset_id: PathId,
    who: Reader,
    life_s: Annotated[int, Query(ge=10, le=7 * 24 * 3600, description="seconds")] = 3600,
    inline: Annotated[bool, Query()] = True,
) -> LinkOut:
    """A link without sign-in, such as a player needs; it ends by itself and cannot be taken back."""
    asset = await _asset(request, who, asset_id)
    file = JobFile(asset.name, asset.ref, _media_type(asset))
    url, expires_ms = link_to(request, file, life_s=life_s, inline=inline)
    return LinkOut(url=url, expires_ms=expires_ms)


_VIEW_RESPONSES: dict[int | str, dict[str, Any]] = {
    **FILE_RESPONSES,
    202: {"model": MakingOut, "description": "It is being made; ask again (Retry-After)"},
    **problems(404, 422),
}


@router.get(
    "/{asset_id}/{view}", summary="Thumbnail, storyboard, waveform or shots", responses=_VIEW_RESPONSES,
    response_class=Response,
)  # fmt: skip
async def view(request: Request, asset_id: PathId, view: View, who: Reader) -> Response:
    """What one sees of it without playing it. It is made when it is first asked for.

    A storyboard is a WebVTT index; its sheets are below `storyboard/`. Shots are JSON: cuts, dissolves and fades, the
    shots between them, and the keyframes (`keyframes_ms`).
    """
    name, kind = _VIEW_FILES[view]
    return await _view_file(request, who, asset_id, name, kind)


@router.get(
    "/{asset_id}/storyboard/{sheet}", summary="A sheet of the storyboard",
    responses=_VIEW_RESPONSES, response_class=Response,
)  # fmt: skip
async def sheet(
    request: Request,
    asset_id: PathId,
    sheet: Annotated[str, Path(pattern=r"^storyboard-[0-9]{2,4}\.jpg$")],
    who: Reader,
) -> Response:
    """Small pictures, as the index names them."""
    return await _view_file(request, who, asset_id, sheet, "picture")


async def _view_file(
    request: Request, who: Principal, asset_id: str, name: str, kind: ViewKind
) -> Response:
    room = room_of(request)
    maker = AssetMaker(room.database, room.objects, room.staging, room.settings)
    # The whole video is decoded for shots: thumbnails do not wait behind it.
    background = room.long_looks if kind == "cuts" else room.looks
    views = await background.run(
        (kind, who.workspace_id, asset_id),
        lambda: maker.views(who.workspace_id, asset_id, kind),
        wait_s=_WAIT_S,
    )
    if views is None:
        return JSONResponse(MakingOut().model_dump(), 202, {"Retry-After": "2"})
    if name not in views:
        raise NotFound("there is no such sheet", "Take the names of the storyboard's index")
    file = views[name]
    return await deliver(request, file.ref, name, file.media_type, inline=True)


async def _asset(request: Request, who: Principal, asset_id: str) -> AssetRecord:
    async with room_of(request).database.reading() as session:
        return await Assets(session, who.workspace_id).get(asset_id)


def _media_type(asset: AssetRecord) -> str:
    return _TYPES.get(str(asset.media.get("container")), "application/octet-stream")


def _out(asset: AssetRecord) -> AssetOut:
    return AssetOut(
        id=asset.id, name=asset.name, sha256=asset.ref.sha256, size=asset.ref.size,
        duration_ms=asset.duration_ms, media=MediaInfo.model_validate(asset.media),
        state=asset.state, created_by=asset.created_by, created_ms=asset.created_ms,
    )  # fmt: skip
