"""Where Prometheus reads the metrics of a process: a small HTTP server of its own, on loopback unless told otherwise.

`GET /metrics`; `POST /alerts` where somebody takes what Alertmanager sends.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from videoclip.errors import EngineUnavailable, VideoClipError

__all__ = ["Exporter"]

_LOG = logging.getLogger("videoclip.observe")
_SILENCE_S = 10.0
_MOST_BYTES = 1024 * 1024
AlertSink = Callable[[dict[str, Any]], None]


class Exporter:
    """Serves from a thread until it is closed.

    Args:
        registry: what is read.
        host: address to listen on.
        port: 0 takes a free one.
        alerts: takes the body of an alert, in a thread; None: alerts are not taken here.

    Raises:
        EngineUnavailable: the port is taken.
    """

    def __init__(
        self, registry: CollectorRegistry, host: str, port: int, alerts: AlertSink | None = None
    ) -> None:
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise EngineUnavailable(
                f"metrics cannot be served at {host}:{port}: {error.strerror}",
                "Set observe.gateway_port and observe.dispatcher_port to ports of their own, 0 for none",
            ) from error
        self._server.registry, self._server.alerts = registry, alerts
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="videoclip-metrics", daemon=True
        )
        self._thread.start()
        _LOG.info("metrics are at %s/metrics", self.address)

    @property
    def address(self) -> str:
        """Without a path."""
        host, port = self._server.server_address[:2]
        name = host.decode() if isinstance(host, bytes) else host
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    registry: CollectorRegistry
    alerts: AlertSink | None


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SILENCE_S
    server_version = "videoclip"
    sys_version = ""

    def do_GET(self) -> None:
        """Metrics."""
        if self.path.partition("?")[0] != "/metrics":
            self._say(404, b"the metrics are at /metrics\n")
            return
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        try:
            text: bytes = encode(self.server.registry)
        except Exception:  # noqa: BLE001 - the next scrape may go well
            _LOG.exception("the metrics cannot be read")
            self._say(500, b"see the log\n")
            return
        self._say(200, text, kind)

    def do_POST(self) -> None:
        """Alerts, as Alertmanager sends them (webhook, version 4)."""
        if self.path != "/alerts" or self.server.alerts is None:
            self._say(404, b"alerts go to a dispatcher with observe.alert_addresses\n")
            return
        if (
            self.headers.get_content_type() != "application/json"
        ):  # a web page cannot send that here
            self._say(415, b"send application/json\n")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or int(length) > _MOST_BYTES:
            self._say(413, b"send at most 1 MiB, with its length\n")
            return
        try:
            body = json.loads(self.rfile.read(int(length)))
            if not isinstance(body, dict):
                raise ValueError("no object")
        except (ValueError, RecursionError):
            self._say(400, b"send the JSON of Alertmanager's webhook\n")
            return
        try:
            self.server.alerts(body)
        except VideoClipError as error:  # Alertmanager tries again
            _LOG.warning("an alert was not sent: %s", error)
            self._say(502, b"not all of it was sent: see the log\n")
            return
        self._say(200, b"sent\n")

    def _say(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: a scrape every few seconds is no news."""
