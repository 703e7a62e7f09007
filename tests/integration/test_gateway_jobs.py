"""Jobs through the API: asked for once, seen by their workspace only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.gateway import CUT, Gateway, open_gateway, people
from videoclip.settings import Settings
from videoclip.store.assets import Assets
from videoclip.store.objects import ObjectRef


@pytest.fixture
async def gateway(store_settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(store_settings) as gateway:
        await people(gateway)
        yield gateway


async def test_a_job_is_asked_for_seen_cancelled_and_run_again(gateway: Gateway) -> None:
    made = await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})
    assert made.status_code == 201, made.text
    job = made.json()
    assert made.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["state"], job["kind"]) == ("queued", "cut")
    seen = (await gateway.ask("GET", f"/jobs/{job['id']}", "viewer")).json()
    assert seen["standing"]["position"] == 0
    assert "dispatcher" in seen["standing"]["text"]
    gone = await gateway.ask("POST", f"/jobs/{job['id']}/cancel", "editor")
    assert gone.json()["state"] == "cancelled"
    again = await gateway.ask("POST", f"/jobs/{job['id']}/cancel", "editor")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    back = await gateway.ask("POST", f"/jobs/{job['id']}/retry", "editor")
    assert back.json()["state"] == "queued"


async def test_a_stranger_finds_nothing_and_a_viewer_may_not_write(gateway: Gateway) -> None:
    job = (await gateway.ask("POST", "/jobs", "owner", json={"request": CUT})).json()
    for method, path in (
        ("GET", f"/jobs/{job['id']}"),
        ("POST", f"/jobs/{job['id']}/cancel"),
        ("POST", f"/jobs/{job['id']}/retry"),
    ):
        answer = await gateway.ask(method, path, "stranger")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await gateway.ask("GET", "/jobs", "stranger")).json()["jobs"] == []
    refused = await gateway.ask("POST", "/jobs", "viewer", json={"request": CUT})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    nobody = await gateway.ask("GET", "/jobs")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")


async def test_pages_go_on_where_the_last_one_ended(gateway: Gateway) -> None:
    ids = [
        (await gateway.ask("POST", "/jobs", "owner", json={"request": CUT})).json()["id"]
        for _ in range(5)
    ]
    first = (await gateway.ask("GET", "/jobs?limit=2", "owner")).json()
    second = (
        await gateway.ask("GET", f"/jobs?limit=3&cursor={first['next_cursor']}", "owner")
    ).json()
    assert [job["id"] for job in first["jobs"] + second["jobs"]] == ids[::-1]
    assert second["next_cursor"] is None


async def test_a_job_can_only_name_videos_of_its_workspace(gateway: Gateway) -> None:
    async with gateway.database.session() as session:
        theirs = await Assets(session, gateway.people["stranger"].workspace_id).add(
            "a.mp4", ObjectRef("0" * 64, 1), {"duration_ms": 1000}
        )
    request = {**CUT, "source": f"asset:{theirs.id}"}
    for who, status in (("owner", 404), ("stranger", 201)):
        answer = await gateway.ask(
            "POST", "/jobs", who, json={"request": request}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == status, answer.text
    assert (await gateway.ask("GET", "/jobs", "owner")).json()["jobs"] == [], "rolled back"
