# Made from ../_async/webhooks.py by `make docs`; do not edit.
"""Where the workspace wants to be told of its jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client.bodies import dumped, read, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.webhooks import (
    DeliveryOut,
    DeliveryPage,
    Event,
    NewWebhookOut,
    WebhookChange,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)

__all__ = ["Webhooks"]

Fate = Literal["pending", "delivered", "dead"]


class Webhooks(Resource):
    """Webhooks and notifications, and what was sent there."""

    @operation("POST /webhooks")
    def create(
        self, name: str, address: str, events: Iterable[Event], *,
        channel: Literal["webhook", "notification"] = "webhook",
        language: Literal["en", "zh"] = "en",
    ) -> NewWebhookOut:  # fmt: skip
        """Be told of jobs; the secret of a webhook is told once, here.

        Args:
            name: for people.
            address: a public http(s) address; of a notification in apprise's form.
            events: such as `job.succeeded`, or `*`.
            channel: signed JSON for a program, or a text for people.
            language: of notifications' texts.
        """
        wanted = valid(
            WebhookIn, name=name, address=address, events=list(events), channel=channel,
            language=language,
        )  # fmt: skip
        return self._transport.post("/webhooks", NewWebhookOut, dumped(wanted))

    @operation("GET /webhooks")
    def list(self) -> Sequence[WebhookOut]:
        """All of them, oldest first, without their secrets."""
        return (self._transport.get("/webhooks", WebhooksOut)).webhooks

    @operation("GET /webhooks/{webhook_id}")
    def get(self, webhook_id: str) -> WebhookOut:
        """One of them."""
        return self._transport.get(f"/webhooks/{segment(webhook_id)}", WebhookOut)

    @operation("PATCH /webhooks/{webhook_id}")
    def enable(self, webhook_id: str, *, enabled: bool = True) -> WebhookOut:
        """Switch one on or off."""
        path = f"/webhooks/{segment(webhook_id)}"
        body = dumped(valid(WebhookChange, enabled=enabled))
        return read(WebhookOut, (self._transport.send("PATCH", path, json=body, safe=True)).content)

    @operation("POST /webhooks/{webhook_id}/secret")
    def change_secret(self, webhook_id: str) -> NewWebhookOut:
        """Make a new secret, told once; for a day the one before it signs too."""
        path = f"/webhooks/{segment(webhook_id)}/secret"
        return self._transport.post(path, NewWebhookOut)

    @operation("DELETE /webhooks/{webhook_id}")
    def delete(self, webhook_id: str) -> None:
        """Remove it with all that was sent there."""
        self._transport.send("DELETE", f"/webhooks/{segment(webhook_id)}")

    @operation("POST /webhooks/{webhook_id}/test")
    def test(self, webhook_id: str) -> DeliveryOut:
        """Send a message of the type `ping`."""
        return self._transport.post(f"/webhooks/{segment(webhook_id)}/test", DeliveryOut)

    @operation("GET /webhooks/{webhook_id}/deliveries")
    def deliveries_page(
        self, webhook_id: str, *, cursor: str | None = None, limit: int = 50,
        state: Fate | None = None,
    ) -> DeliveryPage:  # fmt: skip
        """Some of the messages that were sent there, newest first."""
        path = f"/webhooks/{segment(webhook_id)}/deliveries"
        query = {"cursor": cursor, "limit": limit, "state": state}
        return self._transport.get(path, DeliveryPage, query)

    def deliveries(
        self, webhook_id: str, *, state: Fate | None = None
    ) -> Listing[DeliveryPage, DeliveryOut]:
        """All messages that were sent there, newest first."""
        return Listing(
            lambda cursor: self.deliveries_page(webhook_id, cursor=cursor, limit=200, state=state),
            lambda page: page.deliveries,
            lambda page: page.next_cursor,
        )

    @operation("POST /webhook-deliveries/{delivery_id}/redeliver")
    def redeliver(self, delivery_id: str) -> DeliveryOut:
        """Send a message again with the same id."""
        path = f"/webhook-deliveries/{segment(delivery_id)}/redeliver"
        return self._transport.post(path, DeliveryOut)
