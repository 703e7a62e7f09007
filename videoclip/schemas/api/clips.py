"""What jobs made: files, clips, and links that were given away."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id
from videoclip.schemas.results import Clip

__all__ = [
    "ClipList",
    "FileList",
    "FileName",
    "FileOut",
    "NewShare",
    "ShareIn",
    "ShareList",
    "ShareOut",
]

FileName = Annotated[str, Field(min_length=1, max_length=255, examples=["clips/01-hello.mp4"])]


class FileOut(BaseModel):
    """A file that a job made."""

    name: str
    size: int
    media_type: str
    sha256: str


class FileList(BaseModel):
    """All files of a job."""

    files: list[FileOut]


class ClipList(BaseModel):
    """The clips of a job, best first."""

    clips: list[Clip]


class ShareIn(Incoming):
    """What to share, and for how long."""

    name: FileName
    life_s: int = Field(7 * 24 * 3600, ge=60, le=365 * 24 * 3600, description="seconds")


class ShareOut(BaseModel):
    """A link that was given away; times are milliseconds since 1970."""

    id: Id
    name: str
    created_by: str | None
    created_ms: int
    expires_ms: int
    revoked_ms: int | None = Field(description="when it was taken back")


class NewShare(ShareOut):
    """The link itself; it is told only now."""

    url: str = Field(description="path below this server's address")


class ShareList(BaseModel):
    """Some of the links to files of a job, newest first."""

    shares: list[ShareOut]
    next_cursor: str | None
