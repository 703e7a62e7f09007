"""Who did what, and what was used."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

__all__ = ["AuditOut", "AuditPage", "JobUsageOut", "UsageOut"]


class AuditOut(BaseModel):
    """One thing that somebody did."""

    id: int
    at_ms: int
    user_id: str | None
    key_id: str | None
    action: str = Field(examples=["member.removed"])
    target: str | None
    data: dict[str, Any]
    ip: str | None
    request_id: str | None


class AuditPage(BaseModel):
    """Some records, newest first."""

    records: list[AuditOut]
    next_cursor: int | None


class JobUsageOut(BaseModel):
    """Jobs of one kind in one state."""

    kind: str
    state: str
    jobs: int
    run_ms: int = Field(description="time that their last attempts ran, added up")


class UsageOut(BaseModel):
    """What the workspace used in a time."""

    since_ms: int
    until_ms: int
    jobs: list[JobUsageOut]
