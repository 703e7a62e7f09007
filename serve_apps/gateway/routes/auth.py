"""Sign in, go on, sign out; invitations; one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr

from serve_apps.gateway.access import Principal, actor_of, limit_anonymous, require
from serve_apps.gateway.problems import problems
from serve_apps.gateway.sign_in import Entrance, Session
from videoclip.errors import NotAllowed, UsageError
from videoclip.schemas.api.auth import (
    InvitationIn,
    MeOut,
    NewPasswordIn,
    PasswordIn,
    PlaceOut,
    RefreshIn,
    SignOutIn,
    TokenOut,
    UserOut,
)
from videoclip.store.accounts import Accounts
from videoclip.store.database import Database

__all__ = ["TokenOut", "person", "router", "token_out"]

router = APIRouter(prefix="/auth", tags=["auth"])
Member = Annotated[Principal, Depends(require())]
open_to_all = Depends(limit_anonymous)


def entrance(request: Request) -> Entrance:
    """The way in, of the application."""
    found: Entrance = request.app.state.entrance
    return found


def person(who: Principal) -> str:
    """The user behind a sign-in.

    Raises:
        NotAllowed: it is an API key.
    """
    if who.key_id is not None or who.user_id is None:
        raise NotAllowed("this cannot be done with an API key", "Sign in with a password")
    return who.user_id


def check_password(request: Request, password: SecretStr) -> str:
    """A new password that is long enough.

    Raises:
        UsageError: it is not.
    """
    word = password.get_secret_value()
    shortest: int = request.app.state.settings.auth.min_password
    if len(word) < shortest or len(set(word)) < 5:
        raise UsageError(
            f"the password needs {shortest} characters, and not always the same ones",
            "Take a longer one; a few words do well",
        )
    return word


@router.post(
    "/token", summary="Sign in", responses=problems(401, 403, 404), dependencies=[open_to_all]
)
async def sign_in(body: PasswordIn, request: Request) -> TokenOut:
    """Get an access token for a workspace, and a refresh token for the next one."""
    word = body.password.get_secret_value()
    return token_out(
        await entrance(request).by_password(body.email, word, body.workspace_id, actor_of(request))
    )


@router.post("/refresh", summary="Go on", responses=problems(401, 404), dependencies=[open_to_all])
async def refresh(body: RefreshIn, request: Request) -> TokenOut:
    """Use a refresh token up for new tokens, perhaps of another workspace. One that comes twice ends its sign-in."""
    word = body.refresh_token.get_secret_value()
    return token_out(await entrance(request).by_refresh(word, body.workspace_id, actor_of(request)))


@router.post("/sign-out", summary="Sign out", status_code=204, dependencies=[open_to_all])
async def sign_out(body: SignOutIn, request: Request) -> Response:
    """End a sign-in: its access tokens are refused at once, too."""
    await entrance(request).end(body.refresh_token.get_secret_value(), actor_of(request))
    return Response(status_code=204)


@router.post(
    "/invitations",
    summary="Use an invitation",
    status_code=201,
    responses=problems(401, 404, 409),
    dependencies=[open_to_all],
)
async def accept(body: InvitationIn, request: Request) -> TokenOut:
    """Join a workspace, with a new account or one's own; the first administrator comes in this way, too."""
    word = check_password(request, body.password)
    return token_out(
        await entrance(request).by_invitation(
            body.token.get_secret_value(), body.email, body.name, word, actor_of(request)
        )
    )


@router.get("/me", summary="Who am I")
async def me(request: Request, who: Member) -> MeOut:
    """Who the token or key stands for, and what it may do."""
    database: Database = request.app.state.database
    user, places = None, []
    if who.user_id is not None:
        async with database.reading() as session:
            accounts = Accounts(session)
            found = await accounts.user(who.user_id)
            user = UserOut(id=found.id, email=found.email, name=found.name, is_admin=found.is_admin)
            places = await accounts.workspaces_of(who.user_id)
    if who.key_id is not None:  # a key is for one workspace, and tells of no other
        places = [place for place in places if place.id == who.workspace_id]
    return MeOut(
        user=user, key_id=who.key_id, workspace_id=who.workspace_id, role=who.role,
        scopes=sorted(who.scopes),
        workspaces=[PlaceOut(id=p.id, name=p.name, role=p.role) for p in places],
    )  # fmt: skip


@router.post("/password", summary="Change one's password", status_code=204)
async def change_password(body: NewPasswordIn, request: Request, who: Member) -> Response:
    """Replace the password. All sign-ins end, this one too."""
    user_id = person(who)
    new = check_password(request, body.new)
    await entrance(request).change_password(
        user_id, body.current.get_secret_value(), new, actor_of(request, who)
    )
    return Response(status_code=204)


def token_out(session: Session) -> TokenOut:
    """A sign-in as it is told."""
    user = session.user
    return TokenOut(
        access_token=session.access_token,
        expires_in=session.expires_in,
        refresh_token=session.refresh_token,
        user=UserOut(id=user.id, email=user.email, name=user.name, is_admin=user.is_admin),
        workspace_id=session.workspace_id,
        workspaces=[PlaceOut(id=p.id, name=p.name, role=p.role) for p in session.workspaces],
    )
