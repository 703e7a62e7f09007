"""The installation, for its administrators: users, workspaces and their share, dispatchers, the audit."""

from __future__ import annotations

import shutil
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.cluster import cluster
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.roles import ADMIN_SCOPE
from serve_apps.gateway.routes.audit import Action, Before, ByUser, audit_page
from serve_apps.gateway.routes.workspaces import workspace_out
from videoclip import __version__
from videoclip.errors import Conflict
from videoclip.schemas.api.admin import (
    AdminJobOut,
    AdminJobsPage,
    AdminUserOut,
    DisabledIn,
    DispatcherOut,
    StatusOut,
    UsersPage,
    WorkspaceShareIn,
    WorkspacesPage,
)
from videoclip.schemas.api.audit import AuditPage
from videoclip.schemas.api.jobs import ErrorOut, StandingOut, State
from videoclip.schemas.api.workspaces import WorkspaceOut
from videoclip.settings import Settings
from videoclip.store.accounts import Accounts, UserRecord
from videoclip.store.audit import record
from videoclip.store.database import Database
from videoclip.store.installation import Installation, JobOfAny
from videoclip.store.jobs import Jobs
from videoclip.store.members import Members
from videoclip.store.quotas import Quotas
from videoclip.store.threads import in_thread

__all__ = ["router"]

router = APIRouter(prefix="/admin", tags=["admin"])
Admin = Annotated[Principal, Depends(require(ADMIN_SCOPE))]


@router.get("/status", summary="See how it does")
async def status(request: Request, who: Admin) -> StatusOut:
    """See jobs by state, and who hands them out."""
    del who
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = Installation(session)
        jobs, dispatchers = await found.jobs_by_state(), await found.dispatchers()
        oldest = await found.oldest_waiting_ms()
    settings: Settings = request.app.state.settings
    disk = await in_thread(shutil.disk_usage, settings.data_dir)
    return StatusOut(
        jobs=jobs,
        version=__version__,
        oldest_waiting_ms=oldest,
        disk_free_bytes=disk.free,
        disk_bytes=disk.total,
        cluster=await cluster(),
        dispatchers=[
            DispatcherOut(
                id=d.id, slots=d.slots, running=d.running, draining=d.draining, seen_ms=d.seen_ms
            )
            for d in dispatchers
        ],
    )


@router.get("/jobs", summary="List jobs of all workspaces")
async def jobs(
    request: Request,
    who: Admin,
    state: Annotated[list[State] | None, Query(description="only in these states")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=50, description="entries at most")] = 20,
    oldest_first: Annotated[bool, Query(description="instead of the newest")] = False,
) -> AdminJobsPage:
    """What waits and why, what runs, and what was given up; not what was asked for."""
    del who
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Installation(session).jobs(
            states=state or (), after=cursor, limit=limit + 1, oldest_first=oldest_first
        )
    return AdminJobsPage(
        jobs=[_job(job) for job in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.post(
    "/jobs/{job_id}/retry", summary="Run a job of any workspace again", responses=problems(404, 409)
)
async def retry(request: Request, who: Admin, job_id: PathId) -> AdminJobOut:
    """Let it wait again, such as one that was given up; what it has finished stays."""
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    async with database.session() as session:
        installation = Installation(session)
        workspace_id = (await installation.job(job_id)).workspace_id
        await Jobs(session, workspace_id).redrive(job_id)
        await Quotas(session, workspace_id, settings.quota).check_jobs()
        await record(
            session, actor_of(request, who), "job.redriven", workspace_id=None, target=job_id,
            data={"workspace": workspace_id},
        )  # fmt: skip
        return _job(await installation.job(job_id))


@router.get("/users", summary="List users")
async def users(
    request: Request, who: Admin, cursor: Cursor = None, limit: Limit = 50
) -> UsersPage:
    """List all users of the installation."""
    del who
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Accounts(session).users(cursor, limit + 1)
    return UsersPage(
        users=[_user(user) for user in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.patch("/users/{user_id}", summary="Lock a user out", responses=problems(404, 409))
async def set_disabled(
    body: DisabledIn, request: Request, who: Admin, user_id: PathId
) -> AdminUserOut:
    """Lock a user out, at once and with all their keys; or let them in again."""
    if user_id == who.user_id and body.disabled:
        raise Conflict("you cannot lock yourself out", "Let another administrator do it")
    database: Database = request.app.state.database
    async with database.session() as session:
        accounts = Accounts(session)
        await accounts.set_disabled(user_id, actor_of(request, who), disabled=body.disabled)
        return _user(await accounts.user(user_id))


@router.get("/workspaces", summary="List workspaces")
async def workspaces(
    request: Request, who: Admin, cursor: Cursor = None, limit: Limit = 50
) -> WorkspacesPage:
    """List all workspaces of the installation; what is in them stays theirs."""
    del who
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Installation(session).workspaces(cursor, limit + 1)
    return WorkspacesPage(
        workspaces=[workspace_out(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.patch(
    "/workspaces/{workspace_id}", summary="Set a workspace's share", responses=problems(404)
)
async def share(
    body: WorkspaceShareIn, request: Request, who: Admin, workspace_id: PathId
) -> WorkspaceOut:
    """Set how much of the machines a workspace gets while others wait, and how many of its jobs run at once."""
    database: Database = request.app.state.database
    async with database.session() as session:
        members = Members(session, workspace_id)
        await members.workspace()
        await members.share(body.weight, body.max_running, actor_of(request, who))
        return workspace_out(await members.workspace())


@router.get("/audit", summary="See the installation's audit")
async def audit(
    request: Request,
    who: Admin,
    cursor: Before = None,
    limit: Limit = 50,
    action: Action = "",
    user: ByUser = None,
) -> AuditPage:
    """See what was done to users and to the installation, and refused sign-ins; newest first."""
    del who
    return await audit_page(request, None, cursor, limit, action, user)


@router.delete(
    "/users/{user_id}/sign-ins",
    summary="End a user's sign-ins",
    status_code=204,
    responses=problems(404),
)
async def end_sign_ins(request: Request, who: Admin, user_id: PathId) -> Response:
    """End all sign-ins of a user; their password and keys stay."""
    database: Database = request.app.state.database
    async with database.session() as session:
        await Accounts(session).end_sign_ins(user_id, actor_of(request, who))
    return Response(status_code=204)


def _job(job: JobOfAny) -> AdminJobOut:
    standing = job.standing
    return AdminJobOut(
        id=job.id, workspace_id=job.workspace_id, workspace=job.workspace, kind=job.kind,
        state=job.state, attempt=job.attempt, failures=job.failures,
        error=None if job.error is None else ErrorOut.model_validate(job.error),
        enqueued_ms=job.enqueued_ms, started_ms=job.started_ms, finished_ms=job.finished_ms,
        standing=None if standing is None else StandingOut(
            position=standing.position, code=standing.code, text=standing.text,
            eta_ms=standing.eta_ms,
        ),
    )  # fmt: skip


def _user(user: UserRecord) -> AdminUserOut:
    return AdminUserOut(
        id=user.id, email=user.email, name=user.name, is_admin=user.is_admin,
        created_ms=user.created_ms, disabled_ms=user.disabled_ms,
    )  # fmt: skip
