"""A balancer for tests: hands connections on to servers that say they are ready, in turn, and knows nothing of HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

__all__ = ["Balancer", "run_balancer"]

_LOOK_S = 0.2


@dataclass
class Balancer:
    """Where to go is asked anew for each connection; those that there are stay where they are."""

    loop: asyncio.AbstractEventLoop
    base: str = ""
    servers: list[str] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    turn: int = 0

    async def look(self) -> None:
        """Ask each server again and again whether it is ready."""
        async with httpx.AsyncClient(timeout=2) as client:
            while True:
                found = []
                for server in list(self.servers):
                    with contextlib.suppress(httpx.TransportError):
                        answer = await client.get(f"{server}/api/v1/health/ready")
                        found += [server] if answer.is_success else []
                self.ready = found
                await asyncio.sleep(_LOOK_S)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.turn += 1
        for number in range(len(self.ready)):
            where = urlsplit(self.ready[(self.turn + number) % len(self.ready)])
            try:
                back, there = await asyncio.open_connection(where.hostname, where.port)
            except OSError:
                continue
            await asyncio.gather(_move(reader, there), _move(back, writer))
            return
        writer.close()


@contextlib.contextmanager
def run_balancer() -> Iterator[Balancer]:
    """Runs in a thread."""
    loop = asyncio.new_event_loop()
    balancer = Balancer(loop)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
        balancer.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    looking = asyncio.run_coroutine_threadsafe(balancer.look(), loop)
    try:
        yield balancer
    finally:

        async def stop() -> None:
            server.close()
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        looking.cancel()
        asyncio.run_coroutine_threadsafe(stop(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _move(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        finally:
            target.close()
