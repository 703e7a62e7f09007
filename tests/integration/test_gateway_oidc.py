"""Sign-in through an OpenID provider: a small one of our own, which tells what a test has it tell."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.gateway import Gateway, open_gateway, people
from videoclip.settings import AuthSettings, Settings


@dataclass
class Provider:
    """What it knows, and what it says of whoever comes."""

    base: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    says: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256", "kid": "one"})
    asked: dict[str, str] = field(default_factory=dict)
    issuer: str = ""
    signs: ECKey | None = None

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def metadata() -> dict[str, str]:
            return {
                "issuer": self.issuer or self.base,
                "authorization_endpoint": f"{self.base}/authorize",
                "token_endpoint": f"{self.base}/token", "jwks_uri": f"{self.base}/keys",
            }  # fmt: skip

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        async def token(request: Request) -> Any:
            form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
            who = base64.b64decode(request.headers["authorization"].split()[1]).decode()
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if (
                form["code"] != "the-code" or who != "clips:their-word"
                or challenge != self.asked["code_challenge"]
                or form["redirect_uri"] != self.asked["redirect_uri"]
            ):  # fmt: skip
                return JSONResponse({"error": "invalid_grant"}, 400)
            now = int(time.time())
            claims = {
                "iss": self.base, "aud": "clips", "sub": "42", "iat": now, "exp": now + 60,
                "nonce": self.asked["nonce"], "email": "editor@one.test", "email_verified": True,
                "name": "Ed", **self.says,
            }  # fmt: skip
            if self.header["alg"] == "none":
                parts = ['{"alg":"none"}', json.dumps(claims)]
                words = [base64.urlsafe_b64encode(p.encode()).rstrip(b"=").decode() for p in parts]
                signed = ".".join([*words, ""])
            else:
                signed = jwt.encode(self.header, claims, self.signs or self.key)
            return {"access_token": "a", "token_type": "Bearer", "id_token": signed}

        return app


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    one = Provider()
    config = uvicorn.Config(one.app(), port=0, lifespan="off", log_config=None)
    listener = config.bind_socket()
    one.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield one
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[Gateway, Provider]]:
    async with provider() as one:
        auth = AuthSettings(
            oidc_issuer=one.base, oidc_client_id="clips",
            oidc_client_secret="their-word",  # type: ignore[arg-type]
        )  # fmt: skip
        async with open_gateway(Settings(data_dir=tmp_path, auth=auth)) as gateway:
            await people(gateway)
            yield gateway, one


async def come(
    gateway: Gateway, one: Provider, code: str = "the-code", state: str | None = None
) -> httpx.Response:
    """Set out, see the provider, come back."""
    gateway.client.cookies.clear()
    out = await gateway.ask("GET", "/auth/oidc/login")
    assert out.status_code == 302, out.text
    one.asked = {k: v[0] for k, v in parse_qs(urlsplit(out.headers["location"]).query).items()}
    assert one.asked["code_challenge_method"] == "S256"
    assert "httponly" in out.headers["set-cookie"].lower()
    assert "samesite=lax" in out.headers["set-cookie"].lower()
    query = {"code": code, "state": one.asked["state"] if state is None else state}
    return await gateway.ask("GET", "/auth/oidc/callback", params=query)


async def test_who_set_out_from_the_web_ui_comes_back_to_it_signed_in(
    world: tuple[Gateway, Provider],
) -> None:
    gateway, one = world
    out = await gateway.ask("GET", "/auth/oidc/login", params={"pages": "true"})
    one.asked = {k: v[0] for k, v in parse_qs(urlsplit(out.headers["location"]).query).items()}
    refused = await gateway.ask("GET", "/auth/oidc/callback", params={"error": "access_denied"})
    assert (refused.status_code, refused.headers["location"]) == (
        303, "/ui/sign-in?refused=provider",
    )  # fmt: skip
    out = await gateway.ask("GET", "/auth/oidc/login", params={"pages": "true"})
    one.asked = {k: v[0] for k, v in parse_qs(urlsplit(out.headers["location"]).query).items()}
    query = {"code": "the-code", "state": one.asked["state"]}
    back = await gateway.ask("GET", "/auth/oidc/callback", params=query)
    assert (back.status_code, back.headers["location"]) == (303, "/ui/"), back.text
    assert not back.content
    kept = next(
        line for line in back.headers.get_list("set-cookie") if line.startswith("videoclip_session")
    ).lower()
    assert all(word in kept for word in ("httponly", "samesite=strict", "path=/ui/session"))
    # And the next one who asks for tokens gets tokens.
    assert (await come(gateway, one)).status_code == 200


async def test_an_account_is_found_by_its_verified_address_and_then_by_its_identity(
    world: tuple[Gateway, Provider],
) -> None:
    gateway, one = world
    came = await come(gateway, one)
    assert came.status_code == 200, came.text
    assert came.json()["user"]["id"] == gateway.people["editor"].user_id
    bearer = {"Authorization": f"Bearer {came.json()['access_token']}"}
    assert (await gateway.ask("GET", "/jobs", headers=bearer)).status_code == 200
    one.says = {"email": "moved@else.where", "email_verified": False}
    again = await come(gateway, one)
    assert again.json()["user"]["id"] == gateway.people["editor"].user_id


async def test_who_is_not_known_or_not_proved_is_not_let_in(
    world: tuple[Gateway, Provider],
) -> None:
    gateway, one = world
    for says in (
        {"email": "nobody@one.test"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": ""},
    ):
        one.says = says
        refused = await come(gateway, one)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed"), says


async def test_an_answer_that_is_not_the_providers_is_refused(
    world: tuple[Gateway, Provider],
) -> None:
    gateway, one = world
    for says in (
        {"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600}, {"sub": None},
    ):  # fmt: skip
        one.says = says
        refused = await come(gateway, one)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in"), says
    one.says = {}
    assert (await come(gateway, one, state="another")).status_code == 401
    assert (await come(gateway, one, code="another")).status_code == 401
    one.header = {"alg": "none"}
    assert (await come(gateway, one)).status_code == 401
    one.header = {"alg": "ES256", "kid": "one"}
    one.signs = ECKey.generate_key("P-256", {"kid": "one"})
    assert (await come(gateway, one)).status_code == 401, "another key under the same name"
    one.signs = None
    gateway.client.cookies.clear()
    lost = await gateway.ask("GET", "/auth/oidc/callback?code=the-code&state=x")
    assert lost.status_code == 401, "a browser that did not set out"
    one.issuer = "https://evil.example"
    away = await gateway.ask("GET", "/auth/oidc/login")
    assert (away.status_code, away.json()["code"]) == (503, "sign_in_unavailable")


async def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    async with open_gateway(Settings(data_dir=tmp_path)) as gateway:
        for path in ("login", "callback?code=a&state=b"):
            answer = await gateway.ask("GET", f"/auth/oidc/{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_who_is_new_gets_an_account_where_the_settings_say_so(tmp_path: Path) -> None:
    async with provider() as one:
        auth = AuthSettings(
            oidc_issuer=one.base, oidc_client_id="clips", oidc_sign_up=True,
            oidc_client_secret="their-word",  # type: ignore[arg-type]
        )  # fmt: skip
        async with open_gateway(Settings(data_dir=tmp_path, auth=auth)) as gateway:
            one.says = {"email": "new@one.test", "name": "New"}
            came = await come(gateway, one)
            assert came.status_code == 200, came.text
            assert [place["role"] for place in came.json()["workspaces"]] == ["owner"]
            one.says = {"sub": "43", "email": "new@else.test", "email_verified": False}
            assert (await come(gateway, one)).status_code == 403


async def test_whoever_took_an_address_before_its_owner_came_is_out_again(
    world: tuple[Gateway, Provider],
) -> None:
    gateway, one = world
    word = (
        await gateway.ask(
            "POST", "/workspace/invitations", "stranger", json={"email": "victim@one.test"}
        )
    ).json()["token"]
    account = {"token": word, "name": "Not the victim", "password": "four words in a row"}
    taken = await gateway.ask("POST", "/auth/invitations", json=account)
    assert taken.status_code == 201, taken.text
    bearer = {"Authorization": f"Bearer {taken.json()['access_token']}"}
    one.says = {"email": "victim@one.test", "sub": "77"}
    came = await come(gateway, one)
    assert came.json()["user"]["id"] == taken.json()["user"]["id"]
    assert (await gateway.ask("GET", "/auth/me", headers=bearer)).status_code == 401
    body = {"email": "victim@one.test", "password": "four words in a row"}
    assert (await gateway.ask("POST", "/auth/token", json=body)).status_code == 401
    refresh = {"refresh_token": taken.json()["refresh_token"]}
    assert (await gateway.ask("POST", "/auth/refresh", json=refresh)).status_code == 401
