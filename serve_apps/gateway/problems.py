"""Errors as `application/problem+json` (RFC 9457): a stable code, a cause, a remedy; the same for every kind of error."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from videoclip.errors import NotFound, VideoClipError, one_line
from videoclip.schemas.api.problems import PROBLEM_TYPE, FieldFault, Problem

__all__ = ["example_of", "install", "problem_response", "problems"]

_LOG = logging.getLogger("videoclip.gateway")
_MAX_FAULTS = 50
_CHECKSUM_MISMATCH = 460
"""Of the protocol of uploads (tus), not of HTTP."""
_BY_STATUS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "Send the request as the documentation says"),
    401: ("not_signed_in", "Sign in, or send an API key"),
    403: ("not_allowed", "Ask an administrator of the workspace"),
    404: ("not_found", "See /api/v1/openapi.json for the addresses that there are"),
    405: ("method_not_allowed", "See the Allow header"),
    406: ("not_acceptable", "Accept application/json"),
    413: ("too_large", "Send less at once"),
    415: ("unsupported_media_type", "Send application/json"),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a route: its own error statuses, beside those that every route has."""
    return {
        status: {
            "model": Problem,
            "description": _phrase(status),
            "content": {PROBLEM_TYPE: {"example": example_of(status)}},
        }
        for status in statuses
    }


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as a response."""
    content = json.dumps(problem.model_dump(exclude_none=True), ensure_ascii=True)
    return Response(content, problem.status, headers, media_type=PROBLEM_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the application in this form."""
    app.add_exception_handler(VideoClipError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, VideoClipError)
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s: %s", request.url.path, error, extra={"request_id": _id(request)})
    headers: dict[str, str] = {}
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.context:
        headers["Retry-After"] = str(error.context["retry_after_s"])
    elif error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    request.state.problem = error.code
    return problem_response(
        Problem(
            title=error.cause,
            status=error.http_status,
            detail=error.remedy,
            code=error.code,
            retryable=error.retryable,
            request_id=_id(request),
        ),
        headers,
    )


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if (thing := _unknown_thing(error)) is not None:
        return await _ours(
            request,
            NotFound(f"there is no such {thing}", f"List each {thing} and use the id of one"),
        )
    # What was sent is not told back: it may hold secrets, or text that no encoding takes.
    faults = [
        FieldFault(where=_path(fault["loc"]), message=one_line(str(fault["msg"])))
        for fault in error.errors()[:_MAX_FAULTS]
    ]
    request.state.problem = "invalid_request"
    return problem_response(
        Problem(
            title="the request is not valid",
            status=422,
            detail="Correct the fields that errors names",
            code="invalid_request",
            request_id=_id(request),
            errors=faults,
        )
    )


def _unknown_thing(error: RequestValidationError) -> str | None:
    """What an address names by something that no id looks like, such as ``job``: there is none, as for any unknown id."""
    for fault in error.errors():
        match fault["loc"]:
            case ("path", str(name)) if name.endswith("_id") and fault["type"].startswith("string"):
                return name.removesuffix("_id").replace("_", " ")
    return None


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, remedy = _BY_STATUS.get(error.status_code, ("http_error", "See the documentation"))
    request.state.problem = code
    return problem_response(
        Problem(
            title=one_line(str(error.detail)) or HTTPStatus(error.status_code).phrase,
            status=error.status_code,
            detail=remedy,
            code=code,
            request_id=_id(request),
        ),
        dict(error.headers or {}),
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    del error  # the server logs it with its trace
    request.state.problem = "internal"
    return problem_response(
        Problem(
            title="something went wrong in the server",
            status=500,
            detail="Try again; if it stays, tell the administrator the request's id",
            code="internal",
            request_id=_id(request),
        )
    )


def _path(parts: tuple[int | str, ...]) -> str:
    return one_line(".".join(str(part) for part in parts), 200)


def _id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)


def _phrase(status: int) -> str:
    return "Checksum Mismatch" if status == _CHECKSUM_MISMATCH else HTTPStatus(status).phrase


def example_of(status: int) -> dict[str, Any]:
    """What a problem of this status looks like."""
    code, remedy = _BY_STATUS.get(
        status, _OTHERS.get(status, ("http_error", "See the documentation"))
    )
    example: dict[str, Any] = {
        "type": "about:blank", "title": _phrase(status), "status": status,
        "detail": remedy, "code": code, "retryable": status in (429, 503),
        "request_id": "0198c0de-0000-7000-8000-000000000000",
    }  # fmt: skip
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = [{"where": "body.request.top", "message": "Input should be less"}]
    return example


_OTHERS: dict[int, tuple[str, str]] = {
    409: ("conflict", "Read it again, and decide anew"),
    422: ("invalid_request", "Correct the fields that errors names"),
    429: ("too_many_requests", "Wait as long as Retry-After says"),
    500: ("internal", "Try again; if it stays, tell the administrator the request's id"),
    503: ("database_away", "Try again in a moment"),
    507: ("storage_full", "Make room, or take another folder"),
}
