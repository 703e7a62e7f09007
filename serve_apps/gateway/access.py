"""Who asks, and what they may do: API keys and access tokens as bearer, scopes checked route by route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serve_apps.gateway.limiter import Limiter
from serve_apps.gateway.roles import scopes_of
from serve_apps.gateway.tokens import Tokens, invalid_token
from videoclip.errors import NotAllowed, NotSignedIn
from videoclip.logs import hashed
from videoclip.store.accounts import Accounts, Caller
from videoclip.store.audit import Actor
from videoclip.store.database import Database
from videoclip.store.keys import KEY_KIND

__all__ = [
    "Principal",
    "actor_of",
    "came_by_tls",
    "check_scopes",
    "client_ip",
    "identify",
    "limit_anonymous",
    "require",
]

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token of `POST /api/v1/auth/token`, or an API key",
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and for which workspace."""

    user_id: str | None
    """Who signed in, or who made the key."""
    key_id: str | None
    """None: signed in as a person."""
    workspace_id: str
    role: str
    scopes: frozenset[str]

    @property
    def name(self) -> str | None:
        """What `created_by` of a job says."""
        return self.key_id or self.user_id


async def signed_in(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Principal:
    """Who asks.

    Raises:
        NotSignedIn: nobody that is known.
        TooManyRequests: they asked too often.
    """
    word = None if credentials is None else credentials.credentials
    who = await identify(request.app.state, word, client_ip(request))
    request.state.user = hashed(who.user_id)
    return who


async def identify(state: object, word: str | None, ip: str) -> Principal:
    """Who holds a token or a key.

    Args:
        state: of the application.
        word: the token or key; None: there was none.
        ip: where it came from; those who are not known are counted by it.

    Raises:
        NotSignedIn: nobody that is known.
        TooManyRequests: they asked too often.
    """
    limiter: Limiter = state.limiter  # type: ignore[attr-defined]
    gateway = state.settings.gateway  # type: ignore[attr-defined]
    try:
        if not word:
            raise NotSignedIn(
                "nobody is signed in", "Send Authorization: Bearer with a token or key"
            )
        caller = await _caller(state.database, state.tokens, word)  # type: ignore[attr-defined]
    except NotSignedIn:
        await limiter.spend(f"ip:{ip}", gateway.anonymous_per_minute)
        raise
    subject = f"key:{caller.key_id}" if caller.key_id else f"user:{caller.user_id}"
    await limiter.spend(subject, gateway.requests_per_minute)
    return Principal(
        caller.user_id,
        caller.key_id,
        caller.workspace_id,
        caller.role,
        scopes_of(caller.role, caller.scopes, is_admin=caller.is_admin),
    )


async def _caller(database: Database, tokens: Tokens, word: str) -> Caller:
    if word.startswith(f"{KEY_KIND}_"):
        async with database.reading() as session:
            caller = await Accounts(session).behind_key(word)
        if caller is not None and caller.key_unused and caller.key_id is not None:
            async with database.session() as session:
                await Accounts(session).note_use(caller.key_id)
    else:
        token = tokens.read(word)
        async with database.reading() as session:
            caller = await Accounts(session).behind_token(
                token.user_id, token.workspace_id, token.family
            )
    if caller is None:
        raise invalid_token()
    return caller


def require(*scopes: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency that lets those in who have all these scopes, and gives the `Principal`.

    401 and 403 need not be documented route by route: `openapi.py` adds them wherever this is used.
    """

    async def check(principal: Annotated[Principal, Depends(signed_in)]) -> Principal:
        check_scopes(principal, *scopes)
        return principal

    return check


def check_scopes(principal: Principal, *scopes: str) -> None:
    """For what only the content of a request tells; ``require`` is for whole routes.

    Raises:
        NotAllowed: one of the scopes is missing.
    """
    missing = [scope for scope in scopes if scope not in principal.scopes]
    if missing:
        raise NotAllowed(
            f"this needs the scope {', '.join(missing)}",
            "Ask an administrator of the workspace for a role or a key that has it",
        )


async def limit_anonymous(request: Request) -> None:
    """A dependency for routes without sign-in: counts requests by IP address.

    Raises:
        TooManyRequests: they asked too often.
    """
    state = request.app.state
    await state.limiter.spend(
        f"ip:{client_ip(request)}", state.settings.gateway.anonymous_per_minute
    )


def client_ip(request: Request) -> str:
    """Where a request came from, as `guard.py` found out."""
    return str(getattr(request.state, "client_ip", None) or "unknown")


def came_by_tls(request: Request) -> bool:
    """Whether cookies may be kept for TLS only: people reach this by https, or this request came so."""
    public: str = request.app.state.settings.gateway.public_url
    return public.startswith("https://") or bool(getattr(request.state, "tls", False))


def actor_of(request: Request, principal: Principal | None = None) -> Actor:
    """Who does something, for the audit."""
    return Actor(
        user_id=principal.user_id if principal else None,
        key_id=principal.key_id if principal else None,
        ip=client_ip(request),
        request_id=getattr(request.state, "request_id", None),
    )
