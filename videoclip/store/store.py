"""The store as synchronous code sees it: pipelines and the command line wait on one event loop thread."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from videoclip.errors import JobBusy, OutputUnwritable
from videoclip.fingerprint import file_sha256
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.objects import open_objects
from videoclip.store.records import ArtifactRecord, JobRecord, UnitFailure
from videoclip.store.repository import Repository

__all__ = ["Store"]

Result = TypeVar("Result")
_STALE_S = 24 * 3600


class Store:
    """Database and objects of one data folder.

    SQLAlchemy runs asynchronously on a loop of its own thread, so that one code serves the command line
    here and the gateway's event loop, which uses `Database` directly.
    """

    def __init__(self, settings: Settings) -> None:
        self.data_dir = settings.data_dir.absolute()
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputUnwritable(
                f"the data folder {self.data_dir} cannot be made: {error.strerror}",
                "Set VIDEOCLIP_DATA_DIR to a folder that can be written",
            ) from error
        self.objects = open_objects(settings)
        self.work = self.data_dir / "work"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="videoclip-store", daemon=True
        )
        self._thread.start()
        self._database = Database(settings)
        try:
            self._wait(self._database.open())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sweep(self) -> int:
        """Remove what killed processes left a day ago or longer; returns how many entries.

        Half-written objects, and work folders of jobs that nobody works on.
        """
        old = time.time() - _STALE_S
        gone = self.objects.sweep(old)
        for folder in self.work.glob("*"):
            with suppress(OSError):
                if folder.stat().st_mtime < old and not self._is_owned(folder.name):
                    shutil.rmtree(folder, ignore_errors=True)
                    gone += 1
        return gone

    def _is_owned(self, job_id: str) -> bool:
        try:
            with (self.data_dir / "locks" / f"{job_id}.lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        """Close the database and end the thread."""
        self._wait(self._database.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _transaction(self, work: Callable[[Repository], Coroutine[Any, Any, Result]]) -> Result:
        async def run() -> Result:
            async with self._database.transaction() as repository:
                return await work(repository)

        return self._wait(run())

    # ------------------------------------------------------------------ jobs

    def ensure_job(self, kind: str, key: str, request: dict[str, Any]) -> JobRecord:
        """The job with this key, made if there is none."""
        return self._transaction(lambda r: r.ensure_job(kind, key, request))

    def job(self, job_id: str) -> JobRecord:
        """One job by id."""
        return self._transaction(lambda r: r.job(job_id))

    @contextmanager
    def own_job(self, job_id: str) -> Iterator[int]:
        """Hold the job against other processes of this data folder; yields the attempt number.

        The kernel frees the lock however this process ends.

        Raises:
            JobBusy: another live process holds it.
        """
        folder = self.data_dir / "locks"
        folder.mkdir(exist_ok=True)
        lock = os.open(folder / f"{job_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise JobBusy(
                    "another process is working on the same job",
                    "Wait until it ends, or stop it and run the command again",
                ) from error
            yield self._transaction(lambda r: r.start_attempt(job_id))
        finally:
            os.close(lock)

    def finish_job(
        self, job_id: str, attempt: int, state: str, error: dict[str, Any] | None = None
    ) -> None:
        """Write an attempt's final state."""
        self._transaction(lambda r: r.finish_job(job_id, attempt, state, error))

    # ------------------------------------------------------------------ units and artifacts

    def artifacts(self, fingerprints: Iterable[str]) -> dict[str, ArtifactRecord]:
        """The artifacts among these fingerprints whose files are all there."""
        found = self._transaction(lambda r: r.artifacts(fingerprints))
        whole: dict[str, ArtifactRecord] = {}
        for name, artifact in found.items():
            if all(self.objects.has(ref) for ref in artifact.objects.values()):
                whole[name] = artifact
            else:
                self._forget(name)
        return whole

    def _forget(self, fingerprint: str) -> None:
        self._transaction(lambda r: r.forget_artifact(fingerprint))

    def commit_unit(
        self, job_id: str, attempt: int, key: str, artifact: ArtifactRecord, *, reused: bool = False
    ) -> None:
        """Record that a unit is done, under the fence."""
        self._transaction(lambda r: r.commit_unit(job_id, attempt, key, artifact, reused=reused))

    def fail_unit(
        self,
        job_id: str,
        attempt: int,
        stage: str,
        key: str,
        fingerprint: str,
        failure: UnitFailure,
    ) -> None:
        """Record that a unit failed for good."""
        self._transaction(lambda r: r.fail_unit(job_id, attempt, stage, key, fingerprint, failure))

    # ------------------------------------------------------------------ sources

    def digest(self, path: Path, hasher: Callable[[Path], str] = file_sha256) -> str:
        """SHA-256 of a file, computed once while it does not change."""
        stat = path.stat()
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        identity = (name, stat.st_size, stat.st_mtime_ns, stat.st_ino)
        known = self._transaction(lambda r: r.digest(*identity))
        if known is not None:
            return known
        value = hasher(path)
        self._transaction(lambda r: r.remember_digest(*identity, value))
        return value
