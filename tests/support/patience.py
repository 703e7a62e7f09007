"""Limits that end what hangs. Machines differ by a factor of three from day to day, and tests share them."""

from __future__ import annotations

__all__ = ["patient"]

_LONG_S, _FACTOR = 60, 3


def patient(limit_s: float) -> float:
    """A longer one of a limit that is no promise but only ends a wait; short limits stay, since tests may mean them."""
    return limit_s * _FACTOR if limit_s >= _LONG_S else limit_s
