"""What people say of a job's results: corrected transcripts, accepted highlights, edited clips."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = ["ClipSpec", "HighlightDecision", "TranscriptRow", "TranscriptVersion"]


class TranscriptRow(Base):
    """A transcript; its content is in its versions."""

    __tablename__ = "transcript"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("job.id", ondelete="CASCADE"), unique=True, doc="that wrote the first version"
    )
    asset_id: Mapped[str | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(35))
    version: Mapped[int] = mapped_column(Integer, doc="the newest one")
    created_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_transcript_workspace", "workspace_id", "id"),)


class TranscriptVersion(Base):
    """A transcript as it was once."""

    __tablename__ = "transcript_version"

    transcript_id: Mapped[str] = mapped_column(
        ForeignKey("transcript.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True, doc="from 1")
    content: Mapped[dict[str, Any]] = mapped_column(
        JSON,
        doc="the newest: a `Transcript`; older ones: what makes them of the next, see store.transcript_deltas",
    )
    author: Mapped[str | None] = mapped_column(String(36), doc="None: the recogniser")
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_ms: Mapped[int] = mapped_column(BigInteger)


class HighlightDecision(Base):
    """Whether somebody wants a candidate."""

    __tablename__ = "highlight_decision"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    candidate_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    decision: Mapped[str] = mapped_column(String(8), doc="accepted or rejected")
    author: Mapped[str | None] = mapped_column(String(36))
    decided_ms: Mapped[int] = mapped_column(BigInteger)


class ClipSpec(Base):
    """An edit list with a style, which a render job turns into a file."""

    __tablename__ = "clip_spec"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(255), doc="such as asset:ID")
    title: Mapped[str] = mapped_column(String(255))
    ranges: Mapped[list[dict[str, int]]] = mapped_column(JSON, doc="in the order they play")
    render: Mapped[dict[str, Any]] = mapped_column(JSON, doc="`RenderOptions`")
    transcript_id: Mapped[str | None] = mapped_column(
        ForeignKey("transcript.id", ondelete="SET NULL"), doc="whose words are the captions"
    )
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("job.id", ondelete="SET NULL"), doc="in whose review it was made"
    )
    candidate_id: Mapped[str | None] = mapped_column(
        String(16), doc="the highlight of that job that it began as"
    )
    version: Mapped[int] = mapped_column(Integer, doc="raised by each edit")
    created_by: Mapped[str | None] = mapped_column(String(36))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_clip_spec_workspace", "workspace_id", "id"),
        Index("ix_clip_spec_job", "job_id"),
    )
