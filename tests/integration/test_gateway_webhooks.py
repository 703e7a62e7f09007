"""Webhooks over HTTP: the secret is told once, private addresses are refused, strangers see nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.gateway import CUT, Gateway, open_gateway, people
from videoclip.settings import Settings

HOOK: dict[str, Any] = {
    "name": "CI", "address": "https://example.com/hooks/T00/topsecret?token=topsecret",
    "events": ["job.cancelled", "job.failed"],
}  # fmt: skip


@pytest.fixture
async def gateway(store_settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(store_settings) as gateway:
        await people(gateway)
        yield gateway


async def test_a_webhook_lives_and_its_secret_is_told_once(gateway: Gateway) -> None:
    made = await gateway.ask("POST", "/webhooks", "admin", json=HOOK)
    assert made.status_code == 201, made.text
    hook = made.json()
    assert hook["secret"].startswith("whsec_")
    path = f"/webhooks/{hook['id']}"
    listed = await gateway.ask("GET", "/webhooks", "admin")
    one = await gateway.ask("GET", path, "admin")
    assert listed.json() == {"webhooks": [one.json()]}
    for text in (listed.text, one.text, (await gateway.ask("GET", "/audit", "admin")).text):
        assert "topsecret" not in text
        assert "whsec_" not in text
    # What happens to a job of the workspace is queued for it.
    job = (await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})).json()["id"]
    await gateway.ask("POST", f"/jobs/{job}/cancel", "editor")
    ping = await gateway.ask("POST", f"{path}/test", "admin")
    assert ping.status_code == 202
    sent = (await gateway.ask("GET", f"{path}/deliveries", "admin")).json()["deliveries"]
    assert [(one["event"], one["job_id"], one["state"]) for one in sent] == [
        ("ping", None, "pending"), ("job.cancelled", job, "pending"),
    ]  # fmt: skip
    again = await gateway.ask("POST", f"/webhook-deliveries/{sent[0]['id']}/redeliver", "admin")
    assert again.json()["id"] == sent[0]["id"]
    page = await gateway.ask("GET", f"{path}/deliveries", "admin", params={"limit": 1})
    assert page.json()["next_cursor"] == sent[0]["id"]
    changed = (await gateway.ask("POST", f"{path}/secret", "admin")).json()["secret"]
    assert changed.startswith("whsec_")
    assert changed != hook["secret"]
    off = await gateway.ask("PATCH", path, "admin", json={"enabled": False})
    assert off.json()["enabled"] is False
    assert (await gateway.ask("DELETE", path, "admin")).status_code == 204
    assert (await gateway.ask("GET", path, "admin")).status_code == 404
    log = (await gateway.ask("GET", "/audit", "admin")).json()["records"]
    assert [entry["action"] for entry in log if entry["action"].startswith("webhook.")] == [
        "webhook.removed", "webhook.disabled", "webhook.secret_changed", "webhook.created",
    ]  # fmt: skip


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"address": "http://127.0.0.1/"}, "address_refused"),
    ({"address": "http://2130706433/"}, "address_refused"),
    ({"address": "http://[::ffff:10.0.0.1]/"}, "address_refused"),
    ({"address": "http://169.254.169.254/latest/"}, "address_refused"),
    ({"address": "https://user:topsecret@example.com/"}, "address_refused"),
    ({"address": "file:///etc/passwd"}, "address_refused"),
    ({"address": "https://example.com:22/"}, "address_refused"),
    ({"address": "json://example.com/", "channel": "notification"}, "invalid_request"),
    ({"address": "dingtalk://", "channel": "notification"}, "invalid_request"),
    ({"events": ["job.exploded"]}, "invalid_request"),
    ({"events": []}, "invalid_request"),
]


async def test_what_must_not_be_reached_is_refused_at_once(gateway: Gateway) -> None:
    for change, code in REFUSED:
        answer = await gateway.ask("POST", "/webhooks", "admin", json={**HOOK, **change})
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert "topsecret" not in answer.text
    assert (await gateway.ask("GET", "/webhooks", "admin")).json() == {"webhooks": []}


async def test_a_notification_has_no_secret_and_hides_its_token(gateway: Gateway) -> None:
    body = {
        **HOOK,
        "channel": "notification",
        "address": "wecombot://topsecret-0001",
        "language": "zh",
    }
    made = await gateway.ask("POST", "/webhooks", "admin", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["secret"] is None
    changed = await gateway.ask("POST", f"/webhooks/{made.json()['id']}/secret", "admin")
    assert (changed.status_code, changed.json()["code"]) == (409, "wrong_state")
    assert "topsecret" not in made.text
    assert made.json()["address"].startswith("wecombot://")


async def test_a_stranger_and_who_may_not_are_refused(gateway: Gateway) -> None:
    hook = (await gateway.ask("POST", "/webhooks", "admin", json=HOOK)).json()
    ping = (await gateway.ask("POST", f"/webhooks/{hook['id']}/test", "admin")).json()
    for who, status in (("stranger", 404), ("editor", 403)):
        for method, path in (
            ("GET", f"/webhooks/{hook['id']}"), ("DELETE", f"/webhooks/{hook['id']}"),
            ("POST", f"/webhooks/{hook['id']}/test"), ("POST", f"/webhooks/{hook['id']}/secret"),
            ("GET", f"/webhooks/{hook['id']}/deliveries"),
            ("POST", f"/webhook-deliveries/{ping['id']}/redeliver"),
        ):  # fmt: skip
            answer = await gateway.ask(method, path, who)
            assert answer.status_code == status, (who, method, path)
    assert (await gateway.ask("GET", "/webhooks", "stranger")).json() == {"webhooks": []}
    assert (await gateway.ask("GET", f"/webhooks/{hook['id']}", "admin")).status_code == 200
