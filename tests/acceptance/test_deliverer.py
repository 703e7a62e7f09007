"""A message is sent at least once, whatever kills the deliverer, and not again once its outcome is known."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.outbox import SECRET, add_webhook, add_workspaces, end_job
from tests.support.remote import Asked, run_remote
from videoclip.net.webhook import verify
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.destinations import DeliveryRecord, Destinations
from videoclip.store.secrets import Secrets

KEY = bytes(range(32))


@contextmanager
def running(settings: Settings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A deliverer in a process of its own."""
    environment = os.environ | {
        "VIDEOCLIP_DATA_DIR": str(settings.data_dir),
        "VIDEOCLIP_DATABASE_URL": settings.database_url,
        "VIDEOCLIP_SECRET_KEY": base64.b64encode(KEY).decode(),
        "VIDEOCLIP_NET__ALLOW_PRIVATE": '["127.0.0.1/32"]',
        "VIDEOCLIP_NET__PORTS": f"[{port}]",
        "VIDEOCLIP_DELIVERY__TIMEOUT_S": "1.5",
        "VIDEOCLIP_DELIVERY__POLL_S": "0.1",
        "VIDEOCLIP_DELIVERY__RETRY_S": "[0.2]",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "videoclip.cli.main", "deliver"], env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=10)


def test_a_message_survives_a_killed_deliverer(store_settings: Settings) -> None:
    arrived, answers = threading.Event(), threading.Event()

    def behave(asked: Asked) -> None:
        arrived.set()
        answers.wait(10)
        asked.answer(204)

    async def prepare() -> str:
        database = Database(store_settings)
        await database.open()
        await add_workspaces(database, "ours")
        hook = await add_webhook(
            database, Secrets([KEY]), "ours", remote.url("/hook"), "job.succeeded"
        )
        await end_job(database, "ours")
        await database.close()
        return hook.id

    async def record() -> DeliveryRecord:
        database = Database(store_settings)
        try:
            async with database.reading() as session:
                return (await Destinations(session, "ours", Secrets([KEY])).deliveries(hook))[0]
        finally:
            await database.close()

    with run_remote(behave) as remote:
        hook = asyncio.run(prepare())
        with running(store_settings, remote.port) as process:
            assert arrived.wait(30)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
        assert asyncio.run(record()).state == "pending"
        answers.set()
        before = len(remote.asked)
        with running(store_settings, remote.port) as process:
            deadline = time.monotonic() + 30
            while asyncio.run(record()).state == "pending":
                assert time.monotonic() < deadline
                time.sleep(0.2)
            # Nothing is sent again after its outcome is known; a deliverer that is asked to end, ends.
            sent = len(remote.asked)
            time.sleep(0.5)
            assert len(remote.asked) == sent > before
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
    last = asyncio.run(record())
    assert last.state == "delivered"
    assert {asked.headers["webhook-id"] for asked in remote.asked} == {last.id}
    assert all(verify(SECRET, asked.headers, asked.body) for asked in remote.asked)
