"""On PostgreSQL, which takes neither NUL nor half a surrogate nor larger numbers: every parameter of every operation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.gateway import CUT, Gateway, open_gateway, people
from tests.support.postgres import Postgres
from videoclip.schemas.api.fields import ID
from videoclip.settings import GatewaySettings, Settings

NOBODY = "0198c0de-0000-7000-8000-000000000000"
PLAIN = {"Content-Type": "application/json"}
TEXTS = ("a%00b", "%ED%A0%80", quote("'; DROP TABLE job; --"))
NUMBERS = ("9223372036854775808", "-1", "1" + "0" * 40)


@pytest.fixture
async def gateway(
    postgres: Postgres, postgres_template: str, tmp_path: Path
) -> AsyncIterator[Gateway]:
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=await postgres.new_database(postgres_template),
        gateway=GatewaySettings(requests_per_minute=100_000, anonymous_per_minute=100_000),
    )
    async with open_gateway(settings) as gateway:
        await people(gateway)
        yield gateway


def parameters(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
    """Method, path, a parameter that may be anything or an id, and the parameters beside it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            given = operation.get("parameters", [])
            for one in given:
                if one["in"] in ("path", "query"):
                    yield method, path, one, [other for other in given if other is not one]


def kinds(parameter: dict[str, Any]) -> list[dict[str, Any]]:
    schema = parameter["schema"]
    found = schema.get("anyOf", [schema])
    return [kind.get("items", kind) for kind in found if kind.get("type") != "null"]


def address(path: str, others: list[Any], parameter: dict[str, Any], value: str) -> str:
    query = []
    for other in others:
        if other["in"] == "path":
            path = _put(path, other, _some(other))
        elif other["in"] == "query" and other.get("required"):
            query.append(f"{other['name']}={_some(other)}")
    if parameter["in"] == "path":
        path = _put(path, parameter, value)
    else:
        query.append(f"{parameter['name']}={value}")
    return path.removeprefix("/api/v1") + ("?" + "&".join(query) if query else "")


def _put(path: str, parameter: dict[str, Any], value: str) -> str:
    return path.replace("{" + parameter["name"] + "}", value)


def _some(parameter: dict[str, Any]) -> str:
    [kind, *_] = kinds(parameter)
    if kind.get("pattern") == ID:
        return NOBODY
    if "enum" in kind:
        return str(kind["enum"][0])
    return "1" if kind.get("type") == "integer" else "a" * 64


async def test_no_parameter_reaches_the_database_as_what_it_cannot_take(gateway: Gateway) -> None:
    asked: dict[str, tuple[str, str, set[int]]] = {}
    for method, path, parameter, others in parameters(gateway.app.openapi()):
        if path.endswith(("/events", "/oidc/start", "/oidc/callback")):
            continue  # streams, and what speaks to somebody else
        for kind in kinds(parameter):
            name = parameter["name"]
            if name.endswith("_id") or name in ("cursor", "user", "job", "parent"):
                assert "pattern" in kind or kind.get("type") == "integer", (path, name)
            if kind.get("pattern") == ID:
                values, allowed = ("w", "a%00b", NOBODY.upper()), {422}
                if parameter["in"] == "path":
                    allowed = {404}  # as of any id that there is not
            elif kind.get("type") == "integer":
                values, allowed = NUMBERS, set(range(200, 500))
            elif kind.get("type") == "string" and "enum" not in kind:
                values, allowed = TEXTS, set(range(200, 500))
            else:
                continue
            for value in values:
                asked[address(path, others, parameter, value)] = (method, path, allowed)
    assert len(asked) > 200
    waiting = list(asked.items())

    async def work() -> None:
        while waiting:
            where, (method, path, allowed) = waiting.pop()
            answer = await gateway.ask(method.upper(), where, "root", json={})
            assert answer.status_code in allowed, (method, path, where, answer.text)

    await asyncio.gather(*(work() for _ in range(4)))


async def test_texts_of_bodies_are_kept_or_refused(gateway: Gateway) -> None:
    for text in ("a\0b", "half \ud83d of a pair"):
        clip = {"kind": "clip", "source": f"asset:{NOBODY}", "prompt": text}
        spec = {"source": f"asset:{NOBODY}", "title": text, "ranges": []}
        bodies: list[tuple[str, dict[str, Any]]] = [
            ("/jobs", {"request": clip}),
            ("/jobs", {"request": {**CUT, "render": {"style": text}}}),
            ("/presets", {"name": "n", "description": text, "render": {}}),
            ("/presets", {"name": "m", "render": {"watermark": text}}),
            ("/keys", {"name": text, "scopes": ["jobs:read"]}),
            ("/workspaces", {"name": text}),
            ("/clip-specs", spec),
            ("/search/supercut", {"q": text}),
            ("/presets/preview", {"text": text}),
        ]
        for where, body in bodies:
            answer = await gateway.ask(
                "POST", where, "owner", content=json.dumps(body), headers=PLAIN
            )
            assert answer.status_code < 500, (where, body, text)
            assert answer.status_code == 422 or "\0" in text
