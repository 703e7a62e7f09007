"""The SDK without a server: retries, errors, events, answers of other releases, links and names."""

from __future__ import annotations

import hashlib
import json
import logging
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.test_client_surface import ID, told_tokens
from tests.unit.test_nle import manifest
from videoclip.client import (
    AnswerUnreadable,
    ApiProblem,
    InvalidRequest,
    NotFound,
    TooManyRequests,
    VideoClip,
    VideoClipError,
)
from videoclip.client.bodies import read
from videoclip.client.events import EventReader
from videoclip.client.files import Arriving, within
from videoclip.errors import DatabaseAway, UsageError
from videoclip.schemas.api.clips import ClipList

HEALTH = b'{"status": "ok", "version": "0"}'


def client(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> VideoClip:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return VideoClip(
        options.pop("base_url", "https://clips.example.org"), "vck_secret", http=http, **options
    )


def scripted(*answers: httpx.Response) -> tuple[VideoClip, list[httpx.Request]]:
    waiting, seen = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return waiting.pop(0)

    return client(answer), seen


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("videoclip.client._sync.transport.sleep", made.append)
    return made


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    body = {"title": "cause", "status": status, "detail": "remedy", "code": code, **more}
    return httpx.Response(status, json=body, headers=headers)


def test_a_busy_server_is_asked_again_when_it_says(pauses: list[float]) -> None:
    at = "Wed, 21 Oct 2099 07:28:00 GMT"
    made, seen = scripted(
        problem(503, "database_away", headers={"Retry-After": "3"}),
        problem(429, "too_many_requests"),
        httpx.Response(502, content=b"<html>bad gateway</html>"),
        httpx.Response(200, content=HEALTH),
        problem(429, "too_many_requests", headers={"Retry-After": "3600"}),
        problem(429, "too_many_requests", headers={"Retry-After": at}),
        *[problem(503, "database_away", request_id="r1") for _ in range(5)],
    )
    assert made.health.live().status == "ok"
    assert pauses[0] >= 3.0
    assert all(0.1 < pause < 8 for pause in pauses[1:])
    assert len(seen) == 4
    with pytest.raises(TooManyRequests) as caught:
        made.health.live()
    assert caught.value.context["retry_after_s"] == 3600
    with pytest.raises(TooManyRequests):
        made.health.live()
    with pytest.raises(DatabaseAway) as away:
        made.health.live()
    assert (away.value.request_id, away.value.status, len(seen)) == ("r1", 503, 11)


def test_errors_have_the_class_of_their_code_and_survive_pickling() -> None:
    made, _ = scripted(
        problem(404, "not_found", request_id="r2"),
        problem(418, "teapot", retryable=True),
        problem(422, "invalid_request", errors=[{"where": "body.top", "message": "too small"}]),
        httpx.Response(400, content=b"<html>\x00</html>"),
        httpx.Response(404),
        httpx.Response(301, headers={"location": "https://elsewhere.example.org"}),
    )
    found: list[VideoClipError] = []
    for ask in [made.jobs.page] * 4 + [lambda: made.uploads.offset(ID), made.auth.sign_out]:
        with pytest.raises(VideoClipError) as caught:
            ask("word-word") if ask == made.auth.sign_out else ask()  # type: ignore[operator]
        found.append(caught.value)
    kinds = [NotFound, ApiProblem, InvalidRequest, ApiProblem, NotFound, ApiProblem]
    assert [type(one) for one in found] == kinds
    assert [one.status for one in found] == [404, 418, 422, 400, 404, 301]
    assert (found[1].code, found[1].retryable) == ("teapot", True)
    assert "body.top: too small" in str(found[2])
    for one in found:
        copy = pickle.loads(pickle.dumps(one))
        assert (type(copy), str(copy), copy.code) == (type(one), str(one), one.code)
        assert "secret" not in str(one) + repr(one.context)


def test_answers_of_a_later_release_are_read_and_others_are_not() -> None:
    clip = manifest([[(0, 1000)]]).clips[0].model_dump(mode="json")
    later = {**clip, "mood": "happy", "proof": {**clip["proof"], "stars": 5}}
    assert (
        read(ClipList, json.dumps({"clips": [later], "more": 1}).encode()).clips[0].title == "Title"
    )
    for wrong in (b"<html>", b"[]", b'{"clips": [{}]}', b"\xff", b'{"clips": 5}', b"[" * 10_000):
        with pytest.raises(AnswerUnreadable):
            read(ClipList, wrong)


def test_events_are_read_as_the_standard_says() -> None:
    reader = EventReader()
    lines = [
        ": hello", "retry: 2000", "", "id: 4", "event: progress", "data: {", "data:}", "", "id: 5",
        "event: broken", "data: half",
    ]  # fmt: skip
    frames = [frame for line in lines if (frame := reader.feed(line))]
    assert [(frame.event, frame.data) for frame in frames] == [("progress", "{\n}")]
    assert (reader.last_id, reader.retry_s) == ("4", 2.0)
    reader.begin()
    assert reader.feed("data: x") is None
    frame = reader.feed("")
    assert frame is not None
    assert (frame.event, frame.data, reader.last_id) == ("message", "x", "4")


def test_the_key_goes_to_the_server_only_and_never_unencrypted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "clips.example.org":
            if request.method == "HEAD" and request.url.path.startswith("/api/v1/files/"):
                return httpx.Response(200, headers={"content-length": "7", "etag": f'"{"a" * 64}"'})
            return httpx.Response(
                307, headers={"location": "https://bucket.example.net/o?X-Amz-Signature=s3cret"}
            )
        if request.method == "HEAD":
            return httpx.Response(403)
        if "range" in request.headers:
            return httpx.Response(206, content=b"{", headers={"content-range": "bytes 0-0/2"})
        return httpx.Response(200, content=b"{}")

    made = client(answer)
    with caplog.at_level(logging.INFO, "httpx"):
        assert made.clips.read(ID, "transcript.json") == b"{}"
        assert made.files.stat(f"/api/v1/shared/{ID}?key=s3cret").size == 2
        assert made.files.stat(f"/api/v1/files/{'a' * 64}/x").sha256 == "a" * 64
        assert made.clips.stat(ID, "transcript.json").size == 2
    for request in seen:
        ours = request.url.host == "clips.example.org" and "/jobs/" in request.url.path
        assert ("authorization" in request.headers) == ours
    assert "shared" in caplog.text
    assert "s3cret" not in caplog.text
    with pytest.raises(UsageError, match="without encryption"):
        made.uploads.offset("http://clips.example.org/api/v1/uploads/x")


def test_a_name_of_a_file_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    assert within(tmp_path, "clips/01-ä b.mp4") == tmp_path / "clips" / "01-ä b.mp4"
    for name in ("../x", "a/../../x", "/etc/passwd", "", "a//b", "c:\\x", "a\\..\\b", ".", "nul\0"):
        with pytest.raises(InvalidRequest):
            within(tmp_path, name)


def test_two_downloads_of_one_file_do_not_mix(tmp_path: Path) -> None:
    place, content = tmp_path / "a.mp4", b"x" * 1000
    digest = hashlib.sha256(content).hexdigest()
    first, second = Arriving(place, 1000, digest), Arriving(place, 1000, digest)
    for one in (first, second):
        one.write(content[:600])
    first.close()
    again = Arriving(place, 1000, digest)
    assert (again.offset, second.offset) == (600, 600), "one that stopped is gone on with"
    for one in (again, second):
        one.write(content[600:])
        assert one.finish().read_bytes() == content
        one.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_tokens_are_renewed_once_however_many_ask() -> None:
    refreshed: list[str] = []
    lock = threading.Lock()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/refresh"):
            with lock:
                refreshed.append(json.loads(request.content)["refresh_token"])
            fresh = told_tokens().model_copy(update={"access_token": "new", "refresh_token": "r2"})
            return httpx.Response(200, content=fresh.model_dump_json())
        if request.headers["authorization"] != "Bearer new":
            return problem(401, "not_signed_in")
        return httpx.Response(200, content=HEALTH)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    made = VideoClip.from_tokens("https://clips.example.org", told_tokens(), http=http)
    threads = [threading.Thread(target=made.health.live) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refreshed == ["refresh-secret"]
    assert made.health.live().status == "ok"
