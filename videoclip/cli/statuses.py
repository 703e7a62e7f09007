"""How jobs ended: the word for people, and one exit status for several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from videoclip.errors import Cancelled, WorkFailed
from videoclip.schemas.api.jobs import State

__all__ = ["EXIT", "Shown", "overall"]

Shown = Literal[State, "no-clips"]
"""A state as people see it: a job that succeeded and found nothing worth a clip has one of its own."""

EXIT = {"succeeded": 0, "nothing_selected": 4, "partial": 5, "failed": 5}
"""By the status of a job's result."""


def overall(statuses: Sequence[int]) -> int:
    """Theirs when they agree, 4 when some gave clips and the others nothing, else 5, 'some failed, the rest is there'."""
    if Cancelled.exit_status in statuses:
        return Cancelled.exit_status
    kinds = set(statuses)
    if len(kinds) <= 1:
        return kinds.pop() if kinds else 0
    return 4 if kinds == {0, 4} else WorkFailed.exit_status
