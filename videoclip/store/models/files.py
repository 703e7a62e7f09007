"""Uploads on their way, the assets they become, what a workspace may keep, and links to give away."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = ["Asset", "AssetFile", "Quota", "ShareLink", "Upload", "UsageEntry"]


class Upload(Base):
    """A file on its way in; its bytes lie in the folder of uploads under its id. Times are `now_ms`."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    created_by: Mapped[str | None] = mapped_column(String(36), doc="user or API key")
    name: Mapped[str] = mapped_column(String(255), doc="for people; never a path")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, doc="the client's Upload-Metadata")
    size: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", doc="never more than what is on the disk"
    )
    state: Mapped[str] = mapped_column(String(16), doc="open, received, finished or refused")
    concat: Mapped[str] = mapped_column(
        String(8), default="", server_default="", doc="partial or final"
    )
    parts: Mapped[list[str] | None] = mapped_column(JSON, doc="of a final one: ids, in order")
    joined_into: Mapped[str | None] = mapped_column(
        String(36), doc="of a partial one: the final one that counts its bytes"
    )
    sha256: Mapped[str | None] = mapped_column(
        String(64),
        doc="known before the bytes become an object, so that a crash between loses nothing",
    )
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    asset_id: Mapped[str | None] = mapped_column(String(36))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int] = mapped_column(BigInteger, doc="moved on by every byte that arrives")

    __table_args__ = (
        Index("ix_upload_workspace", "workspace_id", "id"),
        Index("ix_upload_expires", "state", "expires_ms"),
    )


class Asset(Base):
    """A video or sound of a workspace, examined and kept as an object."""

    __tablename__ = "asset"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    created_by: Mapped[str | None] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(255), doc="for people; never a path")
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    media: Mapped[dict[str, Any]] = mapped_column(JSON, doc="a `MediaInfo`")
    state: Mapped[str] = mapped_column(
        String(16), doc="ready, or missing: the sweeper found its object gone"
    )
    created_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_asset_workspace", "workspace_id", "id"),
        Index("ix_asset_sha256", "sha256"),
    )


class AssetFile(Base):
    """What was made to look at an asset by: thumbnail, storyboard, waveform, shots."""

    __tablename__ = "asset_file"

    asset_id: Mapped[str] = mapped_column(
        ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), doc="thumbnail, storyboard, waveform or shots")
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(80))


class Quota(Base):
    """What a workspace may keep and ask for; None: as the settings say."""

    __tablename__ = "quota"

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    max_bytes: Mapped[int | None] = mapped_column(
        BigInteger, doc="assets, uploads and what jobs made, together"
    )
    max_video_ms: Mapped[int | None] = mapped_column(
        BigInteger, doc="length of the videos taken in during thirty days"
    )
    max_jobs: Mapped[int | None] = mapped_column(Integer, doc="jobs that are not over, at once")
    retention_days: Mapped[int | None] = mapped_column(
        Integer, doc="after which assets and finished jobs go; 0: never"
    )


class UsageEntry(Base):
    """Something that counts against a quota over time; deleting what it was for does not take it back."""

    __tablename__ = "usage_entry"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32), doc="video_ms or bytes_in")
    amount: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str | None] = mapped_column(String(36), doc="id of what it was for")

    __table_args__ = (Index("ix_usage_entry_workspace", "workspace_id", "kind", "at_ms"),)


class ShareLink(Base):
    """A link by which somebody without an account reads one file, until it expires or is taken back."""

    __tablename__ = "share_link"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    created_by: Mapped[str | None] = mapped_column(String(36))
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255), doc="of the file in the job's result")
    token_sha256: Mapped[str] = mapped_column(
        String(64), unique=True, doc="the token itself is told once"
    )
    created_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int] = mapped_column(BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_share_link_job", "job_id"),)
