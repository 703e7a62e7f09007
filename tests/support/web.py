"""A web server on the loopback for one folder, with byte ranges: what a browser needs to seek."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["serve_folder"]

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_TYPES = {
    ".html": "text/html; charset=utf-8", ".mp4": "video/mp4", ".m4a": "audio/mp4",
    ".vtt": "text/vtt", ".jpg": "image/jpeg",
}  # fmt: skip


@contextlib.contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve the files below ``folder`` while the context lasts; gives the address, without a slash.

    It is bound to 127.0.0.1 on a free port. Answers may not be cached, as tests write files anew.
    """
    with _Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(timeout=10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser may hold a connection open

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that has seen enough hangs up; that is no error."""


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def send_head(self) -> Any:
        """As the base class does, but only a part of the file when one is asked for."""
        wanted = _RANGE.fullmatch(self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if wanted is None or not path.is_file():
            return super().send_head()
        size = path.stat().st_size
        first, last = int(wanted[1]), min(int(wanted[2] or size), size - 1)
        if first > last:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        return _Part(path, first, last - first + 1)

    def guess_type(self, path: Any) -> str:
        """Ours, not the machine's table of types."""
        return _TYPES.get(Path(path).suffix, "application/octet-stream")

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        with contextlib.suppress(ConnectionError):
            shutil.copyfileobj(source, outputfile)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests have their own output."""


class _Part:
    """A file object that ends after ``length`` bytes."""

    def __init__(self, path: Path, first: int, length: int) -> None:
        self._stream = path.open("rb")
        self._stream.seek(first)
        self._left = length

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._stream.close()
