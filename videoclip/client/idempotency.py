"""Words that make a request one request, however often it is sent."""

from __future__ import annotations

import uuid

__all__ = ["key_header"]


def key_header(given: str | None) -> dict[str, str]:
    """`Idempotency-Key` with what was given, or with a word that nobody else has."""
    return {"Idempotency-Key": given or str(uuid.uuid4())}
