"""Uploads as they stand."""

from __future__ import annotations

from pydantic import BaseModel, Field

from videoclip.schemas.api.fields import Id

__all__ = ["FaultOut", "UploadOut", "UploadPage"]


class FaultOut(BaseModel):
    """Why a file was refused."""

    code: str
    cause: str
    remedy: str


class UploadOut(BaseModel):
    """An upload as it stands."""

    id: Id
    name: str
    size: int = Field(description="bytes that were announced")
    offset: int = Field(description="bytes that are here, safely")
    state: str = Field(description="open, received, finished (it is an asset) or refused")
    concat: str = Field(description="partial, final or empty")
    error: FaultOut | None = Field(
        None, description="why it was refused; it stays until it expires"
    )
    asset_id: Id | None
    created_ms: int
    expires_ms: int = Field(description="when it goes unless more bytes arrive, ms since 1970")


class UploadPage(BaseModel):
    """Some uploads, newest first."""

    uploads: list[UploadOut]
    next_cursor: str | None
