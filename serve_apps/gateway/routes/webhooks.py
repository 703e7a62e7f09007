"""Webhooks and notifications: where a workspace wants to be told of its jobs, and what was sent there."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from videoclip.net.guard import Guard, shown
from videoclip.net.notify import check_notification
from videoclip.net.webhook import new_secret, with_new
from videoclip.schemas.api.webhooks import (
    DeliveryOut,
    DeliveryPage,
    NewWebhookOut,
    WebhookChange,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)
from videoclip.settings import Settings
from videoclip.store.audit import record
from videoclip.store.database import Database, StoreSession
from videoclip.store.destinations import DeliveryRecord, DestinationRecord, Destinations

__all__ = ["router"]

router = APIRouter(tags=["webhooks"])
Reader = Annotated[Principal, Depends(require("webhooks:read"))]
Writer = Annotated[Principal, Depends(require("webhooks:write"))]
_OLD_SECRET_S = 24 * 3600


@router.post("/webhooks", summary="Add a webhook or notification", status_code=201)
async def create(body: WebhookIn, request: Request, who: Writer) -> NewWebhookOut:
    """Be told of jobs. The secret of a webhook is told once, here; the address is kept encrypted.

    Addresses in private networks are refused, here and again at each message.
    """
    settings: Settings = request.app.state.settings
    secret = None
    if body.channel == "webhook":
        told = shown(Guard.of(settings.net).url(body.address))
        secret = new_secret()
    else:
        told = await asyncio.to_thread(
            check_notification, body.address
        )  # its library takes a second
    database: Database = request.app.state.database
    async with database.session() as session:
        made = await _of(request, session, who).create(
            body.channel, body.name, body.address, told, body.events, secret=secret,
            language=body.language, created_by=who.name,
        )  # fmt: skip
        await _audit(request, session, who, "webhook.created", made.id)
    return NewWebhookOut(**_out(made).model_dump(), secret=secret)


@router.get("/webhooks", summary="List webhooks and notifications")
async def page(request: Request, who: Reader) -> WebhooksOut:
    """List those of the workspace."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await _of(request, session, who).all()
    return WebhooksOut(webhooks=[_out(one) for one in found])


@router.get("/webhooks/{webhook_id}", summary="One webhook", responses=problems(404))
async def one(request: Request, who: Reader, webhook_id: PathId) -> WebhookOut:
    """As it is now. One whose receiver answered 410 is not enabled any more."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        return _out(await _of(request, session, who).get(webhook_id))


@router.patch(
    "/webhooks/{webhook_id}", summary="Switch a webhook on or off", responses=problems(404)
)
async def change(
    request: Request, who: Writer, webhook_id: PathId, body: WebhookChange
) -> WebhookOut:
    """What waits while it is off is sent when it is on again, within a day."""
    database: Database = request.app.state.database
    async with database.session() as session:
        made = await _of(request, session, who).enable(webhook_id, enabled=body.enabled)
        what = "webhook.enabled" if body.enabled else "webhook.disabled"
        await _audit(request, session, who, what, webhook_id)
    return _out(made)


@router.post(
    "/webhooks/{webhook_id}/secret", summary="Change a webhook's secret",
    responses=problems(404, 409),
)  # fmt: skip
async def change_secret(request: Request, who: Writer, webhook_id: PathId) -> NewWebhookOut:
    """Make a new secret, told once, here. For a day messages are signed with the one before it too."""
    secret = new_secret()
    until_s = int(time.time()) + _OLD_SECRET_S
    database: Database = request.app.state.database
    async with database.session() as session:
        made = await _of(request, session, who).change_secret(
            webhook_id, lambda old: with_new(old, secret, until_s)
        )
        await _audit(request, session, who, "webhook.secret_changed", webhook_id)
    return NewWebhookOut(**_out(made).model_dump(), secret=secret)


@router.delete(
    "/webhooks/{webhook_id}", summary="Remove a webhook", status_code=204, responses=problems(404)
)
async def remove(request: Request, who: Writer, webhook_id: PathId) -> Response:
    """Remove it with all that was sent there."""
    database: Database = request.app.state.database
    async with database.session() as session:
        await _of(request, session, who).remove(webhook_id)
        await _audit(request, session, who, "webhook.removed", webhook_id)
    return Response(status_code=204)


@router.post(
    "/webhooks/{webhook_id}/test", summary="Send a test message", status_code=202,
    responses=problems(404),
)  # fmt: skip
async def test(request: Request, who: Writer, webhook_id: PathId) -> DeliveryOut:
    """Queue a message of the type `ping`; how it went is among the deliveries."""
    database: Database = request.app.state.database
    async with database.session() as session:
        return _delivery(await _of(request, session, who).ping(webhook_id))


@router.get(
    "/webhooks/{webhook_id}/deliveries", summary="What was sent there", responses=problems(404)
)
async def deliveries(
    request: Request,
    who: Reader,
    webhook_id: PathId,
    cursor: Cursor = None,
    limit: Limit = 50,
    state: Literal["pending", "delivered", "dead"] | None = None,
) -> DeliveryPage:
    """Messages, newest first; those that are done with go after some weeks."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await _of(request, session, who).deliveries(
            webhook_id, before=cursor, limit=limit + 1, state=state
        )
    more = found[limit - 1].id if len(found) > limit else None
    return DeliveryPage(deliveries=[_delivery(one) for one in found[:limit]], next_cursor=more)


@router.post(
    "/webhook-deliveries/{delivery_id}/redeliver", summary="Send a message again",
    status_code=202, responses=problems(404),
)  # fmt: skip
async def redeliver(request: Request, who: Writer, delivery_id: PathId) -> DeliveryOut:
    """Send it again with the same id, whatever became of it; it is tried for another day."""
    database: Database = request.app.state.database
    async with database.session() as session:
        return _delivery(await _of(request, session, who).redeliver(delivery_id))


def _of(request: Request, session: StoreSession, who: Principal) -> Destinations:
    return Destinations(session, who.workspace_id, request.app.state.secrets)


async def _audit(
    request: Request, session: StoreSession, who: Principal, action: str, target: str
) -> None:
    actor = actor_of(request, who)
    await record(session, actor, action, workspace_id=who.workspace_id, target=target)


def _out(one: DestinationRecord) -> WebhookOut:
    return WebhookOut.model_validate({
        "id": one.id, "channel": one.channel, "name": one.name, "address": one.shown,
        "events": list(one.events), "language": one.language, "enabled": one.enabled,
        "created_by": one.created_by, "created_ms": one.created_ms,
    })  # fmt: skip


def _delivery(one: DeliveryRecord) -> DeliveryOut:
    return DeliveryOut.model_validate({
        "id": one.id, "webhook_id": one.destination_id, "event": one.event, "job_id": one.job_id,
        "body": one.body, "state": one.state, "attempts": one.attempts,
        "next_ms": one.next_ms if one.state == "pending" else None, "status": one.status,
        "error": one.error, "created_ms": one.created_ms, "finished_ms": one.finished_ms,
    })  # fmt: skip
