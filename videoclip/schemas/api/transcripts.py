"""Transcripts, their versions and corrections."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id
from videoclip.schemas.transcript import Transcript

__all__ = [
    "CorrectionIn",
    "Name",
    "SentenceSpeaker",
    "TranscriptInfo",
    "TranscriptOut",
    "TranscriptPage",
    "VersionList",
    "VersionOut",
    "Word",
    "WordIn",
]

Word = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
_MOST = 5000


class TranscriptInfo(BaseModel):
    """A transcript without its words; times are milliseconds since 1970."""

    id: Id
    job_id: str | None
    asset_id: str | None = Field(description="the asset that it is of, while there is one")
    name: str
    language: str
    version: int = Field(description="the newest")
    created_ms: int


class TranscriptOut(TranscriptInfo):
    """A transcript."""

    shown: int = Field(description="the version that this is")
    content: Transcript


class TranscriptPage(BaseModel):
    """Some transcripts, newest first."""

    transcripts: list[TranscriptInfo]
    next_cursor: str | None


class VersionOut(BaseModel):
    """A version without its words."""

    version: int
    author: str | None = Field(description="id of the user or key; null: the recogniser")
    note: str
    created_ms: int


class VersionList(BaseModel):
    """All versions, newest first."""

    versions: list[VersionOut]


class WordIn(Incoming):
    """Another text for a word; it keeps its time."""

    id: int = Field(ge=0)
    text: Word


class SentenceSpeaker(Incoming):
    """Who says a sentence."""

    id: int = Field(ge=0)
    speaker: Name | None


class CorrectionIn(Incoming):
    """What is wrong in a version."""

    base_version: int = Field(ge=1, le=2**31 - 1, description="the version that is corrected")
    words: list[WordIn] = Field(default_factory=list, max_length=_MOST)
    speakers: dict[Name, Name] = Field(
        default_factory=dict, max_length=200, description="new names by the old ones"
    )
    sentences: list[SentenceSpeaker] = Field(default_factory=list, max_length=_MOST)
    note: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f]*$")
