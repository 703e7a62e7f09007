"""What a gateway and a dispatcher count, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from actors.dispatcher import Dispatcher
from cluster.observe.files import FOLDER
from serve_apps.gateway.app import create_app
from serve_apps.gateway.tokens import Tokens
from tests.support.gateway import CUT, Gateway, make_people, people
from tests.support.ports import free_port
from tests.support.prometheus import running_prometheus, tool
from videoclip.observe.alerts import alert_text
from videoclip.observe.catalogue import CATALOGUE
from videoclip.observe.exporter import Exporter
from videoclip.observe.meter import PrometheusMeter
from videoclip.observe.outcomes import known_code
from videoclip.observe.vitals import VitalsCollector
from videoclip.settings import ObserveSettings, Settings
from videoclip.store import Store
from videoclip.store.audit import BACKUP_MADE, Actor, record
from videoclip.store.database import Database
from videoclip.store.secrets import Secrets
from videoclip.store.vitals import VitalsReader

_HOSTILE = '/jobs/"><script>alert(1)</script>%0A{x="y"}'


def read(address: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Samples by name; everything of ours is in the catalogue, with its labels and no others."""
    text = httpx.get(f"{address}/metrics", timeout=20).text
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    known = {name: one for one in CATALOGUE for name in one.series}
    for name, samples in found.items():
        if name.startswith("videoclip_") and not name.endswith("_created"):
            for labels, _ in samples:
                assert set(labels) - {"le"} == set(known[name].labels), name
    return found


def value(found: dict[str, list[tuple[dict[str, str], float]]], name: str, **labels: str) -> float:
    """The sample with these labels."""
    (one,) = [number for said, number in found[name] if said == labels]
    return one


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    (data / "videoclip.db").write_bytes(sqlite_template.read_bytes())
    return Settings(data_dir=data)


async def test_requests_are_counted_by_route_whatever_is_asked_for_and_a_real_prometheus_reads_it(
    settings: Settings, tmp_path: Path
) -> None:
    registry = CollectorRegistry()
    app = create_app(settings, PrometheusMeter(registry))
    exporter = Exporter(registry, "127.0.0.1", 0)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            gateway = Gateway(app, client)
            await people(gateway)
            made = await gateway.ask("POST", "/jobs", "owner", json={"request": CUT})
            for _ in range(3):
                await gateway.ask("GET", f"/jobs/{made.json()['id']}", "owner")
            await gateway.ask("GET", _HOSTILE)
            await gateway.ask("GET", "/nothing/of/that/name")
            await gateway.ask("GET", "/jobs")
            VitalsCollector(
                gateway.database, asyncio.get_running_loop(), settings.data_dir
            ).register(registry)
            found = await asyncio.to_thread(read, exporter.address)
            with running_prometheus(
                tmp_path / "prometheus",
                [exporter.address.removeprefix("http://")],
                FOLDER / "rules.yml",
            ) as prometheus:
                for query, wanted in (
                    (
                        'sum(videoclip_http_requests_total{route="/api/v1/jobs/{job_id}",status="200"})',
                        3,
                    ),
                    ("videoclip_database_up", 1),
                    ('sum({__name__=~"(ray_)?videoclip_http_requests_total"})', 7),
                ):
                    assert await asyncio.to_thread(prometheus.value, query) == wanted
                firing = 'ALERTS{alertname="VideoclipNoDispatcher",alertstate="pending"}'
                assert await asyncio.to_thread(prometheus.value, firing) == 1
    exporter.close()
    requests = "videoclip_http_requests_total"
    one = {"method": "GET", "route": "/api/v1/jobs/{job_id}"}
    assert value(found, requests, **one, status="200") == 3
    assert value(found, requests, method="POST", route="/api/v1/jobs", status="201") == 1
    assert value(found, requests, method="GET", route="unmatched", status="404") == 2
    assert value(found, "videoclip_http_errors_total", code="not_signed_in") == 1
    assert value(found, "videoclip_http_request_duration_seconds_count", **one) == 3
    assert value(found, "videoclip_http_requests_in_progress") == 0
    assert value(found, "videoclip_queue_jobs", kind="cut", state="queued") == 1
    assert value(found, "videoclip_active_users", window="day") == 6
    assert value(found, "videoclip_dispatchers") == 0
    assert value(found, "videoclip_database_pool_limit") > 1
    routes = {labels["route"] for labels, _ in found[requests]}
    assert all(route == "unmatched" or "<" not in route for route in routes)


async def test_a_dispatcher_counts_what_its_runners_end(settings: Settings) -> None:
    """The job's address is refused, so it fails at once: the attempt, its code and its wait are counted."""
    port = free_port()
    jobs = settings.jobs.model_copy(update={"poll_ms": 100})
    settings = settings.model_copy(
        update={"jobs": jobs, "observe": ObserveSettings(dispatcher_port=port)}
    )
    database = Database(settings)
    somebody = await make_people(database, Tokens(Secrets.of(settings), 60))
    refused = {**CUT, "source": "http://127.0.0.1/one.mp4"}
    async with database.queue() as queue:
        await queue.enqueue(somebody["owner"].workspace_id, "cut", refused)
    dispatcher = Dispatcher(
        settings, {"VIDEOCLIP_RAY__IN_PROCESS": "true", **_environment(settings)}
    )
    work = asyncio.create_task(dispatcher.run())
    counted: dict[str, list[tuple[dict[str, str], float]]] = {}
    for _ in range(600):
        await asyncio.sleep(0.1)
        counted = await asyncio.to_thread(_read_or_nothing, f"http://127.0.0.1:{port}")
        if "videoclip_job_attempts_total" in counted:
            break
    dispatcher.drain()
    await work
    await database.close()
    assert value(counted, "videoclip_job_attempts_total", kind="cut", outcome="failed") == 1
    ((labels, errors),) = counted["videoclip_job_errors_total"]
    assert (labels["code"] != "other", errors) == (True, 1)
    assert value(counted, "videoclip_job_features_total", feature="address_source") == 1
    assert value(counted, "videoclip_job_wait_seconds_count", kind="cut") == 1
    assert value(counted, "videoclip_dispatchers") == 1
    assert value(counted, "videoclip_dispatcher_slots") == settings.jobs.slots


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "VIDEOCLIP_DATA_DIR": str(settings.data_dir)}


def _read_or_nothing(address: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    try:
        return read(address)
    except httpx.TransportError:
        return {}


def test_a_database_that_is_away_is_a_value(settings: Settings) -> None:
    """Prometheus is told, instead of an error that hides everything else."""
    loop = asyncio.new_event_loop()
    registry = CollectorRegistry()
    gone = settings.model_copy(update={"database_url": "postgresql+asyncpg://x:y@127.0.0.1:1/z"})
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    VitalsCollector(Database(gone), loop, settings.data_dir).register(registry)
    exporter = Exporter(registry, "127.0.0.1", 0)
    found = read(exporter.address)
    exporter.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert value(found, "videoclip_database_up") == 0
    assert value(found, "videoclip_disk_bytes", state="free") > 0
    assert "videoclip_queue_jobs" not in found


def test_the_questions_hold_on_both_databases(store_settings: Settings) -> None:
    async def ask() -> None:
        database = Database(store_settings)
        async with database.reading() as session:
            found = await VitalsReader(session).vitals()
            kept = await VitalsReader(session).kept()
        assert kept.backup_ms is None
        async with database.session() as session:
            for action in (BACKUP_MADE, "backup.looked_at"):
                await record(session, Actor(), action, workspace_id=None)
        async with database.reading() as session:
            age_ms = (await VitalsReader(session).kept()).backup_ms
        assert age_ms is not None
        assert 0 <= age_ms < 60_000
        await database.close()
        assert (dict(found.jobs), found.dead, found.oldest_ms, found.dispatchers) == ({}, 0, 0, 0)
        assert (kept.assets, kept.uploads, kept.results) == (0, 0, 0)

    Store(store_settings).close()
    asyncio.run(ask())


def test_alerts_are_taken_as_alertmanager_sends_them_and_nothing_else() -> None:
    heard: list[tuple[str, str]] = []
    exporter = Exporter(
        CollectorRegistry(), "127.0.0.1", 0, lambda body: heard.append(alert_text(body))
    )
    url = f"{exporter.address}/alerts"
    alert = {
        "status": "firing",
        "labels": {"alertname": "VideoclipDiskFull", "severity": "page"},
        "annotations": {
            "summary": "nearly\nfull\u202e",
            "runbook_url": "docs/runbooks.md#diskfull",
        },
    }
    body = {
        "version": "4",
        "groupLabels": {"alertname": "VideoclipDiskFull"},
        "alerts": [alert] * 25,
    }
    assert httpx.post(url, json=body).status_code == 200
    plain = {"Content-Type": "text/plain"}
    assert httpx.post(url, content=b"{}", headers=plain).status_code == 415, "of a web page"
    for bad in (b"[]", b"{", b"[" * 50_000):
        answer = httpx.post(url, content=bad, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
    assert (
        httpx.post(url, json={"alerts": [None, {"labels": 3}], "groupLabels": []}).status_code
        == 200
    )
    assert httpx.get(f"{exporter.address}/").status_code == 404
    exporter.close()
    (title, text), (other, _) = heard
    assert title == "Video-Clip: VideoclipDiskFull: 25 firing"
    assert text.splitlines()[:3] == [
        "FIRING VideoclipDiskFull (page)", "  nearly full", "  docs/runbooks.md#diskfull",
    ]  # fmt: skip
    assert text.endswith("and 5 more")
    assert other == "Video-Clip: alerts: resolved"


def test_codes_that_are_not_ours_do_not_become_labels() -> None:
    assert known_code("disk full " * 50) == "other"
    assert known_code("worker_lost") == "worker_lost"
    assert known_code("not_found") == "not_found"


def test_prometheus_and_alertmanager_take_the_files() -> None:
    for name, arguments in (
        ("promtool", ["check", "config", "prometheus.yml"]),
        ("promtool", ["test", "rules", "rules.test.yml"]),
        ("amtool", ["check-config", "alertmanager.yml"]),
    ):
        done = subprocess.run(
            [tool(name), *arguments], check=False, cwd=FOLDER, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
