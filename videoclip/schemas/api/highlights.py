"""What a job found, and whether somebody wants it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.transcript import Candidate

__all__ = ["Decision", "DecisionIn", "HighlightList", "HighlightOut"]

Decision = Literal["accepted", "rejected"]


class HighlightOut(BaseModel):
    """A candidate, and what somebody decided."""

    candidate: Candidate
    decision: Decision | None = Field(description="null: nobody has decided")


class HighlightList(BaseModel):
    """All candidates of a job, the best first; `selected` says which became clips."""

    highlights: list[HighlightOut]


class DecisionIn(Incoming):
    """Whether it is wanted."""

    decision: Decision | None = Field(description="null: take the decision back")
