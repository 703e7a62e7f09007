"""Promise 32: anything that the documentation allows, and much that it does not, as every role: never a 5xx, never a
status that is not documented, never anything of another workspace.

`VIDEOCLIP_TEST_EXAMPLES=100` looks longer.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.errors import InvalidSchema

from serve_apps.gateway.app import create_app
from serve_apps.gateway.tokens import Tokens
from tests.support.gateway import CUT, Person, make_people
from videoclip.settings import AuthSettings, GatewaySettings, Settings
from videoclip.store.assets import Assets
from videoclip.store.database import Database
from videoclip.store.destinations import Destinations
from videoclip.store.edits import ClipSpecs
from videoclip.store.objects import ObjectRef
from videoclip.store.queue import Queue
from videoclip.store.secrets import Secrets
from videoclip.store.shares import Shares
from videoclip.store.transcripts import Transcripts

EXAMPLES = int(os.environ.get("VIDEOCLIP_TEST_EXAMPLES", "2"))
ROLES = (None, "viewer", "editor", "admin", "owner", "stranger", "root")
MIGHTY = ("owner", "root")
"""Whom further examples are sent as: the others are mostly refused before anything is read."""
MANY = 1_000_000
LAST = {("DELETE", "/api/v1/workspace")}
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@dataclass
class Served:
    """The application on a port, in a thread of its own."""

    app: FastAPI
    settings: Settings
    base: str

    def people(self, mark: str) -> dict[str, Person]:
        async def make() -> dict[str, Person]:
            database = Database(self.settings)
            try:
                return await make_people(
                    database, Tokens(Secrets.of(self.settings), 3600), mark=mark
                )
            finally:
                await database.close()

        return asyncio.run(make())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    chosen = Settings(
        data_dir=tmp_path_factory.mktemp("fuzz"),
        gateway=GatewaySettings(
            requests_per_minute=MANY, anonymous_per_minute=MANY, stream_s=0.2, stream_poll_s=0.05
        ),
        auth=AuthSettings(failures=MANY, failures_per_ip=MANY),
    )
    app = create_app(chosen)
    config = uvicorn.Config(app, port=0, lifespan="on", log_config=None, access_log=False)
    listener = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield Served(app, chosen, f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


def operations(served: Served) -> list[Any]:
    schema = schemathesis.openapi.from_dict(served.app.openapi())
    schema.config.update(base_url=served.base)
    found = []
    for result in schema.get_all_operations():
        try:
            found.append(result.ok())
        except InvalidSchema as error:
            raise AssertionError(f"the document is not valid: {error}") from error
    assert len(found) > 40
    return sorted(found, key=lambda one: (one.method.upper(), one.path) in LAST)


def test_no_request_breaks_the_api_whoever_sends_it(served: Served) -> None:
    people = served.people("0")
    seen: Counter[int] = Counter()
    faults: list[str] = []
    with httpx.Client(base_url=served.base, timeout=20) as alive:
        for number, operation in enumerate(operations(served)):
            try_out(operation, number, people, seen, faults)
            answers = [alive.get("/api/v1/auth/me", headers=p.headers) for p in people.values()]
            if any(answer.status_code != 200 for answer in answers):  # somebody was thrown out
                people = served.people(str(number + 1))
    assert not faults, "\n".join(faults[:20])
    assert min(seen[200], seen[401], seen[403]) > 20, seen
    assert seen[422] > 5, seen


def try_out(
    operation: Any, number: int, people: dict[str, Person], seen: Counter[int], faults: list[str]
) -> None:
    """Send some requests of one operation as everybody; what is wrong goes into ``faults``."""
    told = operation.definition.raw["responses"]
    tried: list[Any] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        tried.append(case)
        for role in ROLES if len(tried) == 1 else MIGHTY:
            answer = case.call(headers={} if role is None else people[role].headers, timeout=20)
            seen[answer.status_code] += 1
            name = f"{case.method} {case.formatted_path} as {role}: {answer.status_code}"
            kind = answer.headers.get("content-type", [""])[0].partition(";")[0]
            if answer.status_code >= 500:
                faults.append(f"{name} {case.as_curl_command()} {answer.text[:300]}")
            elif str(answer.status_code) not in told:
                faults.append(f"{name} is not documented")
            elif answer.status_code >= 400 and kind != "application/problem+json" and answer.text:
                faults.append(f"{name} {kind}")

    run()


async def stored(chosen: Settings, workspace_id: str, job_id: str) -> dict[str, str]:
    """What jobs and uploads make, put where these put it."""
    database = Database(chosen)
    content = {
        "version": 1, "language": "en", "duration_ms": 1000, "sentences": [],
        "engine": {"name": "x", "model": "y", "version": "1"},
    }  # fmt: skip
    media = {"container": "mov", "duration_ms": 1000, "size_bytes": 1}
    file = {"name": "clips/01.mp4", "sha256": "1" * 64, "size": 1, "media_type": "video/mp4"}
    try:
        async with database.session() as session:
            queue = Queue(session)
            claim = await queue.claim("test", lease_ms=60_000, kinds=["cut"])
            assert claim is not None
            while claim.id != job_id:
                await queue.finish(claim.id, claim.attempt, "succeeded", {"files": []})
                claim = await queue.claim("test", lease_ms=60_000, kinds=["cut"])
                assert claim is not None
            await queue.finish(job_id, claim.attempt, "succeeded", {"files": [file]})
        async with database.session() as session:
            asset = await Assets(session, workspace_id).add(
                "secret.mp4", ObjectRef("2" * 64, 1), media
            )
            transcript = await Transcripts(session, workspace_id).add(
                content, name="secret", job_id=job_id
            )
            spec = await ClipSpecs(session, workspace_id).create(
                source=f"asset:{asset.id}", title="secret", render={},
                ranges=[{"start_ms": 0, "end_ms": 10}],
            )  # fmt: skip
            hook = await Destinations(session, workspace_id, Secrets.of(chosen)).create(
                "webhook", "secret", "https://x.example/", "https://x.example", ["*"]
            )
            share, _ = await Shares(session, workspace_id).create(
                job_id, file["name"], life_ms=10_000
            )
    finally:
        await database.close()
    return {
        "asset": asset.id, "transcript": transcript.id, "clip spec": spec.id, "webhook": hook.id,
        "share": share.id,
    }  # fmt: skip


def things_of(served: Served, people: dict[str, Person]) -> dict[str, str]:
    """One of everything in the first workspace: what it is, and its id."""
    base = served.base
    owner = {**people["owner"].headers}
    with httpx.Client(base_url=f"{base}/api/v1", headers=owner, timeout=20) as client:

        def make(path: str, body: dict[str, Any]) -> Any:
            answer = client.post(path, json=body)
            assert answer.status_code == 201, (path, answer.text)
            return answer.json()

        upload = client.post(
            "/uploads", content=b"0123456789",
            headers={
                "Tus-Resumable": "1.0.0", "Upload-Length": "20",
                "Content-Type": "application/offset+octet-stream",
            },
        )  # fmt: skip
        assert upload.status_code == 201, upload.text
        # First, so that it is the one that is claimed.
        done = make("/jobs", {"request": CUT})["id"]
        return {
            **asyncio.run(stored(served.settings, people["owner"].workspace_id, done)),
            "job that is over": done,
            "job": make("/jobs", {"request": CUT})["id"],
            "preset": make("/presets", {"name": "P", "render": {}})["id"],
            "key": make("/keys", {"name": "K", "scopes": ["jobs:read"]})["id"],
            "invitation": make("/workspace/invitations", {})["id"],
            "upload": upload.headers["location"].rpartition("/")[2],
            "webhook": make(
                "/webhooks", {"name": "w", "address": "https://a.example/", "events": ["*"]}
            )["id"],
            "member": people["editor"].user_id,
            "workspace": people["owner"].workspace_id,
        }


def test_a_stranger_finds_nothing_of_another_workspace_by_any_route(served: Served) -> None:
    """Every route with an id, with every id of the first workspace, by somebody who may do everything elsewhere."""
    people = served.people("strange")
    things = things_of(served, people)
    tried = 0
    with httpx.Client(
        base_url=served.base, headers=people["stranger"].headers, timeout=20
    ) as client:
        for path, methods in served.app.openapi()["paths"].items():
            for method in methods:
                if "{" not in path:
                    if method == "get" and "/admin/" not in path:
                        answer = client.get(path)
                        for what, value in things.items():
                            assert value not in answer.text, f"{path} tells of a {what}"
                    continue
                for what, value in things.items():
                    where = re.sub(r"\{[^}]*\}", value, path)
                    answer = client.request(
                        method, where, json=bodies().get((method, path)),
                        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "10"},
                    )  # fmt: skip
                    tried += 1
                    name = f"{method} {where} ({what}): {answer.status_code}"
                    assert answer.status_code < 500, name
                    if method == "options":
                        continue
                    assert not answer.is_success, name
    assert tried > 300
    with httpx.Client(base_url=f"{served.base}/api/v1", headers=people["owner"].headers) as client:
        for path in (
            "jobs/{job}", "jobs/{job that is over}/files", "presets/{preset}", "uploads/{upload}",
            "assets/{asset}", "transcripts/{transcript}", "clip-specs/{clip spec}",
            "webhooks/{webhook}",
        ):  # fmt: skip
            where = re.sub(r"\{(.*?)\}", lambda match: things[match.group(1)], path)
            answer = client.get(where)
            assert answer.status_code == 200, f"{where}: whose it is finds it, as it was"
        assert client.get(f"jobs/{things['job']}").json()["state"] == "queued"
        keys = {key["id"] for key in client.get("keys").json()["keys"]}
        assert things["key"] in keys


def bodies() -> dict[tuple[str, str], dict[str, Any]]:
    """Valid bodies, so that a refusal is for the id and not for the form."""
    return {
        ("patch", "/api/v1/workspace/members/{user_id}"): {"role": "viewer"},
        ("put", "/api/v1/presets/{preset_id}"): {"name": "N", "render": {}, "version": 1},
        ("patch", "/api/v1/clip-specs/{spec_id}"): {"version": 1, "title": "N"},
        ("patch", "/api/v1/webhooks/{webhook_id}"): {"enabled": False},
        ("post", "/api/v1/jobs/{job_id}/shares"): {"name": "clips/01.mp4"},
        ("post", "/api/v1/jobs/{job_id}/link"): {"name": "clips/01.mp4"},
        ("patch", "/api/v1/admin/users/{user_id}"): {"disabled": True},
        ("patch", "/api/v1/admin/workspaces/{workspace_id}"): {"weight": 1},
    }


def test_the_document_says_of_every_operation_how_it_fails(served: Served, tmp_path: Path) -> None:
    """OpenAPI 3.1, with a summary, a description and documented errors everywhere."""
    document = served.app.openapi()
    assert document["openapi"].startswith("3.1")
    names = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method} {path}"
            assert operation.get("summary"), name
            assert operation.get("description"), name
            assert operation["operationId"] not in names, name
            names.add(operation["operationId"])
            told = operation["responses"]
            assert {"403", "429", "500", "503"} <= told.keys(), name
            assert any(status < "400" for status in told), name
            if operation.get("security"):
                assert "401" in told, name
            if "requestBody" in operation:
                assert {"413", "422"} & told.keys(), name
            for status, response in told.items():
                if status >= "400":
                    content = response["content"]["application/problem+json"]
                    assert content["schema"]["$ref"].endswith("/Problem"), (name, status)
                    assert content["example"]["code"], (name, status)
    open_to_all = {
        path
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "options" and not operation.get("security")
    }
    # What has no token has a word of its own (a link, an invitation, a password), or tells nothing.
    assert open_to_all <= {
        "/api/v1/health/live", "/api/v1/health/ready", "/api/v1/auth/token",
        "/api/v1/auth/refresh", "/api/v1/auth/sign-out", "/api/v1/auth/invitations",
        "/api/v1/auth/oidc/login", "/api/v1/auth/oidc/callback",
        "/api/v1/files/{sha256}/{name}", "/api/v1/shared/{share_id}",
    }  # fmt: skip
