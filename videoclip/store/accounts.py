"""Users of the installation, and who stands behind a token or a key.

This is below the workspaces: only signing in and administration use it. What belongs to a workspace is reached
through repositories that are made for one (`Members`, `Keys`, `Jobs`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import Conflict, NotFound
from videoclip.store.audit import Actor, record
from videoclip.store.clock import now_ms
from videoclip.store.insert import insert_into
from videoclip.store.models import ApiKey, Membership, RefreshToken, User, Workspace
from videoclip.store.secret_words import hashed

__all__ = ["Accounts", "Caller", "UserRecord", "WorkspaceRole"]

_LAST_USED_STEP_MS = 60_000


@dataclass(frozen=True, slots=True)
class UserRecord:
    """Somebody who can sign in."""

    id: str
    email: str
    name: str
    is_admin: bool
    created_ms: int
    disabled_ms: int | None
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class WorkspaceRole:
    """A workspace that a user belongs to, and as what."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands behind a token or a key, as the database knows it now."""

    user_id: str | None
    key_id: str | None
    workspace_id: str
    role: str
    is_admin: bool
    scopes: tuple[str, ...] | None
    """Of a key; None: all that the role has."""
    key_unused: bool = False
    """The key's last use was not noted for a minute."""


class Accounts:
    """Statements over one session; the caller owns the transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # ------------------------------------------------------------------ who is it

    async def behind_token(self, user_id: str, workspace_id: str, family: str) -> Caller | None:
        """Who holds an access token, if the sign-in, the account and the membership still stand."""
        alive = (
            select(RefreshToken.id)
            .where(RefreshToken.family == family, RefreshToken.user_id == user_id)
            .where(RefreshToken.revoked_ms.is_(None))
            .exists()
        )
        row = (
            await self._session.execute(
                select(Membership.role, User.is_admin)
                .join(User, User.id == Membership.user_id)
                .where(Membership.user_id == user_id, Membership.workspace_id == workspace_id)
                .where(User.disabled_ms.is_(None), alive)
            )
        ).one_or_none()
        if row is None:
            return None
        return Caller(user_id, None, workspace_id, row.role, row.is_admin, None)

    async def behind_key(self, key: str) -> Caller | None:
        """Who holds an API key, if it is valid; its maker's role bounds what it may do."""
        now = now_ms()
        row = (
            await self._session.execute(
                select(
                    ApiKey.id,
                    ApiKey.workspace_id,
                    ApiKey.scopes,
                    ApiKey.user_id,
                    Membership.role,
                    or_(
                        ApiKey.last_used_ms.is_(None),
                        ApiKey.last_used_ms < now - _LAST_USED_STEP_MS,
                    ).label("unused"),
                )
                .join(
                    Membership,
                    (Membership.user_id == ApiKey.user_id)
                    & (Membership.workspace_id == ApiKey.workspace_id),
                )
                .join(User, User.id == ApiKey.user_id)
                .where(ApiKey.sha256 == hashed(key), ApiKey.revoked_ms.is_(None))
                .where(or_(ApiKey.expires_ms.is_(None), ApiKey.expires_ms > now))
                .where(User.disabled_ms.is_(None))
            )
        ).one_or_none()
        if row is None:
            return None
        return Caller(
            row.user_id, row.id, row.workspace_id, row.role, False, tuple(row.scopes), row.unused
        )

    async def note_use(self, key_id: str) -> None:
        """Remember when a key was used, to the minute."""
        await self._session.execute(
            update(ApiKey)
            .where(ApiKey.id == key_id)
            .where(
                or_(
                    ApiKey.last_used_ms.is_(None),
                    ApiKey.last_used_ms < now_ms() - _LAST_USED_STEP_MS,
                )
            )
            .values(last_used_ms=now_ms())
        )

    # ------------------------------------------------------------------ users

    async def create_user(
        self,
        email: str,
        name: str,
        password_hash: str | None,
        *,
        oidc_subject: str | None = None,
        is_admin: bool = False,
    ) -> str:
        """Make an account; returns its id.

        Raises:
            Conflict: the address has one.
        """
        user_id = str(uuid7())
        done = await self._session.scalar(
            insert_into(self._session, User)
            .values(
                id=user_id, email=email.lower(), name=name, password_hash=password_hash,
                oidc_subject=oidc_subject, is_admin=is_admin, created_ms=now_ms(),
            )
            .on_conflict_do_nothing()
            .returning(User.id)
        )  # fmt: skip
        if done is None:
            raise Conflict("this address has an account", "Sign in with it")
        return user_id

    async def create_workspace(self, name: str, owner_id: str, actor: Actor) -> str:
        """Make a workspace with its first owner; returns its id."""
        workspace_id = str(uuid7())
        await self._session.execute(insert(Workspace).values(id=workspace_id, name=name))
        await self._session.execute(
            insert(Membership).values(
                workspace_id=workspace_id, user_id=owner_id, role="owner", created_ms=now_ms()
            )
        )
        await record(
            self._session, actor, "workspace.created", workspace_id=workspace_id, target=owner_id,
            data={"name": name},
        )  # fmt: skip
        return workspace_id

    async def user(self, user_id: str) -> UserRecord:
        """One user.

        Raises:
            NotFound: there is none with this id.
        """
        found = await self._session.scalar(
            select(User).where(User.id == user_id).execution_options(populate_existing=True)
        )
        if found is None:
            raise NotFound(f"there is no user {user_id}", "List the users and use one of their ids")
        return _user(found)

    async def user_by_email(self, email: str) -> UserRecord | None:
        """The user with this address."""
        found = await self._session.scalar(select(User).where(User.email == email.lower()))
        return None if found is None else _user(found)

    async def user_by_subject(self, subject: str) -> UserRecord | None:
        """The user with this identity at the OpenID provider."""
        found = await self._session.scalar(select(User).where(User.oidc_subject == subject))
        return None if found is None else _user(found)

    async def link_subject(self, user_id: str, subject: str) -> None:
        """Let a user sign in through the OpenID provider, and nobody else any more.

        Nothing proved the address before: whoever was invited by it may have been somebody else. Their password
        and sign-ins end.
        """
        await self._session.execute(
            update(User).where(User.id == user_id).values(oidc_subject=subject, password_hash=None)
        )
        await self._end_sign_ins(user_id)

    async def users(self, after: str | None, limit: int) -> list[UserRecord]:
        """All users in the order of their ids."""
        query = select(User).order_by(User.id).limit(limit)
        if after is not None:
            query = query.where(User.id > after)
        return [_user(row) for row in await self._session.scalars(query)]

    async def make_admin(self, user_id: str, actor: Actor) -> None:
        """Let a user administer the installation; lets them in again, too."""
        await self._session.execute(
            update(User).where(User.id == user_id).values(is_admin=True, disabled_ms=None)
        )
        await record(self._session, actor, "user.admin", workspace_id=None, target=user_id)

    async def has_admin(self) -> bool:
        """Whether somebody administers the installation."""
        count = await self._session.scalar(
            select(func.count()).where(User.is_admin.is_(True), User.disabled_ms.is_(None))
        )
        return bool(count)

    async def workspaces_of(self, user_id: str) -> list[WorkspaceRole]:
        """Where a user belongs to, oldest first."""
        rows = await self._session.execute(
            select(Workspace.id, Workspace.name, Membership.role)
            .join(Membership, Membership.workspace_id == Workspace.id)
            .where(Membership.user_id == user_id)
            .order_by(Membership.created_ms, Workspace.id)
        )
        return [WorkspaceRole(*row) for row in rows]

    async def set_password(self, user_id: str, password_hash: str, actor: Actor) -> None:
        """Replace a password; all sign-ins of the user end."""
        await self._session.execute(
            update(User).where(User.id == user_id).values(password_hash=password_hash)
        )
        await self._end_sign_ins(user_id)
        await record(self._session, actor, "user.password", workspace_id=None, target=user_id)

    async def set_disabled(self, user_id: str, actor: Actor, *, disabled: bool) -> None:
        """Lock a user out, or let them in again.

        Raises:
            NotFound: there is none with this id.
        """
        await self.user(user_id)
        await self._session.execute(
            update(User)
            .where(User.id == user_id)
            .values(disabled_ms=now_ms() if disabled else None)
        )
        if disabled:
            await self._end_sign_ins(user_id)
        action = "user.disabled" if disabled else "user.enabled"
        await record(self._session, actor, action, workspace_id=None, target=user_id)

    async def end_sign_ins(self, user_id: str, actor: Actor) -> None:
        """End all sign-ins of a user.

        Raises:
            NotFound: there is none with this id.
        """
        await self.user(user_id)
        await self._end_sign_ins(user_id)
        await record(self._session, actor, "user.signed_out", workspace_id=None, target=user_id)

    async def _end_sign_ins(self, user_id: str) -> None:
        await self._session.execute(
            update(RefreshToken)
            .where(RefreshToken.user_id == user_id, RefreshToken.revoked_ms.is_(None))
            .values(revoked_ms=now_ms())
        )


def _user(row: User) -> UserRecord:
    return UserRecord(
        row.id,
        row.email,
        row.name,
        row.is_admin,
        row.created_ms,
        row.disabled_ms,
        row.password_hash,
    )
