"""A dispatcher's metrics: what its runners ended, how the installation does, and alerts handed on to people."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from videoclip.errors import EngineUnavailable, VideoClipError
from videoclip.observe import tracing
from videoclip.observe.alerts import AlertPost
from videoclip.observe.exporter import Exporter
from videoclip.observe.meter import PrometheusMeter
from videoclip.observe.outcomes import count_attempt
from videoclip.observe.vitals import VitalsCollector
from videoclip.settings import Settings
from videoclip.store.attempts import ended_attempt
from videoclip.store.database import Database
from videoclip.store.parents import Claim

__all__ = ["Observing"]

_LOG = logging.getLogger("videoclip.dispatcher")
_PATIENCE_S = 5.0


class Observing:
    """Does nothing where ``observe.dispatcher_port`` is 0.

    Args:
        settings: port, addresses for alerts.
        database: of the dispatcher, on its event loop.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._registry = CollectorRegistry()
        self._meter = PrometheusMeter(self._registry)
        self._exporter: Exporter | None = None
        self._spans: dict[tuple[str, int], tracing.Handle] = {}

    @property
    def address(self) -> str | None:
        """Where the metrics are, without a path; None: nowhere."""
        return None if self._exporter is None else self._exporter.address

    def start(self) -> None:
        """Serve the metrics; a port that is taken is told and keeps nobody from working."""
        observe = self._settings.observe
        tracing.set_up(observe, "videoclip-dispatcher")
        if not observe.dispatcher_port:
            return
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        VitalsCollector(
            self._database, asyncio.get_running_loop(), self._settings.data_dir
        ).register(self._registry)
        post = AlertPost(self._settings, self._meter) if observe.alert_addresses else None
        try:
            self._exporter = Exporter(self._registry, observe.host, observe.dispatcher_port, post)
        except EngineUnavailable as error:
            _LOG.error("%s", error)

    def close(self) -> None:
        """End it."""
        tracing.shut_down()
        if self._exporter is not None:
            self._exporter.close()
            self._exporter = None

    def present(self, running: int, slots: int) -> None:
        """How many jobs are at work here."""
        self._meter.set("videoclip_dispatcher_running", running)
        self._meter.set("videoclip_dispatcher_slots", slots)

    def began(self, claim: Claim, environment: Mapping[str, str]) -> Mapping[str, str]:
        """A runner is about to be started; returns its environment, with the trace that it goes on with."""
        if not tracing.is_on():
            return environment
        about: tracing.About = {"videoclip.job": claim.id, "videoclip.attempt": claim.attempt}
        waited = tracing.begin("queue", about, parent=claim.traceparent, start_ms=claim.waiting_ms)
        waited.end()
        handle = tracing.begin("attempt", about, parent=claim.traceparent)
        self._spans[claim.id, claim.attempt] = handle
        parent = handle.traceparent
        return environment if parent is None else {**environment, "TRACEPARENT": parent}

    async def ended(self, claim: Claim) -> None:
        """Count an attempt whose runner is gone; what cannot be read is not counted."""
        handle = self._spans.pop((claim.id, claim.attempt), None)
        if handle is not None:
            handle.end()
        if self._exporter is None:
            return
        try:
            async with asyncio.timeout(_PATIENCE_S), self._database.reading() as session:
                found = await ended_attempt(session, claim.id, claim.attempt)
        except (VideoClipError, TimeoutError) as error:
            _LOG.info("job %s is not counted: %s", claim.id, error)
            return
        if found is not None:
            count_attempt(self._meter, found)
