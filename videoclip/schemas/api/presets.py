"""Brand kits."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id, Label
from videoclip.schemas.requests import RenderOptions

__all__ = ["PresetChange", "PresetIn", "PresetOut", "PresetPage", "PreviewIn"]


class PresetIn(Incoming):
    """A brand kit to be."""

    name: Label
    description: str = Field("", max_length=2000, pattern=r"^[^\x00]*$")
    render: RenderOptions = Field(description="as in a job's request")


class PresetChange(PresetIn):
    """A brand kit written anew."""

    version: int = Field(ge=1, le=2**31 - 1, description="the one that was read")


class PresetOut(BaseModel):
    """A brand kit; times are milliseconds since 1970."""

    id: Id
    name: str
    description: str
    render: dict[str, Any]
    version: int
    created_ms: int
    updated_ms: int


class PresetPage(BaseModel):
    """Some brand kits, oldest first."""

    presets: list[PresetOut]
    next_cursor: str | None


class PreviewIn(Incoming):
    """What a frame of a style shall show."""

    render: RenderOptions = Field(
        default_factory=RenderOptions,
        description="as in a job's request; `watermark` may be asset:ID",
    )
    asset_id: Id | None = Field(None, description="the video; null: a plain ground")
    at_ms: int = Field(0, ge=0, le=2**40, description="which moment of the video")
    text: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="what captions say")
    title: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="of the title card")
    show: Literal["clip", "title"] = Field(
        "clip", description="a frame of the clip, or of its title card"
    )
