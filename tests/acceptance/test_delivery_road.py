"""One job the whole way: fetched from an address, cut, found by the search to the second, told to a webhook."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.outbox import SECRET, add_webhook
from tests.support.platform import Platform, make_video
from tests.support.remote import Asked, run_remote
from videoclip.net.webhook import verify
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.search import Hit, Search
from videoclip.store.secrets import Secrets

pytestmark = pytest.mark.slow
KEY = bytes(range(32))
SRT = """1
00:00:00,200 --> 00:00:01,000
大家好，这款手机很便宜。

2
00:00:01,200 --> 00:00:02,800
And the battery lasts for two days.
"""


async def test_a_job_by_address_is_found_and_told(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    video = make_video(tmp_path / "remote.mp4", seconds=3).read_bytes()
    (sources / "said.srt").write_text(SRT, encoding="utf-8")
    told: list[Asked] = []

    def behave(asked: Asked) -> None:
        if asked.method == "GET":
            asked.answer(200, video, Content_Type="text/plain")
        else:
            told.append(asked)
            asked.answer(204)

    with run_remote(behave) as remote:
        extra = {
            "VIDEOCLIP_NET__ALLOW_PRIVATE": '["127.0.0.1/32"]',
            "VIDEOCLIP_NET__PORTS": f"[{remote.port}]",
            "VIDEOCLIP_SECRET_KEY": base64.b64encode(KEY).decode(),
            "VIDEOCLIP_DELIVERY__POLL_S": "0.1",
            "VIDEOCLIP_OFFLINE": "false",
        }
        platform = Platform(Settings(data_dir=tmp_path / "data"), sources, extra)
        database = Database(platform.settings)
        await add_webhook(database, Secrets([KEY]), "w", remote.url("/hook"), "job.succeeded")
        platform.dispatch()
        try:
            job_id = platform.ask(
                "clip",
                {
                    "source": remote.url("/video.mp4?token=topsecret"), "top": 1, "min_ms": 1000,
                    "transcript": str(sources / "said.srt"), "highlighter": "extractive",
                    "render": {"captions": "none", "loudness": None},
                },
            )  # fmt: skip
            (job,) = platform.final(job_id)
            assert job.state == "succeeded", job.error
            platform.wait(lambda: told)
        finally:
            platform.stop()
    [asked] = told
    assert verify(SECRET, asked.headers, asked.body)
    body = json.loads(asked.body)
    assert (body["type"], body["data"]["id"]) == ("job.succeeded", job_id)
    assert b"topsecret" not in asked.body
    [hit] = await found(database, "手机")
    assert (hit.job_id, hit.start_ms) == (job_id, 200)
    assert urlsplit(hit.source).path == "/video.mp4"
    assert "topsecret" not in hit.source
    [hit] = await found(database, "battery")
    assert 1200 <= hit.found[0].start_ms < hit.found[0].end_ms <= 2800
    await database.close()


async def found(database: Database, query: str) -> list[Hit]:
    async with database.reading() as session:
        return await Search(session, "w").find(query)
