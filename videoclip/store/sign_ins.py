"""Sign-ins: a chain of refresh tokens, each used once. One that comes twice was stolen: the chain ends."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import NotFound
from videoclip.store.audit import Actor, record
from videoclip.store.clock import now_ms
from videoclip.store.models import Membership, RefreshToken, User
from videoclip.store.secret_words import hashed, new_secret

__all__ = ["SignIn", "SignIns"]

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class SignIn:
    """A running sign-in, and the token that continues it."""

    user_id: str
    workspace_id: str
    family: str
    refresh_token: str


class SignIns:
    """Statements over one session; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, days: int) -> None:
        self._session = session
        self._life_ms = days * _DAY_MS

    async def begin(self, user_id: str, workspace_id: str, actor: Actor) -> SignIn:
        """Somebody has shown who they are."""
        family = str(uuid7())
        await record(
            self._session, actor, "auth.signed_in", workspace_id=workspace_id, target=user_id
        )
        return await self._next(user_id, workspace_id, family)

    async def rotate(self, token: str, workspace_id: str | None, actor: Actor) -> SignIn | None:
        """Use a token up and make the next one; None: it is not valid.

        A token that was used before ends its whole chain, and so do a lost account and a lost membership. The
        caller must commit in each case.

        Args:
            token: the newest of its chain.
            workspace_id: go on in this workspace; None: in the same one.
            actor: for the record.

        Raises:
            NotFound: the user is not in that workspace; roll back, and the token stays unused.
        """
        now = now_ms()
        row = (
            await self._session.execute(
                update(RefreshToken)
                .where(RefreshToken.sha256 == hashed(token), RefreshToken.used_ms.is_(None))
                .where(RefreshToken.revoked_ms.is_(None), RefreshToken.expires_ms > now)
                .values(used_ms=now)
                .returning(RefreshToken.user_id, RefreshToken.workspace_id, RefreshToken.family)
            )
        ).one_or_none()
        if row is None:
            await self._end_if_reused(token, actor)
            return None
        wanted = workspace_id or row.workspace_id
        member = await self._session.scalar(
            select(Membership.role)
            .join(User, User.id == Membership.user_id)
            .where(Membership.user_id == row.user_id, Membership.workspace_id == wanted)
            .where(User.disabled_ms.is_(None))
        )
        if member is None and workspace_id is not None:
            raise NotFound(
                f"there is no workspace {workspace_id}", "Use one that GET /auth/me names"
            )
        if member is None:
            await self._revoke(row.family)
            return None
        return await self._next(row.user_id, wanted, row.family)

    async def end(self, token: str, actor: Actor) -> None:
        """Sign out; a token that is not known is no error."""
        row = await self._chain(token)
        if row is not None:
            await self._revoke(row.family)
            await record(
                self._session, actor, "auth.signed_out", workspace_id=row.workspace_id,
                target=row.user_id,
            )  # fmt: skip

    async def sweep(self, older_ms: int) -> None:
        """Forget tokens that expired so long ago: nobody can use one any more, not even a thief."""
        await self._session.execute(
            delete(RefreshToken).where(RefreshToken.expires_ms < now_ms() - older_ms)
        )

    async def _end_if_reused(self, token: str, actor: Actor) -> None:
        row = await self._chain(token)
        if row is not None and row.used_ms is not None and row.revoked_ms is None:
            await self._revoke(row.family)
            await record(
                self._session, actor, "auth.token_reused", workspace_id=row.workspace_id,
                target=row.user_id,
            )  # fmt: skip

    async def _chain(self, token: str) -> RefreshToken | None:
        found: RefreshToken | None = await self._session.scalar(
            select(RefreshToken)
            .where(RefreshToken.sha256 == hashed(token))
            .execution_options(populate_existing=True)
        )
        return found

    async def _revoke(self, family: str) -> None:
        await self._session.execute(
            update(RefreshToken)
            .where(RefreshToken.family == family, RefreshToken.revoked_ms.is_(None))
            .values(revoked_ms=now_ms())
        )

    async def _next(self, user_id: str, workspace_id: str, family: str) -> SignIn:
        word = new_secret("vcr")
        await self._session.execute(
            insert(RefreshToken).values(
                id=str(uuid7()), family=family, user_id=user_id, workspace_id=workspace_id,
                sha256=hashed(word), created_ms=now_ms(), expires_ms=now_ms() + self._life_ms,
            )
        )  # fmt: skip
        return SignIn(user_id, workspace_id, family, word)
