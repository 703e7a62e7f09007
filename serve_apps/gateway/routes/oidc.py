"""Sign in through an OpenID Connect provider, where the settings name one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from serve_apps.gateway.access import actor_of, came_by_tls, limit_anonymous
from serve_apps.gateway.oidc import Oidc
from serve_apps.gateway.problems import problems
from serve_apps.gateway.routes.auth import token_out
from serve_apps.ui import cookie
from videoclip.errors import NotFound, NotSignedIn, VideoClipError
from videoclip.schemas.api.auth import TokenOut

__all__ = ["router"]

router = APIRouter(prefix="/auth/oidc", tags=["auth"], dependencies=[Depends(limit_anonymous)])
_COOKIE = "videoclip_oidc"
_PAGES = "videoclip_oidc_pages"
_PATH = "/api/v1/auth/oidc"
Word = Annotated[str | None, Query(max_length=4000)]


@router.get(
    "/login",
    summary="Sign in through the provider",
    status_code=302,
    response_class=RedirectResponse,
    responses=problems(404),
)
async def login(
    request: Request,
    pages: Annotated[
        bool, Query(description="come back to the web UI, signed in there, instead of to tokens")
    ] = False,
) -> Response:
    """Go to the provider; a browser keeps what is needed to come back."""
    way = _way(request)
    outset = await way.begin()
    answer = RedirectResponse(outset.address, 302)
    answer.set_cookie(
        _COOKIE, outset.cookie, max_age=outset.life_s, path=_PATH, httponly=True, samesite="lax",
        secure=came_by_tls(request),
    )  # fmt: skip
    if pages:
        answer.set_cookie(
            _PAGES, "yes", max_age=outset.life_s, path=_PATH, httponly=True, samesite="lax",
            secure=came_by_tls(request),
        )  # fmt: skip
    else:
        answer.delete_cookie(_PAGES, path=_PATH)
    return answer


@router.get(
    "/callback",
    summary="Come back from the provider",
    response_model=TokenOut,
    responses={
        303: {"description": "To the web UI, where the way out began there"},
        **problems(401, 404),
    },
)
async def callback(
    request: Request,
    response: Response,
    code: Word = None,
    state: Word = None,
    error: Word = None,
    videoclip_oidc: Annotated[str | None, Cookie(include_in_schema=False)] = None,
    videoclip_oidc_pages: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> TokenOut | Response:
    """Get tokens for whom the provider names: an account with that identity, or with the address it has verified."""
    way = _way(request)
    to_pages = bool(videoclip_oidc_pages) and request.app.state.settings.ui.enabled
    try:
        if error is not None or not code or not state or not videoclip_oidc:
            raise NotSignedIn(
                "the provider let nobody in", "Begin again at /api/v1/auth/oidc/login"
            )
        session = await way.finish(videoclip_oidc, state, code, actor_of(request))
    except VideoClipError:
        if not to_pages:
            raise
        return _gone_out(RedirectResponse(f"{cookie.BASE}/sign-in?refused=provider", 303))
    if not to_pages:
        _gone_out(response)
        return token_out(session)
    # The page itself never sees a token that lasts: it finds the cookie, as after any other sign-in.
    answer = _gone_out(RedirectResponse(f"{cookie.BASE}/", 303))
    state_of = request.app.state
    cookie.keep(answer, request, session.refresh_token, state_of.secrets, state_of.settings)
    return answer


def _gone_out(response: Response) -> Response:
    """Take away what the browser kept for the way."""
    for name in (_COOKIE, _PAGES):
        response.delete_cookie(name, path=_PATH)
    return response


def _way(request: Request) -> Oidc:
    state = request.app.state
    gateway = state.settings.gateway
    if not state.settings.auth.oidc_issuer:
        raise NotFound("there is no sign-in through a provider here", "Sign in with a password")
    base = gateway.public_url.rstrip("/") or f"http://{gateway.host}:{gateway.port}"
    return Oidc(
        state.settings.auth,
        f"{base}{_PATH}/callback",
        state.database,
        state.secrets,
        state.entrance,
    )
