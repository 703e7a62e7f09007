"""Texts of a server for a terminal: one line, without what would move the cursor or colour the screen."""

from __future__ import annotations

import time
from typing import Any

from videoclip.errors import one_line

__all__ = ["clean", "plain", "when"]


def plain(text: str, limit: int = 200) -> str:
    """A text in one line."""
    return one_line(text, limit)


def clean(value: Any) -> Any:
    """The same for all texts of an event's data."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {str(key): clean(each) for key, each in value.items()}
    return [clean(each) for each in value] if isinstance(value, list) else value


def when(ms: int | None) -> str:
    """A time of milliseconds since 1970, here."""
    return "" if ms is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(ms / 1000))
