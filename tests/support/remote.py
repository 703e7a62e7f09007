"""The other side of a connection: a web server on loopback that does what a test tells it, well or badly."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Asked", "Remote", "run_remote"]


@dataclass
class Asked:
    """A request as it came in, and the way to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    handler: BaseHTTPRequestHandler

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer at once."""
        self.start(status, len(body), **headers)
        self.handler.wfile.write(body)

    def start(self, status: int, length: int | None, **headers: str) -> None:
        """Send the head only."""
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.handler.send_header("Content-Length", str(length))
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        self.handler.close_connection = True


Behaviour = Callable[[Asked], None]


@dataclass
class Remote:
    """A running server and what it was asked."""

    port: int
    behave: Behaviour
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """An address of it."""
        return f"http://{host}:{self.port}{path}"


@contextlib.contextmanager
def run_remote(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Remote]:
    """A server on a free port of 127.0.0.1 while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def handle_one_request(self) -> None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                super().handle_one_request()

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, self)
            remote.asked.append(asked)
            remote.behave(asked)

        do_GET = do_POST = do_HEAD = _any  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            """A client that does not like what it sees hangs up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        remote = Remote(server.server_port, behave)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield remote
        finally:
            server.shutdown()
            thread.join(timeout=10)
