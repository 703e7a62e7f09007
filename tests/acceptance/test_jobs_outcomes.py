"""How jobs of the platform end: corrupt sources, deadly ones, cancels, batches, watched folders, a dispatcher that ends."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.platform import Platform, alive, make_video
from videoclip.settings import Settings
from videoclip.store.models import Job

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short video, a long one, and one that is none."""
    folder = tmp_path_factory.mktemp("sources")
    make_video(folder / "short.mp4")
    make_video(folder / "long.mp4", seconds=60, size="640x360")
    (folder / "corrupt.mp4").write_bytes(b"no video " * 100)
    return folder


@pytest.fixture(scope="module")
def platform(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """An installation with a dispatcher, for the tests of this file one after the other."""
    data = tmp_path_factory.mktemp("platform") / "data"
    platform = Platform(Settings(data_dir=data), sources)
    platform.dispatch()
    yield platform
    platform.stop()
    assert platform.command.survivors() == []


def test_a_corrupt_source_fails_once_with_its_cause(platform: Platform, sources: Path) -> None:
    (job,) = platform.final(platform.cut(sources / "corrupt.mp4"))
    assert (job.state, job.attempt, job.failures) == ("failed", 1, 0)
    assert job.error is not None
    assert job.error["code"] == "source_not_media"
    assert "corrupt.mp4" in job.error["cause"]


def test_a_job_that_kills_its_worker_is_given_up_alone_and_can_be_run_again(
    platform: Platform, sources: Path
) -> None:
    deadly = platform.cut(sources / "short.mp4", (0, 800), max_failures=2)
    sibling = platform.cut(sources / "short.mp4", (0, 900))
    last = 0
    for _ in range(2):
        runner = platform.runner(deadly, other_than=last)
        last = runner.pid
        runner.kill()
    job, other = platform.final(deadly, sibling)
    assert (job.state, job.failures, other.state) == ("dead", 2, "succeeded")
    assert job.error is not None
    assert job.error["code"] == "worker_lost"
    assert "SIGKILL" in job.error["cause"]
    platform.call(lambda queue: queue.redrive(deadly))
    (job,) = platform.final(deadly)
    assert job.state == "succeeded"


def test_cancelled_inside_ffmpeg_it_is_over_in_five_seconds_and_nothing_is_left(
    platform: Platform, sources: Path
) -> None:
    render = {"mode": "encode", "quality": "archive", "captions": "none"}
    job_id = platform.cut(sources / "long.mp4", (0, 60_000), render=render)
    runner = platform.runner(job_id)

    def encoding() -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess):
            for child in runner.children(recursive=True):
                if child.name() == "ffmpeg" and "libx264" in child.cmdline():
                    return child
        return None

    tool = platform.wait(encoding, 30)
    before = objects(platform)
    began = time.monotonic()
    assert platform.call(lambda queue: queue.cancel(job_id)) == "cancelling"
    (job,) = platform.final(job_id, within_s=5.0)
    assert time.monotonic() - began <= 5.0
    assert (job.state, job.result) == ("cancelled", None)
    platform.wait(lambda: not alive(runner) and not alive(tool), 2.0)
    assert objects(platform) == before
    work = platform.settings.data_dir / "work"
    platform.wait(lambda: not list(work.glob(f"{job_id}*")), 2.0)


def objects(platform: Platform) -> set[str]:
    folder = platform.settings.data_dir / "objects"
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_cancelled_while_it_waits_it_never_starts(platform: Platform, sources: Path) -> None:
    job_id = platform.ask(
        "cut", {"source": str(sources / "short.mp4"), "ranges": []}, delay_ms=3_600_000
    )
    assert platform.call(lambda queue: queue.cancel(job_id)) == "cancelled"
    assert platform.states(job_id) == ["queued", "cancelled"]


def children(platform: Platform, parent: str) -> dict[str, Job]:
    """By the source's name."""
    return {
        Path(job.request["source"]).name: job for job in platform.jobs() if job.parent_id == parent
    }


def test_a_batch_makes_a_job_of_each_video_and_run_again_repeats_only_what_failed(
    platform: Platform, sources: Path
) -> None:
    folder = sources / "batch"
    (folder / "below").mkdir(parents=True)
    shutil.copy(sources / "short.mp4", folder / "good.mp4")
    shutil.copy(sources / "corrupt.mp4", folder / "below" / "bad.mp4")
    (folder / "notes.txt").write_text("no video")
    each = {"kind": "cut", "ranges": [{"start_ms": 0, "end_ms": 400}]}
    batch = platform.ask("batch", {"folder": str(folder), "each": each})
    (job,) = platform.final(batch)
    assert job.state == "partial"
    assert job.result == {"children": {"succeeded": 1, "failed": 1}}
    assert job.error is not None
    assert job.error["code"] == "children_failed"
    first = children(platform, batch)
    assert {name: child.state for name, child in first.items()} == {
        "good.mp4": "succeeded",
        "bad.mp4": "failed",
    }
    shutil.copy(sources / "short.mp4", folder / "below" / "bad.mp4")
    platform.call(lambda queue: queue.redrive(batch))
    (job,) = platform.final(batch)
    assert job.state == "succeeded"
    second = children(platform, batch)
    assert second["bad.mp4"].state == "succeeded"
    assert second["good.mp4"].attempt == first["good.mp4"].attempt == 1
    assert len(second) == 2


def test_a_watched_folder_makes_one_job_of_each_video_once_it_is_complete(
    platform: Platform, sources: Path
) -> None:
    folder = sources / "inbox"
    folder.mkdir()
    each = {"kind": "cut", "ranges": [{"start_ms": 0, "end_ms": 400}]}
    watch = platform.ask("watch", {"folder": str(folder), "each": each, "settle_ms": 1500})
    platform.wait(lambda: (platform.job(watch).progress or {}).get("files") == 0)
    content = (sources / "short.mp4").read_bytes()
    (folder / "new.mp4").write_bytes(content[: len(content) // 2])
    platform.wait(lambda: (platform.job(watch).progress or {}).get("files") == 1)
    (folder / "new.mp4").write_bytes(content)
    grown = time.monotonic()
    platform.wait(lambda: children(platform, watch))
    assert time.monotonic() - grown >= 1.4, "it was still being written"
    (child,) = platform.final(children(platform, watch)["new.mp4"].id)
    assert child.state == "succeeded"
    time.sleep(0.5)
    assert len(children(platform, watch)) == 1
    shutil.rmtree(folder)
    platform.wait(lambda: (platform.job(watch).progress or {}).get("error"))
    assert platform.job(watch).state == "running", "the folder may come back"
    platform.call(lambda queue: queue.cancel(watch))
    (job,) = platform.final(watch, within_s=5)
    assert job.state == "cancelled"


def test_told_to_end_it_lets_jobs_finish_and_told_again_gives_them_back(
    platform: Platform, sources: Path
) -> None:
    """The last test of the file that uses the dispatcher: it ends it."""
    (dispatcher,) = (process for process in platform.started if process.poll() is None)
    finishing = platform.cut(sources / "short.mp4", (100, 900))
    platform.runner(finishing)
    dispatcher.terminate()
    time.sleep(0.5)
    waiting = platform.cut(sources / "short.mp4", (200, 900))
    (job,) = platform.final(finishing)
    assert job.state == "succeeded"
    assert dispatcher.wait(timeout=15) == 0
    assert platform.job(waiting).state == "queued", "nothing was taken while it drained"

    dispatcher = platform.dispatch()
    runner = platform.runner(waiting)
    dispatcher.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    dispatcher.send_signal(signal.SIGTERM)
    assert dispatcher.wait(timeout=15) == 0
    assert not alive(runner)
    job = platform.job(waiting)
    assert (job.state, job.failures) == ("queued", 0)
    assert platform.states(waiting) == ["queued", "running", "queued"]
    assert list((platform.settings.data_dir / "work").iterdir()) == []
