"""What became of the candidates, in few words: how many there were, and for which reasons they were dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from videoclip.schemas import Candidate, Notice

__all__ = ["nothing_selected", "tally"]

_ANOTHER = re.compile(r"\bc\d{2,}\b")
_MOST_REASONS = 5


def tally(candidates: Sequence[Candidate]) -> dict[str, Any]:
    """How many candidates were found and selected, and how many were dropped for which reason, commonest first.

    A reason that names another candidate counts with its like.
    """
    reasons = Counter(_ANOTHER.sub("another", one.dropped) for one in candidates if one.dropped)
    return {
        "found": len(candidates),
        "selected": sum(one.selected for one in candidates),
        "dropped": dict(reasons.most_common()),
    }


def nothing_selected(candidates: Sequence[Candidate], sentences: int) -> Notice:
    """Why no clip was made.

    Args:
        candidates: all of them, each dropped.
        sentences: of the transcript.
    """
    if candidates:
        dropped: dict[str, int] = tally(candidates)["dropped"]
        told = [f"{reason} ({count})" for reason, count in list(dropped.items())[:_MOST_REASONS]]
        more = "; ..." if len(dropped) > _MOST_REASONS else ""
        message = f"None of {len(candidates)} candidates became a clip: {'; '.join(told)}{more}"
        if len(candidates) == 1:
            message = f"The only candidate became no clip: {candidates[0].dropped}"
        remedy = (
            "Look at the candidates, then ask for other lengths or another genre, or in other words"
        )
    elif sentences:
        message = f"No highlight was proposed in {sentences} sentences"
        remedy = "Ask for another genre, for other lengths, or in other words"
    else:
        message = "Nothing was said in the source, so there was nothing to pick from"
        remedy = "Check its sound and the language, or give a transcript"
    return Notice(code="nothing_selected", message=message, remedy=remedy)
