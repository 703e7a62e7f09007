"""Who did what, and what was used."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from serve_apps.gateway.access import Principal, require
from serve_apps.gateway.fields import Limit
from serve_apps.gateway.problems import problems
from videoclip.errors import UsageError
from videoclip.schemas.api.audit import AuditOut, AuditPage, JobUsageOut, UsageOut
from videoclip.schemas.api.fields import Id
from videoclip.store.audit import AuditLog
from videoclip.store.database import Database
from videoclip.store.usage import Usage

__all__ = ["Action", "AuditPage", "Before", "ByUser", "audit_page", "router"]

router = APIRouter(tags=["audit"])
_LARGEST = 2**62
Moment = Annotated[int, Query(ge=0, le=_LARGEST, description="milliseconds since 1970")]
Before = Annotated[
    int | None, Query(ge=1, le=_LARGEST, description="`next_cursor` of the page before")
]

Action = Annotated[
    str,
    Query(
        max_length=60,
        pattern=r"^([a-z_]+(\.[a-z_]+)?)?$",
        description="only this action, or all of a kind, such as `member.role` or `member`",
    ),
]
ByUser = Annotated[Id | None, Query(description="only what this user did")]


@router.get("/audit", summary="See the audit")
async def audit(
    request: Request,
    who: Annotated[Principal, Depends(require("audit:read"))],
    cursor: Before = None,
    limit: Limit = 50,
    action: Action = "",
    user: ByUser = None,
) -> AuditPage:
    """See who did what in the workspace, newest first."""
    return await audit_page(request, who.workspace_id, cursor, limit, action, user)


@router.get("/usage", summary="See what was used", responses=problems(400))
async def usage(
    request: Request,
    who: Annotated[Principal, Depends(require("usage:read"))],
    since_ms: Moment = 0,
    until_ms: Moment = _LARGEST,
) -> UsageOut:
    """See how many jobs of the workspace there were in a time, and how long they ran."""
    if until_ms < since_ms:
        raise UsageError("until_ms is before since_ms", "Change them round")
    database: Database = request.app.state.database
    async with database.reading_late() as session:
        rows = await Usage(session, who.workspace_id).jobs(since_ms, until_ms)
    return UsageOut(
        since_ms=since_ms,
        until_ms=until_ms,
        jobs=[
            JobUsageOut(kind=row.kind, state=row.state, jobs=row.jobs, run_ms=row.run_ms)
            for row in rows
        ],
    )


async def audit_page(
    request: Request,
    workspace_id: str | None,
    before: int | None,
    limit: int,
    action: str = "",
    user_id: str | None = None,
) -> AuditPage:
    """A page of a workspace's audit; with None, of the installation's."""
    database: Database = request.app.state.database
    async with database.reading_late() as session:
        found = await AuditLog(session, workspace_id).page(
            before, limit + 1, action=action, user_id=user_id
        )
    return AuditPage(
        records=[
            AuditOut(
                id=row.id, at_ms=row.at_ms, user_id=row.user_id, key_id=row.key_id,
                action=row.action, target=row.target, data=row.data, ip=row.ip,
                request_id=row.request_id,
            )
            for row in found[:limit]
        ],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )  # fmt: skip
