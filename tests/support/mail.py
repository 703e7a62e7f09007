"""A mail server on loopback that keeps what it gets."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Mailbox", "run_mailbox"]


@dataclass
class Mailbox:
    """A running server and its mail."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    connections: int = 0


@contextlib.contextmanager
def run_mailbox() -> Iterator[Mailbox]:
    """A server on a free port of 127.0.0.1 while the block lasts."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        timeout = 20

        def handle(self) -> None:
            box.connections += 1
            self.say("220 box")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(part)
                    box.mails.append(b"".join(lines).decode("utf-8", "replace"))
                self.say("221 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    return

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(timeout=10)
