"""Where a workspace wants to be told of its jobs, and what was sent there."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id, Label

__all__ = [
    "DeliveryOut",
    "DeliveryPage",
    "Event",
    "NewWebhookOut",
    "WebhookChange",
    "WebhookIn",
    "WebhookOut",
    "WebhooksOut",
]

Event = Literal[
    "*", "job.running", "job.succeeded", "job.partial", "job.failed", "job.cancelled", "job.dead"
]
_URL = "https://example.com/hooks/videoclip"


class WebhookIn(Incoming):
    """Where to tell, and of what."""

    channel: Literal["webhook", "notification"] = Field(
        "webhook", description="webhook: signed JSON to a program; notification: a text to people"
    )
    name: Label
    address: str = Field(
        min_length=1, max_length=2048, pattern=r"^[^\x00-\x20\x7f]+$", examples=[_URL],
        description="a public http(s) address; of a notification: in apprise's form, such as "
        "dingtalk://TOKEN, feishu://TOKEN, wecombot://KEY, mailtos://..., pagerduty://...",
    )  # fmt: skip
    events: list[Event] = Field(
        min_length=1, max_length=7, examples=[["job.succeeded", "job.dead"]]
    )
    language: Literal["en", "zh"] = Field("en", description="of notifications' texts")


class WebhookChange(Incoming):
    """What changes."""

    enabled: bool = Field(description="false: nothing is sent there until it is true again")


class WebhookOut(BaseModel):
    """A webhook or notification without its secrets; times are milliseconds since 1970."""

    id: Id
    channel: Literal["webhook", "notification"]
    name: str
    address: str = Field(description="without what may be secret in it")
    events: list[Event]
    language: Literal["en", "zh"]
    enabled: bool
    created_by: str | None
    created_ms: int


class NewWebhookOut(WebhookOut):
    """A new one, with the secret that is told once."""

    secret: str | None = Field(
        description="that messages are signed with (Standard Webhooks, whsec_...); null: a notification"
    )


class WebhooksOut(BaseModel):
    """All of them, oldest first."""

    webhooks: list[WebhookOut]


class DeliveryOut(BaseModel):
    """A message and how it fares; times are milliseconds since 1970."""

    id: Id = Field(description="the message's `webhook-id`, the same in every try")
    webhook_id: Id
    event: str
    job_id: str | None
    body: dict[str, Any]
    state: Literal["pending", "delivered", "dead"]
    attempts: int
    next_ms: int | None = Field(description="when it is tried next; null: not any more")
    status: int | None = Field(description="HTTP status of the last answer")
    error: str | None
    created_ms: int
    finished_ms: int | None


class DeliveryPage(BaseModel):
    """Some messages, newest first."""

    deliveries: list[DeliveryOut]
    next_cursor: str | None
