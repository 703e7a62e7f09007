"""A real S3 server (moto's) on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx
from moto.server import ThreadedMotoServer

from tests.support.ports import free_port

__all__ = ["bucket_server"]


@contextlib.contextmanager
def bucket_server(*buckets: str) -> Iterator[str]:
    """Its address; these buckets are there."""
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        for name in buckets:
            httpx.put(f"http://127.0.0.1:{port}/{name}").raise_for_status()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
