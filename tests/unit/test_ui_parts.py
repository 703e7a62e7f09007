"""The web UI's parts that need no browser: texts, pages, the policy of a page, where requests come from, sign-ins."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from pathlib import Path
from typing import get_args

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

import gradio_ui
from gradio_ui import static_files
from gradio_ui.choices import choices
from gradio_ui.document import Site, finish
from gradio_ui.pages import PAGES
from serve_apps.gateway.guard import Guard
from serve_apps.ui.origin import is_ours
from serve_apps.ui.routes import ROUTES
from serve_apps.ui.sessions import Refused, Sessions
from videoclip.media.styles import STYLES
from videoclip.schemas import Order
from videoclip.schemas.api.jobs import State
from videoclip.settings import GatewaySettings, Settings
from videoclip.store.secrets import Secrets

STATIC = Path(gradio_ui.__file__).parent / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))
KEY = base64.b64encode(bytes(32)).decode()
PLACES = re.compile(r"\{(\w+)\}")


def test_every_text_is_there_in_every_language_with_the_same_places():
    english, chinese = (static_files.texts(language) for language in static_files.LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        other = chinese[key]
        assert isinstance(text, dict) == isinstance(other, dict), key
        forms = text if isinstance(text, dict) else {"other": text}
        others = other if isinstance(other, dict) else {"other": other}
        assert set(forms) <= {"one", "other"}, key
        assert list(others) == ["other"], key  # Chinese has one form
        assert all(word.strip() for word in (*forms.values(), *others.values())), key
        assert set(PLACES.findall(forms["other"])) == set(PLACES.findall(others["other"])), key


def test_every_text_that_scripts_ask_for_exists():
    known = static_files.texts("en")
    asked = {
        (path.name, key)
        for path in SCRIPTS
        for key in re.findall(r"\bt\('([\w.-]+)'", path.read_text("utf-8"))
    }
    assert len(asked) > 20
    assert not {(name, key) for name, key in asked if key not in known}
    assert all(f"page.{page.name}" in known for page in PAGES)


def test_every_choice_of_the_api_has_a_text():
    known = static_files.texts("en")
    words = {**choices(), "captions": [*choices()["captions"], *STYLES]}
    for name in ("genre", "captions", "framing", "quality"):
        assert not [
            word for word in words[name] if word != "burn" and f"{name}.{word}" not in known
        ]
    assert words["top"] == [1, 100]
    assert {f"state.{word}" for word in get_args(State)} <= known.keys()
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(Order)[0])}
    assert {f"kind.{word}" for word in kinds} <= known.keys()


def test_every_page_has_a_module_and_every_import_a_file():
    assert all((STATIC / page.module).is_file() for page in PAGES)
    for path in SCRIPTS:
        for name in re.findall(r"from '([^']+)'", path.read_text("utf-8")):
            assert name.startswith("."), f"{path.name} loads {name} from elsewhere"
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"


def test_scripts_never_read_html_or_text_as_code():
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|"
        r"createContextualFragment|DOMParser|srcdoc|https?://(?!www\.w3\.org)\w"
    )
    for path in SCRIPTS:
        assert not forbidden.search(path.read_text("utf-8")), path


def test_files_outside_the_folder_are_not_found():
    assert static_files.find("shell.js") is not None
    for name in (
        "../pages.py",
        "../../pyproject.toml",
        "/etc/passwd",
        "lib",
        "",
        "a\0b",
        "texts/../x",
    ):
        assert static_files.find(name) is None


def test_a_page_lets_only_its_own_scripts_run():
    html = (
        "<html><head><script>let a = 1;</script><style>a { color: red }</style></head>"
        """<body style="margin: 0; font-family: &quot;x&quot;"><script src='x.js'></script></body></html>"""
    )
    page, policy = finish(html, Site("/ui", "/api/v1", files_origin="https://files.example.org"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'self' 'sha256-")
    assert rules["script-src"].count("sha256-") == 1
    assert "unsafe" not in rules["script-src"] + rules["style-src"]
    for name, code in (
        ("script-src", "let a = 1;"),
        ("style-src", "a { color: red }"),
        ("style-src-attr", 'margin: 0; font-family: "x"'),
    ):
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert re.findall(r"sha256-([^']+)", rules[name]) == [digest]
    assert rules["connect-src"] == "'self' https://files.example.org"
    assert rules["frame-ancestors"] == "'none'"
    boot = re.search(r'id="vc-boot">(.*?)</script>', page)
    assert boot is not None
    told = json.loads(boot[1])
    assert [one["name"] for one in told["pages"]] == [one.name for one in PAGES]
    assert told["code"].endswith(static_files.version())


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"host": "a.test", "origin": "https://a.test"}, True),
        ({"host": "a.test", "sec-fetch-site": "same-origin"}, True),
        ({"host": "inner:8080", "origin": "https://clips.example.org"}, True),
        ({"host": "a.test"}, False),
        ({"host": "a.test", "origin": "null"}, False),
        ({"host": "a.test", "origin": "https://b.test"}, False),
        ({"host": "a.test", "origin": "https://a.test.b.test"}, False),
        ({"host": "a.test", "origin": "https://a.test", "sec-fetch-site": "same-site"}, False),
        ({"host": "a.test", "origin": "https://a.test", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_only_our_own_pages_may_change_something(headers, ours):
    assert is_ours(Headers(headers), "https://clips.example.org") is ours


@pytest.mark.parametrize(
    ("public_url", "peer", "headers", "secure"),
    [
        ("", "10.0.0.9", {"X-Forwarded-Proto": "https"}, True),
        ("", "10.0.0.9", {"X-Forwarded-Proto": "http"}, False),
        ("", "10.0.0.9", {}, False),
        ("", "203.0.113.7", {"X-Forwarded-Proto": "https"}, False),
        ("https://clips.example.org", "203.0.113.7", {}, True),
    ],
)
async def test_the_cookie_goes_over_tls_only_once_it_came_so(
    tmp_path, public_url, peer, headers, secure
):
    gateway = GatewaySettings(public_url=public_url, trusted_proxies=["10.0.0.0/8"])
    settings = Settings(data_dir=tmp_path, secret_key=KEY, gateway=gateway)
    app = Starlette(routes=ROUTES)
    app.state.settings, app.state.secrets = settings, Secrets.of(settings)
    app.state.sessions = Sessions(Api("refresh-0"))
    guarded = Guard(app, gateway, streamed=())
    transport = httpx.ASGITransport(guarded, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://inner:8080") as client:
        answer = await client.put(
            "/ui/session", json={"refresh_token": "refresh-0"}, headers=headers
        )
    assert answer.status_code == 200, answer.text
    assert ("Secure" in answer.headers["set-cookie"].split("; ")) is secure


class Api:
    """Refresh tokens that work once."""

    def __init__(self, good: str = "r0") -> None:
        self.good = good
        self.asked: list[tuple[str, dict[str, str], str]] = []

    async def __call__(self, path: str, body: dict[str, str], ip: str) -> httpx.Response:
        self.asked.append((path, body, ip))
        await asyncio.sleep(0)
        if body["refresh_token"] != self.good:
            self.good = ""
            return httpx.Response(401, json={"code": "not_signed_in"})
        if path == "/auth/sign-out":
            self.good = ""
            return httpx.Response(204)
        self.good = f"r{len(self.asked)}"
        place = body.get("workspace_id", "one")
        told = {"access_token": f"a{len(self.asked)}", "expires_in": 600, "workspace_id": place}
        return httpx.Response(200, json={**told, "refresh_token": self.good})


async def test_tabs_that_ask_at_once_use_a_refresh_token_once():
    api, now = Api(), [0.0]
    sessions = Sessions(api, lambda: now[0])
    first, *others = await asyncio.gather(*(sessions.refresh("r0", "10.0.0.1") for _ in range(5)))
    assert len(api.asked) == 1
    assert all(grant == first for grant in others)
    assert first.told == {"access_token": "a1", "expires_in": 600, "workspace_id": "one"}
    # The answer was lost, and the browser comes with the old cookie: the same sign-in goes on.
    now[0] = 30.0
    again = await sessions.refresh("r0", "10.0.0.1")
    assert again.told == {**first.told, "expires_in": 570}  # the same token has less time left
    assert again.refresh_token == first.refresh_token
    now[0] = 550.0
    second = await sessions.refresh("r1", "10.0.0.1")
    assert second.told["access_token"] == "a2"
    assert (await sessions.refresh("r2", "10.0.0.1", "two")).told["workspace_id"] == "two"
    # Much later an old cookie is what the API says that it is: stolen.
    now[0] = 5000.0
    with pytest.raises(Refused) as refused:
        await sessions.refresh("r0", "10.0.0.1")
    assert refused.value.status == 401
    assert not sessions._locks


async def test_a_token_that_the_api_refuses_is_not_given_again():
    api = Api()
    sessions = Sessions(api)
    await sessions.refresh("r0", "10.0.0.1")
    assert (await sessions.refresh("r1", "10.0.0.1")).told["access_token"] == "a1"
    api.good = ""  # all sign-ins of the user were ended, as by another password
    with pytest.raises(Refused) as refused:
        await sessions.refresh("r1", "10.0.0.1", refused=True)
    assert refused.value.status == 401


async def test_signing_out_ends_the_newest_token():
    api = Api()
    sessions = Sessions(api)
    await sessions.refresh("r0", "10.0.0.1")
    await sessions.end("r0", "10.0.0.1")
    assert api.asked[-1] == ("/auth/sign-out", {"refresh_token": "r1"}, "10.0.0.1")
    with pytest.raises(Refused):
        await sessions.refresh("r1", "10.0.0.1")


async def test_an_api_that_is_away_is_told_as_such():
    async def away(path, body, ip):
        raise httpx.ConnectError("no")

    with pytest.raises(Refused) as refused:
        await Sessions(away).refresh("r0", "10.0.0.1")
    assert (refused.value.status, refused.value.problem["code"]) == (503, "api_away")


async def test_connections_of_pages_end_with_the_gateway_they_run_in():
    async def page(scope, receive, send):
        await PlainTextResponse("here")(scope, receive, send)

    served = Starlette()
    served.mount("/", page)
    served.add_middleware(Guard, settings=GatewaySettings(), streamed=())
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://ui") as client:
        assert "connection" not in (await client.get("/")).headers, "it knows of no end"
        served.state.closing = asyncio.Event()
        assert "connection" not in (await client.get("/")).headers
        served.state.closing.set()
        assert (await client.get("/")).headers["connection"] == "close"
