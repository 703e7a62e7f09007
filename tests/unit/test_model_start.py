"""A model that sleeps: woken on a thread, its start a stage; one that refuses or is absent holds nothing up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

import pipelines.model_start as module
from pipelines.context import JobContext
from pipelines.model_start import ModelStart
from videoclip.errors import Cancelled
from videoclip.progress import Event, Progress
from videoclip.settings import LlmSettings


@contextmanager
def endpoint(*answers: tuple[float, int]) -> Iterator[tuple[str, list[str]]]:
    """Answers each question after a time with a status; the last one for ever."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            after, status = answers[min(len(asked), len(answers)) - 1]
            time.sleep(after)
            self.send_response(status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        block_on_close = False
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A caller that went away is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
        server.shutdown()


class Job:
    """As much of a job as a wait needs."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.cancel = threading.Event()
        self.progress = Progress(self.events.append)
        self.check_cancelled = lambda: JobContext.check_cancelled(cast("JobContext", self))

    def stages(self) -> list[str]:
        return [event.stage for event in self.events if event.event == "stage_started"]

    @property
    def context(self) -> Any:
        return self


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_AWAKE_S", 0.7)
    monkeypatch.setattr(module, "_AGAIN_S", 0.05)


def start(url: str, timeout_s: float = 20) -> ModelStart:
    return ModelStart(LlmSettings(base_url=url, model="m", start_timeout_s=timeout_s))


def test_a_model_that_is_up_shows_no_stage() -> None:
    job = Job()
    with endpoint((0, 200)) as (url, asked):
        model = start(url)
        model.wait(job.context)
    assert (job.stages(), model.reached, len(asked)) == ([], True, 1)


def test_a_model_that_loads_is_a_stage_and_refusals_meanwhile_are_asked_again() -> None:
    job = Job()
    with endpoint((0, 503), (0, 503), (1.2, 200)) as (url, asked):
        model = start(url)
        model.wait(job.context)
    assert (job.stages(), model.reached, len(asked)) == (["model_start"], True, 3)


def test_it_is_woken_before_it_is_waited_for() -> None:
    job = Job()
    with endpoint((0.4, 200)) as (url, asked):
        model = start(url)
        model.begin()
        time.sleep(0.6)
        model.wait(job.context)
    assert (job.stages(), len(asked)) == ([], 1)


def test_an_endpoint_that_refuses_or_is_absent_holds_nothing_up() -> None:
    job = Job()
    with endpoint((0, 401)) as (url, asked):
        model = start(url)
        model.wait(job.context)
        assert (model.reached, len(asked)) == (False, 1)
    gone = start(url)
    gone.wait(job.context)
    assert (gone.reached, job.stages()) == (False, [])


def test_waiting_ends_with_the_job_and_with_the_limit() -> None:
    job = Job()
    with endpoint((5, 200)) as (url, _):
        begun = time.monotonic()
        start(url, timeout_s=0.8).wait(job.context)
        assert time.monotonic() - begun < 3
        job.cancel.set()
        with pytest.raises(Cancelled):
            start(url).wait(job.context)
