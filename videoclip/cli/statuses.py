"""One exit status for several jobs."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.errors import Cancelled, WorkFailed

__all__ = ["EXIT", "overall"]

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
