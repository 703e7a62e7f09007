"""One trace a job, from the request to FFmpeg, over processes; and nothing at all when it is off."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from actors.dispatcher import Dispatcher
from actors.runner import told_to_end
from pipelines.replay import replay
from serve_apps.gateway.app import create_app
from tests.support.command import ROOT, SAMPLE
from tests.support.gateway import Gateway, people
from tests.support.otlp import Collector, collecting
from videoclip.observe import tracing
from videoclip.settings import ObserveSettings, Settings

_BROWSER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_SECRET = "name-of-a-person"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found
        tracing.shut_down()


async def done_job(settings: Settings, source: Path) -> dict[str, object]:
    """Ask for a cut as a browser that is part of a trace; do it with a dispatcher; the job's last state."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            gateway = Gateway(app, client)
            await people(gateway)
            request = {
                "kind": "cut", "source": str(source),
                "ranges": [{"start_ms": 0, "end_ms": 1000}],
                "render": {"mode": "copy", "captions": "none", "loudness": None},
            }  # fmt: skip
            made = await gateway.ask(
                "POST", "/jobs", "owner", json={"request": request},
                headers={"traceparent": _BROWSER},
            )  # fmt: skip
            assert made.status_code == 201, made.text
            environment = {
                **os.environ, "VIDEOCLIP_RAY__IN_PROCESS": "true",
                "VIDEOCLIP_DATA_DIR": str(settings.data_dir),
                "VIDEOCLIP_JOBS__SOURCE_FOLDERS": json.dumps([str(source.parent)]),
                "VIDEOCLIP_OBSERVE__OTLP_ENDPOINT": settings.observe.otlp_endpoint,
                "VIDEOCLIP_OBSERVE__LOG_FORMAT": "json",
            }  # fmt: skip
            dispatcher = Dispatcher(settings, environment)
            work = asyncio.create_task(dispatcher.run())
            job: dict[str, object] = {}
            for _ in range(600):
                await asyncio.sleep(0.1)
                job = (await gateway.ask("GET", f"/jobs/{made.json()['id']}", "owner")).json()
                if job["finished_ms"]:
                    break
            dispatcher.drain()
            await work
            return job


async def test_a_job_is_one_trace_from_the_browser_to_ffmpeg(
    collector: Collector, tmp_path: Path, sqlite_template: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "videoclip.db")
    source = tmp_path / f"{_SECRET}.mp4"
    shutil.copy(SAMPLE, source)
    observe = ObserveSettings(
        otlp_endpoint=collector.address, trace_url="https://traces.example/{trace_id}"
    )
    settings = Settings(data_dir=data, observe=observe)
    folders = {"source_folders": [tmp_path], "poll_ms": 100}
    settings = settings.model_copy(update={"jobs": settings.jobs.model_copy(update=folders)})
    job = await done_job(settings, source)
    assert job["state"] == "succeeded", job
    trace = _BROWSER.split("-")[1]
    assert (job["trace_id"], job["trace_url"]) == (trace, f"https://traces.example/{trace}")
    ours = [span for span in collector.spans if span.trace == trace]
    by_id = {span.id: span for span in ours}

    def line(name: str, last: str) -> list[str]:
        """Names from a span up to the browser's."""
        span = next(one for one in ours if one.name == name and one.end_ns >= one.start_ns)
        found = [span.name]
        while span.parent in by_id:
            span = by_id[span.parent]
            found.append(span.name)
        assert span.parent == last
        return found

    browser = _BROWSER.split("-")[2]
    above = ["run", "attempt", "enqueue", "POST /api/v1/jobs"]
    renders = [span for span in ours if span.name == "ffmpeg"]
    assert renders, sorted({span.name for span in ours})
    assert line("unit render", browser) == ["unit render", "stage render", *above]
    assert line("ffmpeg", browser)[-4:] == above
    assert line("queue", browser) == ["queue", *above[2:]]
    services = {span.name: span.service for span in ours}
    assert services["run"] == "videoclip-runner"
    assert services["POST /api/v1/jobs"] != services["run"], "two processes"
    assert not any(span.failed for span in ours)
    assert not any(_SECRET.encode() in body for body in collector.bodies)
    again = await asyncio.to_thread(replay, str(job["id"]), "render/c01", settings)
    assert (again.equal, again.now) == (True, "done"), again.differences


def test_off_nothing_is_imported_and_a_span_costs_next_to_nothing() -> None:
    code = (
        "import sys, timeit\n"
        "import videoclip.progress, videoclip.media.ffmpeg, videoclip.store.queue\n"
        "from videoclip.observe import tracing\n"
        "from videoclip.settings import ObserveSettings\n"
        "tracing.set_up(ObserveSettings(), 'x')\n"
        "def one():\n"
        "    with tracing.span('a'):\n"
        "        pass\n"
        "print(min(timeit.repeat(one, number=1000, repeat=5)) / 1000 * 1e6)\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    microseconds, imported = done.stdout.splitlines()
    assert imported == "[]"
    assert float(microseconds) < 50


def test_what_is_no_traceparent_is_no_parent_and_a_stray_span_is_none(collector: Collector) -> None:
    for bad in (
        "",
        "00-0-0-00",
        f"{_BROWSER}\n",
        _BROWSER.upper(),
        "00-" + "0" * 32 + "-" + "0" * 16 + "-01",
    ):
        assert tracing.trace_id_of(bad) in (None, "0" * 32), bad
    tracing.set_up(ObserveSettings(otlp_endpoint=collector.address), "test")
    with tracing.span("stray"):
        assert tracing.traceparent() is None
    with tracing.span("root", parent="nonsense", root=True), tracing.span("child"):
        carried = tracing.carry()
    with pytest.raises(ZeroDivisionError), tracing.continued(carried, "other", "afar"):
        _ = 1 / 0
    tracing.flush()
    assert {span.name for span in collector.spans} == {"root", "child", "afar"}
    assert collector.one("afar").parent == collector.one("child").id
    assert (collector.one("afar").failed, collector.one("root").failed) == (True, False)
    assert collector.one("root").parent == ""


def test_a_collector_that_is_away_stops_nobody() -> None:
    tracing.set_up(ObserveSettings(otlp_endpoint="http://127.0.0.1:1"), "test")
    with tracing.span("root", root=True):
        pass
    tracing.shut_down()
    assert not tracing.is_on()


_LOGGER = """
import logging, os, signal, sys
from videoclip.logs import hashed, log_to_stderr, tell_always
from videoclip.settings import ObserveSettings
log_to_stderr(ObserveSettings(log_format="json"))
tell_always(job="j1", attempt=2)
log = logging.getLogger("videoclip.test")
log.debug("not yet")
log.info("password=hunter2 of\\nsomebody \\u202e", extra={"user": hashed("user-1"), "unit": "render/0001"})
os.kill(os.getpid(), signal.SIGUSR2)
log.debug("now it is told")
os.kill(os.getpid(), signal.SIGUSR2)
log.debug("no more")
try:
    raise ValueError("token=abcdef")
except ValueError:
    log.exception("it failed")
"""


def test_the_log_as_json_has_job_unit_and_hashed_user_no_secret_and_another_level_at_run_time() -> (
    None
):
    done = subprocess.run(
        [sys.executable, "-c", _LOGGER],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    first, switched, debug, back, failed = lines
    assert first["message"] == "password=*** of\nsomebody \u202e"
    assert (first["job"], first["attempt"], first["unit"]) == ("j1", 2, "render/0001")
    assert len(first["user"]) == 16
    assert "user-1" not in done.stderr
    assert (debug["message"], debug["level"]) == ("now it is told", "debug")
    assert "DEBUG" in switched["message"]
    assert "INFO" in back["message"]
    assert "ValueError" in failed["exception"]
    assert "abcdef" not in done.stderr
    assert set(first) >= {"time", "level", "logger"}
    assert first["time"].endswith("Z")


def test_another_level_of_the_log_does_not_end_a_runner() -> None:
    """The pipe that tells a runner to end gets a byte for every signal that Python handles."""
    reader, writer = os.pipe()
    os.write(writer, bytes([signal.SIGUSR2]))
    assert not told_to_end(reader)
    os.write(writer, bytes([signal.SIGUSR2, signal.SIGTERM]))
    assert told_to_end(reader)
    os.close(reader)
    os.close(writer)
