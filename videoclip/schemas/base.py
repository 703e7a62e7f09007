"""What every record shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LANGUAGE", "Milliseconds", "Record", "Score"]

Milliseconds = Annotated[int, Field(ge=0, description="integer milliseconds")]
LANGUAGE = r"^(auto|[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*)$"
Score = Annotated[float, Field(ge=0.0, le=1.0, description="0 worst, 1 best")]


class Record(BaseModel):
    """Base: immutable, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
