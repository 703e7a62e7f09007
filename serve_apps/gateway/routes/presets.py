"""Presets: brand kits of the workspace, to render clips with."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from pipelines.buckets import SCHEME
from pipelines.preview import PreviewWish
from serve_apps.gateway.access import Principal, check_scopes, require
from serve_apps.gateway.delivery import room_of
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.previews import Previews
from serve_apps.gateway.problems import problems
from serve_apps.gateway.sources import check_sources
from videoclip.errors import InvalidRequest, NotFound, SourceNotMedia
from videoclip.media.image import is_image
from videoclip.schemas import MediaInfo
from videoclip.schemas.api.assets import MakingOut
from videoclip.schemas.api.presets import (
    PresetChange,
    PresetIn,
    PresetOut,
    PresetPage,
    PreviewIn,
)
from videoclip.store.assets import Assets
from videoclip.store.database import Database
from videoclip.store.objects import ObjectRef
from videoclip.store.presets import PresetRecord, Presets
from videoclip.store.references import References
from videoclip.store.threads import in_thread

__all__ = ["router"]

router = APIRouter(prefix="/presets", tags=["presets"])
Reader = Annotated[Principal, Depends(require("presets:read"))]
Writer = Annotated[Principal, Depends(require("presets:write"))]
Viewer = Annotated[Principal, Depends(require("presets:read", "assets:read"))]
_WAIT_S = 5.0


@router.post("", summary="Make a preset", status_code=201, responses=problems(409))
async def create(body: PresetIn, request: Request, who: Writer) -> PresetOut:
    """Make a brand kit under a name of its own."""
    render = _render(body, request)
    database: Database = request.app.state.database
    async with database.session() as session:
        made = await Presets(session, who.workspace_id).create(body.name, body.description, render)
    return _out(made)


@router.get("", summary="List presets")
async def page(
    request: Request, who: Reader, cursor: Cursor = None, limit: Limit = 50
) -> PresetPage:
    """List the brand kits of the workspace."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Presets(session, who.workspace_id).page(cursor, limit + 1)
    return PresetPage(
        presets=[_out(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.post(
    "/preview", summary="See a style in one frame", response_class=Response,
    responses={
        200: {"description": "The frame", "content": {"image/jpeg": {}}},
        202: {"model": MakingOut, "description": "It is being made; ask again (Retry-After)"},
        **problems(404),
    },
)  # fmt: skip
async def preview(body: PreviewIn, request: Request, who: Viewer) -> Response:
    """One frame as a clip in this style would have it; nothing is kept. The same request is answered from memory.

    Intro, outro, speed and sound do not show in it; a crop that follows faces is shown in the middle. It needs
    `assets:read`; a logo that is a file of a job, `clips:read`.
    """
    state = request.app.state
    room = room_of(request)
    mark = body.render.watermark or ""
    if mark.startswith("job:"):
        check_scopes(who, "clips:read")
    elif mark.startswith(SCHEME):
        raise InvalidRequest(
            "a preview fetches nothing from a bucket",
            "Upload the logo and name it as asset:ID; clips take it from the bucket too",
        )
    check_sources(_plain(body), state.settings.jobs)
    await state.limiter.spend(
        f"preview:{who.key_id or who.user_id}", state.settings.gateway.previews_per_minute
    )
    source, media = None, None
    async with room.database.reading() as session:
        if body.asset_id is not None:
            asset = await Assets(session, who.workspace_id).get(body.asset_id)
            source, media = asset.ref, MediaInfo.model_validate(asset.media)
            if media.video is None or is_image(media):
                raise SourceNotMedia("the asset is no video", "Choose a video, or none")
        logo = await _logo(References(session, who.workspace_id), mark)
    for ref in (source, logo):
        if ref is not None and not await in_thread(room.objects.has, ref):
            raise NotFound("the file is no longer there", "Upload it again")
    wish = PreviewWish(
        body.render, source, media, logo, body.at_ms, body.text, body.title, body.show
    )
    key = await in_thread(lambda: wish.key)
    previews: Previews = state.previews
    made = await previews.frame(key, wish, room.objects, room.settings, wait_s=_WAIT_S)
    if made is None:
        return JSONResponse(MakingOut().model_dump(), 202, {"Retry-After": "1"})
    return Response(made, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def _logo(references: References, watermark: str) -> ObjectRef | None:
    """The object that stands for a watermark; None: a text, a path, or none at all."""
    kind, _, rest = watermark.partition(":")
    if kind == "asset":
        return (await references.asset(rest)).ref
    if kind == "job":
        job_id, _, name = rest.partition("/")
        return (await references.job_file(job_id, name)).ref
    return None


@router.get("/{preset_id}", summary="See a preset", responses=problems(404))
async def get(request: Request, who: Reader, preset_id: PathId) -> PresetOut:
    """See a brand kit."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        return _out(await Presets(session, who.workspace_id).get(preset_id))


@router.put("/{preset_id}", summary="Change a preset", responses=problems(404, 409))
async def replace(
    body: PresetChange, request: Request, who: Writer, preset_id: PathId
) -> PresetOut:
    """Write a brand kit anew, if it is still at the version that was read."""
    render = _render(body, request)
    database: Database = request.app.state.database
    async with database.session() as session:
        return _out(
            await Presets(session, who.workspace_id).replace(
                preset_id, body.version, body.name, body.description, render
            )
        )


@router.delete("/{preset_id}", summary="Delete a preset", status_code=204, responses=problems(404))
async def delete(request: Request, who: Writer, preset_id: PathId) -> Response:
    """Delete a brand kit; clips made with it stay."""
    database: Database = request.app.state.database
    async with database.session() as session:
        await Presets(session, who.workspace_id).delete(preset_id)
    return Response(status_code=204)


def _plain(body: PresetIn | PreviewIn) -> dict[str, Any]:
    render: dict[str, Any] = json.loads(json.dumps(body.render.model_dump()))
    return render


def _render(body: PresetIn, request: Request) -> dict[str, Any]:
    render = _plain(body)
    check_sources(render, request.app.state.settings.jobs)
    return render


def _out(found: PresetRecord) -> PresetOut:
    return PresetOut(
        id=found.id, name=found.name, description=found.description, render=found.render,
        version=found.version, created_ms=found.created_ms, updated_ms=found.updated_ms,
    )  # fmt: skip
