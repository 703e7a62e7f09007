"""Invitations: words that work once, to join a workspace or to make the account that administers the installation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import NotFound
from videoclip.store.audit import Actor, record
from videoclip.store.clock import now_ms
from videoclip.store.models import Invitation
from videoclip.store.secret_words import hashed, new_secret

__all__ = ["InvitationRecord", "Invitations", "find_invitation", "use_invitation"]

_HOUR_MS = 3600 * 1000


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """An invitation without its word."""

    id: str
    workspace_id: str | None
    email: str | None
    role: str
    makes_admin: bool
    created_ms: int
    expires_ms: int


class Invitations:
    """Statements over one session; the caller owns the transaction.

    Args:
        session: of the transaction.
        workspace_id: whose invitations; None: those that make administrators of the installation.
    """

    def __init__(self, session: AsyncSession, workspace_id: str | None) -> None:
        self._session = session
        self._workspace_id = workspace_id

    async def create(
        self, role: str, email: str | None, hours: int, actor: Actor
    ) -> tuple[InvitationRecord, str]:
        """Make one; returns it and its word, which is not to be had again. A new one for an administrator ends older ones.

        Args:
            role: in the workspace.
            email: who may use it; None: whoever has the word.
            hours: how long it is valid.
            actor: for the record.
        """
        makes_admin = self._workspace_id is None
        if makes_admin:
            await self._session.execute(
                update(Invitation)
                .where(Invitation.makes_admin.is_(True), Invitation.used_ms.is_(None))
                .values(used_ms=now_ms())
            )
        word = new_secret("vci")
        invitation_id = str(uuid7())
        row = (
            await self._session.execute(
                insert(Invitation)
                .values(
                    id=invitation_id, workspace_id=self._workspace_id, role=role,
                    email=None if email is None else email.lower(), makes_admin=makes_admin,
                    sha256=hashed(word), created_by=actor.user_id, created_ms=now_ms(),
                    expires_ms=now_ms() + hours * _HOUR_MS,
                )
                .returning(Invitation)
            )
        ).scalar_one()  # fmt: skip
        await record(
            self._session, actor, "invitation.created", workspace_id=self._workspace_id,
            target=invitation_id, data={"role": role, "email": row.email},
        )  # fmt: skip
        return _invitation(row), word

    async def all(self) -> list[InvitationRecord]:
        """Those that can still be used, oldest first."""
        rows = await self._session.scalars(
            select(Invitation)
            .where(Invitation.workspace_id == self._workspace_id, Invitation.used_ms.is_(None))
            .where(Invitation.expires_ms > now_ms())
            .order_by(Invitation.id)
        )
        return [_invitation(row) for row in rows]

    async def revoke(self, invitation_id: str, actor: Actor) -> None:
        """Take one back.

        Raises:
            NotFound: there is none with this id, or it was used.
        """
        done = await self._session.scalar(
            update(Invitation)
            .where(Invitation.id == invitation_id, Invitation.workspace_id == self._workspace_id)
            .where(Invitation.used_ms.is_(None))
            .values(used_ms=now_ms())
            .returning(Invitation.id)
        )
        if done is None:
            raise NotFound(
                f"there is no invitation {invitation_id}", "List them and use one of their ids"
            )
        await record(
            self._session, actor, "invitation.revoked", workspace_id=self._workspace_id,
            target=invitation_id,
        )  # fmt: skip


async def find_invitation(session: AsyncSession, word: str) -> InvitationRecord:
    """The invitation with this word.

    Raises:
        NotFound: there is none, or it was used or has expired.
    """
    row = await session.scalar(
        select(Invitation).where(
            Invitation.sha256 == hashed(word), Invitation.used_ms.is_(None),
            Invitation.expires_ms > now_ms(),
        )
    )  # fmt: skip
    if row is None:
        raise _gone()
    return _invitation(row)


async def use_invitation(session: AsyncSession, word: str) -> InvitationRecord:
    """Use an invitation up; of two who come at once one gets it.

    Raises:
        NotFound: there is none, or it was used or has expired.
    """
    row = await session.scalar(
        update(Invitation)
        .where(
            Invitation.sha256 == hashed(word), Invitation.used_ms.is_(None),
            Invitation.expires_ms > now_ms(),
        )
        .values(used_ms=now_ms())
        .returning(Invitation)
    )  # fmt: skip
    if row is None:
        raise _gone()
    return _invitation(row)


def _gone() -> NotFound:
    return NotFound("this invitation was used, revoked or has expired", "Ask for a new one")


def _invitation(row: Invitation) -> InvitationRecord:
    return InvitationRecord(
        row.id, row.workspace_id, row.email, row.role, row.makes_admin, row.created_ms,
        row.expires_ms,
    )  # fmt: skip
