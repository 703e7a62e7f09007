"""Videos in a bucket as sources: a batch and a watch of a prefix, what is fetched, and what nobody may read."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import update

from actors.families import Families
from pipelines import buckets
from pipelines.buckets import Place
from serve_apps.gateway.sources import check_sources
from tests.support.bucket_server import bucket_server
from tests.support.command import Command
from tests.support.platform import Platform, make_video
from videoclip.errors import FetchFailed, InvalidRequest, SourceRefused
from videoclip.settings import (
    JobSettings,
    MediaLimits,
    ObjectSettings,
    RaySettings,
    Settings,
)
from videoclip.store.bucket import open_bucket
from videoclip.store.database import Database
from videoclip.store.models import Job

EACH = {
    "kind": "cut",
    "ranges": [{"start_ms": 0, "end_ms": 400}],
    "render": {"captions": "none", "loudness": None, "encoder": "software"},
}
NAMES = ("a b#%41.mp4", "deep/直播.mkv")
"""Keys are taken as they are, whatever they would mean in an address."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A bucket server with two buckets: one of sources, one with what jobs made."""
    with bucket_server("inbox", "made") as address:
        yield Settings(
            data_dir=tmp_path_factory.mktemp("buckets") / "data",
            offline=True,
            objects=ObjectSettings(
                url="s3://made/objects", endpoint=address, access_key_id="key",
                secret_access_key=SecretStr("hush-hush"), max_retries=1, timeout_s=5,
            ),
            jobs=JobSettings(source_buckets=["s3://inbox/shows/", "s3://made"], watch_ms=200),
            media=MediaLimits(max_bytes=500_000),
            ray=RaySettings(in_process=True),
        )  # fmt: skip


@pytest.fixture(scope="module")
def put(settings: Settings) -> Callable[[str, bytes], None]:
    """Put something into the bucket of sources."""
    store = open_bucket(settings.objects.model_copy(update={"url": "s3://inbox"}))
    return lambda key, content: obstore.put(store, key, content) and None


@pytest.fixture(scope="module")
def platform(
    settings: Settings, put: Callable[[str, bytes], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """With two videos below the prefix, and much that is none of its business."""
    video = make_video(tmp_path_factory.mktemp("v") / "v.mp4").read_bytes()
    for name in NAMES:
        put(f"shows/monday/{name}", video)
    for name in ("shows/monday/.hidden.mp4", "shows/monday/notes.txt", "shows/mondays/x.mp4"):
        put(name, b"x")
    put("shows/large.mp4", bytes(500_001))
    put("private/secret.mp4", video)
    platform = Platform(settings, Path("/nowhere"))
    yield platform
    platform.stop()


def with_families(settings: Settings, work: Callable[[Families], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        database = Database(settings)
        await database.open()
        try:
            return await work(Families(database, settings))
        finally:
            await database.close()

    return asyncio.run(run())


async def look_after(families: Families) -> None:
    watch = await families.due_watch()
    assert watch is not None
    await families.look_after(watch)


def begin(platform: Platform, kind: str, **request: Any) -> str:
    job_id = platform.ask(kind, {"each": EACH, **request})
    claim = platform.call(lambda queue: queue.claim("here", lease_ms=60_000, kinds=(kind,)))
    assert claim.id == job_id
    with_families(platform.settings, lambda families: families.begin(claim))
    return job_id


def children(platform: Platform, parent: str) -> list[Job]:
    return [job for job in platform.jobs() if job.parent_id == parent]


def test_a_batch_of_a_prefix_makes_a_job_of_each_video_which_fetches_it(platform: Platform) -> None:
    batch = begin(platform, "batch", folder="s3://inbox/shows/monday/")
    first, second = children(platform, batch)
    assert [first.request["source"], second.request["source"]] == [
        f"s3://inbox/shows/monday/{name}" for name in NAMES
    ]
    platform.call(lambda queue: queue.cancel(second.id))
    job = platform.here(first.id)
    assert job.state == "succeeded", job.error
    assert platform.content(job)
    (fetched,) = (unit for unit in platform.units(job.id) if unit.stage == "fetch")
    assert fetched.state == "done"


def test_a_watched_prefix_makes_a_job_of_each_new_video_once(
    platform: Platform, put: Callable[[str, bytes], None]
) -> None:
    watch = begin(platform, "watch", folder="s3://inbox/shows/live", settle_ms=0)

    def looked() -> dict[str, Any]:
        platform.call(lambda queue: queue.session.execute(_due(watch)))
        with_families(platform.settings, look_after)
        return dict(platform.job(watch).progress or {})

    assert looked() == {"stage": "watch", "files": 0, "new": 0}
    put("shows/live/one.mp4", b"x")
    assert [looked()["new"] for _ in range(3)] == [0, 1, 0]
    put("shows/live/one.mp4", b"anew")
    assert [looked()["new"] for _ in range(3)] == [0, 1, 0]
    sources = [job.request["source"] for job in children(platform, watch)]
    assert sources == ["s3://inbox/shows/live/one.mp4"] * 2
    platform.call(lambda queue: queue.cancel(watch))


def _due(job_id: str) -> Any:
    return update(Job).where(Job.id == job_id).values(not_before_ms=0)


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("s3://inbox/private", "source_refused"),
        ("s3://inbox/shows/../private", "source_refused"),
        ("s3://inbox/showst", "source_refused"),
        ("s3://made/objects", "source_refused"),
        ("s3://inbox/shows/none", "source_empty"),
    ],
)
def test_a_batch_of_what_jobs_may_not_read_fails(
    platform: Platform, folder: str, code: str
) -> None:
    job = platform.job(begin(platform, "batch", folder=folder))
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", code)


@pytest.mark.parametrize(
    ("key", "code"), [("none.mp4", "source_missing"), ("large.mp4", "source_over_limit")]
)
def test_a_job_whose_key_gives_nothing_says_why(platform: Platform, key: str, code: str) -> None:
    job_id = platform.ask("cut", {**EACH, "source": f"s3://inbox/shows/{key}"})
    with pytest.raises(Exception, match=code):
        platform.here(job_id)
    job = platform.job(job_id)
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", code)


def test_the_gateway_refuses_what_the_settings_do_not_open(settings: Settings) -> None:
    for reference in ("s3://inbox/shows/monday/x.mp4", "s3://inbox/shows"):
        check_sources({"source": reference}, settings.jobs)
        check_sources({"folder": reference}, settings.jobs)
    for reference in (
        "s3://inbox/private/x.mp4", "s3://inbox", "s3://", "s3://inbox/shows//x.mp4",
        "s3://inbox/shows/\x01x",
    ):  # fmt: skip
        with pytest.raises(InvalidRequest):
            check_sources({"source": reference}, settings.jobs)
    closed = settings.model_copy(update={"jobs": JobSettings()})
    with pytest.raises(SourceRefused):
        buckets.open_place("s3://inbox/shows/monday", closed)
    # Asked for before this was checked: a refusal too, nothing that ends a round of the dispatcher.
    with pytest.raises(FetchFailed):
        asyncio.run(
            buckets.listed(Place("inbox", "shows/\x01x"), settings, frozenset({".mp4"}), 10)
        )
    assert Place.of("s3://b/k/").within(Place.of("s3://b"))
    with pytest.raises(ValidationError, match="s3://bucket/prefix"):
        JobSettings(source_buckets=["inbox/shows"])


def test_a_ray_job_makes_clips_of_each_video_below_a_prefix(
    platform: Platform, settings: Settings, tmp_path: Path
) -> None:
    objects = settings.objects
    command = Command(
        tmp_path / "data",
        {
            "VIDEOCLIP_RAY__IN_PROCESS": "true",
            "VIDEOCLIP_OBJECTS__ENDPOINT": objects.endpoint,
            "VIDEOCLIP_OBJECTS__ACCESS_KEY_ID": objects.access_key_id,
            "VIDEOCLIP_OBJECTS__SECRET_ACCESS_KEY": objects.secret_access_key.get_secret_value(),
        },
    )

    def submit(source: str) -> subprocess.CompletedProcess[str]:
        process = command.start(
            source, "-o", tmp_path / "out", "--platforms", "none", module="cluster.submit"
        )
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(source, process.returncode, out, err)

    done = submit("s3://inbox/shows/monday")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Downloading" in done.stdout
    made = {path.parent.name for path in (tmp_path / "out").glob("*/manifest.json")}
    assert made == {"a b__41", "直播"}, "nobody speaks in them; each has its manifest"
    assert list((tmp_path / "data" / "fetched").iterdir()) == [], "videos do not stay"
    empty = submit("s3://inbox/shows/tuesday")
    assert (empty.returncode, empty.stderr.splitlines()[-1]) == (
        3, "  what to do: Check bucket and prefix",
    )  # fmt: skip
