"""What a workspace keeps and has running, and how much of that it may."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.delivery import Room, room_of
from serve_apps.gateway.fields import PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.roles import ADMIN_SCOPE
from videoclip.schemas.api.quotas import LimitsOut, QuotaIn, QuotaOut
from videoclip.store.audit import record
from videoclip.store.quotas import Quotas

__all__ = ["router"]

router = APIRouter(tags=["quotas"])
Reader = Annotated[Principal, Depends(require("usage:read"))]
Admin = Annotated[Principal, Depends(require(ADMIN_SCOPE))]


@router.get("/quota", summary="What the workspace keeps, and what it may")
async def quota(request: Request, who: Reader) -> QuotaOut:
    """What counts at this moment."""
    return await _quota(room_of(request), who.workspace_id)


@router.get(
    "/admin/workspaces/{workspace_id}/quota", summary="The same of any workspace",
    responses=problems(404),
)  # fmt: skip
async def quota_of(request: Request, workspace_id: PathId, who: Admin) -> QuotaOut:
    """For those who administer the installation."""
    del who
    return await _quota(room_of(request), workspace_id)


@router.put(
    "/admin/workspaces/{workspace_id}/quota", summary="Limits of a workspace",
    responses=problems(404),
)  # fmt: skip
async def set_quota(request: Request, workspace_id: PathId, body: QuotaIn, who: Admin) -> QuotaOut:
    """What is over a new limit stays; nothing more is taken in."""
    room = room_of(request)
    async with room.database.session() as session:
        quotas = Quotas(session, workspace_id, room.settings.quota)
        await quotas.hold()
        await quotas.set_limits(**body.model_dump())
        await record(
            session, actor_of(request, who), "quota.changed", workspace_id=workspace_id,
            data=body.model_dump(),
        )  # fmt: skip
    return await _quota(room, workspace_id)


async def _quota(room: Room, workspace_id: str) -> QuotaOut:
    async with room.database.reading() as session:
        quotas = Quotas(session, workspace_id, room.settings.quota)
        await quotas.check_exists()
        used, limits = await quotas.usage(), await quotas.limits()
    return QuotaOut(
        asset_bytes=used.asset_bytes, upload_bytes=used.upload_bytes, result_bytes=used.result_bytes, video_ms=used.video_ms,
        bytes_in=used.bytes_in, jobs=used.jobs,
        limits=LimitsOut(
            max_bytes=limits.max_bytes, max_video_ms=limits.max_video_ms,
            max_jobs=limits.max_jobs, retention_days=limits.retention_days,
        ),
    )  # fmt: skip
