"""Jobs, their units and events, the workspaces they belong to, and what units made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = ["Artifact", "FileDigest", "Job", "JobEvent", "UnitRow", "Workspace"]


class Job(Base):
    """A piece of work that somebody asked for."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    key: Mapped[str] = mapped_column(String(64), unique=True, doc="fingerprint of kind and request")
    kind: Mapped[str] = mapped_column(String(32))
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempt: Mapped[int] = mapped_column(
        Integer, default=0, doc="raised at each start; the fence of every commit"
    )
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
    # What follows is for jobs of a workspace, which the dispatcher hands out; all times are `now_ms`.
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), doc="None: a job of the command line"
    )
    created_by: Mapped[str | None] = mapped_column(String(36), doc="user or API key")
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    body_sha256: Mapped[str | None] = mapped_column(
        String(64), doc="of the request that came with an Idempotency-Key"
    )
    priority: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    failures: Mapped[int] = mapped_column(
        Integer, default=0, server_default="0", doc="attempts that failed or were lost"
    )
    max_failures: Mapped[int] = mapped_column(Integer, default=3, server_default="3")
    enqueued_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    not_before_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    started_ms: Mapped[int | None] = mapped_column(BigInteger)
    finished_ms: Mapped[int | None] = mapped_column(BigInteger)
    lease_until_ms: Mapped[int | None] = mapped_column(
        BigInteger, doc="None while running: parked, its children do the work"
    )
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    traceparent: Mapped[str | None] = mapped_column(
        String(55), doc="of the span that asked for it (W3C); None: it is not traced"
    )
    progress: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, default=None, doc="where the newest attempt stands, as it said last"
    )

    __table_args__ = (
        Index("ix_job_claim", "state", "workspace_id", "priority", "enqueued_ms"),
        Index("ix_job_workspace", "workspace_id", "id"),
        Index("ix_job_parent", "parent_id"),
    )


class Workspace(Base):
    """Whose videos these are: nothing of one workspace is seen by another."""

    __tablename__ = "workspace"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    name: Mapped[str] = mapped_column(String(200))
    weight: Mapped[int] = mapped_column(
        Integer, default=1, server_default="1", doc="share of the machines while others wait"
    )
    max_running: Mapped[int | None] = mapped_column(Integer, doc="jobs at once; None: no limit")
    served_ms: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", doc="when a job of it was last handed out"
    )
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class JobEvent(Base):
    """Something that happened to a job, in order."""

    __tablename__ = "job_event"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    attempt: Mapped[int] = mapped_column(Integer)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_job_event_job", "job_id", "id"),)


class UnitRow(Base):
    """One unit of a job: a stage and a key inside it, done or failed."""

    __tablename__ = "unit"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), doc="done, reused or failed")
    attempt: Mapped[int] = mapped_column(Integer, doc="of the job, when this was committed")
    wall_s: Mapped[float] = mapped_column(Float, default=0.0)
    cpu_s: Mapped[float] = mapped_column(Float, default=0.0)
    gpu_s: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    started_ms: Mapped[int | None] = mapped_column(
        BigInteger, doc="by the clock of the machine that did it; None: reused"
    )
    finished_ms: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class Artifact(Base):
    """What a unit made; immutable, found by what it was made from."""

    __tablename__ = "artifact"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    stage: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, doc="small results, inline")
    objects: Mapped[dict[str, Any]] = mapped_column(JSON, doc="files by role: sha256 and size")
    wall_s: Mapped[float] = mapped_column(Float, default=0.0)
    cpu_s: Mapped[float] = mapped_column(Float, default=0.0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class FileDigest(Base):
    """SHA-256 of a source file, valid while size, time and inode stay the same."""

    __tablename__ = "file_digest"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
