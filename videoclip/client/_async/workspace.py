"""The workspace that one is in: its name, members and invitations."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.client._async.resource import AsyncResource, segment
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

__all__ = ["AsyncWorkspace"]


class AsyncWorkspace(AsyncResource):
    """The workspace of the key, or of the sign-in."""

    @operation("GET /workspace")
    async def get(self) -> WorkspaceOut:
        """Its name, and its share of the machines."""
        return await self._transport.get("/workspace", WorkspaceOut)

    @operation("POST /workspaces")
    async def create(self, name: str) -> WorkspaceOut:
        """Make another one and be its owner; go there with `auth.go_to`."""
        body = dumped(valid(WorkspaceIn, name=name))
        return await self._transport.post("/workspaces", WorkspaceOut, body)

    @operation("PATCH /workspace")
    async def rename(self, name: str) -> WorkspaceOut:
        """Give it another name."""
        body = dumped(valid(WorkspaceIn, name=name))
        answer = await self._transport.send("PATCH", "/workspace", json=body, safe=True)
        return read(WorkspaceOut, answer.content)

    @operation("DELETE /workspace")
    async def delete(self) -> None:
        """Delete it with all that is in it. There is no way back; keys and sign-ins of it end."""
        await self._transport.send("DELETE", "/workspace")

    @operation("GET /workspace/members")
    async def members(self) -> Sequence[MemberOut]:
        """All members, the longest first."""
        return (await self._transport.get("/workspace/members", MembersOut)).members

    @operation("PATCH /workspace/members/{user_id}")
    async def set_role(self, user_id: str, role: Role) -> None:
        """Make a member something else; one owner stays."""
        path = f"/workspace/members/{segment(user_id)}"
        await self._transport.send("PATCH", path, json=dumped(valid(RoleIn, role=role)), safe=True)

    @operation("DELETE /workspace/members/{user_id}")
    async def remove_member(self, user_id: str) -> None:
        """Take a member out, or leave; their keys stop at once."""
        await self._transport.send("DELETE", f"/workspace/members/{segment(user_id)}")

    @operation("POST /workspace/invitations")
    async def invite(self, role: Role = "editor", *, email: str | None = None) -> NewInvitationOut:
        """Invite somebody; the word is told once. Without an address whoever has the word may come."""
        body = dumped(valid(InviteIn, role=role, email=email))
        return await self._transport.post("/workspace/invitations", NewInvitationOut, body)

    @operation("GET /workspace/invitations")
    async def invitations(self) -> Sequence[InvitationOut]:
        """Those that can still be used."""
        return (await self._transport.get("/workspace/invitations", InvitationsOut)).invitations

    @operation("DELETE /workspace/invitations/{invitation_id}")
    async def revoke_invitation(self, invitation_id: str) -> None:
        """Take an invitation back before it is used."""
        await self._transport.send("DELETE", f"/workspace/invitations/{segment(invitation_id)}")
