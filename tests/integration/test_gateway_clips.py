"""What jobs made, through the API: files with ranges, ZIPs, links, transcripts, highlights, edited clips, usage."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select, update

from tests.support.desk import emptied
from tests.support.gateway import CUT, Gateway, open_gateway, people
from tests.unit.test_nle import manifest as made_manifest
from videoclip.schemas import Candidate, Engine, Sentence, Transcript, Word
from videoclip.settings import Settings
from videoclip.store.models import Job, ShareLink, TranscriptVersion

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIDEO = bytes(range(256)) * 64
ASSET = "asset:0198c0de-0000-7000-8000-000000000000"


@dataclass
class Made:
    """A finished job of the first workspace."""

    gateway: Gateway
    job: str
    path: str

    async def ask(
        self, method: str, path: str, who: str | None = "editor", **options: Any
    ) -> httpx.Response:
        return await self.gateway.ask(method, path, who, **options)


def transcript() -> Transcript:
    def sentence(number: int, words: list[str], speaker: str) -> Sentence:
        start = number * 1000
        made = [
            Word(
                id=number * 2 + n, text=word, start_ms=start + n * 100, end_ms=start + n * 100 + 90,
                confidence=0.5, speaker=speaker,
            )
            for n, word in enumerate(words)
        ]  # fmt: skip
        return Sentence(
            id=number, text=" ".join(words), start_ms=start, end_ms=made[-1].end_ms, words=made,
            speaker=speaker,
        )  # fmt: skip

    return Transcript(
        language="en", duration_ms=60_000, engine=Engine(name="test"),
        sentences=[sentence(0, ["Hello", "word."], "S1"), sentence(1, ["Bye", "now."], "S2")],
    )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(lasting_settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(lasting_settings) as gateway:
        await people(gateway)
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def made(opened: Gateway, tmp_path: Path) -> Made:
    settings: Settings = opened.app.state.settings
    await emptied(opened.database, settings)
    manifest = made_manifest([[(0, 1000)], [(5000, 7000)]])
    candidates = [
        Candidate(
            id=f"c{n:02}", first_sentence=0, last_sentence=1, start_ms=n * 1000, end_ms=n * 1000 + 500,
            title=f"Title {n}", reason="because", score=n / 10, engine="test",
        )
        for n in (1, 2)
    ]  # fmt: skip
    manifest = manifest.model_copy(update={"candidates": candidates})

    def stored(content: bytes) -> dict[str, Any]:
        path = tmp_path / "file"
        path.write_bytes(content)
        ref = opened.app.state.objects.put(path)
        return {"sha256": ref.sha256, "size": ref.size}

    result = {
        "manifest": stored(manifest.model_dump_json().encode()),
        "files": [
            {"name": "clips/01-ä b.mp4", "media_type": "video/mp4", **stored(VIDEO)},
            {"name": "page.html", "media_type": "text/html", **stored(b"<script>alert(1)</script>")},
            {"name": "transcript.json", "media_type": "application/json",
             **stored(transcript().model_dump_json().encode())},
        ],
    }  # fmt: skip
    job = (await opened.ask("POST", "/jobs", "editor", json={"request": CUT})).json()["id"]
    async with opened.database.session() as session:
        await session.execute(
            update(Job).where(Job.id == job).values(
                state="succeeded", result=result, finished_ms=1, request={**CUT, "source": ASSET}
            )
        )  # fmt: skip
    return Made(opened, job, f"/jobs/{job}")


async def test_files_are_listed_and_read_by_their_workspace_only(made: Made) -> None:
    listed = (await made.ask("GET", f"{made.path}/files", "viewer")).json()["files"]
    assert [file["name"] for file in listed] == ["clips/01-ä b.mp4", "page.html", "transcript.json"]
    clips = (await made.ask("GET", f"{made.path}/clips", "viewer")).json()["clips"]
    assert [clip["title"] for clip in clips] == ["Title", "Title"]
    whole = await made.ask("GET", f"{made.path}/files/clips/01-ä b.mp4", "viewer")
    assert whole.content == VIDEO
    assert whole.headers["content-disposition"] == "attachment; filename*=utf-8''01-%C3%A4%20b.mp4"
    assert whole.headers["etag"] == f'"{listed[0]["sha256"]}"'
    for path in ("files", "clips", "files/page.html", "archive", "timeline", "transcript",
                 "highlights", "shares"):  # fmt: skip
        assert (await made.ask("GET", f"{made.path}/{path}", "stranger")).status_code == 404, path
        assert (await made.ask("GET", f"{made.path}/{path}", None)).status_code == 401, path
    for path in ("link?name=page.html", "shares"):
        stranger = await made.ask(
            "POST", f"{made.path}/{path}", "stranger", json={"name": "page.html"}
        )
        assert stranger.status_code == 404, path


async def test_a_name_is_looked_up_and_never_a_path(made: Made) -> None:
    for name in ("../../videoclip.db", "%2e%2e/%2e%2e/videoclip.db", "/etc/passwd", "clips/", "no"):
        answer = await made.ask("GET", f"{made.path}/files/{name}")
        assert answer.status_code in (404, 405, 422), name
        link = await made.ask("POST", f"{made.path}/link", params={"name": name})
        assert link.status_code == 404, name


async def test_ranges(made: Made) -> None:
    url = (await made.ask("POST", f"{made.path}/link?name=clips/01-ä b.mp4")).json()["url"]
    cases: list[tuple[str, int, bytes | None, str | None]] = [
        ("bytes=0-0", 206, VIDEO[:1], "bytes 0-0/16384"),
        ("bytes=100-199", 206, VIDEO[100:200], "bytes 100-199/16384"),
        ("bytes=16383-", 206, VIDEO[-1:], "bytes 16383-16383/16384"),
        ("bytes=-10", 206, VIDEO[-10:], "bytes 16374-16383/16384"),
        ("bytes=0-99999", 206, VIDEO, "bytes 0-16383/16384"),
        ("bytes=16384-", 416, None, "bytes */16384"),
        ("bytes=99999-100000", 416, None, "bytes */16384"),
        ("bytes=5-2", 200, VIDEO, None),
        ("words=0-1", 200, VIDEO, None),
        ("bytes", 200, VIDEO, None),
        ("bytes=" + "0-1," * 200 + "0-1", 200, VIDEO, None),
    ]
    for given, status, part, content_range in cases:
        got = await made.gateway.client.get(url, headers={"Range": given})
        assert (got.status_code, got.headers.get("content-range")) == (status, content_range), given
        if part is not None:
            assert got.content == part, given
            assert got.headers["content-length"] == str(len(part)), given


async def test_caches_and_players_are_served(made: Made) -> None:
    url = (await made.ask("POST", f"{made.path}/link?name=clips/01-ä b.mp4")).json()["url"]
    client = made.gateway.client
    first = await client.get(url)
    etag = first.headers["etag"]
    assert first.headers["accept-ranges"] == "bytes"
    assert first.headers["content-type"] == "video/mp4"
    assert first.headers["content-disposition"].startswith("inline")
    for tag in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 304
    assert (await client.get(url, headers={"If-None-Match": '"other"'})).status_code == 200
    fresh = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": etag})
    stale = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (fresh.status_code, stale.status_code) == (206, 200)
    head = await client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(VIDEO))
    several = await client.get(url, headers={"Range": "bytes=0-1,10-11"})
    assert several.status_code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges")


async def test_html_is_never_shown(made: Made) -> None:
    url = (await made.ask("POST", f"{made.path}/link?name=page.html&inline=true")).json()["url"]
    got = await made.gateway.client.get(url)
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


async def test_a_link_that_was_changed_or_has_ended_is_refused(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = made.gateway.client
    url = (await made.ask("POST", f"{made.path}/link?name=page.html&life_s=10")).json()["url"]
    other = (await made.ask("POST", f"{made.path}/link?name=transcript.json")).json()["url"]
    assert (await client.get(url)).status_code == 200
    parts = urlsplit(url)
    fields = dict(parse_qsl(parts.query))
    sha256 = urlsplit(other).path.split("/")[-2]
    changed = [
        urlunsplit(parts._replace(query=urlencode({**fields, key: value})))
        for key, value in (
            ("expires", str(int(fields["expires"]) + 1)), ("type", "video/mp4"), ("inline", "1"),
            ("size", "1"), ("signature", "x"), ("signature", fields["signature"][:-1] + "é"),
            ("signature", fields["signature"].partition(".")[0] + "."),
        )
    ]  # fmt: skip
    changed.append(url.replace(parts.path.split("/")[-2], sha256))
    changed.append(url.replace("page.html", "other.html"))
    for wrong in changed:
        answer = await client.get(wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "link_invalid"), wrong
    monkeypatch.setattr("videoclip.store.links.time.time", lambda: int(fields["expires"]) + 1)
    assert (await client.get(url)).status_code == 403


async def test_a_shared_file_is_read_without_an_account_until_it_is_taken_back(made: Made) -> None:
    client = made.gateway.client
    body = {"name": "clips/01-ä b.mp4"}
    assert (await made.ask("POST", f"{made.path}/shares", "viewer", json=body)).status_code == 403
    shared = (await made.ask("POST", f"{made.path}/shares", json=body)).json()
    assert (await client.get(shared["url"])).content == VIDEO
    assert (await client.get(shared["url"] + "x")).json()["code"] == "link_invalid"
    listed = (await made.ask("GET", f"{made.path}/shares", "viewer")).text
    secret = shared["url"].partition("key=")[2]
    assert shared["id"] in listed
    assert secret not in listed
    async with made.gateway.database.session() as session:
        assert secret not in str(list(await session.scalars(select(ShareLink.token_sha256))))
    assert (await made.ask("DELETE", f"/shares/{shared['id']}", "stranger")).status_code == 404
    assert (await client.get(shared["url"])).status_code == 200
    assert (await made.ask("DELETE", f"/shares/{shared['id']}")).status_code == 204
    assert (await client.get(shared["url"])).status_code == 403
    told = (await made.ask("GET", "/audit?limit=2", "owner")).json()
    actions = [entry["action"] for entry in told[next(key for key in told if key != "next_cursor")]]
    assert actions == ["share.revoked", "share.created"]
    assert secret not in json.dumps(told)
    late = (await made.ask("POST", f"{made.path}/shares", json=body)).json()
    newest = (await made.ask("GET", f"{made.path}/shares?limit=1")).json()
    assert [one["id"] for one in newest["shares"]] == [late["id"]]
    older = await made.ask("GET", f"{made.path}/shares?cursor={newest['next_cursor']}")
    assert [one["id"] for one in older.json()["shares"]] == [shared["id"]]
    assert older.json()["next_cursor"] is None
    async with made.gateway.database.session() as session:
        await session.execute(update(ShareLink).values(expires_ms=1))
    assert (await client.get(late["url"])).status_code == 403


async def test_files_come_as_a_zip(made: Made) -> None:
    got = await made.ask("GET", f"{made.path}/archive", "viewer")
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["clips/01-ä b.mp4", "page.html", "transcript.json"]
        assert archive.read("clips/01-ä b.mp4") == VIDEO
    one = await made.ask("GET", f"{made.path}/archive?name=page.html&name=page.html")
    with zipfile.ZipFile(io.BytesIO(one.content)) as archive:
        assert archive.namelist() == ["page.html"]
    assert (await made.ask("GET", f"{made.path}/archive?name=no")).status_code == 404


async def test_editing_programs_get_a_cut_list_without_paths_of_the_server(made: Made) -> None:
    for kind, sign in (("edl", "TITLE:"), ("fcpxml", "<fcpxml"), ("otio", "OTIO_SCHEMA")):
        got = await made.ask("GET", f"{made.path}/timeline?format={kind}", "viewer")
        assert got.status_code == 200
        assert sign in got.text
        assert "/videos/" not in got.text
    wrong = await made.ask("GET", f"{made.path}/timeline?source_timecode=ab")
    assert wrong.status_code == 400


async def test_a_transcript_is_corrected_in_versions(made: Made) -> None:
    first = (await made.ask("GET", f"{made.path}/transcript", "viewer")).json()
    assert (first["version"], first["shown"], first["name"]) == (1, 1, "show.mp4")
    assert first["asset_id"] is None, "the asset is gone"
    again = (await made.ask("GET", f"{made.path}/transcript", "viewer")).json()
    assert again["id"] == first["id"]
    path = f"/transcripts/{first['id']}"
    body = {
        "base_version": 1, "words": [{"id": 1, "text": "world."}], "speakers": {"S1": "Ann"},
        "sentences": [{"id": 1, "speaker": "Bo"}], "note": "names",
    }  # fmt: skip
    viewer = await made.ask("POST", f"{path}/corrections", "viewer", json=body)
    assert viewer.status_code == 403
    second = await made.ask("POST", f"{path}/corrections", json=body)
    assert second.status_code == 201
    told = second.json()["content"]["sentences"]
    assert [(s["text"], s["speaker"]) for s in told] == [
        ("Hello world.", "Ann"),
        ("Bye now.", "Bo"),
    ]
    assert told[0]["words"][1]["confidence"] is None
    assert told[0]["words"][1]["start_ms"] == 100
    late = await made.ask("POST", f"{path}/corrections", json=body)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    for wrong in ({"words": [{"id": 99, "text": "x"}]}, {"speakers": {"S9": "x"}},
                  {"words": [{"id": 0, "text": " "}]}):  # fmt: skip
        answer = await made.ask("POST", f"{path}/corrections", json={"base_version": 2, **wrong})
        assert answer.status_code == 400, answer.text
    old = (await made.ask("GET", f"{path}?version=1", "viewer")).json()
    assert old["content"] == first["content"]
    third = await made.ask(
        "POST",
        f"{path}/corrections",
        json={"base_version": 2, "words": [{"id": 0, "text": "Hallo"}]},
    )
    assert third.json()["content"]["sentences"][0]["text"] == "Hallo world."
    for version, text in (
        (1, first["content"]["sentences"][0]["text"]),
        (2, "Hello world."),
        (3, "Hallo world."),
    ):
        shown = (await made.ask("GET", f"{path}?version={version}", "viewer")).json()
        assert (shown["shown"], shown["version"]) == (version, 3)
        assert shown["content"]["sentences"][0]["text"] == text
    assert (await made.ask("GET", f"{path}?version=2", "viewer")).json()[
        "content"
    ] == second.json()["content"]
    assert (await made.ask("GET", f"{path}?version=4", "viewer")).status_code == 404
    async with made.gateway.database.reading() as session:
        kept = list(
            await session.scalars(
                select(TranscriptVersion.content).order_by(TranscriptVersion.version)
            )
        )
    assert ["sentences" in one for one in kept] == [True, False, True], (
        "all of the first differs from the second"
    )
    exported = await made.ask("GET", f"{path}/export?format=txt&version=2", "viewer")
    assert exported.text == "Ann: Hello world.\nBo: Bye now.\n"
    listed = (await made.ask("GET", f"{path}/versions", "viewer")).json()["versions"]
    assert listed.pop(0)["version"] == 3
    assert [(one["version"], one["note"]) for one in listed] == [(2, "names"), (1, "")]
    assert listed[0]["author"] == made.gateway.people["editor"].user_id
    texts = {
        kind: (await made.ask("GET", f"{path}/export?format={kind}", "viewer")).text
        for kind in ("srt", "vtt", "txt", "json")
    }
    assert texts["srt"].startswith("1\n00:00:00,000 --> ")
    assert texts["vtt"].startswith("WEBVTT")
    assert texts["txt"] == "Ann: Hallo world.\nBo: Bye now.\n"
    assert json.loads(texts["json"])["language"] == "en"
    for method, where in (("GET", path), ("GET", f"{path}/versions"), ("GET", f"{path}/export")):
        assert (await made.ask(method, where, "stranger")).status_code == 404
    foreign = await made.ask("POST", f"{path}/corrections", "stranger", json=body)
    assert foreign.status_code == 404
    pages = (await made.ask("GET", "/transcripts", "stranger")).json()
    assert pages["transcripts"] == []


async def test_highlights_are_accepted_and_become_edited_clips(made: Made) -> None:
    path = f"{made.path}/highlights"
    shown = (await made.ask("GET", path, "viewer")).json()["highlights"]
    assert [(one["candidate"]["id"], one["decision"]) for one in shown] == [
        ("c02", None), ("c01", None),
    ]  # fmt: skip
    assert shown[0]["candidate"]["reason"] == "because"
    for decision in ("rejected", "accepted"):
        answer = await made.ask("PUT", f"{path}/c01", json={"decision": decision})
        assert answer.json()["decision"] == decision
    assert (await made.ask("PUT", f"{path}/c02", json={"decision": "no"})).status_code == 422
    assert (await made.ask("PUT", f"{path}/c99", json={"decision": None})).status_code == 404
    foreign = await made.ask("PUT", f"{path}/c01", "stranger", json={"decision": None})
    assert foreign.status_code == 404
    shown = (await made.ask("GET", path, "viewer")).json()["highlights"]
    assert [one["decision"] for one in shown] == [None, "accepted"]
    spec = (await made.ask("POST", f"{path}/c01/clip-spec")).json()
    assert (spec["source"], spec["title"], spec["version"]) == (ASSET, "Title 1", 1)
    assert spec["ranges"] == [{"start_ms": 1000, "end_ms": 1500}]
    assert (spec["job_id"], spec["candidate_id"]) == (made.job, "c01")
    free = {"source": ASSET, "ranges": spec["ranges"]}
    assert (await made.ask("POST", "/clip-specs", json=free)).json()["job_id"] is None
    by_hand = (await made.ask("POST", "/clip-specs", json={**free, "job_id": made.job})).json()
    listed = (await made.ask("GET", f"/clip-specs?job={made.job}", "viewer")).json()["clips"]
    assert [clip["id"] for clip in listed] == [by_hand["id"], spec["id"]]
    unknown = {**free, "job_id": "0198c0de-0000-7000-8000-000000000001"}
    assert (await made.ask("POST", "/clip-specs", json=unknown)).status_code == 404
    where = f"/clip-specs/{spec['id']}"
    change = {"base_version": 1, "title": "Better", "ranges": [{"start_ms": 0, "end_ms": 900}]}
    edited = (await made.ask("PATCH", where, json=change)).json()
    assert (edited["title"], edited["version"], edited["render"]) == ("Better", 2, spec["render"])
    assert (await made.ask("PATCH", where, json=change)).status_code == 409
    rendered = await made.ask("POST", f"{where}/render")
    assert rendered.status_code == 202
    job = (await made.ask("GET", f"/jobs/{rendered.json()['job_id']}")).json()
    assert (job["kind"], job["request"]["source"]) == ("render", ASSET)
    assert job["request"]["clips"][0]["title"] == "Better"
    again = await made.ask("POST", f"{where}/render")
    assert again.json() == rendered.json(), "the same version is the same job"
    for method, where_ in (("GET", where), ("DELETE", where), ("POST", f"{where}/render")):
        assert (await made.ask(method, where_, "stranger")).status_code == 404
    assert (await made.ask("DELETE", where)).status_code == 204
    assert (await made.ask("GET", where)).status_code == 404


async def test_an_edited_clip_reads_only_what_jobs_may_read(made: Made) -> None:
    body = {"source": "/etc/passwd", "ranges": [{"start_ms": 0, "end_ms": 1}]}
    assert (await made.ask("POST", "/clip-specs", json=body)).status_code == 422
    body = {**body, "source": ASSET, "render": {"intro": "/etc/passwd"}}
    assert (await made.ask("POST", "/clip-specs", json=body)).status_code == 422
    foreign = {**body, "render": {}, "transcript_id": "0198c0de-0000-7000-8000-000000000001"}
    assert (await made.ask("POST", "/clip-specs", json=foreign)).status_code == 404


async def test_usage_is_told_and_the_number_of_jobs_is_limited(made: Made) -> None:
    workspace = made.gateway.people["editor"].workspace_id
    path = f"/admin/workspaces/{workspace}"
    for who in ("owner", "stranger"):
        assert (await made.ask("PUT", f"{path}/quota", who, json={})).status_code == 403
        assert (await made.ask("GET", f"{path}/quota", who)).status_code == 403
    told = await made.ask("PUT", f"{path}/quota", "root", json={"max_jobs": 1, "max_bytes": 10})
    assert told.json()["limits"]["max_jobs"] == 1
    nowhere = "/admin/workspaces/0198c0de-0000-7000-8000-000000000001"
    assert (await made.ask("PUT", f"{nowhere}/quota", "root", json={})).status_code == 404
    assert (await made.ask("GET", f"{nowhere}/quota", "root")).status_code == 404
    key = {"Idempotency-Key": "one"}
    first = await made.ask("POST", "/jobs", json={"request": CUT}, headers=key)
    over = await made.ask("POST", "/jobs", json={"request": CUT})
    assert (over.status_code, over.json()["code"]) == (403, "quota_exceeded")
    again = await made.ask("POST", "/jobs", json={"request": CUT}, headers=key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    used = (await made.ask("GET", "/quota", "viewer")).json()
    assert (used["jobs"], used["limits"]["max_bytes"]) == (1, 10)
