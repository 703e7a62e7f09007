"""What a job of the platform may read, and what it publishes: its own workspace's files, nobody else's, no paths."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.jobs import run_job
from pipelines.ray_runtime import RayRuntime
from tests.support.platform import make_video
from videoclip.errors import (
    InvalidRequest,
    JobBusy,
    NotFound,
    SourceRefused,
    UsageError,
    VideoClipError,
)
from videoclip.settings import JobSettings, RaySettings, Settings
from videoclip.store import ObjectRef, Store
from videoclip.store.models import Asset, Job, TranscriptRow, TranscriptVersion, Workspace

ASSET, FOREIGN = "11111111-1111-7111-8111-111111111111", "22222222-2222-7222-8222-222222222222"
WORDS = "Three words here."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that jobs may read, with a video, and one that they may not."""
    place = tmp_path_factory.mktemp("place")
    for name in ("open", "closed"):
        (place / name).mkdir()
    make_video(place / "open" / "video.mp4")
    (place / "closed" / "secret.png").write_bytes(b"secret")
    (place / "open" / "link.mp4").symlink_to(place / "closed" / "secret.png")
    return place


@pytest.fixture(scope="module")
def settings(place: Path) -> Settings:
    return Settings(
        data_dir=place / "data",
        offline=True,
        jobs=JobSettings(source_folders=[place / "open"]),
        ray=RaySettings(in_process=True),
    )


@pytest.fixture(scope="module")
def store(settings: Settings, place: Path) -> Iterator[Store]:
    """With a video in the library of each of two workspaces, and a transcript."""
    with Store(settings) as store:
        ref = store.objects.put(place / "open" / "video.mp4")

        async def fill(session: AsyncSession) -> None:
            session.add_all([Workspace(id="w", name="ours"), Workspace(id="x", name="theirs")])
            await session.flush()
            for asset_id, workspace in ((ASSET, "w"), (FOREIGN, "x")):
                session.add(
                    Asset(
                        id=asset_id, workspace_id=workspace, name="My show.mp4", sha256=ref.sha256,
                        size=ref.size, duration_ms=2000, media={}, state="ready", created_ms=0,
                    )
                )  # fmt: skip
            session.add(
                TranscriptRow(
                    id="t", workspace_id="w", name="n", language="en", version=2, created_ms=0
                )
            )
            await session.flush()
            for version, words in ((1, "Old."), (2, WORDS)):
                session.add(
                    TranscriptVersion(
                        transcript_id="t", version=version, content=transcript(words), created_ms=0
                    )
                )

        store.session(fill)
        yield store


def transcript(words: str) -> dict[str, Any]:
    word = {"id": 0, "text": words, "start_ms": 100, "end_ms": 900}
    sentence = {"id": 0, "text": words, "start_ms": 100, "end_ms": 900, "words": [word]}
    return {
        "language": "en", "duration_ms": 2000, "sentences": [sentence],
        "engine": {"name": "subtitles", "version": "1"},
    }  # fmt: skip


def do(store: Store, settings: Settings, kind: str, **request: Any) -> Job:
    """Ask for a job, claim it, do it; its row."""
    made = store.queue(lambda queue: queue.enqueue("w", kind, {"kind": kind, **request}))
    held = store.queue(lambda queue: queue.claim("here", lease_ms=60_000))
    assert held is not None
    assert held.id == made.id
    with RayRuntime(settings.ray) as ray:
        run_job(
            made.id, store=store, settings=settings, ray=ray, cancel=threading.Event(),
            attempt=held.attempt,
        )  # fmt: skip
    return row(store, made.id)


def row(store: Store, job_id: str) -> Job:
    job = store.queue(lambda queue: queue._session.get(Job, job_id))
    assert isinstance(job, Job)
    return job


def manifest(store: Store, job: Job) -> dict[str, Any]:
    assert job.result is not None
    ref = ObjectRef(**job.result["manifest"])
    value: dict[str, Any] = json.loads(store.objects.path(ref).read_text(encoding="utf-8"))
    return value


def cut(source: object, **more: Any) -> dict[str, Any]:
    render = {"captions": "none", "loudness": None, "encoder": "software", **more}
    return {
        "source": str(source), "ranges": [{"start_ms": 0, "end_ms": 400}], "render": render,
    }  # fmt: skip


def test_the_result_names_objects_and_tells_no_path_of_the_server(
    store: Store, settings: Settings, place: Path
) -> None:
    job = do(store, settings, "cut", **cut(f"asset:{ASSET}"))
    assert job.state == "succeeded"
    told = manifest(store, job)
    assert told["source"]["name"] == "My show.mp4"
    assert told["request"]["source"] == told["source"]["path"] == f"asset:{ASSET}"
    assert str(place) not in json.dumps([told, job.result])
    assert job.result is not None
    names = {file["name"]: file for file in job.result["files"]}
    clip = told["clips"][0]
    assert names[clip["file"]]["sha256"] == clip["sha256"]
    assert names[clip["file"]]["media_type"] == "video/mp4"
    cost = job.result["cost"]
    assert cost["cpu_s"] >= sum(stage["cpu_s"] for stage in cost["stages"]) > 0
    assert cost["per_video_hour"]["cpu_s"] == pytest.approx(cost["cpu_s"] * 1800, rel=0.01)
    assert cost["gpu_s"] == 0
    assert cost["bytes_out"] == sum(file["size"] for file in job.result["files"])

    again = do(store, settings, "cut", **cut(f"job:{job.id}/{clip['file']}"))
    assert again.state == "succeeded", "what a job made is a source of the next"


def test_a_job_that_selects_nothing_says_why_in_its_row(store: Store, settings: Settings) -> None:
    job = do(
        store, settings, "clip", source=f"asset:{ASSET}", transcript="transcript:t",
        min_ms=1000, max_ms=1500, highlighter="extractive",
    )  # fmt: skip
    assert (job.state, job.error) == ("succeeded", None)
    assert job.result is not None
    assert job.result["status"] == "nothing_selected"
    reason = "under the threshold 0.25"
    assert job.result["candidates"] == {"found": 1, "selected": 0, "dropped": {reason: 1}}
    told = [note for note in job.result["notices"] if note["code"] == "nothing_selected"]
    assert len(told) == 1
    assert told[0]["message"] == f"The only candidate became no clip: {reason}"
    assert told[0]["remedy"]
    assert told[0] in manifest(store, job)["notices"]


def test_an_edited_clip_has_captions_of_the_newest_transcript(
    store: Store, settings: Settings
) -> None:
    edit = {
        "title": "The best bit",
        "ranges": [{"start_ms": 1000, "end_ms": 1500}, {"start_ms": 0, "end_ms": 1000}],
    }
    plain = {"title": "As it is", "ranges": [{"start_ms": 1000, "end_ms": 1400}]}
    plain["render"] = {"captions": "none", "loudness": None, "encoder": "software"}
    job = do(
        store, settings, "render", source=f"asset:{ASSET}", transcript="transcript:t",
        clips=[edit, plain], render={"captions": "soft", "encoder": "software"},
    )  # fmt: skip
    assert job.state == "succeeded", job.error
    first, second = manifest(store, job)["clips"]
    assert first["title"] == "The best bit"
    assert [part["start_ms"] for part in first["ranges"]] == [1000, 0]
    assert first["proof"]["ok"]
    assert job.result is not None
    refs = {file["name"]: ObjectRef(file["sha256"], file["size"]) for file in job.result["files"]}
    said = store.objects.path(refs[first["captions"]["srt"]]).read_text(encoding="utf-8")
    assert WORDS in said
    assert "00:00:00,6" in said, "by the times of the clip: half a second comes before"
    assert second["captions"] == {}


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (f"asset:{FOREIGN}", NotFound),
        ("asset:nobody", NotFound),
        (f"job:{FOREIGN}/clips/1.mp4", NotFound),
        ("{place}/closed/secret.png", SourceRefused),
        ("{place}/open/../closed/secret.png", SourceRefused),
        ("{place}/open/link.mp4", SourceRefused),
        ("open/video.mp4", SourceRefused),
        ("https://example.com/video.mp4", UsageError),
    ],
)
def test_what_a_job_may_not_read_is_refused_once_and_for_all(
    store: Store, settings: Settings, place: Path, source: str, error: type[VideoClipError]
) -> None:
    with pytest.raises(error):
        do(store, settings, "cut", **cut(source.format(place=place)))
    newest = row(store, last(store))
    assert newest.error is not None
    assert (newest.state, newest.attempt, newest.error["code"]) == ("failed", 1, error.code)


def last(store: Store) -> str:
    from sqlalchemy import func, select

    return str(store.queue(lambda queue: queue._session.scalar(select(func.max(Job.id)))))


@pytest.mark.parametrize("field", ["watermark", "intro", "outro"])
def test_the_other_files_of_a_request_are_no_way_around_it(
    store: Store, settings: Settings, place: Path, field: str
) -> None:
    secret = str(place / "closed" / "secret.png")
    with pytest.raises(SourceRefused):
        do(store, settings, "cut", **cut(f"asset:{ASSET}", **{field: secret}))


def test_an_overtaken_attempt_publishes_nothing(store: Store, settings: Settings) -> None:
    made = store.queue(
        lambda queue: queue.enqueue("w", "cut", {"kind": "cut", **cut(f"asset:{ASSET}")})
    )
    held = store.queue(lambda queue: queue.claim("here", lease_ms=60_000))
    assert held is not None

    def overtake() -> None:
        store.queue(lambda queue: queue.release(made.id, held.attempt, "test"))

    with RayRuntime(settings.ray) as ray, pytest.raises(JobBusy):
        run_job(
            made.id, store=store, settings=settings, ray=ray, attempt=held.attempt,
            before_end=overtake,
        )  # fmt: skip
    job = row(store, made.id)
    assert (job.state, job.result) == ("queued", None)
    store.queue(lambda queue: queue.cancel(made.id))


def test_a_request_that_this_release_does_not_understand_fails_once(
    store: Store, settings: Settings
) -> None:
    with pytest.raises(InvalidRequest, match="quality"):
        do(store, settings, "cut", **cut(f"asset:{ASSET}", quality="unheard of"))
    job = row(store, last(store))
    assert job.error is not None
    assert (job.state, job.attempt, job.error["code"]) == ("failed", 1, "invalid_request")
