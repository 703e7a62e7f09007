"""Jobs: what is asked for, and where it stands."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id
from videoclip.schemas.orders import Order

__all__ = ["ErrorOut", "JobEvent", "JobIn", "JobOut", "JobPage", "StandingOut", "State"]

State = Literal[
    "queued", "running", "cancelling", "succeeded", "partial", "failed", "cancelled", "dead"
]
_EXAMPLE: dict[str, Any] = {
    "request": {"kind": "clip", "source": "https://videos.example.org/talk.mp4", "top": 3},
    "priority": 0,
}


class JobIn(Incoming):
    """What is asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    request: Order
    priority: int = Field(0, ge=-10, le=10, description="higher ones go first in the workspace")


class ErrorOut(BaseModel):
    """Why a job failed."""

    code: str
    cause: str = ""
    remedy: str = ""


class StandingOut(BaseModel):
    """Where a job stands."""

    position: int | None = Field(description="jobs of the workspace before it; null: does not wait")
    code: str | None = Field(description="why it waits; null: it does not")
    text: str = Field(description='for people, such as "2nd, waiting for a free slot"')
    eta_ms: int | None = Field(description="until it is over, as far as can be told")


class JobOut(BaseModel):
    """A job; times are milliseconds since 1970."""

    id: Id
    kind: str
    state: State
    request: dict[str, Any]
    source_name: str | None = Field(
        None,
        description="what people call its source: the asset's name, or the end of an address or a path",
    )
    priority: int
    attempt: int
    failures: int
    created_by: str | None = Field(description="id of the user or the key")
    parent_id: str | None
    error: ErrorOut | None
    result: dict[str, Any] | None = Field(
        description="status, files, manifest, cost; notices and candidates say why there are so few clips, or none"
    )
    progress: dict[str, Any] | None
    enqueued_ms: int
    started_ms: int | None
    finished_ms: int | None
    trace_id: str | None = Field(None, description="of its trace, where traces are kept")
    trace_url: str | None = Field(None, description="page of that trace, for operators")
    standing: StandingOut | None = Field(None, description="when one job is asked for")


class JobEvent(BaseModel):
    """Something that happened to a job, as its stream tells it."""

    id: int = Field(description="larger than those before; a stream is taken up after it")
    at_ms: int = Field(description="milliseconds since 1970")
    kind: str = Field(description="a state, or progress, notice, ...")
    attempt: int
    data: dict[str, Any]


class JobPage(BaseModel):
    """Some jobs, newest first."""

    jobs: list[JobOut]
    next_cursor: str | None
