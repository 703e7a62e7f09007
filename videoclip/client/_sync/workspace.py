# Made from ../_async/workspace.py by `make docs`; do not edit.
"""The workspace that one is in: its name, members and invitations."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.client._sync.resource import Resource, segment
from videoclip.client.bodies import dumped, read, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.roles import Role
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

__all__ = ["Workspace"]


class Workspace(Resource):
    """The workspace of the key, or of the sign-in."""

    @operation("GET /workspace")
    def get(self) -> WorkspaceOut:
        """Its name, and its share of the machines."""
        return self._transport.get("/workspace", WorkspaceOut)

    @operation("POST /workspaces")
    def create(self, name: str) -> WorkspaceOut:
        """Make another one and be its owner; go there with `auth.go_to`."""
        body = dumped(valid(WorkspaceIn, name=name))
        return self._transport.post("/workspaces", WorkspaceOut, body)

    @operation("PATCH /workspace")
    def rename(self, name: str) -> WorkspaceOut:
        """Give it another name."""
        body = dumped(valid(WorkspaceIn, name=name))
        answer = self._transport.send("PATCH", "/workspace", json=body, safe=True)
        return read(WorkspaceOut, answer.content)

    @operation("DELETE /workspace")
    def delete(self) -> None:
        """Delete it with all that is in it. There is no way back; keys and sign-ins of it end."""
        self._transport.send("DELETE", "/workspace")

    @operation("GET /workspace/members")
    def members(self) -> Sequence[MemberOut]:
        """All members, the longest first."""
        return (self._transport.get("/workspace/members", MembersOut)).members

    @operation("PATCH /workspace/members/{user_id}")
    def set_role(self, user_id: str, role: Role) -> None:
        """Make a member something else; one owner stays."""
        path = f"/workspace/members/{segment(user_id)}"
        self._transport.send("PATCH", path, json=dumped(valid(RoleIn, role=role)), safe=True)

    @operation("DELETE /workspace/members/{user_id}")
    def remove_member(self, user_id: str) -> None:
        """Take a member out, or leave; their keys stop at once."""
        self._transport.send("DELETE", f"/workspace/members/{segment(user_id)}")

    @operation("POST /workspace/invitations")
    def invite(self, role: Role = "editor", *, email: str | None = None) -> NewInvitationOut:
        """Invite somebody; the word is told once. Without an address whoever has the word may come."""
        body = dumped(valid(InviteIn, role=role, email=email))
        return self._transport.post("/workspace/invitations", NewInvitationOut, body)

    @operation("GET /workspace/invitations")
    def invitations(self) -> Sequence[InvitationOut]:
        """Those that can still be used."""
        return (self._transport.get("/workspace/invitations", InvitationsOut)).invitations

    @operation("DELETE /workspace/invitations/{invitation_id}")
    def revoke_invitation(self, invitation_id: str) -> None:
        """Take an invitation back before it is used."""
        self._transport.send("DELETE", f"/workspace/invitations/{segment(invitation_id)}")
