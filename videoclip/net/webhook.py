"""Signed messages in the manner of Standard Webhooks (https://www.standardwebhooks.com), version 1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
import time
from collections.abc import Sequence

from videoclip.net.guard import Guard
from videoclip.net.http import Answer, exchange

__all__ = ["active", "new_secret", "send_webhook", "sign", "verify", "with_new"]

_PREFIX = "whsec_"
_SECRET_BYTES = 32
_TOLERANCE_S = 300


def new_secret() -> str:
    """A secret to sign with, as it is told once."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: HMAC-SHA256 over id, seconds since 1970 and body."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def verify(
    secret: str, headers: dict[str, str], body: bytes, *, now_s: float | None = None
) -> bool:
    """Whether a message is genuine and of these minutes: what a receiver does.

    Args:
        secret: as it was told.
        headers: by lower-case name.
        body: exactly as it came.
        now_s: the receiver's clock; default: this machine's.
    """
    try:
        sent = int(headers["webhook-timestamp"])
        wanted = sign(secret, headers["webhook-id"], sent, body)
        given = headers["webhook-signature"].split(" ")
    except (KeyError, ValueError, binascii.Error):
        return False
    if abs((time.time() if now_s is None else now_s) - sent) > _TOLERANCE_S:
        return False
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given)


def with_new(secrets_text: str, new: str, until_s: int) -> str:
    """The text of a webhook's secrets after a change: the new one, and the one before it for a while.

    Args:
        secrets_text: as it was: the newest secret, perhaps followed by an older one.
        new: the new secret.
        until_s: until when the one before it signs too, seconds since 1970.
    """
    return f"{new} {secrets_text.split(' ', maxsplit=1)[0]}@{until_s}"


def active(secrets_text: str, now_s: float) -> list[str]:
    """The secrets that sign now, the newest first."""
    newest, *older = secrets_text.split(" ")
    kept = [text.rpartition("@") for text in older]
    return [newest, *(secret for secret, _, until in kept if int(until) > now_s)]


async def send_webhook(
    guard: Guard, url: str, secrets: Sequence[str], message_id: str, body: bytes, *, limit_s: float
) -> Answer:
    """Send a message; redirects are not followed.

    Args:
        guard: decides where it may go.
        url: as the user gave it.
        secrets: to sign with, each of them.
        message_id: the same in every try, so that the receiver can tell what it has seen.
        body: JSON.
        limit_s: for all of it.

    Raises:
        AddressRefused: the guard refused.
        FetchFailed: nothing came back in time.
    """
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            sign(secret, message_id, timestamp, body) for secret in secrets
        ),
    }
    return await exchange(guard, "POST", url, headers=headers, content=body, limit_s=limit_s)
