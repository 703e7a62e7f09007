"""The gateway for tests: in this process, over a real database, with people of two workspaces."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from serve_apps.gateway.app import create_app
from serve_apps.gateway.tokens import AccessToken, Tokens
from videoclip.schemas.api.roles import ROLES
from videoclip.settings import Settings
from videoclip.store.accounts import Accounts
from videoclip.store.audit import Actor
from videoclip.store.database import Database
from videoclip.store.members import Members
from videoclip.store.sign_ins import SignIns

__all__ = ["CUT", "Gateway", "Person", "make_people", "open_gateway", "people"]

CUT: dict[str, Any] = {
    "kind": "cut", "source": "https://videos.example/one.mp4",
    "ranges": [{"start_ms": 0, "end_ms": 1000}],
}  # fmt: skip
"""The cheapest job to ask for."""
ROLE_NAMES = tuple(ROLES)


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    user_id: str
    workspace_id: str
    role: str
    email: str
    token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Gateway:
    """The application while it is open, and a client that refuses answers which the documentation lacks."""

    app: FastAPI
    client: httpx.AsyncClient
    people: dict[str, Person] = field(default_factory=dict)
    """By role, in the first workspace; `stranger` owns another one, `root` administers the installation."""

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    async def ask(
        self, method: str, path: str, who: str | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request as somebody."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers |= self.people[who].headers
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Start the application in this process, as a server would."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://gateway.test",
            event_hooks={"response": [Documented(app).check]},
        ) as client:
            yield Gateway(app, client)


async def people(gateway: Gateway, password_hash: str | None = None) -> None:
    """Make one user of each role, a stranger with a workspace of their own, and an administrator."""
    gateway.people = await make_people(gateway.database, gateway.app.state.tokens, password_hash)


async def make_people(
    database: Database, tokens: Tokens, password_hash: str | None = None, mark: str = ""
) -> dict[str, Person]:
    """As `people`; `mark` goes into the addresses, for more than one round."""
    nobody = Actor()
    found: dict[str, Person] = {}
    async with database.session() as session:
        accounts = Accounts(session)
        ids: dict[str, tuple[str, str]] = {}
        workspace = ""
        for role in ("owner", "admin", "editor", "viewer"):
            user = await accounts.create_user(f"{role}{mark}@one.test", role, password_hash)
            if role == "owner":
                workspace = await accounts.create_workspace("One", user, nobody)
            else:
                await Members(session, workspace).add(user, role, nobody)
            ids[role] = (user, workspace)
        for name, admin in (("stranger", False), ("root", True)):
            user = await accounts.create_user(
                f"{name}{mark}@two.test", name, password_hash, is_admin=admin
            )
            ids[name] = (user, await accounts.create_workspace(name.title(), user, nobody))
        for name, (user, where) in ids.items():
            begun = await SignIns(session, 30).begin(user, where, nobody)
            token = tokens.make(AccessToken(user, where, begun.family))
            record = await accounts.user(user)
            role = name if name in ROLE_NAMES else "owner"
            found[name] = Person(user, where, role, record.email, token, begun.refresh_token)
    return found


class Documented:
    """A hook that fails when an answer's status or media type is not in the OpenAPI document."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def check(self, response: httpx.Response) -> None:
        path, method = response.request.url.path, response.request.method.lower()
        for template, pattern, operations in documented(self._app):
            if pattern.fullmatch(path) and method in operations:
                told = operations[method]["responses"]
                status = str(response.status_code)
                assert status in told, f"{method} {template}: {status} is not documented"
                kind = response.headers.get("content-type", "").partition(";")[0]
                if kind and "content" in told[status]:
                    kinds = told[status]["content"]
                    assert kind in kinds or "*/*" in kinds, f"{method} {template} {status}: {kind}"
                return


_DOCUMENTED: list[tuple[str, re.Pattern[str], dict[str, Any]]] = []


def documented(app: FastAPI) -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    """Paths of the document; it does not depend on the settings, so it is made once."""
    if not _DOCUMENTED:
        for template, operations in app.openapi()["paths"].items():
            pattern = re.sub(r"\\\{[^{}]+\\\}", "[^/]+", re.escape(template))
            _DOCUMENTED.append((template, re.compile(pattern), operations))
    return _DOCUMENTED
