"""The workspace: its name, members and invitations."""

from __future__ import annotations

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Email, Id, Label
from videoclip.schemas.api.roles import Role

__all__ = [
    "InvitationOut",
    "InvitationsOut",
    "InviteIn",
    "MemberOut",
    "MembersOut",
    "NewInvitationOut",
    "RoleIn",
    "WorkspaceIn",
    "WorkspaceOut",
]


class WorkspaceIn(Incoming):
    """A workspace to be."""

    name: Label


class WorkspaceOut(BaseModel):
    """A workspace."""

    id: Id
    name: str
    weight: int = Field(description="share of the machines while others wait")
    max_running: int | None = Field(description="jobs at once; null: no limit")


class MemberOut(BaseModel):
    """Somebody in the workspace."""

    user_id: Id
    email: str
    name: str
    role: Role
    created_ms: int


class MembersOut(BaseModel):
    """All members, the longest first."""

    members: list[MemberOut]


class RoleIn(Incoming):
    """Another role."""

    role: Role


class InviteIn(Incoming):
    """Who is invited as what."""

    role: Role = "editor"
    email: Email | None = Field(None, description="none: whoever has the word")


class InvitationOut(BaseModel):
    """An invitation that was not used yet."""

    id: Id
    role: Role
    email: str | None
    expires_ms: int


class NewInvitationOut(InvitationOut):
    """A new invitation, with the word that is told once."""

    token: str


class InvitationsOut(BaseModel):
    """Those that can still be used."""

    invitations: list[InvitationOut]
