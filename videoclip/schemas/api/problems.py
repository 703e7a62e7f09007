"""Errors as the API tells them: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["PROBLEM_TYPE", "FieldFault", "Problem"]

PROBLEM_TYPE = "application/problem+json"


class FieldFault(BaseModel):
    """What is wrong with one field of a request."""

    where: str = Field(description="such as body.request.top")
    message: str


class Problem(BaseModel):
    """What went wrong, for programs (`code`) and for people (`title`, `detail`)."""

    type: str = Field("about:blank", description="always about:blank; `code` tells kinds apart")
    title: str = Field(description="the cause, one line")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="the remedy, one line")
    code: str = Field(description="stable between releases")
    retryable: bool = Field(False, description="the same request may go well later")
    request_id: str | None = Field(None, description="to find it in the log")
    errors: list[FieldFault] | None = Field(None, description="of single fields")
