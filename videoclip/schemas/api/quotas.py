"""What a workspace keeps, and how much of that it may."""

from __future__ import annotations

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming

__all__ = ["LimitsOut", "QuotaIn", "QuotaOut"]

_LARGEST = 2**53 - 1


class LimitsOut(BaseModel):
    """What the workspace may do; null: no limit."""

    max_bytes: int | None
    max_video_ms: int | None
    max_jobs: int | None
    retention_days: int | None


class QuotaOut(BaseModel):
    """What the workspace uses, and what it may."""

    asset_bytes: int = Field(description="of its assets")
    upload_bytes: int = Field(description="announced by uploads that are not assets yet")
    result_bytes: int = Field(description="of the files that its jobs made")
    video_ms: int = Field(description="length of the videos taken in during thirty days")
    bytes_in: int = Field(description="taken in during thirty days")
    jobs: int = Field(description="that wait or run")
    limits: LimitsOut


class QuotaIn(Incoming):
    """The workspace's own limits; null: as the settings say. 0 allows nothing; of retention_days, 0 means never."""

    max_bytes: int | None = Field(None, ge=0, le=_LARGEST)
    max_video_ms: int | None = Field(None, ge=0, le=_LARGEST)
    max_jobs: int | None = Field(None, ge=0, le=1_000_000)
    retention_days: int | None = Field(None, ge=0, le=36_500)
