"""Search and supercuts over HTTP: exact times, one's own workspace only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.gateway import Gateway, open_gateway, people
from videoclip.schemas import Transcript
from videoclip.schemas.transcript import Engine, Sentence, Word
from videoclip.settings import Settings
from videoclip.store.search import Search


def transcript(*texts: str) -> Transcript:
    """Each sentence takes ten seconds, each word one."""
    sentences, number = [], 0
    for index, text in enumerate(texts):
        pieces = text.split() if text.isascii() else list(text)
        words = []
        for place, piece in enumerate(pieces):
            start = index * 10_000 + place * 1000
            words.append(Word(id=number, text=piece, start_ms=start, end_ms=start + 900))
            number += 1
        sentences.append(
            Sentence(
                id=index,
                text=text,
                start_ms=words[0].start_ms,
                end_ms=words[-1].end_ms,
                words=words,
            )
        )
    return Transcript(
        language="zh", duration_ms=100_000, engine=Engine(name="test"), sentences=sentences
    )


SAID = {
    "https://videos.example/one.mp4": ("The kettle is new.", "这款水壶烧水很快。", "Buy the kettle today!"),
    "https://videos.example/two.mp4": ("Nobody wants a kettle.", "水壶打折。"),
}  # fmt: skip


@pytest.fixture
async def gateway(store_settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(store_settings) as gateway:
        await people(gateway)
        workspace = gateway.people["owner"].workspace_id
        for source, texts in SAID.items():
            async with gateway.database.queue() as queue:
                job = await queue.enqueue(workspace, "transcribe", {"source": source})
            async with gateway.database.session() as session:
                await Search(session, workspace).index_transcript(
                    job.id, source, transcript(*texts)
                )
        yield gateway


async def test_hits_have_exact_times_and_pages(gateway: Gateway) -> None:
    answer = await gateway.ask("GET", "/search", "viewer", params={"q": "烧水"})
    assert answer.status_code == 200, answer.text
    [hit] = answer.json()["hits"]
    assert hit["text"] == SAID["https://videos.example/one.mp4"][1]
    assert hit["found"] == [{"begin": 4, "end": 6, "start_ms": 14_000, "end_ms": 15_900}]
    everything = (await gateway.ask("GET", "/search", "viewer", params={"q": "kettle"})).json()
    assert len(everything["hits"]) == 3
    assert everything["next_skip"] is None
    pages, skip = [], 0
    while skip is not None:
        params: dict[str, str | int] = {"q": "kettle", "limit": 2, "skip": skip}
        page = (await gateway.ask("GET", "/search", "viewer", params=params)).json()
        pages += page["hits"]
        skip = page["next_skip"]
    assert pages == everything["hits"]
    only = {"q": "kettle", "source": "https://videos.example/two.mp4"}
    assert len((await gateway.ask("GET", "/search", "viewer", params=only)).json()["hits"]) == 1
    for query in ("!!!", "\x00", "'\"\\"):
        bad = await gateway.ask("GET", "/search", "viewer", params={"q": query})
        assert (bad.status_code, bad.json()["code"]) == (422, "invalid_request"), query
    assert (await gateway.ask("GET", "/search", params={"q": "kettle"})).status_code == 401


async def test_hits_become_one_render_job_for_each_source(gateway: Gateway) -> None:
    hits = (await gateway.ask("GET", "/search", "editor", params={"q": "kettle"})).json()["hits"]
    picks = [{"job_id": hit["job_id"], "sentence": hit["sentence"]} for hit in hits]
    body = {
        "hits": picks,
        "q": "kettle",
        "pad_ms": 100,
        "title": "水壶",
        "render": {"captions": "none"},
    }
    assert (await gateway.ask("POST", "/search/supercut", "viewer", json=body)).status_code == 403
    key = {"Idempotency-Key": "once"}
    answers = [
        await gateway.ask("POST", "/search/supercut", "editor", json=body, headers=key)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202], answers[0].text
    assert answers[0].json() == answers[1].json()
    made = {part["source"]: part for part in answers[0].json()["jobs"]}
    assert {source: part["ranges"] for source, part in made.items()} == dict(
        zip(SAID, (2, 1), strict=True)
    )
    path = f"/jobs/{made['https://videos.example/one.mp4']['job_id']}"
    job = (await gateway.ask("GET", path, "viewer")).json()
    assert (job["kind"], job["state"]) == ("render", "queued")
    [clip] = job["request"]["clips"]
    assert clip["title"] == "水壶"
    spans = [(span["start_ms"], span["end_ms"]) for span in clip["ranges"]]
    assert spans == [(900, 2000), (21_900, 23_000)]
    whole = await gateway.ask("POST", "/search/supercut", "editor", json={"hits": picks[:1]})
    assert whole.status_code == 202


async def test_a_stranger_finds_nothing_and_cuts_nothing(gateway: Gateway) -> None:
    hits = (await gateway.ask("GET", "/search", "viewer", params={"q": "kettle"})).json()["hits"]
    assert (await gateway.ask("GET", "/search", "stranger", params={"q": "kettle"})).json() == {
        "hits": [], "next_skip": None,
    }  # fmt: skip
    job = hits[0]["job_id"]
    narrowed = {"q": "kettle", "job": job}
    assert (await gateway.ask("GET", "/search", "stranger", params=narrowed)).json()["hits"] == []
    body = {"hits": [{"job_id": job, "sentence": hits[0]["sentence"]}]}
    stolen = await gateway.ask("POST", "/search/supercut", "stranger", json=body)
    assert (stolen.status_code, stolen.json()["code"]) == (404, "not_found")
    jobs = (await gateway.ask("GET", "/jobs", "stranger")).json()["jobs"]
    assert jobs == []
