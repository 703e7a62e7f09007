"""A proxy in front of an S3 server that fails as networks and buckets do: 500, 503, silence, cut connections."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["FaultyProxy", "faulty_proxy"]

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class FaultyProxy:
    """Passes requests on, except for those that ``fault`` names a fault for.

    A fault is a status (500, 503), ``silence`` (no answer) or ``cut`` (the connection ends).
    """

    def __init__(self, target: str) -> None:
        self.target = target.removeprefix("http://")
        self.fault: Callable[[int, str, str], int | str | None] = lambda number, method, path: None
        self.seen: list[tuple[str, str]] = []
        self.silence_s = 2.0
        self.lock = threading.Lock()
        self.address = ""


def _handler(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(size)
            with proxy.lock:
                proxy.seen.append((self.command, self.path))
                fault = proxy.fault(len(proxy.seen), self.command, self.path)
            if fault == "silence":
                time.sleep(proxy.silence_s)
            if fault in ("silence", "cut"):
                self.close_connection = True
                return
            if isinstance(fault, int):
                self._answer(fault, [], b"<Error><Code>SlowDown</Code></Error>")
                return
            upstream = http.client.HTTPConnection(proxy.target, timeout=30)
            try:
                upstream.request(self.command, self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                data = answer.read()
                headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP]
                length = answer.getheader("content-length")
                self._answer(answer.status, headers, data, length)
            finally:
                upstream.close()

        def _answer(
            self,
            status: int,
            headers: list[tuple[str, str]],
            data: bytes,
            length: str | None = None,
        ) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            told = length if self.command == "HEAD" and length else str(len(data))
            self.send_header("Content-Length", told)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """Run it on loopback, in front of ``target``."""
    proxy = FaultyProxy(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
