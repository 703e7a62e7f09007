"""The workspace that one is in: its name, members and invitations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.fields import PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.routes.auth import person
from videoclip.errors import NotAllowed
from videoclip.schemas.api.roles import ROLES
from videoclip.schemas.api.workspaces import (
    InvitationOut,
    InvitationsOut,
    InviteIn,
    MemberOut,
    MembersOut,
    NewInvitationOut,
    RoleIn,
    WorkspaceIn,
    WorkspaceOut,
)
from videoclip.store.accounts import Accounts
from videoclip.store.database import Database
from videoclip.store.invitations import InvitationRecord, Invitations
from videoclip.store.members import Members, WorkspaceRecord

__all__ = ["router"]

router = APIRouter(tags=["workspaces"])
Reader = Annotated[Principal, Depends(require("workspace:read"))]
Manager = Annotated[Principal, Depends(require("workspace:write"))]
Inviter = Annotated[Principal, Depends(require("members:write"))]


@router.post("/workspaces", summary="Make a workspace", status_code=201)
async def create(
    body: WorkspaceIn, request: Request, who: Annotated[Principal, Depends(require())]
) -> WorkspaceOut:
    """Make a workspace and be its owner; go there with `POST /auth/refresh` and its id."""
    database: Database = request.app.state.database
    user_id = person(who)
    async with database.session() as session:
        workspace_id = await Accounts(session).create_workspace(
            body.name, user_id, actor_of(request, who)
        )
        return workspace_out(await Members(session, workspace_id).workspace())


@router.get("/workspace", summary="See the workspace", responses=problems(404))
async def get(request: Request, who: Reader) -> WorkspaceOut:
    """See the workspace that the token or key is for."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        return workspace_out(await Members(session, who.workspace_id).workspace())


@router.patch("/workspace", summary="Rename the workspace", responses=problems(404))
async def rename(body: WorkspaceIn, request: Request, who: Manager) -> WorkspaceOut:
    """Give it another name."""
    database: Database = request.app.state.database
    async with database.session() as session:
        members = Members(session, who.workspace_id)
        await members.rename(body.name, actor_of(request, who))
        return workspace_out(await members.workspace())


@router.delete("/workspace", summary="Delete the workspace", status_code=204)
async def delete(
    request: Request, who: Annotated[Principal, Depends(require("workspace:owner"))]
) -> Response:
    """Delete it with all jobs, videos, clips and keys in it. There is no way back."""
    person(who)
    database: Database = request.app.state.database
    async with database.session() as session:
        await Members(session, who.workspace_id).delete(actor_of(request, who))
    return Response(status_code=204)


@router.get("/workspace/members", summary="List members")
async def members(request: Request, who: Reader) -> MembersOut:
    """List who belongs to the workspace, as what."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Members(session, who.workspace_id).all()
    return MembersOut(
        members=[
            MemberOut(
                user_id=m.user_id, email=m.email, name=m.name, role=m.role, created_ms=m.created_ms
            )
            for m in found
        ]
    )


@router.patch(
    "/workspace/members/{user_id}",
    summary="Change a role",
    status_code=204,
    responses=problems(404, 409),
)
async def set_role(body: RoleIn, request: Request, who: Inviter, user_id: PathId) -> Response:
    """Make a member something else. Only owners make and unmake owners; one owner stays."""
    database: Database = request.app.state.database
    async with database.session() as session:
        found = Members(session, who.workspace_id)
        _only_owners(who, body.role, await found.role_of(user_id))
        _no_more_than_held(who, body.role)
        await found.set_role(user_id, body.role, actor_of(request, who))
    return Response(status_code=204)


@router.delete(
    "/workspace/members/{user_id}",
    summary="Take a member out",
    status_code=204,
    responses=problems(404, 409),
)
async def remove(
    request: Request, who: Annotated[Principal, Depends(require())], user_id: PathId
) -> Response:
    """Take a member out, or leave. Their keys stop at once; one owner stays."""
    database: Database = request.app.state.database
    async with database.session() as session:
        found = Members(session, who.workspace_id)
        if who.key_id is not None or who.user_id != user_id:
            if "members:write" not in who.scopes:
                raise NotAllowed(
                    "this needs the scope members:write", "Ask an administrator of the workspace"
                )
            _only_owners(who, await found.role_of(user_id))
        await found.remove(user_id, actor_of(request, who))
    return Response(status_code=204)


@router.post("/workspace/invitations", summary="Invite somebody", status_code=201)
async def invite(body: InviteIn, request: Request, who: Inviter) -> NewInvitationOut:
    """Make an invitation. Its word is told once: send it to whom it is for."""
    _only_owners(who, body.role)
    _no_more_than_held(who, body.role)
    hours: int = request.app.state.settings.auth.invitation_hours
    database: Database = request.app.state.database
    async with database.session() as session:
        made, word = await Invitations(session, who.workspace_id).create(
            body.role, body.email, hours, actor_of(request, who)
        )
    return NewInvitationOut(**_invitation(made).model_dump(), token=word)


@router.get("/workspace/invitations", summary="List invitations")
async def invitations(request: Request, who: Inviter) -> InvitationsOut:
    """List those that can still be used."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Invitations(session, who.workspace_id).all()
    return InvitationsOut(invitations=[_invitation(one) for one in found])


@router.delete(
    "/workspace/invitations/{invitation_id}",
    summary="Take an invitation back",
    status_code=204,
    responses=problems(404),
)
async def revoke(request: Request, who: Inviter, invitation_id: PathId) -> Response:
    """Take it back before it is used."""
    database: Database = request.app.state.database
    async with database.session() as session:
        await Invitations(session, who.workspace_id).revoke(invitation_id, actor_of(request, who))
    return Response(status_code=204)


def workspace_out(found: WorkspaceRecord) -> WorkspaceOut:
    """A workspace as it is told."""
    return WorkspaceOut(
        id=found.id, name=found.name, weight=found.weight, max_running=found.max_running
    )


def _only_owners(who: Principal, *roles: str) -> None:
    if "owner" in roles and who.role != "owner":
        raise NotAllowed("only owners make and unmake owners", "Ask an owner of the workspace")


def _no_more_than_held(who: Principal, role: str) -> None:
    """Whoever finds a key that may invite must not come to what the key itself may not do."""
    if who.key_id is not None and not ROLES[role] <= who.scopes:
        raise NotAllowed(
            f"this key may do less than {role} may, so it cannot give that role",
            "Sign in as a person, or make a key with all scopes of the role",
        )


def _invitation(found: InvitationRecord) -> InvitationOut:
    return InvitationOut(
        id=found.id, role=found.role, email=found.email, expires_ms=found.expires_ms
    )
