"""Assets: the videos and sounds of a workspace, and links to files."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from videoclip.schemas.api.fields import Id
from videoclip.schemas.media import MediaInfo

__all__ = ["AssetKind", "AssetOut", "AssetPage", "LinkOut", "MakingOut", "View"]

AssetKind = Literal["video", "sound", "image"]
View = Literal["thumbnail", "storyboard", "waveform", "shots"]


class AssetOut(BaseModel):
    """An asset; times are milliseconds since 1970."""

    id: Id
    name: str
    sha256: str
    size: int
    duration_ms: int
    media: MediaInfo = Field(description="what it is, as the probe found it")
    state: str = Field(description="ready, or missing: its file is gone from the store")
    created_by: str | None
    created_ms: int

    @property
    def reference(self) -> str:
        """How a job's request names it as its source."""
        return f"asset:{self.id}"


class AssetPage(BaseModel):
    """Some assets, newest first."""

    assets: list[AssetOut]
    next_cursor: str | None


class LinkOut(BaseModel):
    """A link that whoever holds it may use until it ends; a path is below this server's address."""

    url: str
    expires_ms: int


class MakingOut(BaseModel):
    """It is being made; ask again."""

    state: Literal["making"] = "making"
