"""Edited clips: an edit list with a style."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id
from videoclip.schemas.media import TimeRange
from videoclip.schemas.requests import RenderOptions

__all__ = [
    "Ranges",
    "Reference",
    "RenderOut",
    "SpecChange",
    "SpecIn",
    "SpecOut",
    "SpecPage",
    "Title",
]

Title = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Ranges = Annotated[list[TimeRange], Field(min_length=1, max_length=1000)]
Reference = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$", examples=["asset:ID"])
]


class SpecIn(Incoming):
    """An edited clip."""

    source: Reference
    title: Title = ""
    ranges: Ranges = Field(description="of the source, in the order they play")
    render: RenderOptions = Field(default_factory=RenderOptions)
    transcript_id: Id | None = Field(None, description="whose words are the captions")
    job_id: Id | None = Field(None, description="in whose review it is made")


class SpecChange(Incoming):
    """What changes; what is left out stays."""

    base_version: int = Field(ge=1, le=2**31 - 1, description="the version that is changed")
    title: Title | None = None
    ranges: Ranges | None = None
    render: RenderOptions | None = None
    transcript_id: Id | None = None


class SpecOut(BaseModel):
    """An edited clip; times are milliseconds since 1970."""

    id: Id
    version: int
    source: str
    title: str
    ranges: list[TimeRange]
    render: RenderOptions
    transcript_id: str | None
    job_id: str | None = Field(description="in whose review it was made")
    candidate_id: str | None = Field(description="the highlight of that job that it began as")
    created_by: str | None
    created_ms: int
    updated_ms: int


class SpecPage(BaseModel):
    """Some edited clips, newest first."""

    clips: list[SpecOut]
    next_cursor: str | None


class RenderOut(BaseModel):
    """The job that renders it."""

    job_id: Id
