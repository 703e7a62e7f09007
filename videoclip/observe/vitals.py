"""Gauges that are read from the database when Prometheus asks, and never more often than every few seconds."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from videoclip.observe.catalogue import metric
from videoclip.store.database import Database
from videoclip.store.vitals import Kept, Vitals, VitalsReader

__all__ = ["VitalsCollector"]

_LOG = logging.getLogger("videoclip.observe")
_PATIENCE_S = 5.0
_FRESH_S = 2.0
_KEPT_S = 300.0


class VitalsCollector(Collector):
    """Asks the database on the event loop that it belongs to; a database that is away is a value too.

    Args:
        database: open.
        loop: that it is used on.
        data_dir: whose disk is looked at.
    """

    def __init__(self, database: Database, loop: asyncio.AbstractEventLoop, data_dir: Path) -> None:
        self._database, self._loop, self._data_dir = database, loop, data_dir
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._known: tuple[float, Vitals | None] = (0.0, None)
        self._kept_at = float("-inf")
        self._kept: Kept | None = None

    def register(self, registry: CollectorRegistry) -> None:
        """Be read with the others."""
        registry.register(self)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: the database is not asked when this is registered."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; without the database only that it is away, and the disk."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_S:
                self._known = self._read()
                self._read_at = time.monotonic()
            took_s, found = self._known
        yield _plain("videoclip_database_up", 0.0 if found is None else 1.0)
        if found is not None:
            yield _plain("videoclip_database_answer_seconds", took_s)
            yield from _of(found)
        if self._kept is not None:
            yield _by(
                "videoclip_storage_bytes",
                {("assets",): self._kept.assets, ("uploads",): self._kept.uploads,
                 ("results",): self._kept.results},
            )  # fmt: skip
            if self._kept.backup_ms is not None:
                yield _plain("videoclip_backup_age_seconds", self._kept.backup_ms / 1000)
        disk = shutil.disk_usage(self._data_dir)
        yield _by("videoclip_disk_bytes", {("free",): disk.free, ("total",): disk.total})

    def _read(self) -> tuple[float, Vitals | None]:
        begun = time.monotonic()
        future: Future[Vitals] | None = None
        try:
            future = asyncio.run_coroutine_threadsafe(self._ask(), self._loop)
            found = future.result(_PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, Prometheus is told that it is away
            if future is not None:
                future.cancel()
            _LOG.warning(
                "the database was not read for metrics: %s", str(error) or type(error).__name__
            )
            return 0.0, None
        return time.monotonic() - begun, found

    async def _ask(self) -> Vitals:
        async with self._database.reading() as session:
            found = await VitalsReader(session).vitals()
        if time.monotonic() - self._kept_at > _KEPT_S:
            self._kept_at = time.monotonic()
            async with self._database.reading_late() as session:
                self._kept = await VitalsReader(session).kept()
        return found


def _of(found: Vitals) -> Iterator[GaugeMetricFamily]:
    yield _by("videoclip_queue_jobs", dict(found.jobs))
    yield _plain("videoclip_dead_jobs", found.dead)
    yield _plain("videoclip_queue_oldest_age_seconds", found.oldest_ms / 1000)
    yield _plain("videoclip_dispatchers", found.dispatchers)
    yield _plain("videoclip_dispatch_slots", found.slots)
    yield _plain("videoclip_deliveries_pending", found.pending)
    yield _plain("videoclip_deliveries_oldest_age_seconds", found.pending_ms / 1000)
    yield _plain("videoclip_uploads_open", found.uploads)
    yield _by("videoclip_active_users", {(name,): n for name, n in found.users.items()})
    yield _by("videoclip_active_api_keys", {(name,): n for name, n in found.api_keys.items()})


def _plain(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, metric(name).help, value=value)


def _by(name: str, values: dict[Any, int]) -> GaugeMetricFamily:
    wanted = metric(name)
    family = GaugeMetricFamily(name, wanted.help, labels=wanted.labels)
    for labels, value in values.items():
        family.add_metric(list(labels), value)
    return family
