"""What the UI's server answers by itself: the session of a browser, and the files of the pages."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gradio_ui import static_files
from serve_apps.ui import cookie
from serve_apps.ui.sessions import Grant, Refused, Sessions

__all__ = ["FOR_EVER", "ROUTES"]

_PROBLEM = "application/problem+json"
FOR_EVER = "public, max-age=31536000, immutable"
"""Cache-Control of what has another name when it changes."""


class _Begin(BaseModel):
    model_config = ConfigDict(extra="forbid")
    refresh_token: SecretStr = Field(min_length=8, max_length=200)


class _GoOn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    workspace_id: str | None = Field(None, max_length=40)
    refused: bool = False
    """The API refused the page's access token: the same one is of no use."""


async def begin(request: Request) -> Response:
    """Keep a sign-in that the page has just made. Its refresh token is used up here, so the page knows it no more."""
    try:
        body = _Begin.model_validate_json(await request.body())
    except ValidationError:
        return _problem(422, "invalid_request", "this is no sign-in", "Send a refresh token")
    return await _refreshed(request, body.refresh_token.get_secret_value(), None)


async def go_on(request: Request) -> Response:
    """An access token for who has the cookie, perhaps for another workspace; 204: nobody is signed in."""
    try:
        body = _GoOn.model_validate_json(await request.body() or b"{}")
    except ValidationError:
        return _problem(422, "invalid_request", "this is no workspace", "Send its id")
    token = cookie.kept(request, request.app.state.secrets)
    if token is None:
        return Response(status_code=204)
    return await _refreshed(request, token, body.workspace_id, refused=body.refused)


async def end(request: Request) -> Response:
    """Sign out."""
    token = cookie.kept(request, request.app.state.secrets)
    if token is not None:
        sessions: Sessions = request.app.state.sessions
        await sessions.end(token, _ip(request))
    answer = Response(status_code=204)
    cookie.clear(answer)
    return answer


async def code(request: Request) -> Response:
    """A script, a style, a text."""
    found = static_files.find(request.path_params["name"])
    if found is None:
        return _problem(404, "not_found", "there is no such file", "Load the page again")
    current = request.path_params["version"] == static_files.version()
    caching = FOR_EVER if current else "no-cache"
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": caching})


async def _refreshed(
    request: Request, token: str, workspace_id: str | None, *, refused: bool = False
) -> Response:
    state = request.app.state
    sessions: Sessions = state.sessions
    try:
        grant: Grant = await sessions.refresh(token, _ip(request), workspace_id, refused=refused)
    except Refused as refusal:
        answer: Response = JSONResponse(refusal.problem, refusal.status, media_type=_PROBLEM)
        if refusal.status == 401:
            cookie.clear(answer)
        return answer
    answer = JSONResponse(grant.told)
    cookie.keep(answer, request, grant.refresh_token, state.secrets, state.settings)
    return answer


def _ip(request: Request) -> str:
    return str(getattr(request.state, "client_ip", None) or "127.0.0.1")


def _problem(status: int, word: str, title: str, detail: str) -> Response:
    content: dict[str, Any] = {"title": title, "status": status, "detail": detail, "code": word}
    return JSONResponse(content, status, media_type=_PROBLEM)


ROUTES = (
    Route(f"{cookie.BASE}/session", begin, methods=["PUT"]),
    Route(f"{cookie.BASE}/session", end, methods=["DELETE"]),
    Route(f"{cookie.BASE}/session/refresh", go_on, methods=["POST"]),
    Route(f"{cookie.BASE}/code/{{version}}/{{name:path}}", code, methods=["GET", "HEAD"]),
)
"""In front of Gradio's own."""
