"""Signing in: password, lock-out, tokens. What is told does not depend on whether the account exists."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from serve_apps.gateway.limiter import too_many
from serve_apps.gateway.passwords import Passwords
from serve_apps.gateway.tokens import AccessToken, Tokens
from videoclip.errors import NotAllowed, NotFound, NotSignedIn, UsageError
from videoclip.settings import AuthSettings
from videoclip.store.accounts import Accounts, UserRecord, WorkspaceRole
from videoclip.store.audit import Actor, record
from videoclip.store.database import Database, StoreSession
from videoclip.store.invitations import InvitationRecord, find_invitation, use_invitation
from videoclip.store.limits import RateLimits
from videoclip.store.members import Members
from videoclip.store.sign_ins import SignIn, SignIns

__all__ = ["Entrance", "Session"]

_MINUTE_MS = 60_000
_ANYWHERE = 10
"""Failures from all addresses together lock an account later, so that a stranger cannot easily lock somebody out."""


@dataclass(frozen=True, slots=True)
class Session:
    """What somebody gets who has shown who they are."""

    access_token: str
    expires_in: int
    refresh_token: str
    user: UserRecord
    workspace_id: str
    workspaces: list[WorkspaceRole]


class Entrance:
    """All ways in."""

    def __init__(
        self, database: Database, tokens: Tokens, passwords: Passwords, settings: AuthSettings
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._passwords = passwords
        self._settings = settings
        self._lock_ms = settings.lock_minutes * _MINUTE_MS

    async def by_password(
        self, email: str, password: str, workspace_id: str | None, actor: Actor
    ) -> Session:
        """Sign in.

        Raises:
            NotSignedIn: address or password is wrong; nobody is told which.
            TooManyRequests: there were too many failures.
        """
        user = await self._checked(email, password, actor)
        return await self.admit(user, workspace_id, actor)

    async def admit(self, user: UserRecord, workspace_id: str | None, actor: Actor) -> Session:
        """Somebody is known to be this user: begin a sign-in.

        Raises:
            NotAllowed: they belong to no workspace.
            NotFound: not to this one.
        """
        async with self._database.session() as session:
            begun = await self._begin(session, user, workspace_id, actor)
        return await self._session(begun)

    async def by_refresh(self, token: str, workspace_id: str | None, actor: Actor) -> Session:
        """Go on with a sign-in, perhaps in another workspace.

        Raises:
            NotSignedIn: the token was used, revoked, or has expired.
            NotFound: there is no such workspace.
        """
        async with self._database.session() as session:
            begun = await SignIns(session, self._settings.refresh_days).rotate(
                token, workspace_id, actor
            )
        if begun is None:  # after the commit: what a stolen token ends stays ended
            raise NotSignedIn("the sign-in has ended, or was ended elsewhere", "Sign in again")
        return await self._session(begun)

    async def end(self, token: str, actor: Actor) -> None:
        """Sign out."""
        async with self._database.session() as session:
            await SignIns(session, self._settings.refresh_days).end(token, actor)

    async def by_invitation(
        self, word: str, email: str | None, name: str, password: str, actor: Actor
    ) -> Session:
        """Use an invitation: with a new account, or with the one that the address has.

        Raises:
            NotFound: there is no such invitation, or it was used or has expired.
            UsageError: an address is missing, or is not the invited one.
            NotSignedIn: the address has an account, and this is not its password.
            TooManyRequests: there were too many failures.
        """
        async with self._database.reading() as session:
            invitation = await find_invitation(session, word)
        address = (invitation.email or email or "").lower()
        if not address:
            raise UsageError("an address is missing", "Send the email that the account shall have")
        if email is not None and email.lower() != address:
            raise UsageError("the invitation is for another address", "Leave email out")
        async with self._database.reading() as session:
            known = await Accounts(session).user_by_email(address)
        if known is not None and not invitation.makes_admin:
            await self._checked(address, password, actor)
        kept = await self._passwords.hash(password)
        async with self._database.session() as session:
            await use_invitation(session, word)
            accounts = Accounts(session)
            if known is None:
                user_id = await accounts.create_user(address, name, kept)
                await record(session, actor, "user.created", workspace_id=None, target=user_id)
            else:
                user_id = known.id
            if invitation.makes_admin:
                await accounts.make_admin(user_id, actor)
                if known is not None:  # the one who may run commands here wants in
                    await accounts.set_password(user_id, kept, actor)
            where = await self._join(accounts, session, user_id, name, invitation, actor)
            user = await accounts.user(user_id)
            begun = await self._begin(session, user, where, actor)
        return await self._session(begun)

    async def change_password(self, user_id: str, current: str, new: str, actor: Actor) -> None:
        """Replace one's own password; every sign-in of the user ends.

        Raises:
            NotSignedIn: the present password is wrong.
            TooManyRequests: there were too many failures.
        """
        async with self._database.reading() as session:
            user = await Accounts(session).user(user_id)
        await self._checked(user.email, current, actor)
        kept = await self._passwords.hash(new)
        async with self._database.session() as session:
            await Accounts(session).set_password(user_id, kept, actor)

    # ------------------------------------------------------------------ inside

    async def _checked(self, email: str, password: str, actor: Actor) -> UserRecord:
        """The user with this address and password; counts the try before it is known how it ends."""
        subjects = self._subjects(email, actor.ip or "unknown")
        async with self._database.session() as session:
            limits = RateLimits(session)
            taken = [
                await limits.take(subject, self._lock_ms, 1, limit) for subject, limit in subjects
            ]
        locked = [one for one in taken if not one.granted]
        if locked:
            raise too_many(max(one.rest_ms for one in locked) / 1000)
        async with self._database.reading() as session:
            user = await Accounts(session).user_by_email(email)
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right or user.disabled_ms is not None:
            async with self._database.session() as session:
                await record(
                    session, actor, "auth.refused", workspace_id=None,
                    target=user.id if user else None,
                )  # fmt: skip
            raise NotSignedIn("address or password is wrong", "Try again, or ask for an invitation")
        async with self._database.session() as session:
            limits = RateLimits(session)
            for subject, limit in subjects:
                await limits.take(subject, self._lock_ms, -1, limit)
        return user

    def _subjects(self, email: str, ip: str) -> list[tuple[str, int]]:
        account = hashlib.sha256(email.lower().encode("utf-8", "surrogatepass")).hexdigest()[:32]
        failures = self._settings.failures
        return [
            (f"login:{account}:{ip}", failures),
            (f"login:{account}", failures * _ANYWHERE),
            (f"login-ip:{ip}", self._settings.failures_per_ip),
        ]

    async def _begin(
        self, session: StoreSession, user: UserRecord, workspace_id: str | None, actor: Actor
    ) -> SignIn:
        places = await Accounts(session).workspaces_of(user.id)
        if not places:
            raise NotAllowed("this account belongs to no workspace", "Ask for an invitation to one")
        wanted = workspace_id or places[0].id
        if wanted not in {place.id for place in places}:
            raise NotFound(f"there is no workspace {wanted}", "Sign in without naming one")
        signing = SignIns(session, self._settings.refresh_days)
        return await signing.begin(user.id, wanted, actor)

    async def _join(
        self,
        accounts: Accounts,
        session: StoreSession,
        user_id: str,
        name: str,
        invitation: InvitationRecord,
        actor: Actor,
    ) -> str:
        if invitation.workspace_id is not None:
            members = Members(session, invitation.workspace_id)
            await members.add(user_id, invitation.role, actor)
            return invitation.workspace_id
        places = await accounts.workspaces_of(user_id)
        return places[0].id if places else await accounts.create_workspace(name, user_id, actor)

    async def _session(self, begun: SignIn) -> Session:
        async with self._database.reading() as session:
            accounts = Accounts(session)
            user = await accounts.user(begun.user_id)
            places = await accounts.workspaces_of(begun.user_id)
        token = self._tokens.make(AccessToken(begun.user_id, begun.workspace_id, begun.family))
        return Session(
            token, self._tokens.life_s, begun.refresh_token, user, begun.workspace_id, places
        )
