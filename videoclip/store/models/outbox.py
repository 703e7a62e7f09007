"""Where a workspace wants to be told of its jobs, and what is on its way there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = ["Delivery", "Destination"]


class Destination(Base):
    """A webhook, or a service that notifies people. Times are `now_ms`."""

    __tablename__ = "destination"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    created_by: Mapped[str | None] = mapped_column(String(36), doc="user or API key")
    channel: Mapped[str] = mapped_column(String(16), doc="webhook or notification")
    name: Mapped[str] = mapped_column(String(120), doc="for people")
    address: Mapped[str] = mapped_column(Text, doc="sealed: it may hold a token or a password")
    shown: Mapped[str] = mapped_column(String(255), doc="the address without its secrets")
    secret: Mapped[str | None] = mapped_column(Text, doc="of a webhook, to sign with; sealed")
    events: Mapped[list[str]] = mapped_column(JSON, doc="such as job.succeeded; * is all")
    language: Mapped[str] = mapped_column(
        String(8), default="en", server_default="en", doc="of the texts: en or zh"
    )
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    created_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_destination_workspace", "workspace_id", "id"),)


class Delivery(Base):
    """One message to one destination; written in the transaction that it tells of."""

    __tablename__ = "delivery"

    id: Mapped[str] = mapped_column(
        String(36), primary_key=True, doc="uuid7; the same in every try"
    )
    destination_id: Mapped[str] = mapped_column(ForeignKey("destination.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(32))
    event_id: Mapped[int | None] = mapped_column(BigInteger, doc="of `job_event`; None: a test")
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), doc="pending, delivered or dead")
    attempts: Mapped[int] = mapped_column(
        Integer, default=0, server_default="0", doc="raised at each try; the fence of its outcome"
    )
    next_ms: Mapped[int] = mapped_column(
        BigInteger, doc="before that it is not tried; while it is tried: when it may be again"
    )
    until_ms: Mapped[int] = mapped_column(BigInteger, doc="after that it is not tried again")
    status: Mapped[int | None] = mapped_column(Integer, doc="HTTP status of the last answer")
    error: Mapped[str | None] = mapped_column(String(300), doc="why the last try failed")
    created_ms: Mapped[int] = mapped_column(BigInteger)
    finished_ms: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        UniqueConstraint("destination_id", "event_id", name="uq_delivery_event"),
        Index("ix_delivery_next", "state", "next_ms"),
        Index("ix_delivery_workspace", "workspace_id", "id"),
        Index("ix_delivery_job", "job_id"),
    )
