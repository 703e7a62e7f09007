"""When a request is sent again, and after which pause. No clock and no network in here."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import httpx

__all__ = ["LONGEST_S", "again_after", "backoff_s", "retry_after_s"]

LONGEST_S = 60.0
"""A server that says to wait longer is believed, and the error told instead."""
_FIRST_S = 0.25
_REFUSED = (429, 503)
_FAILED = (408, 423, 500, 502, 504)
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def backoff_s(attempt: int) -> float:
    """Pause before the next attempt, seconds: doubled each time, at most 8, with a random half (jitter)."""
    longest = min(8.0, _FIRST_S * 2.0 ** min(attempt, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spread, no secret


def retry_after_s(headers: Mapping[str, str]) -> float:
    """What `Retry-After` says, seconds from now; 0: nothing."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def again_after(
    attempt: int, *, safe: bool, answer: httpx.Response | None = None,
    fault: httpx.TransportError | None = None,
) -> float | None:  # fmt: skip
    """The pause before a request is sent once more; None: it is not.

    Args:
        attempt: how many were made again before; 0: none.
        safe: sending it twice does what sending it once does.
        answer: what came.
        fault: or why nothing came.
    """
    if answer is None:
        again = safe or isinstance(fault, _UNSENT)
        return backoff_s(attempt) if again else None
    status = answer.status_code
    if not (status == 429 or (safe and status in _REFUSED + _FAILED)):
        return None
    told = retry_after_s(answer.headers)
    return None if told > LONGEST_S else max(told, backoff_s(attempt))
