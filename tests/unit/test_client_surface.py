"""The SDK's surface: what is public, that it covers the API, and that both clients are the same."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

import videoclip.client
from serve_apps.gateway.app import PREFIX, create_app
from videoclip.client import AsyncVideoClip, CutRequest, TimeRange, VideoClip, VideoClipError
from videoclip.client.operations import operations_of
from videoclip.errors import UsageError
from videoclip.schemas import RenderOptions
from videoclip.schemas.api.auth import PlaceOut, TokenOut, UserOut
from videoclip.schemas.api.jobs import JobOut
from videoclip.schemas.api.search import Pick
from videoclip.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "tests" / "data" / "sdk-surface.txt"
ID = "0198c0de-0000-7000-8000-000000000000"
LINK = f"{PREFIX}/files/{'0' * 64}/a.mp4?signature=x"
ARGUMENTS: dict[str, Any] = {
    "request": CutRequest(source="asset:x", ranges=[TimeRange(start_ms=0, end_ms=1)]),
    "size": 1, "offset": 0, "content": b"x", "version": 1, "base_version": 1,
    "render": RenderOptions(), "ranges": [TimeRange(start_ms=0, end_ms=1)],
    "hits": [Pick(job_id=ID, sentence=0)], "events": ["*"], "scopes": ["jobs:read"], "view": "waveform", "role": "editor",
    "decision": "accepted", "name": "name", "password": "word", "token": "word-word", "q": "word",
    "sheet": "storyboard-01.jpg", "candidate_id": "c01", "refresh_token": "word-word",
}  # fmt: skip


def parts(client: Any) -> Iterator[tuple[str, Any]]:
    for name, part in vars(client).items():
        if not name.startswith("_"):
            yield name, part


def methods(client: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, part in parts(client):
        for key, method in inspect.getmembers(part, inspect.isroutine):
            if not key.startswith("_"):
                yield f"{name}.{key}", method


@pytest.fixture(scope="module")
def documented() -> set[str]:
    paths = create_app(Settings(data_dir=Path("/nowhere"))).openapi()["paths"]
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, operations in paths.items()
        for method in operations
    }


def test_every_operation_of_the_api_has_a_method_and_the_other_way_round(
    documented: set[str],
) -> None:
    for client in (VideoClip("http://x"), AsyncVideoClip("http://x")):
        declared = [one for _, method in methods(client) for one in operations_of(method)]
        assert set(declared) == documented
        assert len(declared) == len(set(declared)), "one way for each"


def test_methods_ask_for_what_they_declare(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.raw_path.decode().partition('?')[0]}")
        headers = {"content-length": "1"} if request.method == "HEAD" else {}
        return httpx.Response(200, headers=headers, content=_answer(request))

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = VideoClip("http://x", "key", http=http, retries=0, patience_s=0)
    for name, method in methods(client):
        for declared in operations_of(method):
            given = {
                key: ARGUMENTS.get(key, ID)
                for key, one in inspect.signature(method).parameters.items()
                if (one.default is one.empty or key == "refresh_token")
                and one.kind is not one.VAR_KEYWORD
            }
            if "target" in given:
                given["target"] = tmp_path / "file"
            if "/shared/" in declared:
                given["link"] = f"{PREFIX}/shared/{ID}?key=x"
            elif "link" in given:
                given["link"] = LINK
            if declared.startswith("POST /uploads/{"):
                given["tunnel"] = True
            if declared == "OPTIONS /uploads/{upload_id}":
                given["upload"] = ID
            seen.clear()
            with suppress(VideoClipError):
                found = method(**given)
                if inspect.isgenerator(found):
                    next(found, None)
            pattern = re.escape(f"{PREFIX}{declared.partition(' ')[2]}")
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", pattern)
            verb = declared.partition(" ")[0]
            assert any(re.fullmatch(f"{verb} {pattern}", one) for one in seen), (name, seen)
    http.close()


def _answer(request: httpx.Request) -> bytes:
    """Enough for methods that look something up first."""
    if request.url.path.endswith("/files"):
        return b'{"files": [{"name": "name", "size": 1, "media_type": "x", "sha256": "%s"}]}' % (
            b"0" * 64
        )
    if "/assets/" in request.url.path and not request.url.path.endswith("/content"):
        return (
            b'{"id": "%s", "name": "a", "sha256": "%s", "size": 1, "duration_ms": 1, "media": '
            b'{"container": "mov", "duration_ms": 1, "size_bytes": 1, "video": null, "audio": null}, '
            b'"state": "ready", "created_by": null, "created_ms": 1}' % (ID.encode(), b"0" * 64)
        )
    return b"{}"


def surface() -> str:
    lines = [f"videoclip.client.{name}" for name in sorted(videoclip.client.__all__)]
    for kind in (VideoClip, AsyncVideoClip, videoclip.client.Job, videoclip.client.AsyncJob):
        own = [name for name in vars(kind) if not name.startswith(("_", "model_"))]
        for name in sorted(own):
            found = getattr(kind, name)
            told = str(inspect.signature(found)) if callable(found) else ""
            lines.append(f"{kind.__name__}.{name}{told}")
    for name, method in methods(VideoClip("http://x")):
        lines.append(f"VideoClip.{name}{inspect.signature(method)}")
    return "\n".join(lines) + "\n"


def test_the_public_surface_is_as_it_was(request: pytest.FixtureRequest) -> None:
    assert surface() == SNAPSHOT.read_text(encoding="utf-8"), (
        "the SDK's surface changed: if that is intended, write it anew with "
        "python -m tests.unit.test_client_surface"
    )


def test_both_clients_are_the_same_but_for_async() -> None:
    plain = dict(methods(VideoClip("http://x")))
    other = dict(methods(AsyncVideoClip("http://x")))
    assert plain.keys() == other.keys()
    for name, method in plain.items():
        mine, theirs = inspect.signature(method), inspect.signature(other[name])
        assert [*mine.parameters] == [*theirs.parameters], name
    made = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_client.py", "--check"], check=False
    )
    assert made.returncode == 0


def test_sources_are_of_python_3_10_and_examples_are_programs() -> None:
    examples = 0
    for path in sorted((ROOT / "videoclip" / "client").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        ast.parse(text, feature_version=(3, 10))
        for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            ast.parse(inspect.cleandoc("\n" + example), type_comments=False) if (
                "await" not in example and "async" not in example
            ) else compile(
                inspect.cleandoc("\n" + example), str(path), "exec",
                flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST,
            )  # fmt: skip
            examples += 1
    assert examples >= 10


def told_tokens() -> TokenOut:
    user = UserOut(id=ID, email="ann@example.org", name="Ann", is_admin=False)
    return TokenOut(
        access_token="access-secret", expires_in=600, refresh_token="refresh-secret", user=user,
        workspace_id=ID, workspaces=[PlaceOut(id=ID, name="One", role="owner")],
    )  # fmt: skip


def test_keys_are_shown_nowhere_and_go_along_only_where_they_are_needed() -> None:
    secret = "vck_secret-word"
    for kind in (VideoClip, AsyncVideoClip):
        client: Any = kind("https://clips.example.org/api/v1/", secret, timeout_s=7)
        assert client.base_url == "https://clips.example.org"
        shown = [
            repr(client),
            repr(client._transport.config),
            *(repr(one) for _, one in parts(client)),
        ]
        assert not any("secret" in text for text in shown)
        copy = pickle.loads(pickle.dumps(client))
        assert copy._transport.config == client._transport.config
        assert copy._transport.config.api_key == secret
        signed = kind.from_tokens("https://clips.example.org", told_tokens())
        assert "secret" not in repr(signed) + repr(signed._transport.tokens)
        with pytest.raises(UsageError):
            pickle.dumps(signed)
        job = client.jobs._bound(
            (
                videoclip.client.Job if kind is VideoClip else videoclip.client.AsyncJob
            ).model_construct(id=ID, kind="cut", state="queued")
        )
        packed = pickle.dumps(job)
        assert b"secret" not in packed
        again = pickle.loads(packed)
        assert (again.id, isinstance(again, JobOut)) == (ID, True)
        with pytest.raises(UsageError, match="knows no server"):
            again._own.get(ID)
        assert "secret" not in repr(job)
        done = copy.close(), client.close(), signed.close()
        for one in done:
            if inspect.iscoroutine(one):
                asyncio.run(one)


def test_the_environment_names_server_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOCLIP_SERVER", "http://10.0.0.1:8080/")
    monkeypatch.setenv("VIDEOCLIP_API_KEY", "vck_env")
    config = VideoClip()._transport.config
    assert (config.base_url, config.api_key) == ("http://10.0.0.1:8080", "vck_env")
    assert VideoClip(api_key="vck_own")._transport.config.api_key == "vck_own"
    elsewhere = VideoClip("https://other.example.org")._transport.config
    assert elsewhere.api_key is None, "the key is for the server of the environment"
    for wrong in (
        "clips.example.org",
        "ftp://x",
        "http://u:p@x",
        "http://x?y",
        "http://x:99999",
        "",
    ):
        with pytest.raises(UsageError):
            VideoClip(wrong)
    with pytest.raises(UsageError):
        VideoClip("http://x", "key\r\nX: y")


if __name__ == "__main__":
    SNAPSHOT.write_text(surface(), encoding="utf-8")
