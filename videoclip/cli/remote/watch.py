"""`videoclip watch`: each video that comes into a folder here becomes a job of the server, and what it makes comes back."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from videoclip.cli.clip_options import ClipWishes
from videoclip.cli.console import Reporter, counted, reporter
from videoclip.cli.remote.credentials import state_folder
from videoclip.cli.remote.results import end_of, folder_name
from videoclip.cli.remote.sending import Sender
from videoclip.cli.remote.session import connected
from videoclip.cli.remote.submit import submitted
from videoclip.cli.sources import expanded, show
from videoclip.client import VideoClip, VideoClipError
from videoclip.errors import SourceError, SourceMissing
from videoclip.progress import Event

__all__ = ["run_watch"]

_MOST = 20_000


@dataclass
class _Memory:
    """What became of each file, by path, size and time; so that another run does nothing twice."""

    path: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, server: str, folder: Path) -> _Memory:
        mark = hashlib.sha256(f"{server}\0{folder}".encode("utf-8", "replace")).hexdigest()
        memory = cls(state_folder() / "watch" / f"{mark[:32]}.json")
        with suppress(OSError, ValueError, RecursionError):
            told = json.loads(memory.path.read_text(encoding="utf-8"))
            memory.known = {str(key): dict(each) for key, each in told.items()}
        return memory

    def keep(self, key: str, **values: Any) -> None:
        self.known[key] = values
        kept = dict(list(self.known.items())[-_MOST:])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.write_text(json.dumps(kept), encoding="utf-8")
        fresh.replace(self.path)


class _Watch:
    """The folder, and the jobs that were made of what is in it."""

    def __init__(
        self, client: VideoClip, folder: Path, wishes: ClipWishes, sender: Sender,
        report: Reporter, out: Path | None, settle_s: float,
    ) -> None:  # fmt: skip
        self._client, self._folder, self._report = client, folder, report
        self._wishes, self._sender, self._out = wishes, sender, out
        self._settle_s = settle_s
        self._memory = _Memory.of(client.base_url, folder)
        self._seen: dict[Path, tuple[str, float]] = {}
        self._used: set[str] = set()
        self._unsettled = 0

    def round(self) -> None:
        """Look once: new files become jobs, what is over comes back.

        Raises:
            VideoClipError: the server refused the one who asks, or did not answer.
        """
        for path in self._complete():
            self._submit(path)
        for key, entry in list(self._memory.known.items()):
            if entry.get("job") and not entry.get("over"):
                self._bring(key, entry)

    def at_work(self) -> int:
        """Jobs that are not over."""
        known = self._memory.known.values()
        return sum(1 for entry in known if entry.get("job") and not entry.get("over"))

    def is_done(self) -> bool:
        """Whether all that is there was sent and is over."""
        return not self._unsettled and not self.at_work()

    def _complete(self) -> list[Path]:
        """Files that did not change for a while and are not known."""
        try:
            found = expanded(self._folder, self._out or Path("/nowhere"))
        except SourceMissing:  # empty, for now
            if not self._folder.is_dir():
                raise
            found = []
        now, ready = time.monotonic(), []
        self._unsettled = 0
        for path in found:
            with suppress(OSError):
                key = self._key(path)
                before, since = self._seen.get(path, ("", now))
                if before != key:
                    since = now
                self._seen[path] = (key, since)
                if key in self._memory.known:
                    continue
                if now - since >= self._settle_s:
                    ready.append(path)
                else:
                    self._unsettled += 1
        return ready

    def _key(self, path: Path) -> str:
        stat = path.stat()
        return f"{path.relative_to(self._folder)}\0{stat.st_size}\0{stat.st_mtime_ns}"

    def _submit(self, path: Path) -> None:
        name, key = show(path.name), self._key(path)
        try:
            job = submitted(self._client, self._sender.file(path), self._wishes)
        except SourceError as error:  # the next one may be better
            self._report.failure(error, name)
            self._memory.keep(key, refused=error.code)
            return
        self._memory.keep(key, job=job.id)
        self._report.event(Event("job_submitted", job.id, name, data={"kind": job.kind}))
        self._report.note(f"{name}: job {job.id}")

    def _bring(self, key: str, entry: dict[str, Any]) -> None:
        job = self._client.jobs.get(str(entry["job"]))
        if not job.is_over:
            return
        name = key.partition("\0")[0]
        place = self._out and self._out / folder_name(name, self._used)
        self._report.note(f"{show(name)}:")
        end_of(self._client, job, self._report, place)
        self._memory.keep(key, **entry, over=job.state)


def run_watch(
    server: str | None,
    folder: Path,
    wishes: ClipWishes,
    *,
    out: Path | None,
    every_s: float,
    settle_s: float,
    once: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Watch until told to end, which is no failure; ``once``: until all that is there now is over.

    Raises:
        SourceMissing: the folder is none.
        VideoClipError: the server refused the one who asks.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise SourceMissing(f"{show(folder)} is not a folder", "Check the path")
    wishes.request("asset:none")  # wrong values are found before anything is sent
    wishes.check_many(2)
    signal.signal(signal.SIGTERM, _interrupt)
    with connected(server) as client, reporter(as_json=as_json, quiet=quiet) as report:
        sender = Sender(client, report)
        watch = _Watch(
            client, folder, wishes.with_files(sender.place), sender, report, out, settle_s
        )
        report.note(f"Watching {show(folder)} for {client.base_url}; Ctrl-C ends it")
        try:
            while True:
                _look(watch, report)
                if once and watch.is_done():
                    return 0
                time.sleep(every_s)
        except KeyboardInterrupt:
            if left := watch.at_work():
                report.note(
                    f"{counted(left, 'job')} go on at the server; the next watch brings them"
                )
            return 0


def _look(watch: _Watch, report: Reporter) -> None:
    try:
        watch.round()
    except VideoClipError as error:
        if not error.retryable:
            raise
        report.failure(error)  # it is asked again


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
