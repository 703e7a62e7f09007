"""What a runner tells of its progress: every stage and notice, and of what lies between so much as people can read."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from videoclip.progress import Event

__all__ = ["Telling"]

_ALWAYS = frozenset({"stage_started", "stage_finished", "notice", "error"})
_MOST = 1000
"""Events that wait for the database at most; while it is away, the oldest go."""


class Telling:
    """Collects events from the job's threads until the lease is renewed.

    Args:
        pause_ms: shortest time between two events of mere progress.
    """

    def __init__(self, pause_ms: int) -> None:
        self._pause_s = pause_ms / 1000
        self._lock = threading.Lock()
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._now: dict[str, Any] | None = None
        self._told_at = 0.0

    def hear(self, event: Event) -> None:
        """Take an event."""
        data = event.to_json()
        for name in ("event", "job"):
            data.pop(name, None)
        with self._lock:
            if event.stage and event.total:
                self._now = data
            if event.event in _ALWAYS:
                self._events.append((event.event, data))
            elif event.event == "progress" and time.monotonic() - self._told_at >= self._pause_s:
                self._told_at = time.monotonic()
                self._events.append(("progress", data))
            del self._events[:-_MOST]

    def take(self) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, Any] | None]:
        """What is to be told, and where the job stands, if that is news."""
        with self._lock:
            events, self._events = self._events, []
            now, self._now = self._now, None
            return events, now

    def give_back(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """It was not told after all."""
        with self._lock:
            self._events[:0] = events
            del self._events[:-_MOST]
