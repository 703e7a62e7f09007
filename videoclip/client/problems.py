"""Answers that are errors, as exceptions: each code of the API is the error of that code.

VideoClipError
├── NotFound, Conflict, NotSignedIn, ...   the classes of videoclip.errors, found by their code
├── ApiProblem                             a code that this release does not know
├── ServerUnreachable                      no connection, or it broke
├── AnswerUnreadable                       something else than this API answers there
└── WaitEnded                              the time that one would wait is over; the job goes on
"""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import ValidationError

from videoclip import errors
from videoclip.client.retry import retry_after_s
from videoclip.errors import VideoClipError
from videoclip.schemas.api.problems import Problem

__all__ = [
    "AnswerUnreadable",
    "ApiProblem",
    "ServerUnreachable",
    "WaitEnded",
    "error_of_code",
    "problem_of",
    "unreachable",
]

_FAULTS = 3
_BY_STATUS = {
    401: ("not_signed_in", "the key or token is not valid", "Make a new key, or sign in"),
    403: ("not_allowed", "this is not allowed", "Ask an administrator of the workspace"),
    404: ("not_found", "it is not there", "See whether the name is right"),
    410: ("upload_gone", "the upload has expired", "Begin it anew"),
    416: ("no_such_range", "the file has no such bytes", "Download it again"),
    423: ("upload_busy", "another request writes to the upload", "Wait a little"),
    429: ("too_many_requests", "too many requests", "Wait a little"),
    503: ("database_away", "the server cannot work just now", "Try again in a moment"),
}


class ApiProblem(VideoClipError):
    """The server refused with a code that this release does not know; `code` is that code."""

    code = "http_error"
    exit_status = 5

    def __init__(self, cause: str, remedy: str, **context: Any) -> None:
        super().__init__(cause, remedy, **context)
        # A class variable of the base: here each object has its own.
        self.__dict__["code"] = str(context.get("code", "http_error"))
        self.__dict__["retryable"] = bool(context.get("retryable", False))


class ServerUnreachable(VideoClipError):
    """No connection to the server, or it broke and stayed broken."""

    code = "server_unreachable"
    exit_status = 5
    http_status = 503
    retryable = True


class AnswerUnreadable(VideoClipError):
    """What answers there is not this API, or one of a release that this one cannot read."""

    code = "answer_unreadable"
    exit_status = 5
    http_status = 502


class WaitEnded(VideoClipError):
    """The time that one would wait is over; what was waited for goes on."""

    code = "wait_ended"
    exit_status = 5
    http_status = 408
    retryable = True


_BY_CODE: dict[str, type[VideoClipError]] = {
    kind.code: kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type) and issubclass(kind, VideoClipError)
}


def error_of_code(code: str, cause: str, remedy: str, **context: Any) -> VideoClipError:
    """The error that a code stands for."""
    kind = _BY_CODE.get(code)
    if kind is None:
        return ApiProblem(cause, remedy, code=code, **context)
    return kind(cause, remedy, **context)


def problem_of(response: httpx.Response) -> VideoClipError:
    """The error that an answer tells of; the answer must have been read."""
    request_id = response.headers.get("x-request-id")
    told_s = retry_after_s(response.headers)
    waiting = {"retry_after_s": told_s} if told_s else {}
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        if not response.content and response.status_code in _BY_STATUS:
            # An answer to HEAD has no body.
            code, cause, remedy = _BY_STATUS[response.status_code]
            return error_of_code(
                code, cause, remedy, status=response.status_code, request_id=request_id, **waiting
            )
        return ApiProblem(
            f"the server answered {response.status_code} {response.reason_phrase}",
            "See whether the address is right, and what stands between here and the server",
            code="http_error", status=response.status_code, request_id=request_id,
            retryable=response.status_code in (408, 429, 502, 503, 504), **waiting,
        )  # fmt: skip
    context: dict[str, Any] = {
        "status": problem.status,
        "request_id": problem.request_id or request_id,
        **waiting,
    }
    cause = problem.title
    if problem.errors:
        context["errors"] = [fault.model_dump() for fault in problem.errors]
        told = "; ".join(f"{one.where}: {one.message}" for one in problem.errors[:_FAULTS])
        cause = f"{cause}: {told}"
    if problem.code not in _BY_CODE:
        context["retryable"] = problem.retryable
    return error_of_code(problem.code, cause, problem.detail, **context)


def unreachable(error: httpx.HTTPError, where: str) -> ServerUnreachable:
    """A connection that failed, as an error."""
    said = str(error) or type(error).__name__
    return ServerUnreachable(
        f"the server at {where} does not answer: {said}",
        "See whether the address is right and the server runs",
    )
