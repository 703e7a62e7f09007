"""The gateway without Ray, for one machine: uvicorn in this process, with the web UI."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from serve_apps.gateway.app import create_app
from videoclip.errors import EngineUnavailable
from videoclip.logs import log_to_stderr
from videoclip.observe.exporter import Exporter
from videoclip.observe.meter import Meter, PrometheusMeter
from videoclip.settings import Settings

__all__ = ["run"]


class _Server(uvicorn.Server):
    """Ends streams at once when it is told to end; other requests may finish.

    With ``drain_s`` SIGTERM first only says so: `health/ready` fails, each answer closes its connection, and requests
    are answered until balancers send them elsewhere. A second signal ends that.
    """

    def __init__(self, config: uvicorn.Config, drain_s: float) -> None:
        super().__init__(config)
        self._drain_s = drain_s
        self._leaves: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.app
        app.state.closing.set()  # type: ignore[union-attr]
        if sig == signal.SIGTERM and self._drain_s and self._leaves is None:
            self._leaves = time.monotonic() + self._drain_s
            return
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Every 0.1 s; true: it ends now."""
        if self._leaves is not None and time.monotonic() >= self._leaves:
            self.should_exit = True
        return await super().on_tick(counter)


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status.

    Raises:
        EngineUnavailable: the address is taken.
    """
    log_to_stderr(settings.observe)
    gateway = settings.gateway
    registry = CollectorRegistry()
    config = uvicorn.Config(
        _application(settings, PrometheusMeter(registry)),
        host=gateway.host,
        port=gateway.port,
        lifespan="on",
        access_log=False,  # ours has no query, which may hold what is secret
        log_config=None,
        server_header=False,
        proxy_headers=False,  # ours knows whom to believe
        timeout_graceful_shutdown=gateway.shutdown_s,
        timeout_keep_alive=15,
        ws_max_size=64 * 1024,
    )
    try:
        listener = config.bind_socket()
    except SystemExit as error:
        raise EngineUnavailable(
            f"{gateway.host}:{gateway.port} cannot be listened on",
            "Set VIDEOCLIP_GATEWAY__PORT to a free port, or end what uses it",
        ) from error
    exporter = _exporter(settings, registry)
    host, port = listener.getsockname()[:2]
    sys.stderr.write(f"The API is at http://{host}:{port}/api/v1\n")
    if settings.ui.enabled:
        sys.stderr.write(f"The web UI is at http://{host}:{port}/ui/\n")
    sys.stderr.flush()
    server = _Server(config, gateway.drain_s)
    # uvicorn raises the signal once more when all is closed: to be told to end is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run(sockets=[listener])
    if exporter is not None:
        exporter.close()
    return 0 if server.started else 1


def _exporter(settings: Settings, registry: CollectorRegistry) -> Exporter | None:
    observe = settings.observe
    if not observe.gateway_port:
        return None
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return Exporter(registry, observe.host, observe.gateway_port)


def _application(settings: Settings, meter: Meter) -> Any:
    """The API, with the web UI beside it if it is wanted."""
    gateway = create_app(settings, meter if settings.observe.gateway_port else None)
    if not settings.ui.enabled:
        return gateway
    from serve_apps.ui.together import Together

    return Together(gateway, settings)
