"""Workspaces, keys, audit, usage, presets, administration; and what holds for every answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import ray
from ray.serve._private.common import ReplicaState
from ray.serve.schema import ApplicationStatusOverview, DeploymentStatusOverview, ServeStatus
from sqlalchemy import update

from serve_apps.gateway.cluster import deployments_of, nodes_of
from tests.support.gateway import CUT, Gateway, open_gateway, people
from videoclip.observe.redaction import RedactSecrets
from videoclip.settings import GatewaySettings, JobSettings, Settings
from videoclip.store.models import Job

CUT_ID = "0198c0de-0000-7000-8000-000000000000"


@pytest.fixture
async def gateway(store_settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(store_settings) as gateway:
        await people(gateway)
        yield gateway


async def test_a_key_gives_no_role_that_may_do_more_than_it(gateway: Gateway) -> None:
    made = await gateway.ask(
        "POST", "/keys", "owner", json={"name": "robot", "scopes": ["members:write"]}
    )
    bearer = {"Authorization": f"Bearer {made.json()['key']}"}
    editor = gateway.people["editor"].user_id
    for role in ("owner", "admin", "editor", "viewer"):
        asked = await gateway.ask(
            "POST", "/workspace/invitations", headers=bearer, json={"role": role}
        )
        assert (asked.status_code, asked.json()["code"]) == (403, "not_allowed"), role
    raised = await gateway.ask(
        "PATCH", f"/workspace/members/{editor}", headers=bearer, json={"role": "admin"}
    )
    assert raised.status_code == 403


async def test_a_key_does_what_it_was_made_for_until_it_is_revoked(gateway: Gateway) -> None:
    made = await gateway.ask(
        "POST", "/keys", "admin", json={"name": "robot", "scopes": ["jobs:read", "jobs:write"]}
    )
    assert made.status_code == 201, made.text
    key = made.json()
    bearer = {"Authorization": f"Bearer {key['key']}"}
    job = await gateway.ask("POST", "/jobs", headers=bearer, json={"request": CUT})
    assert job.status_code == 201
    assert job.json()["created_by"] == key["id"]
    assert (await gateway.ask("GET", "/keys", headers=bearer)).status_code == 403
    listed = (await gateway.ask("GET", "/keys", "admin")).json()["keys"]
    assert [(one["prefix"], one["last_used_ms"] is not None) for one in listed] == [
        (key["key"][:12], True)
    ]
    assert key["key"] not in str(listed)
    body = {"name": "second", "scopes": ["jobs:read"]}
    second = (await gateway.ask("POST", "/keys", "admin", json=body)).json()
    first = (await gateway.ask("GET", "/keys?limit=1", "admin")).json()
    assert [one["id"] for one in first["keys"]] == [key["id"]]
    rest = await gateway.ask("GET", f"/keys?limit=1&cursor={first['next_cursor']}", "admin")
    assert [one["id"] for one in rest.json()["keys"]] == [second["id"]]
    assert rest.json()["next_cursor"] is None
    for path, who in (("/keys", "stranger"), ("/keys", "admin")):
        answer = await gateway.ask("DELETE", f"{path}/{key['id']}", who)
        assert answer.status_code == (404 if who == "stranger" else 204)
    assert (await gateway.ask("GET", "/jobs", headers=bearer)).status_code == 401
    log = (await gateway.ask("GET", "/audit", "admin")).json()["records"]
    assert [entry["action"] for entry in log][:2] == ["key.revoked", "key.created"]
    assert key["key"] not in str(log)


async def test_a_key_never_gives_more_than_its_maker_has(gateway: Gateway) -> None:
    unknown = await gateway.ask("POST", "/keys", "admin", json={"name": "k", "scopes": ["all"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_request")
    made = await gateway.ask(
        "POST", "/keys", "admin", json={"name": "k", "scopes": ["keys:write", "audit:read"]}
    )
    bearer = {"Authorization": f"Bearer {made.json()['key']}"}
    more = await gateway.ask(
        "POST", "/keys", headers=bearer, json={"name": "k2", "scopes": ["jobs:write"]}
    )
    assert (more.status_code, more.json()["code"]) == (403, "not_allowed")
    assert (await gateway.ask("GET", "/audit", headers=bearer)).status_code == 200
    admin = gateway.people["admin"]
    path = f"/workspace/members/{admin.user_id}"
    down = await gateway.ask("PATCH", path, "owner", json={"role": "viewer"})
    assert down.status_code == 204
    assert (await gateway.ask("GET", "/audit", headers=bearer)).status_code == 403
    assert (await gateway.ask("DELETE", path, "owner")).status_code == 204
    assert (await gateway.ask("GET", "/audit", headers=bearer)).status_code == 401


async def test_members_come_by_invitation_and_one_owner_stays(gateway: Gateway) -> None:
    invited = await gateway.ask(
        "POST", "/workspace/invitations", "admin", json={"role": "viewer", "email": "New@one.test"}
    )
    assert invited.status_code == 201, invited.text
    too_much = await gateway.ask("POST", "/workspace/invitations", "admin", json={"role": "owner"})
    assert too_much.status_code == 403
    body = {"token": invited.json()["token"], "name": "New", "password": "four words in a row"}
    wrong = await gateway.ask("POST", "/auth/invitations", json={**body, "email": "other@one.test"})
    assert wrong.status_code == 400
    came = await gateway.ask("POST", "/auth/invitations", json=body)
    assert came.status_code == 201, came.text
    assert came.json()["user"]["email"] == "new@one.test"
    members = (await gateway.ask("GET", "/workspace/members", "viewer")).json()["members"]
    assert [one["role"] for one in members] == ["owner", "admin", "editor", "viewer", "viewer"]
    owner = gateway.people["owner"].user_id
    for method, options in (("PATCH", {"json": {"role": "viewer"}}), ("DELETE", {})):
        last = await gateway.ask(method, f"/workspace/members/{owner}", "owner", **options)
        assert (last.status_code, last.json()["code"]) == (409, "conflict")
    by_admin = await gateway.ask("DELETE", f"/workspace/members/{owner}", "admin")
    assert by_admin.status_code == 403
    strange = gateway.people["stranger"].user_id
    assert (
        await gateway.ask("DELETE", f"/workspace/members/{strange}", "owner")
    ).status_code == 404
    leave = await gateway.ask(
        "DELETE", f"/workspace/members/{gateway.people['viewer'].user_id}", "viewer"
    )
    assert leave.status_code == 204


async def test_an_open_invitation_can_be_taken_back(gateway: Gateway) -> None:
    made = (await gateway.ask("POST", "/workspace/invitations", "admin", json={})).json()
    listed = (await gateway.ask("GET", "/workspace/invitations", "admin")).json()["invitations"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert "token" not in listed[0]
    path = f"/workspace/invitations/{made['id']}"
    assert (await gateway.ask("DELETE", path, "stranger")).status_code == 404
    assert (await gateway.ask("DELETE", path, "admin")).status_code == 204
    body = {
        "token": made["token"], "email": "x@y.z", "name": "X", "password": "four words in a row",
    }  # fmt: skip
    assert (await gateway.ask("POST", "/auth/invitations", json=body)).status_code == 404


async def test_a_workspace_is_made_visited_and_deleted(gateway: Gateway) -> None:
    made = (await gateway.ask("POST", "/workspaces", "editor", json={"name": "Mine"})).json()
    there = await gateway.ask(
        "POST", "/auth/refresh",
        json={
            "refresh_token": gateway.people["editor"].refresh_token, "workspace_id": made["id"],
        },
    )  # fmt: skip
    bearer = {"Authorization": f"Bearer {there.json()['access_token']}"}
    assert (await gateway.ask("GET", "/workspace", headers=bearer)).json()["name"] == "Mine"
    renamed = await gateway.ask("PATCH", "/workspace", headers=bearer, json={"name": "Ours"})
    assert renamed.json()["name"] == "Ours"
    assert (await gateway.ask("DELETE", "/workspace", headers=bearer)).status_code == 204
    assert (await gateway.ask("GET", "/workspace", headers=bearer)).status_code == 401
    refused = await gateway.ask("DELETE", "/workspace", "admin")
    assert refused.status_code == 403


async def test_presets_are_changed_at_the_version_that_was_read(gateway: Gateway) -> None:
    brand = {"name": "Brand", "render": {"captions": "burn", "style": "boxed"}}
    made = (await gateway.ask("POST", "/presets", "editor", json=brand)).json()
    twice = await gateway.ask("POST", "/presets", "editor", json=brand)
    assert (twice.status_code, twice.json()["code"]) == (409, "conflict")
    path = f"/presets/{made['id']}"
    change = {**brand, "description": "ours", "version": 1}
    changed = await gateway.ask("PUT", path, "editor", json=change)
    assert changed.json()["version"] == 2
    late = await gateway.ask("PUT", path, "editor", json=change)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert (await gateway.ask("GET", path, "stranger")).status_code == 404
    assert (await gateway.ask("PUT", path, "stranger", json=change)).status_code == 404
    assert (await gateway.ask("DELETE", path, "stranger")).status_code == 404
    assert (await gateway.ask("GET", "/presets", "stranger")).json()["presets"] == []
    assert (await gateway.ask("DELETE", path, "editor")).status_code == 204
    assert (await gateway.ask("GET", path, "viewer")).status_code == 404


async def test_administrators_see_the_installation_and_others_do_not(gateway: Gateway) -> None:
    paths = ("/admin/status", "/admin/users", "/admin/workspaces", "/admin/audit")
    for path in paths:
        assert (await gateway.ask("GET", path, "owner")).status_code == 403
        assert (await gateway.ask("GET", path, "root")).status_code == 200
    users = (await gateway.ask("GET", "/admin/users?limit=4", "root")).json()
    rest = (await gateway.ask("GET", f"/admin/users?cursor={users['next_cursor']}", "root")).json()
    assert len(users["users"]) + len(rest["users"]) == 6
    editor = gateway.people["editor"].user_id
    out = await gateway.ask("PATCH", f"/admin/users/{editor}", "root", json={"disabled": True})
    assert out.json()["disabled_ms"]
    assert (await gateway.ask("GET", "/jobs", "editor")).status_code == 401
    share = await gateway.ask(
        "PATCH",
        f"/admin/workspaces/{gateway.people['owner'].workspace_id}",
        "root",
        json={"weight": 3, "max_running": 2},
    )
    assert (share.json()["weight"], share.json()["max_running"]) == (3, 2)
    myself = gateway.people["root"].user_id
    oneself = await gateway.ask("PATCH", f"/admin/users/{myself}", "root", json={"disabled": True})
    assert oneself.status_code == 409
    ended = await gateway.ask(
        "DELETE", f"/admin/users/{gateway.people['viewer'].user_id}/sign-ins", "root"
    )
    assert ended.status_code == 204
    assert (await gateway.ask("GET", "/jobs", "viewer")).status_code == 401
    actions = {
        entry["action"]
        for entry in (await gateway.ask("GET", "/admin/audit", "root")).json()["records"]
    }
    assert {"user.disabled", "user.signed_out"} <= actions


async def test_administrators_see_why_jobs_wait_and_let_dead_ones_run_again(
    gateway: Gateway,
) -> None:
    asked = [
        (await gateway.ask("POST", "/jobs", who, json={"request": CUT})).json()["id"]
        for who in ("owner", "stranger", "owner")
    ]
    assert (await gateway.ask("GET", "/admin/jobs", "owner")).status_code == 403
    path = "/admin/jobs?state=queued&state=running&oldest_first=true&limit=2"
    page = (await gateway.ask("GET", path, "root")).json()
    assert [job["id"] for job in page["jobs"]] == asked[:2]
    assert [job["workspace"] for job in page["jobs"]] == ["One", "Stranger"]
    assert page["jobs"][0]["standing"]["code"] == "no_dispatcher"
    assert "request" not in page["jobs"][0]
    rest = (await gateway.ask("GET", f"{path}&cursor={page['next_cursor']}", "root")).json()
    assert ([job["id"] for job in rest["jobs"]], rest["next_cursor"]) == (asked[2:], None)
    told = {"code": "source_not_media", "cause": "no", "remedy": "another"}
    async with gateway.database.session() as session:
        await session.execute(
            update(Job).where(Job.id == asked[0]).values(state="dead", error=told, finished_ms=1)
        )
    status = (await gateway.ask("GET", "/admin/status", "root")).json()
    assert status["jobs"] == {"dead": 1, "queued": 2}
    assert status["oldest_waiting_ms"] > 0
    assert 0 < status["disk_free_bytes"] <= status["disk_bytes"]
    assert (
        status["cluster"] is not None
    ) == ray.is_initialized()  # by tests before, in this process
    dead = (await gateway.ask("GET", "/admin/jobs?state=dead", "root")).json()["jobs"]
    assert [(job["id"], job["error"], job["standing"]) for job in dead] == [(asked[0], told, None)]
    retry = f"/admin/jobs/{asked[0]}/retry"
    assert (await gateway.ask("POST", retry, "owner")).status_code == 403
    again = await gateway.ask("POST", retry, "root")
    assert (again.status_code, again.json()["state"]) == (200, "queued")
    assert (await gateway.ask("POST", retry, "root")).status_code == 409
    none = await gateway.ask("POST", f"/admin/jobs/{CUT_ID}/retry", "root")
    assert none.status_code == 404
    log = (await gateway.ask("GET", "/admin/audit?action=job", "root")).json()["records"]
    assert [(entry["action"], entry["target"]) for entry in log] == [("job.redriven", asked[0])]


async def test_the_audit_is_filtered_by_action_and_user(gateway: Gateway) -> None:
    editor = gateway.people["editor"].user_id
    for role in ("viewer", "editor"):
        await gateway.ask("PATCH", f"/workspace/members/{editor}", "owner", json={"role": role})
    await gateway.ask("POST", "/workspace/invitations", "admin", json={"role": "viewer"})

    async def actions(query: str) -> list[str]:
        records = (await gateway.ask("GET", f"/audit?{query}", "admin")).json()["records"]
        return [entry["action"] for entry in records]

    assert await actions("action=member.role") == ["member.role"] * 2
    assert set(await actions("action=member")) == {"member.role", "member.added"}
    assert await actions("action=member_") == []
    admin = gateway.people["admin"].user_id
    assert await actions(f"user={admin}") == ["invitation.created"]
    assert (await gateway.ask("GET", "/audit?action=a%25", "admin")).status_code == 422


def test_what_ray_tells_of_machines_and_models_is_told_on() -> None:
    nodes = nodes_of(
        [
            {"NodeID": "a", "NodeManagerHostname": "h1", "Alive": True,
             "Resources": {"CPU": 8.0, "GPU": 2.0, "memory": 1e9}},
            {"NodeID": "b", "Alive": False, "Resources": {}},
        ]
    )  # fmt: skip
    assert [(node.name, node.alive, node.cpus, node.gpus) for node in nodes] == [
        ("h1", True, 8.0, 2.0),
        ("b", False, 0.0, 0.0),
    ]
    one = DeploymentStatusOverview(
        status="UNHEALTHY", status_trigger="UNSPECIFIED", message="x" * 900,
        replica_states={ReplicaState.RUNNING: 1, ReplicaState.STARTING: 2},
    )  # fmt: skip
    app = ApplicationStatusOverview(
        status="RUNNING", message="", last_deployed_time_s=0.0, deployments={"Model": one}
    )
    told = ServeStatus(proxies={}, applications={"speech": app})
    (found,) = deployments_of(told)
    assert (found.app, found.name, found.status) == ("speech", "Model", "UNHEALTHY")
    assert found.replicas == {"RUNNING": 1, "STARTING": 2}
    assert len(found.message) == 500


async def test_usage_counts_the_workspaces_own_jobs(gateway: Gateway) -> None:
    await gateway.ask("POST", "/jobs", "owner", json={"request": CUT})
    await gateway.ask("POST", "/jobs", "owner", json={"request": CUT})
    mine = (await gateway.ask("GET", "/usage", "viewer")).json()["jobs"]
    assert mine == [{"kind": "cut", "state": "queued", "jobs": 2, "run_ms": 0}]
    assert (await gateway.ask("GET", "/usage", "stranger")).json()["jobs"] == []
    turned = await gateway.ask("GET", "/usage?since_ms=2&until_ms=1", "viewer")
    assert turned.status_code == 400


async def test_a_change_that_is_rolled_back_leaves_no_record(gateway: Gateway) -> None:
    before = (await gateway.ask("GET", "/audit", "admin")).json()["records"]
    owner = gateway.people["owner"].user_id
    refused = await gateway.ask(
        "PATCH", f"/workspace/members/{owner}", "owner", json={"role": "editor"}
    )
    assert refused.status_code == 409
    assert (await gateway.ask("GET", "/audit", "admin")).json()["records"] == before


HOSTILE_SOURCES = (
    "/etc/passwd",
    "../../etc/passwd",
    "/work/../etc/passwd",
    "file:///etc/passwd",
    "asset:../../etc/passwd",
    "asset:0198c0de-0000-7000-8000-000000000000/../../x",
    "concat:/etc/passwd|/etc/shadow",
    "ftp://example.org/x",
    "http://user:secret@example.org/x",
    "//example.org/x",
    "http://a b/",
    "/etc/passwd\0.mp4",
)


async def test_no_job_reads_files_of_the_server(tmp_path: Any) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / "in.mp4").touch()
    (folder / "out").symlink_to("/etc")
    settings = Settings(data_dir=tmp_path / "data", jobs=JobSettings(source_folders=[folder]))
    async with open_gateway(settings) as gateway:
        await people(gateway)

        async def ask(request: dict[str, Any]) -> int:
            answer = await gateway.ask("POST", "/jobs", "owner", json={"request": request})
            return answer.status_code

        for source in (
            *HOSTILE_SOURCES,
            f"{folder}/out/passwd",
            f"{folder}/../secret",
            f"{folder}2",
        ):
            assert await ask({**CUT, "source": source}) == 422, source
        for name in ("watermark", "intro", "outro"):
            assert await ask({**CUT, "render": {"captions": "none", name: "/etc/passwd"}}) == 422
        for watermark in ("../x.png", "~/.ssh/id", "x.png"):
            assert await ask({**CUT, "render": {"captions": "none", "watermark": watermark}}) == 422
        clip = {"kind": "clip", "source": CUT["source"], "transcript": "/etc/passwd"}
        assert await ask(clip) == 422
        assert await ask({**CUT, "source": f"{folder}/in.mp4"}) == 201
        assert await ask({**CUT, "render": {"captions": "none", "watermark": "Our show"}}) == 201


NASTY = (
    "<img src=x onerror=alert(1)>", "${alert(1)}", "{{7*7}}", "'; DROP TABLE job; --",
    "\u202egpj.exe", "\U0001f600" * 50, "</script><script>alert(1)</script>",
)  # fmt: skip


async def test_hostile_text_comes_back_as_data(gateway: Gateway) -> None:
    for text in NASTY:
        made = await gateway.ask("POST", "/presets", "editor", json={"name": text, "render": {}})
        if not text.isprintable():
            assert made.status_code == 422, text
            continue
        assert made.status_code == 201, text
        assert made.json()["name"] == text
        assert made.headers["content-type"] == "application/json"
        assert made.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in made.headers["content-security-policy"]
    for text in ("", " ", "a\0b", "a\nb", "x" * 201):
        made = await gateway.ask("POST", "/presets", "editor", json={"name": text, "render": {}})
        assert (made.status_code, made.json()["code"]) == (422, "invalid_request"), repr(text)
    half = await gateway.ask(
        "POST", "/presets", "editor", content=b'{"name": "\\ud800", "render": {}}',
        headers={"content-type": "application/json"},
    )  # fmt: skip
    assert half.status_code == 422


async def test_requests_of_any_form_get_a_problem(gateway: Gateway) -> None:
    async def send(body: bytes, **headers: str) -> Any:
        return await gateway.ask(
            "POST", "/jobs", "owner", content=body,
            headers={"content-type": "application/json", **headers},
        )  # fmt: skip

    large = await send(b'{"request": "' + b"x" * 1_100_000 + b'"}')
    assert (large.status_code, large.json()["code"]) == (413, "too_large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    streamed = await gateway.ask("POST", "/jobs", "owner", content=pieces())
    assert streamed.status_code == 413, "without a length it is counted as it comes"
    for body, statuses in (
        (b"{", {422}),
        (b"", {422}),
        (b"[" * 200_000, {400, 422}),
        (b'{"a":' * 100_000, {400, 422}),
        (b"\xff\xfe", {400, 422}),
        (b"null", {422}),
        (b'{"request": 1e999}', {422}),
        (b'{"priority": ' + b"9" * 5000 + b"}", {400, 422}),
        (b'{"request": {"kind": "cut", "source": "s", "ranges": NaN}}', {422}),
        (b'{"request": {"kind": "nothing"}}', {422}),
    ):
        answer = await send(body)
        assert answer.status_code in statuses, (body[:40], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "request_id"} <= answer.json().keys()
    wrong = await gateway.ask("PATCH", "/jobs", "owner")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"] or "GET" in wrong.headers["allow"]
    nothing = await gateway.ask("GET", "/nothing/here")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    for path in ("/jobs/..%2f..%2fetc%2fpasswd", "/jobs/%00", "/jobs/%ff%fe", "/jobs/'--"):
        assert (await gateway.ask("GET", path, "owner")).status_code in (404, 422), path


async def test_addresses_are_let_in_by_list_and_proxies_believed_by_list(tmp_path: Any) -> None:
    settings = Settings(
        data_dir=tmp_path,
        gateway=GatewaySettings(
            allow_ips=["10.0.0.0/8", "2001:db8::/32"],
            deny_ips=["10.6.6.6"],
            trusted_proxies=["127.0.0.1"],
            cors_origins=["https://ui.example"],
            public_url="https://clips.example",
        ),
    )
    async with open_gateway(settings) as gateway:
        for forwarded, status in (
            ("10.1.2.3", 200), ("::ffff:10.1.2.3", 200), ("2001:db8::1", 200), ("10.6.6.6", 403),
            ("192.0.2.1", 403), ("", 403), ("10.1.2.3, 192.0.2.1", 403), ("192.0.2.1, 10.1.2.3", 200),
            ("nonsense", 403),
        ):  # fmt: skip
            answer = await gateway.ask(
                "GET", "/health/live", headers={"X-Forwarded-For": forwarded}
            )
            assert answer.status_code == status, forwarded
        inside = {"X-Forwarded-For": "10.1.2.3"}
        for origin, allowed in (("https://ui.example", True), ("https://evil.example", False)):
            answer = await gateway.ask("GET", "/health/live", headers={**inside, "Origin": origin})
            assert ("access-control-allow-origin" in answer.headers) is allowed
            assert "access-control-allow-credentials" not in answer.headers
        assert "strict-transport-security" in answer.headers


async def test_a_limit_of_requests_holds_over_all_replicas(store_settings: Settings) -> None:
    settings = store_settings.model_copy(
        update={"gateway": GatewaySettings(requests_per_minute=20, anonymous_per_minute=5)}
    )
    async with open_gateway(settings) as one, open_gateway(settings) as other:
        await people(one)
        other.people = one.people
        answers = [
            (await gateway.ask("GET", "/jobs", "owner")).status_code
            for _ in range(16)
            for gateway in (one, other)
        ]
        # A minute of the clock may end in between: then a new allowance begins.
        assert 18 <= answers.count(200) <= 40
        last = await one.ask("GET", "/jobs", "owner")
        if answers.count(200) <= 20:
            assert (last.status_code, last.json()["code"]) == (429, "too_many_requests")
            assert 0 < int(last.headers["retry-after"]) <= 61
            assert last.json()["retryable"]
        assert (await one.ask("GET", "/jobs", "viewer")).status_code == 200, "others go on"
        unknown = [(await one.ask("GET", "/jobs")).status_code for _ in range(12)]
        assert set(unknown) == {401, 429}


def test_nothing_secret_gets_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    secrets = {
        "Authorization: Bearer %s": "opaque-word-of-somebody",
        "key %s used": "vck_" + "a1B2" * 10,
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.%s": "c2lnbmF0dXJl",
        "{'password': '%s', 'x': 1}": "hunter2hunter2",
        "GET /x?token=%s&y=1": "abcdef123456",
        "postgresql://videoclip:%s@db/x": "s3cretpass",
        '{"refresh_token": "%s"}': "vcr_zzzzzzzzzzzzzzzz",
    }
    logger = logging.getLogger("videoclip.gateway.test")
    caplog.handler.addFilter(RedactSecrets())
    with caplog.at_level(logging.INFO):
        for text, secret in secrets.items():
            logger.info(text, secret)
            try:
                raise ValueError(text % secret)
            except ValueError:
                logger.exception("failed")
    formatted = "\n".join(caplog.handler.format(record) for record in caplog.records)
    for secret in secrets.values():
        assert secret not in formatted
