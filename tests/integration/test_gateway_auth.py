"""Who gets in: passwords, tokens, keys, invitations; and who does not."""

from __future__ import annotations

import asyncio
import base64
import json
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from serve_apps.gateway.housekeeping import sweep_once
from serve_apps.gateway.passwords import Passwords
from serve_apps.gateway.tokens import AccessToken, Tokens
from tests.support.gateway import CUT, Gateway, open_gateway, people
from videoclip.settings import AuthSettings, QuotaSettings, Settings
from videoclip.store.audit import Actor, AuditLog
from videoclip.store.invitations import Invitations
from videoclip.store.limits import RateLimits
from videoclip.store.quotas import Quotas
from videoclip.store.secrets import Secrets
from videoclip.store.sign_ins import SignIns

PASSWORD = "four words in a row"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return Passwords()._hasher.hash(PASSWORD)


@pytest.fixture
async def gateway(store_settings: Settings, password_hash: str) -> AsyncIterator[Gateway]:
    settings = store_settings.model_copy(
        update={"auth": AuthSettings(failures=3, failures_per_ip=8)}
    )
    async with open_gateway(settings) as gateway:
        await people(gateway, password_hash)
        yield gateway


async def sign_in(gateway: Gateway, email: str, password: str = PASSWORD) -> Any:
    return await gateway.ask("POST", "/auth/token", json={"email": email, "password": password})


async def test_the_first_administrator_comes_in_by_a_link_that_works_once(
    store_settings: Settings,
) -> None:
    async with open_gateway(store_settings) as gateway:
        async with gateway.database.session() as session:
            _, word = await Invitations(session, None).create("owner", None, 1, Actor())
        body = {"token": word, "email": "Root@example.org", "name": "Root", "password": PASSWORD}
        made = await gateway.ask("POST", "/auth/invitations", json=body)
        assert made.status_code == 201, made.text
        assert made.json()["user"]["is_admin"]
        assert made.json()["user"]["email"] == "root@example.org"
        again = await gateway.ask("POST", "/auth/invitations", json=body)
        assert (again.status_code, again.json()["code"]) == (404, "not_found")
        token = (await sign_in(gateway, "root@example.org")).json()["access_token"]
        me = await gateway.ask("GET", "/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert "platform:admin" in me.json()["scopes"]


async def test_a_weak_password_is_refused(gateway: Gateway) -> None:
    async with gateway.database.session() as session:
        _, word = await Invitations(session, None).create("owner", None, 1, Actor())
    for password in ("short", "aaaaaaaaaaaaaaaa"):
        body = {"token": word, "email": "a@b.c", "name": "A", "password": password}
        refused = await gateway.ask("POST", "/auth/invitations", json=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "usage")


async def test_a_refresh_token_works_once_and_twice_ends_the_sign_in(gateway: Gateway) -> None:
    first = (await sign_in(gateway, "editor@one.test")).json()
    second = await gateway.ask(
        "POST", "/auth/refresh", json={"refresh_token": first["refresh_token"]}
    )
    assert second.status_code == 200, second.text
    bearer = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert (await gateway.ask("GET", "/auth/me", headers=bearer)).status_code == 200
    stolen = await gateway.ask(
        "POST", "/auth/refresh", json={"refresh_token": first["refresh_token"]}
    )
    assert stolen.status_code == 401
    late = await gateway.ask(
        "POST", "/auth/refresh", json={"refresh_token": second.json()["refresh_token"]}
    )
    assert late.status_code == 401, "the whole chain ends"
    assert (await gateway.ask("GET", "/auth/me", headers=bearer)).status_code == 401
    async with gateway.database.reading() as session:
        log = await AuditLog(session, gateway.people["editor"].workspace_id).page(None, 10)
    assert "auth.token_reused" in {entry.action for entry in log}


async def test_who_signs_out_is_out_at_once(gateway: Gateway) -> None:
    body = {"refresh_token": gateway.people["viewer"].refresh_token}
    assert (await gateway.ask("GET", "/auth/me", "viewer")).status_code == 200
    assert (await gateway.ask("POST", "/auth/sign-out", json=body)).status_code == 204
    assert (await gateway.ask("GET", "/auth/me", "viewer")).status_code == 401
    assert (await gateway.ask("POST", "/auth/refresh", json=body)).status_code == 401


async def test_a_changed_password_ends_all_sign_ins(gateway: Gateway) -> None:
    body = {"current": PASSWORD, "new": "another long password"}
    assert (await gateway.ask("POST", "/auth/password", "editor", json=body)).status_code == 204
    assert (await gateway.ask("GET", "/auth/me", "editor")).status_code == 401
    assert (await sign_in(gateway, "editor@one.test")).status_code == 401
    assert (await sign_in(gateway, "editor@one.test", body["new"])).status_code == 200


async def test_failures_lock_an_account_for_a_while_whether_it_exists_or_not(
    gateway: Gateway,
) -> None:
    for email in ("editor@one.test", "nobody@one.test"):
        answers = [(await sign_in(gateway, email, "wrong")) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401] * 3
        locked = await sign_in(gateway, email)
        assert (locked.status_code, locked.json()["code"]) == (429, "too_many_requests")
        assert 0 < int(locked.headers["retry-after"]) <= 15 * 60 + 1
    await sign_in(gateway, "more@one.test", "wrong")
    await sign_in(gateway, "more@one.test", "wrong")
    address = await sign_in(gateway, "viewer@one.test")
    assert address.status_code == 429, "the address is locked for all accounts"


async def test_it_takes_as_long_to_refuse_who_is_not_known(tmp_path: Any) -> None:
    settings = Settings(data_dir=tmp_path, auth=AuthSettings(failures=1000, failures_per_ip=1000))
    async with open_gateway(settings) as gateway:
        await people(gateway, Passwords()._hasher.hash(PASSWORD))

        async def one(email: str) -> float:
            begun = time.perf_counter()
            answer = await sign_in(gateway, email, "wrong password")
            assert (answer.status_code, answer.json()["title"]) == (
                401, "address or password is wrong",
            )  # fmt: skip
            return time.perf_counter() - begun

        await one("warm@one.test")
        known, unknown = [], []
        for number in range(9):
            known.append(await one("editor@one.test"))
            unknown.append(await one(f"nobody{number}@one.test"))
        ratio = statistics.median(known) / statistics.median(unknown)
        assert 0.6 < ratio < 1.7, (known, unknown)


def tampered(gateway: Gateway) -> dict[str, str]:
    """Tokens that must not be believed."""
    good = gateway.people["owner"]
    keys = gateway.app.state.secrets
    header, body, signature = good.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    own = next(iter(keys.derived("access tokens").items()))
    right = OctKey.import_key(own[1])

    def signed(changes: dict[str, Any], key: OctKey = right, kid: str = own[0]) -> str:
        return jwt.encode({"alg": "HS256", "kid": kid}, {**claims, **changes}, key)

    def plain(words: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(words).encode()).rstrip(b"=").decode()

    stranger = gateway.people["stranger"]
    elsewhere = Tokens(Secrets([b"x" * 32]), 600)
    return {
        "tampered": f"{header}.{plain({**claims, 'ws': stranger.workspace_id})}.{signature}",
        "alg none": f"{plain({'alg': 'none'})}.{body}.",
        "alg none with a signature": f"{plain({'alg': 'none', 'kid': own[0]})}.{body}.{signature}",
        "another algorithm": jwt.encode(
            {"alg": "HS512", "kid": own[0]}, claims, right, algorithms=["HS512"]
        ),
        "expired": signed({"exp": int(time.time()) - 60}),
        "without an end": jwt.encode(
            {"alg": "HS256", "kid": own[0]},
            {k: v for k, v in claims.items() if k != "exp"},
            right,
        ),
        "of another audience": signed({"aud": "somebody else"}),
        "of another issuer": signed({"iss": "somebody else"}),
        "of another installation": elsewhere.make(
            AccessToken(good.user_id, good.workspace_id, claims["sid"])
        ),
        "of another key under our name": signed({}, OctKey.import_key(b"y" * 32)),
        "for a workspace that one is not in": signed({"ws": stranger.workspace_id}),
        "with somebody else's sign-in": signed({"sid": stranger.user_id}),
        "with a subject that is no text": signed({"sub": 7}),
        "with a long subject": signed({"sub": "s" * 5000}),
        "cut off": good.token[:-4],
        "nothing": "x",
        "dots": "...",
        "not ASCII": "t\u00f6ken",
        "a key that is none": "vck_" + "a" * 43,
        "a refresh token": good.refresh_token,
    }


async def test_tokens_that_are_not_ours_or_not_valid_are_refused(gateway: Gateway) -> None:
    assert (await gateway.ask("GET", "/jobs", "owner")).status_code == 200
    for name, token in tampered(gateway).items():
        headers = {"Authorization": f"Bearer {token}".encode()}
        answer = await gateway.client.get("/api/v1/jobs", headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401, name
        assert answer.json()["code"] == "not_signed_in", name
        assert len(token) < 10 or token not in answer.text


async def test_an_installations_key_can_be_replaced_without_ending_sign_ins() -> None:
    old, new = b"o" * 32, b"n" * 32
    token = Tokens(Secrets([old]), 600).make(AccessToken("u", "w", "s"))
    assert Tokens(Secrets([new, old]), 600).read(token) == AccessToken("u", "w", "s")


@pytest.mark.parametrize("how", ["disabled", "removed"])
async def test_whoever_is_locked_out_is_out_at_once(
    gateway: Gateway, how: str, request: pytest.FixtureRequest
) -> None:
    from videoclip.store.accounts import Accounts
    from videoclip.store.members import Members

    editor = gateway.people["editor"]
    assert (await gateway.ask("GET", "/jobs", "editor")).status_code == 200
    async with gateway.database.session() as session:
        if how == "disabled":
            await Accounts(session).set_disabled(editor.user_id, Actor(), disabled=True)
        else:
            await Members(session, editor.workspace_id).remove(editor.user_id, Actor())
    assert (await gateway.ask("GET", "/jobs", "editor")).status_code == 401


async def test_what_is_of_no_use_any_more_is_forgotten(gateway: Gateway) -> None:
    async with gateway.database.session() as session:
        limits = RateLimits(session)
        await limits.take("login:old", 1, 1, 5)
        await SignIns(session, 0).begin(
            gateway.people["viewer"].user_id, gateway.people["viewer"].workspace_id, Actor()
        )
    await asyncio.sleep(0.05)
    async with gateway.database.session() as session:
        await RateLimits(session).sweep(10)
        await SignIns(session, 0).sweep(10)
        used = await RateLimits(session).take("login:old", 10**12, 1, 5)
    assert used.granted == 1
    assert (await gateway.ask("GET", "/jobs", "viewer")).status_code == 200
    await sweep_once(gateway.database)


async def test_an_invitation_does_not_leave_a_workspace_without_an_owner(gateway: Gateway) -> None:
    made = await gateway.ask("POST", "/workspace/invitations", "admin", json={"role": "viewer"})
    body = {
        "token": made.json()["token"], "email": gateway.people["owner"].email, "name": "Owner",
        "password": PASSWORD,
    }  # fmt: skip
    refused = await gateway.ask("POST", "/auth/invitations", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    me = await gateway.ask("GET", "/auth/me", "owner")
    assert me.json()["role"] == "owner"


async def test_a_job_that_runs_again_counts_against_the_quota(gateway: Gateway) -> None:
    workspace = gateway.people["owner"].workspace_id
    async with gateway.database.session() as session:
        await Quotas(session, workspace, QuotaSettings()).set_limits(max_jobs=1)
    first = (await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})).json()["id"]
    await gateway.ask("POST", f"/jobs/{first}/cancel", "editor")
    second = await gateway.ask("POST", "/jobs", "editor", json={"request": CUT})
    assert second.status_code == 201, second.text
    again = await gateway.ask("POST", f"/jobs/{first}/retry", "editor")
    assert (again.status_code, again.json()["code"]) == (403, "quota_exceeded"), again.text
    state = (await gateway.ask("GET", f"/jobs/{first}", "editor")).json()["state"]
    assert state == "cancelled"
