"""Gateways and a dispatcher are replaced by those of the next release, one by one, while clients go on."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.balancer import Balancer, run_balancer
from tests.support.gateway import CUT
from tests.support.gateway_process import GatewayProcess, make_known, running
from tests.support.next_release import NEXT_HEAD
from tests.support.platform import Platform, make_video
from tests.support.submitter import Submitter
from videoclip.settings import Settings

__all__ = ["Rolled", "roll"]

_DRAIN_S = "1.5"
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Rolled:
    """What was seen."""

    requests: int
    failed: list[str]
    units_kept: int
    """Units of the job at work that the next dispatcher did not do again."""
    seconds: float


@dataclass
class Client:
    """Reads and uploads by turns, each request once; any answer that is none, or an error, has failed."""

    base: str
    headers: dict[str, str]
    done: int = 0
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._again, args=(work,), daemon=True)
            for work in (self._read, self._upload)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    def _again(self, work: object) -> None:
        with httpx.Client(base_url=self.base, headers=self.headers, timeout=30) as client:
            while not self._stopped.is_set():
                try:
                    work(client)  # type: ignore[operator]
                except httpx.HTTPError as error:
                    self.failed.append(
                        f"{error.request.method} {error.request.url.path}: {error!r}"
                    )
                self._stopped.wait(0.1)

    def _ask(self, client: httpx.Client, *arguments: str, **options: object) -> httpx.Response:
        answer = client.request(*arguments, **options)  # type: ignore[arg-type]
        self.done += 1
        return answer.raise_for_status()

    def _read(self, client: httpx.Client) -> None:
        for path in ("jobs", "assets", "workspace/members"):
            self._ask(client, "GET", f"/api/v1/{path}")

    def _upload(self, client: httpx.Client) -> None:
        """By tus, a piece a request; whichever gateway gets it goes on where the one before was."""
        tus = {"Tus-Resumable": "1.0.0"}
        size = 4 * _CHUNK
        begun = self._ask(client, "POST", "/api/v1/uploads", headers={**tus, "Upload-Length": str(size)})  # fmt: skip
        address = httpx.URL(begun.headers["location"]).path
        for offset in range(0, size - _CHUNK, _CHUNK):  # the end is not sent: it is no video
            where = self._ask(client, "HEAD", address, headers=tus).headers["upload-offset"]
            assert int(where) == offset
            self._ask(
                client, "PATCH", address, content=b"x" * _CHUNK,
                headers={**tus, "Upload-Offset": where, "Content-Type": "application/offset+octet-stream"},
            )  # fmt: skip
        self._ask(client, "DELETE", address, headers=tus)


def roll(settings: Settings, folder: Path) -> Rolled:
    """Run it over an empty database.

    Args:
        settings: of the database, which has the schema of this release.
        folder: for everything else.
    """
    began = time.monotonic()
    sources = folder / "sources"
    sources.mkdir(parents=True)
    known = make_known(settings)
    platform = Platform(settings, sources, {"VIDEOCLIP_JOBS__SLOTS": "1"})
    clips = [(start, start + 300) for start in range(0, 1600, 200)]
    try:
        with run_balancer() as balancer, contextlib.ExitStack() as ends:
            old = [_gateway(ends, balancer, settings, folder, f"old{n}") for n in range(2)]
            clients = Client(balancer.base, known.headers)
            asks = Submitter(balancer.base, known.headers, lambda _: dict(CUT), 0.5, 10).start()
            for number, gateway in enumerate(old):
                _gateway(ends, balancer, settings, folder, f"new{number}", newer=True)
                gateway.process.send_signal(signal.SIGTERM)
                gateway.process.wait(timeout=40)
                assert gateway.process.returncode == 0
                balancer.servers.remove(gateway.base)
            asks.stop()
            clients.stop()
            job_id = platform.cut(make_video(sources / "short.mp4"), *clips)
            kept = _replace_dispatcher(platform, job_id)
            platform.call(_is_newer)
            (job,) = platform.final(job_id, within_s=120)
            assert (job.state, job.failures) == ("succeeded", 0)
            made = [name for name in platform.content(job) if name.endswith(".mp4")]
            assert len(made) == len(clips)
            again = {u.key for u in platform.units(job_id) if u.state != "reused"}
            assert not kept & again, "what was done is not done again"
            ours = [row.id for row in platform.jobs() if row.workspace_id == known.workspace_id]
            assert sorted(ours) == sorted(asks.confirmed.values())
    finally:
        platform.stop()
    failed = [*clients.failed, *(told for _, told in asks.failed)]
    done = clients.done + len(asks.confirmed)
    return Rolled(done, failed, len(kept), time.monotonic() - began)


def _gateway(
    ends: contextlib.ExitStack,
    balancer: Balancer,
    settings: Settings,
    folder: Path,
    name: str,
    *,
    newer: bool = False,
) -> GatewayProcess:
    module = "tests.support.next_release" if newer else "videoclip.cli.main"
    gateway = ends.enter_context(
        running(
            settings, folder / f"{name}.log", module=module, VIDEOCLIP_GATEWAY__DRAIN_S=_DRAIN_S
        )
    )
    balancer.servers.append(gateway.base)
    deadline = time.monotonic() + 20
    while gateway.base not in balancer.ready:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return gateway


def _replace_dispatcher(platform: Platform, job_id: str) -> set[str]:
    """The next release's takes over what the old one gives back; the units that were done by then."""
    old = platform.dispatch()
    platform.runner(job_id)
    platform.dispatch(module="tests.support.next_release", arguments=("dispatch",))
    platform.wait(lambda: len(platform.call(lambda queue: queue.dispatchers())) == 2)
    platform.wait(lambda: _done(platform, job_id))
    old.terminate()
    time.sleep(0.2)
    old.terminate()
    old.wait(timeout=30)
    kept = _done(platform, job_id)
    assert platform.states(job_id)[-1] in {"queued", "running"}, "it is given back, and not over"
    return kept


def _done(platform: Platform, job_id: str) -> set[str]:
    return {unit.key for unit in platform.units(job_id) if unit.stage == "render"}


async def _is_newer(queue: object) -> None:
    from sqlalchemy import text

    found = await queue._session.scalar(text("SELECT version_num FROM alembic_version"))  # type: ignore[attr-defined]
    assert found == NEXT_HEAD
