"""The store as synchronous code sees it: pipelines and the command line wait on one event loop thread."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import DatabaseAway, JobBusy, OutputUnwritable
from videoclip.fingerprint import file_sha256
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.leftovers import STALE_S, sweep_leftovers
from videoclip.store.objects import open_objects
from videoclip.store.patience import short
from videoclip.store.queue import Queue
from videoclip.store.records import ArtifactRecord, JobRecord, UnitFailure
from videoclip.store.repository import Repository

__all__ = ["Store"]

Result = TypeVar("Result")
_LONGEST_PAUSE_S = 2.0


class Store:
    """Database and objects of one data folder.

    SQLAlchemy runs asynchronously on a loop of its own thread, so that one code serves the command line
    here and the gateway's event loop, which uses `Database` directly.
    """

    def __init__(self, settings: Settings, *, patience_s: float = 0.0) -> None:
        """Open it.

        Args:
            settings: where it is.
            patience_s: how long a call waits for a database that went away; the work is done once all the same.
        """
        self._patience_s = patience_s
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
            self._patiently(self._database.open)
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
        return self.objects.sweep(time.time() - STALE_S) + sweep_leftovers(self.data_dir)

    def close(self) -> None:
        """Close the database and end the thread."""
        self._wait(self._database.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _patiently(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        deadline, pause_s = time.monotonic() + self._patience_s, 0.1
        while True:
            try:
                return self._wait(work())
            except DatabaseAway:
                if time.monotonic() + pause_s > deadline:
                    raise
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _transaction(self, work: Callable[[Repository], Coroutine[Any, Any, Result]]) -> Result:
        async def run() -> Result:
            async with self._database.transaction() as repository:
                return await work(repository)

        return self._patiently(run)

    def queue(
        self, work: Callable[[Queue], Coroutine[Any, Any, Result]], *, patient: bool = True
    ) -> Result:
        """A transaction of the queue.

        Args:
            work: what is done in it; may be done again if the database went away before it said yes.
            patient: wait for a database that went away, as long as this store does.
        """
        if patient:
            return self._patiently(lambda: short(self._database, work))
        return self._wait(short(self._database, work))

    def session(self, work: Callable[[AsyncSession], Coroutine[Any, Any, Result]]) -> Result:
        """A transaction for a repository of one workspace's data, which ``work`` makes over the session."""

        async def run() -> Result:
            async with self._database.session() as session:
                return await work(session)

        return self._patiently(run)

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
        with self._lock(job_id):
            yield self._transaction(lambda r: r.start_attempt(job_id))

    @contextmanager
    def own_attempt(self, job_id: str, attempt: int) -> Iterator[str]:
        """Hold an attempt that the queue handed out; yields the name of its private folder in ``work``.

        Another attempt may hold the same job beside it: the queue's fence decides whose writes count.

        Raises:
            JobBusy: another live process holds the attempt.
        """
        name = f"{job_id}-{attempt}"
        with self._lock(name):
            yield name
            (self.data_dir / "locks" / f"{name}.lock").unlink(missing_ok=True)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        folder = self.data_dir / "locks"
        folder.mkdir(exist_ok=True)
        lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise JobBusy(
                    "another process is working on the same job",
                    "Wait until it ends, or stop it and run the command again",
                ) from error
            yield
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
