"""Members of one workspace, and the workspace itself; there is always an owner."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import Conflict, NotFound
from videoclip.store.audit import Actor, record
from videoclip.store.clock import now_ms
from videoclip.store.insert import insert_into
from videoclip.store.models import Membership, User, Workspace

__all__ = ["MemberRecord", "Members", "WorkspaceRecord"]


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """Somebody in a workspace."""

    user_id: str
    email: str
    name: str
    role: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class WorkspaceRecord:
    """A workspace, and its share of the machines."""

    id: str
    name: str
    weight: int
    max_running: int | None


class Members:
    """Statements over one session and one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def workspace(self) -> WorkspaceRecord:
        """The workspace.

        Raises:
            NotFound: it was deleted.
        """
        row = await self._session.scalar(
            select(Workspace)
            .where(Workspace.id == self._workspace_id)
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise NotFound("there is no such workspace", "Sign in again to see where you belong")
        return WorkspaceRecord(row.id, row.name, row.weight, row.max_running)

    async def rename(self, name: str, actor: Actor) -> None:
        """Give the workspace another name."""
        await self._session.execute(
            update(Workspace).where(Workspace.id == self._workspace_id).values(name=name)
        )
        await self._record(actor, "workspace.renamed", self._workspace_id, name=name)

    async def share(self, weight: int, max_running: int | None, actor: Actor) -> None:
        """Set its share of the machines, and how many of its jobs run at once."""
        await self._session.execute(
            update(Workspace)
            .where(Workspace.id == self._workspace_id)
            .values(weight=weight, max_running=max_running)
        )
        await self._record(
            actor, "workspace.share", self._workspace_id, weight=weight, max_running=max_running
        )

    async def delete(self, actor: Actor) -> None:
        """Delete the workspace with all that is in it."""
        await self._session.execute(
            delete_rows(Workspace).where(Workspace.id == self._workspace_id)
        )
        await self._record(actor, "workspace.deleted", self._workspace_id)

    async def all(self) -> list[MemberRecord]:
        """All members, the longest first."""
        rows = await self._session.execute(
            select(User.id, User.email, User.name, Membership.role, Membership.created_ms)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.workspace_id == self._workspace_id)
            .order_by(Membership.created_ms, User.id)
        )
        return [MemberRecord(*row) for row in rows]

    async def role_of(self, user_id: str) -> str:
        """What somebody is here.

        Raises:
            NotFound: they are no member.
        """
        role = await self._session.scalar(
            select(Membership.role).where(
                Membership.workspace_id == self._workspace_id, Membership.user_id == user_id
            )
        )
        if role is None:
            raise NotFound(
                f"there is no member {user_id}", "List the members and use one of their ids"
            )
        return role

    async def add(self, user_id: str, role: str, actor: Actor) -> None:
        """Take somebody in; who is a member already gets the role.

        Raises:
            Conflict: they are the last owner, and would be none any more.
        """
        with suppress(NotFound):
            await self._changing(user_id, leaves=role != "owner")
        await self._session.execute(
            insert_into(self._session, Membership)
            .values(
                workspace_id=self._workspace_id, user_id=user_id, role=role, created_ms=now_ms()
            )
            .on_conflict_do_update(index_elements=["workspace_id", "user_id"], set_={"role": role})
        )
        await self._record(actor, "member.added", user_id, role=role)

    async def set_role(self, user_id: str, role: str, actor: Actor) -> None:
        """Make a member something else.

        Raises:
            NotFound: they are no member.
            Conflict: they are the last owner.
        """
        before = await self._changing(user_id, leaves=role != "owner")
        await self._session.execute(
            update(Membership)
            .where(Membership.workspace_id == self._workspace_id, Membership.user_id == user_id)
            .values(role=role)
        )
        await self._record(actor, "member.role", user_id, before=before, role=role)

    async def remove(self, user_id: str, actor: Actor) -> None:
        """Take a member out.

        Raises:
            NotFound: they are no member.
            Conflict: they are the last owner.
        """
        before = await self._changing(user_id, leaves=True)
        await self._session.execute(
            delete_rows(Membership).where(
                Membership.workspace_id == self._workspace_id, Membership.user_id == user_id
            )
        )
        await self._record(actor, "member.removed", user_id, role=before)

    async def _changing(self, user_id: str, *, leaves: bool) -> str:
        """The role before; holds the workspace's row, so that two last owners do not both go."""
        await self._session.execute(
            select(Workspace.id).where(Workspace.id == self._workspace_id).with_for_update()
        )
        before = await self.role_of(user_id)
        if leaves and before == "owner":
            owners = await self._session.scalar(
                select(func.count()).where(
                    Membership.workspace_id == self._workspace_id, Membership.role == "owner"
                )
            )
            if (owners or 0) < 2:
                raise Conflict(
                    "this is the workspace's last owner", "Make somebody else an owner first"
                )
        return before

    async def _record(self, actor: Actor, action: str, target: str, **data: object) -> None:
        await record(
            self._session, actor, action, workspace_id=self._workspace_id, target=target,
            data=dict(data),
        )  # fmt: skip
