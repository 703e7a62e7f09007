"""The store keeps what is committed, under the fence, and forgets what has lost its files."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.postgres import Postgres
from videoclip.errors import JobBusy, StoreError, UsageError
from videoclip.settings import DatabaseSettings, Settings
from videoclip.store import ArtifactRecord, Objects, Store, UnitFailure
from videoclip.store.database import Database


@pytest.fixture
def store(store_settings: Settings) -> Iterator[Store]:
    with Store(store_settings) as store:
        yield store


def test_the_same_request_is_the_same_job(store: Store) -> None:
    first = store.ensure_job("clip", "k" * 64, {"source": "/a"})
    assert store.ensure_job("clip", "k" * 64, {"source": "/a"}) == first
    assert store.ensure_job("clip", "j" * 64, {"source": "/b"}).id != first.id


def test_an_unknown_job_is_an_error_that_says_so(store: Store) -> None:
    with pytest.raises(StoreError, match="there is no job nope"):
        store.job("nope")


def test_a_committed_artifact_is_found_by_another_process(
    store: Store, store_settings: Settings
) -> None:
    job = store.ensure_job("clip", "k", {})
    with store.own_job(job.id) as attempt:
        store.commit_unit(job.id, attempt, "1", ArtifactRecord("f1", "recognise", {"words": [1]}))
    with Store(store_settings) as other:
        assert other.artifacts(["f1", "f2"])["f1"].payload == {"words": [1]}


def test_an_overtaken_attempt_cannot_commit(store: Store) -> None:
    job = store.ensure_job("clip", "k", {})
    with store.own_job(job.id) as stale:
        pass
    with store.own_job(job.id) as newer:
        assert newer == stale + 1
        with pytest.raises(JobBusy, match="overtaken"):
            store.commit_unit(job.id, stale, "1", ArtifactRecord("f1", "recognise"))
        with pytest.raises(JobBusy):
            store.fail_unit(job.id, stale, "recognise", "1", "f1", UnitFailure("c", "c", "r"))
    assert store.artifacts(["f1"]) == {}


def test_two_processes_cannot_own_one_job(store: Store, store_settings: Settings) -> None:
    job = store.ensure_job("clip", "k", {})
    with (
        Store(store_settings) as other,
        store.own_job(job.id),
        pytest.raises(JobBusy, match="another process"),
        other.own_job(job.id),
    ):
        pass


def test_an_artifact_whose_file_is_gone_is_made_again(store: Store, tmp_path: Path) -> None:
    job = store.ensure_job("clip", "k", {})
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"frames")
    ref = store.objects.put(file)
    record = ArtifactRecord("f1", "render", {}, {"video": ref})
    with store.own_job(job.id) as attempt:
        store.commit_unit(job.id, attempt, "c01", record)
    assert store.artifacts(["f1"])["f1"].objects["video"] == ref
    store.objects.path(ref).unlink()
    assert store.artifacts(["f1"]) == {}


def test_more_fingerprints_than_one_statement_takes(store: Store) -> None:
    job = store.ensure_job("clip", "k", {})
    with store.own_job(job.id) as attempt:
        store.commit_unit(job.id, attempt, "1", ArtifactRecord("f1999", "recognise"))
    assert set(store.artifacts(f"f{number}" for number in range(2000))) == {"f1999"}


def test_equal_content_is_one_object(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects")
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"same")
    one, two = objects.put(tmp_path / "one"), objects.put(tmp_path / "two")
    assert one == two
    assert objects.path(one).read_bytes() == b"same"
    assert sum(path.is_file() for path in (tmp_path / "objects").rglob("*")) == 1


def test_a_digest_is_computed_again_only_when_the_file_changed(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "source.mp4"
    file.write_bytes(b"one")
    asked: list[Path] = []

    def hasher(path: Path) -> str:
        asked.append(path)
        return str(len(asked)) * 64

    assert store.digest(file, hasher) == store.digest(file, hasher) == "1" * 64
    file.write_bytes(b"other")
    assert store.digest(file, hasher) == "2" * 64


def test_a_large_file_does_not_pass_through_memory(tmp_path: Path) -> None:
    """The sound of a ten-hour video is over a gigabyte."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from videoclip.store import Objects\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "Objects(Path(sys.argv[2])).put(Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 * 2**20)
    done = subprocess.run(
        [sys.executable, "-c", script, large, tmp_path / "objects"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 64 * 1024, "KiB"


def test_many_processes_may_open_a_new_database_at_once(store_settings: Settings) -> None:
    script = (
        "from videoclip.settings import load_settings\n"
        "from videoclip.store import Store\n"
        "with Store(load_settings()) as store:\n"
        "    print(store.ensure_job('clip', 'k', {}).id)\n"
    )
    environment = {
        **os.environ,
        "VIDEOCLIP_DATA_DIR": str(store_settings.data_dir),
        "VIDEOCLIP_DATABASE_URL": store_settings.database_url,
    }
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(5)
    ]
    told = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0] * 5
    assert len(told) == 1


def test_an_attempt_that_begins_during_a_commit_waits_for_it(store_settings: Settings) -> None:
    """Else the commit of the overtaken attempt would land behind the new one's start."""

    async def run() -> list[str]:
        database = Database(store_settings)
        await database.open()
        async with database.transaction() as repository:
            job = await repository.ensure_job("clip", "k", {})
            attempt = await repository.start_attempt(job.id)
        order = []

        async def overtake() -> None:
            async with database.transaction() as other:
                assert await other.start_attempt(job.id) == attempt + 1
            order.append("overtaken")

        async with database.transaction() as repository:
            await repository.commit_unit(job.id, attempt, "1", ArtifactRecord("f1", "recognise"))
            second = asyncio.ensure_future(overtake())
            await asyncio.sleep(0.3)
            order.append("committed")
        await second
        await database.close()
        return order

    assert asyncio.run(run()) == ["committed", "overtaken"]


@pytest.mark.parametrize("what", ["slow", "locked"])
def test_what_takes_too_long_is_ended_by_the_server(
    postgres: Postgres, tmp_path: Path, what: str
) -> None:
    limits = DatabaseSettings(statement_timeout_s=0.5, lock_timeout_s=0.2)

    async def run() -> None:
        settings = Settings(
            data_dir=tmp_path, database_url=await postgres.new_database(), database=limits
        )
        database = Database(settings)
        await database.open()
        try:
            async with database.transaction() as repository:
                job = await repository.ensure_job("clip", "k", {})
            if what == "slow":
                async with database.transaction() as repository:
                    await repository._session.execute(text("SELECT pg_sleep(5)"))
            else:
                async with database.transaction() as one, database.transaction() as other:
                    await one.start_attempt(job.id)
                    await other.start_attempt(job.id)
        finally:
            await database.close()

    with pytest.raises(StoreError, match="timeout") as told:
        asyncio.run(run())
    assert told.value.retryable


def test_a_wrong_database_url_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://localhost/x")
    with pytest.raises(UsageError, match="VIDEOCLIP_DATABASE_URL"):
        Store(settings)


def test_what_killed_processes_left_is_swept_after_a_day(store: Store, tmp_path: Path) -> None:
    """The half-written object is a real one: its writer is killed."""
    script = (
        "import os, signal, sys, obstore\n"
        "from obstore.store import LocalStore\n"
        "writer = obstore.open_writer(LocalStore(sys.argv[1], mkdir=True), 'sha256/ab/' + 'ab' * 32, buffer_size=1024)\n"
        "writer.write(bytes(5000))\n"
        "writer.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, store.objects.root], check=False)
    file = tmp_path / "file"
    file.write_bytes(b"whole")
    whole = store.objects.path(store.objects.put(file))
    left = [path for path in store.objects.root.rglob("*") if path.is_file() and path != whole]
    assert len(left) == 1
    job = store.ensure_job("clip", "k", {})
    for name in (job.id, "forgotten", "young"):
        (store.work / name).mkdir(parents=True)
    assert store.sweep() == 0
    for path in (left[0], whole, store.work / job.id, store.work / "forgotten"):
        os.utime(path, (1, 1))
    with store.own_job(job.id):
        assert store.sweep() == 2
        assert whole.exists()
        assert not left[0].exists()
        assert {path.name for path in store.work.iterdir()} == {job.id, "young"}
    with store.own_attempt(job.id, 7) as attempt:
        (store.work / attempt).mkdir()
        os.utime(store.work / attempt, (1, 1))
        os.utime(store.work / job.id)
        assert store.sweep() == 0
    logs = store.data_dir / "logs" / "jobs"
    logs.mkdir(parents=True)
    for name in ("old.log", "new.log"):
        (logs / name).touch()
    os.utime(logs / "old.log", (1, 1))
    os.utime(store.work / job.id, (1, 1))
    assert store.sweep() == 3
    assert [path.name for path in logs.iterdir()] == ["new.log"]
