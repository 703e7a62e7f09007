"""A cable between a browser and a server that can be pulled: connections in it break, new ones are refused."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Cable", "cable_to"]

_PIECE = 16 * 1024


class Cable:
    """Listens on loopback and passes on what comes."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._pulled = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def pull(self) -> None:
        """Break all connections, and refuse new ones."""
        self._pulled = True
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def plug(self) -> None:
        """Let connections through again."""
        self._pulled = False

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            if self._pulled:
                here.close()
                continue
            try:
                there = socket.create_connection(self._target)
            except OSError:
                here.close()
                continue
            with self._lock:
                self._open |= {here, there}
            for pair in ((here, there), (there, here)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                sink.sendall(piece)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            if source in self._open and sink in self._open:
                self._open -= {source, sink}
                source.close()
                sink.close()


@contextmanager
def cable_to(port: int) -> Iterator[Cable]:
    """A cable to that port of this machine."""
    cable = Cable(port)
    thread = threading.Thread(target=cable.serve, daemon=True)
    thread.start()
    try:
        yield cable
    finally:
        cable.listener.shutdown(socket.SHUT_RDWR)
        cable.listener.close()
        cable.pull()
        thread.join(timeout=5)
