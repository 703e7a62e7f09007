"""The platform's processes for tests: a database, dispatchers and their runners, jobs that are asked for and watched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select

from pipelines.jobs import run_job
from pipelines.ray_runtime import RayRuntime
from tests.support.command import Command
from tests.support.patience import patient
from videoclip.settings import Settings
from videoclip.store import Store
from videoclip.store.control import FINAL
from videoclip.store.models import Job, JobEvent, UnitRow, Workspace
from videoclip.store.objects import ObjectRef, open_objects
from videoclip.store.queue import Queue

__all__ = ["QUICK", "Platform", "alive", "make_video"]

QUICK = {
    "VIDEOCLIP_JOBS__POLL_MS": "100",
    "VIDEOCLIP_JOBS__SWEEP_MS": "200",
    "VIDEOCLIP_JOBS__HEARTBEAT_MS": "200",
    "VIDEOCLIP_JOBS__LEASE_MS": "3000",
    "VIDEOCLIP_JOBS__BACKOFF_MS": "10",
    "VIDEOCLIP_JOBS__WATCH_MS": "200",
    "VIDEOCLIP_RAY__IN_PROCESS": "true",
}
"""Dispatchers and runners that test quickly."""


def make_video(path: Path, seconds: int = 2, size: str = "160x90") -> Path:
    """A video with a picture that changes and a tone."""
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25"),
            *("-f", "lavfi", "-i", "sine=440", "-t", str(seconds), "-c:v", "libx264"),
            *("-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac", path),
        ],
        check=True,
    )
    return path


def alive(process: psutil.Process) -> bool:
    """Whether a process is still there, and not only its number."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@dataclass
class Platform:
    """One installation with one workspace, ``w``."""

    settings: Settings
    sources: Path
    extra: dict[str, str] = field(default_factory=dict)
    create: bool = True
    """False: its workspace is there already."""
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    _seen: dict[int, psutil.Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        variables = {**self.quick(self.settings, self.sources), **self.extra}
        self.command = Command(self.settings.data_dir, variables)
        self.store = Store(self.settings, patience_s=60)
        if self.create:
            self.call(lambda queue: _add(queue, Workspace(id="w", name="ours")))

    @staticmethod
    def quick(settings: Settings, sources: Path) -> dict[str, str]:
        """Variables of processes of such an installation."""
        return {
            **QUICK,
            "VIDEOCLIP_DATA_DIR": str(settings.data_dir),
            "VIDEOCLIP_CONFIG": os.devnull,
            "VIDEOCLIP_OFFLINE": "true",
            "VIDEOCLIP_DATABASE_URL": settings.database_url,
            "VIDEOCLIP_JOBS__SOURCE_FOLDERS": json.dumps([str(sources)]),
        }

    # ------------------------------------------------------------------ the database

    def call(self, work: Callable[[Queue], Any]) -> Any:
        """A transaction of the queue."""
        return self.store.queue(work)

    def states(self, job_id: str) -> list[str]:
        """A job's changes of state."""
        states = {"queued", "running", "cancelling", *FINAL}
        return [event.kind for event in self.events(job_id) if event.kind in states]

    def ask(self, kind: str, request: dict[str, Any], **more: Any) -> str:
        """Ask for a job; its id."""
        made = self.call(lambda queue: queue.enqueue("w", kind, {"kind": kind, **request}, **more))
        return str(made.id)

    def cut(self, source: Path | str, *ranges: tuple[int, int], **more: Any) -> str:
        """A job that cuts; without Ray it takes a second or so."""
        wanted = [{"start_ms": start, "end_ms": end} for start, end in ranges or [(0, 1000)]]
        queue = {name: more.pop(name) for name in ("max_failures", "delay_ms") if name in more}
        # Small pictures and a named encoder: neither faces nor graphics cards are looked for for long.
        render = {
            "captions": "none",
            "loudness": None,
            "encoder": "software",
            **more.pop("render", {}),
        }
        request = {"source": str(source), "ranges": wanted, "render": render, **more}
        return self.ask("cut", request, **queue)

    def job(self, job_id: str) -> Job:
        """A job's row."""
        job = self.call(lambda queue: queue._session.get(Job, job_id))
        assert isinstance(job, Job)
        return job

    def jobs(self) -> list[Job]:
        """All rows, in order."""
        return list(self.call(lambda queue: _all(queue, select(Job).order_by(Job.id))))

    def events(self, job_id: str) -> list[JobEvent]:
        """What happened to a job."""
        return list(self.call(lambda queue: queue.events(job_id)))

    def units(self, job_id: str) -> list[UnitRow]:
        """Units that were committed."""
        return list(
            self.call(lambda queue: _all(queue, select(UnitRow).where(UnitRow.job_id == job_id)))
        )

    def wait(
        self, what: Callable[[], Any], within_s: float = 60.0, describe: Callable[[], str] = str
    ) -> Any:
        """Wait until something is true; its value."""
        deadline = time.monotonic() + patient(within_s)
        while not (value := what()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{describe()}\n{self.logs()}")
            time.sleep(0.1)
        return value

    def final(self, *job_ids: str, within_s: float = 60.0) -> list[Job]:
        """Wait until these jobs are over; their rows."""

        def rows() -> list[Job]:
            found = {job.id: job for job in self.jobs()}
            return [found[job_id] for job_id in job_ids]

        self.wait(
            lambda: all(job.state in FINAL for job in rows()),
            within_s,
            lambda: str([(job.state, job.error, job.progress) for job in rows()]),
        )
        return rows()

    def content(self, job: Job) -> dict[str, str]:
        """Names of a finished job's files with their digests; each is there and whole."""
        assert job.result is not None
        objects = open_objects(self.settings)
        for file in [*job.result["files"], job.result["manifest"]]:
            assert objects.has(ObjectRef(file["sha256"], file["size"]))
        return {file["name"]: file["sha256"] for file in job.result["files"]}

    def here(self, job_id: str) -> Job:
        """Do the only job that waits in this process; its row."""
        claim = self.call(lambda queue: queue.claim("here", lease_ms=600_000))
        assert claim.id == job_id
        with RayRuntime(self.settings.ray) as ray:
            run_job(
                job_id, store=self.store, settings=self.settings, ray=ray, attempt=claim.attempt
            )
        return self.job(job_id)

    # ------------------------------------------------------------------ processes

    def dispatch(
        self, module: str = "actors.dispatcher", arguments: tuple[str, ...] = (), **environment: str
    ) -> subprocess.Popen[str]:
        """Start a dispatcher, or another release's."""
        log = (self.settings.data_dir / "dispatcher.log").open("a")
        command = Command(
            self.command.data, {**self.command.environment, **environment}, self.command.mark
        )
        process = command.start(*arguments, module=module, stdout=log, stderr=log)
        log.close()
        self.started.append(process)
        return process

    def runner(self, job_id: str, within_s: float = 30.0, other_than: int = 0) -> psutil.Process:
        """The process that works on a job."""
        return self.wait(  # type: ignore[no-any-return]
            lambda: next(
                (p for p in self.runners() if job_id in p[1] and p[0].pid != other_than), None
            ),
            within_s,
            lambda: f"no runner of {job_id}",
        )[0]

    def runners(self) -> Iterator[tuple[psutil.Process, list[str]]]:
        """All runner processes of ours that live, also those whose dispatcher died."""
        for dispatcher in self.started:
            with suppress(psutil.Error):
                for child in psutil.Process(dispatcher.pid).children():
                    self._seen.setdefault(child.pid, child)
        for process in list(self._seen.values()):
            with suppress(psutil.Error):
                words = process.cmdline()
                if "actors.runner" in words:
                    yield process, words

    def logs(self) -> str:
        """Of the dispatchers and runners, for a test that failed."""
        files = [
            self.settings.data_dir / "dispatcher.log",
            *sorted((self.settings.data_dir / "logs" / "jobs").glob("*.log")),
        ]
        return "\n".join(
            f"== {file.name}\n{file.read_text()[-3000:]}" for file in files if file.exists()
        )

    def stop(self) -> None:
        """End what runs, and see that nothing is left."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.terminate()
        for process in self.started:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for runner, _ in self.runners():
            runner.kill()
        self.store.close()


async def _add(queue: Queue, row: object) -> None:
    queue._session.add(row)


async def _all(queue: Queue, query: Any) -> list[Any]:
    return list((await queue._session.scalars(query)).all())
