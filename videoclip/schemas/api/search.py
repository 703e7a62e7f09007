"""What was found in everything that was said, and clips of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id
from videoclip.schemas.requests import RenderOptions

__all__ = [
    "HitOut",
    "HitPage",
    "Pick",
    "SupercutIn",
    "SupercutOut",
    "SupercutPart",
    "WordOut",
    "Words",
]

Words = Annotated[str, Field(min_length=1, max_length=200, examples=["手机 价格"])]


class WordOut(BaseModel):
    """A place where what was asked for stands."""

    begin: int = Field(description="first character of the text")
    end: int = Field(description="the character behind it")
    start_ms: int = Field(description="when it is spoken")
    end_ms: int


class HitOut(BaseModel):
    """A sentence that was found; times are milliseconds of its source."""

    job_id: Id = Field(description="whose transcript it stands in")
    source: str
    sentence: int = Field(description="its id in the transcript")
    start_ms: int
    end_ms: int
    speaker: str | None
    text: str
    found: list[WordOut] = Field(description="the first one is where to jump to")
    rank: float = Field(description="larger is better; only hits of one search compare")


class HitPage(BaseModel):
    """Some hits, the best first."""

    hits: list[HitOut]
    next_skip: int | None = Field(description="`skip` of the next page; null: these are the last")


class Pick(Incoming):
    """A hit that is taken."""

    job_id: Id
    sentence: int = Field(ge=0, le=2**31 - 1)


class SupercutIn(Incoming):
    """What is cut together."""

    hits: list[Pick] = Field(min_length=1, max_length=500)
    q: Words | None = Field(
        None,
        description="what was searched for: then only these words are played; null: whole sentences",
    )
    pad_ms: int = Field(150, ge=0, le=10_000, description="more before and after each hit")
    title: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f]*$")
    render: RenderOptions = Field(default_factory=RenderOptions)


class SupercutPart(BaseModel):
    """The clip of one source."""

    job_id: Id
    source: str
    ranges: int = Field(description="how many pieces it is made of")


class SupercutOut(BaseModel):
    """Render jobs, one for each source that hits are from."""

    jobs: list[SupercutPart]
