"""The answers behind a call: their status and headers."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

__all__ = ["SEEN", "RawResponse"]

T = TypeVar("T")
SEEN: ContextVar[list[httpx.Response] | None] = ContextVar("videoclip_answers", default=None)
"""Where answers are put down while somebody wants to see them."""


@dataclass(frozen=True, slots=True)
class RawResponse(Generic[T]):
    """What a call returned, and the last answer that it is made from."""

    value: T
    response: httpx.Response

    @property
    def status_code(self) -> int:
        """HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> httpx.Headers:
        """All headers of the answer."""
        return self.response.headers

    @property
    def request_id(self) -> str | None:
        """What finds the request in the server's log."""
        found: str | None = self.response.headers.get("x-request-id")
        return found
