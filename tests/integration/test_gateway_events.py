"""A job's events as they happen, over a real server; a stream that breaks is taken up where it broke."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.gateway import CUT, Gateway, open_gateway, people
from videoclip.settings import GatewaySettings, Settings
from videoclip.store.queue import Queue


@pytest.fixture
def settings(store_settings: Settings) -> Settings:
    return store_settings.model_copy(
        update={"gateway": GatewaySettings(stream_poll_s=0.05, stream_s=20)}
    )


@asynccontextmanager
async def served(gateway: Gateway) -> AsyncIterator[str]:
    """The application on a port; `httpx.ASGITransport` gives answers only as a whole."""
    config = uvicorn.Config(gateway.app, port=0, lifespan="off", log_config=None)
    listener = config.bind_socket()
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        gateway.app.state.closing.set()
        server.should_exit = True
        await task


async def work(gateway: Gateway, job_id: str) -> None:
    """What a dispatcher and a runner do to a job's rows."""
    async with gateway.database.queue() as queue:
        claim = await queue.claim("test", lease_ms=60_000)
    assert claim is not None
    assert claim.id == job_id
    async with gateway.database.session() as session:
        await Queue(session).tell(job_id, claim.attempt, "progress", {"stage": "read"})
    await asyncio.sleep(0.3)
    async with gateway.database.queue() as queue:
        await queue.finish(job_id, claim.attempt, "succeeded", {"files": []})


async def frames(
    base: str, headers: dict[str, str], path: str, stop: str = ""
) -> list[dict[str, Any]]:
    """Events of a stream, to its end or to the first one of a kind."""
    found: list[dict[str, Any]] = []
    async with (
        httpx.AsyncClient(base_url=f"http://{base}", timeout=20) as client,
        client.stream("GET", f"/api/v1{path}", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data: ") and line != "data: {}":
                found.append(json.loads(line.removeprefix("data: ")))
                if found[-1]["kind"] == stop:
                    break
            if line == "event: end":
                found.append({"kind": "end"})
    return found


async def test_a_stream_tells_what_happens_and_is_taken_up_where_it_broke(
    settings: Settings,
) -> None:
    async with open_gateway(settings) as gateway:
        await people(gateway)
        mine = gateway.people["viewer"].headers
        job = (await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})).json()
        path = f"/jobs/{job['id']}/events"
        async with served(gateway) as base:
            reader = asyncio.create_task(frames(base, mine, path, stop="running"))
            await asyncio.sleep(0.2)
            worker = asyncio.create_task(work(gateway, job["id"]))
            first = await reader
            assert [event["kind"] for event in first] == ["queued", "running"]
            resumed = {**mine, "Last-Event-ID": str(first[-1]["id"])}
            rest = await frames(base, resumed, path)
            await worker
            assert [e["kind"] for e in rest if e["kind"] != "progress"] == ["succeeded", "end"]
            ids = [event["id"] for event in (*first, *rest) if "id" in event]
            assert ids == sorted(set(ids)), "none twice, in order"
            last = str(max(ids))
        over = await gateway.ask("GET", path, "viewer", headers={"Last-Event-ID": last})
        assert over.status_code == 204, "nothing more to come"
        assert (await gateway.ask("GET", path, "stranger")).status_code == 404
        assert (await gateway.ask("GET", path)).status_code == 401


async def test_a_socket_tells_the_same_and_knows_who_asks(settings: Settings) -> None:
    async with open_gateway(settings) as gateway:
        await people(gateway)
        token = gateway.people["viewer"].token
        job = (await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})).json()
        path = f"/api/v1/jobs/{job['id']}/events"

        async def hear(
            base: str, hello: str | None, headers: dict[str, str], query: str = ""
        ) -> tuple[list[dict[str, Any]], int]:
            got = []
            async with connect(f"ws://{base}{path}{query}", additional_headers=headers) as socket:
                if hello is not None:
                    await socket.send(hello)
                try:
                    while True:
                        got.append(json.loads(await asyncio.wait_for(socket.recv(), 20)))
                except ConnectionClosed as closed:
                    return got, closed.rcvd.code if closed.rcvd else 0

        async with served(gateway) as base:
            hello = json.dumps({"token": token})
            reader = asyncio.create_task(hear(base, hello, {}))
            await work(gateway, job["id"])
            events, code = await reader
            assert code == 1000
            kinds = [event["kind"] for event in events if event["kind"] != "progress"]
            assert kinds == ["queued", "running", "succeeded"]
            bearer = {"Authorization": f"Bearer {token}"}
            rest, code = await hear(base, None, bearer, f"?after={events[-1]['id']}")
            assert (rest, code) == ([], 1000)
            stranger = json.dumps({"token": gateway.people["stranger"].token})
            refused, code = await hear(base, stranger, {})
            assert (refused[0]["code"], code) == ("not_found", 4404)
            for bad in ("{}", "[" * 9000, "x", '{"token": 1}'):
                refused, code = await hear(base, bad, {})
                assert (refused[0]["code"], code) == ("not_signed_in", 4401)


async def test_streams_end_at_once_when_the_server_ends(settings: Settings) -> None:
    async with open_gateway(settings) as gateway:
        await people(gateway)
        job = (await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})).json()
        async with served(gateway) as base:
            reader = asyncio.create_task(
                frames(base, gateway.people["viewer"].headers, f"/jobs/{job['id']}/events")
            )
            await asyncio.sleep(0.4)
            begun = time.monotonic()
        events = await reader
        assert time.monotonic() - begun < 3
        assert [event["kind"] for event in events] == ["queued"], "no end: it may be taken up"


async def test_a_caller_has_only_so_many_streams_and_gets_places_back(settings: Settings) -> None:
    few = settings.model_copy(
        update={"gateway": settings.gateway.model_copy(update={"streams": 2})}
    )
    async with open_gateway(few) as gateway:
        await people(gateway)
        job = (await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})).json()
        path = f"/api/v1/jobs/{job['id']}/events"
        async with (
            served(gateway) as base,
            httpx.AsyncClient(base_url=f"http://{base}", timeout=20) as client,
        ):
            mine = gateway.people["viewer"].headers
            async with (
                client.stream("GET", path, headers=mine),
                client.stream("GET", path, headers=mine),
            ):
                refused = await client.get(path, headers=mine)
                assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
                assert refused.headers["retry-after"] == "5"
                async with connect(f"ws://{base}{path}", additional_headers=mine) as socket:
                    assert json.loads(await socket.recv())["code"] == "too_many_requests"
                theirs = gateway.people["owner"].headers
                async with client.stream("GET", path, headers=theirs) as other:
                    assert other.status_code == 200, "others have their own"
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:  # the server hears of it a moment later
                async with client.stream("GET", path, headers=mine) as again:
                    if again.status_code == 200:
                        break
                await asyncio.sleep(0.05)
            assert again.status_code == 200
