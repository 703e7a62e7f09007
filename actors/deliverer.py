"""Sends what waits in the outbox: webhooks and notifications. Several may run side by side; each can be killed."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import signal
import time
from collections import Counter

from actors.delivery_texts import text_of
from videoclip.errors import DatabaseAway, FetchFailed, InvalidRequest, StoreError, VideoClipError
from videoclip.net.guard import Guard
from videoclip.net.http import Answer
from videoclip.net.notify import send_notification
from videoclip.net.webhook import active, send_webhook
from videoclip.settings import DeliverySettings, Settings
from videoclip.store.database import Database
from videoclip.store.destinations import address_place, secret_place
from videoclip.store.outbox import Outbox, Parcel
from videoclip.store.secrets import Secrets

__all__ = ["Deliverer", "deliver", "pause_ms", "serve"]

_LOG = logging.getLogger("videoclip.deliverer")
_GONE = 410
_LONGEST_WAIT_S = 3600
_PRUNE_S = 3600
_LEASE_MARGIN_S = 1


class Deliverer:
    """Takes due messages from the outbox and sends them, some at a time.

    Args:
        database: open.
        secrets: addresses and secrets are sealed with.
        guard: decides where messages may go.
        settings: how many at once, how long, how often.
    """

    def __init__(
        self, database: Database, secrets: Secrets, guard: Guard, settings: DeliverySettings
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._guard = guard
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._pruned = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; what is on its way then is still ended."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                started = 0
                try:
                    started = await self._take()
                except StoreError as error:
                    _LOG.warning("the outbox cannot be read: %s", error.cause)
                # With something sent, look again as soon as there is room; else after a pause.
                waiting = {stopped, *self._tasks} if self._full() or started else {stopped}
                await asyncio.wait(
                    waiting, timeout=self._settings.poll_s, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            stopped.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._settings.timeout_s + 1)
            for task in self._tasks:
                task.cancel()

    def _full(self) -> bool:
        return len(self._tasks) >= self._settings.parallel

    async def _take(self) -> int:
        room = self._settings.parallel - len(self._tasks)
        if room <= 0:
            return 0
        prune = time.monotonic() - self._pruned > _PRUNE_S or not self._pruned
        async with (
            self._database.reading() as session
        ):  # mostly nothing is due, and nobody waits for this
            if not prune and not await Outbox(session).is_due():
                return 0
        each = self._settings.parallel_per_destination
        full = [name for name, count in self._busy.items() if count >= each]
        # The try itself ends in time; the rest is for writing its outcome.
        lease_ms = round((2 * self._settings.timeout_s + _LEASE_MARGIN_S) * 1000)
        async with self._database.session() as session:
            outbox = Outbox(session)
            parcels = await outbox.claim(min(room, each), lease_ms=lease_ms, without=full)
            if prune:
                await outbox.prune(self._settings.keep_days * 24 * 3600 * 1000)
                self._pruned = time.monotonic()
        for parcel in parcels:
            self._busy[parcel.destination_id] += 1
            task = asyncio.create_task(self._deliver(parcel))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(parcels)

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            await self._settle(parcel, await self._send(parcel))
        except StoreError as error:
            # It is sent again when the lease is over.
            _LOG.warning("the outcome of %s is not written: %s", parcel.id, error.cause)
        except Exception:  # noqa: BLE001 - the others go on
            _LOG.exception("message %s", parcel.id)
        finally:
            self._busy[parcel.destination_id] -= 1
            if not self._busy[parcel.destination_id]:
                del self._busy[parcel.destination_id]

    async def _send(self, parcel: Parcel) -> Answer | VideoClipError | None:
        """The answer of a webhook, None for a notification that went well, or what went wrong."""
        limit_s = self._settings.timeout_s
        try:
            address = self._secrets.open(parcel.address, address_place(parcel.destination_id))
            if parcel.channel != "webhook":
                title, text = text_of(parcel.body, parcel.language)
                await send_notification(self._guard, address, title, text, limit_s=limit_s)
                return None
            known = self._secrets.open(parcel.secret or "", secret_place(parcel.destination_id))
            body = json.dumps(parcel.body, ensure_ascii=False, separators=(",", ":")).encode()
            return await send_webhook(
                self._guard, address, active(known, time.time()), parcel.id, body, limit_s=limit_s
            )
        except VideoClipError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one address must not stop the others
            _LOG.warning("message %s: %s", parcel.id, type(error).__name__)
            return FetchFailed(f"unexpected {type(error).__name__}", "It is tried again")

    async def _settle(self, parcel: Parcel, outcome: Answer | VideoClipError | None) -> None:
        async with self._database.session() as session:
            outbox = Outbox(session)
            if outcome is None:
                await outbox.delivered(parcel)
            elif isinstance(outcome, VideoClipError):
                hopeless = isinstance(outcome, InvalidRequest)
                pause = None if hopeless else pause_ms(self._settings, parcel.attempt)
                await outbox.failed(parcel, str(outcome.cause), pause_ms=pause)
            elif 200 <= outcome.status < 300:
                await outbox.delivered(parcel, outcome.status)
            else:
                gone = outcome.status == _GONE
                if gone:
                    await outbox.disable(parcel.destination_id)
                asked = outcome.headers.get("retry-after", "")
                wait_s = min(int(asked), _LONGEST_WAIT_S) if _is_number(asked) else 0
                pause = max(pause_ms(self._settings, parcel.attempt), wait_s * 1000)
                await outbox.failed(
                    parcel, f"the receiver answered {outcome.status}", status=outcome.status,
                    pause_ms=None if gone else pause,
                )  # fmt: skip


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9


def pause_ms(settings: DeliverySettings, attempt: int) -> int:
    """How long to wait after a failed try; a fifth more or less, so that many do not come back together."""
    steps = settings.retry_s
    base = steps[min(attempt, len(steps)) - 1]
    return round(base * 1000 * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, hides nothing


async def deliver(settings: Settings, stop: asyncio.Event) -> None:
    """Deliver until ``stop`` is set, whether the database is there or not."""
    database = Database(settings)
    try:
        while not stop.is_set():
            try:
                await database.open()
                break
            except DatabaseAway as away:
                _LOG.warning("%s", away)
                await asyncio.sleep(settings.delivery.poll_s)
        deliverer = Deliverer(
            database, Secrets.of(settings), Guard.of(settings.net), settings.delivery
        )
        await deliverer.run(stop)
    except VideoClipError as error:
        _LOG.error("nothing is delivered: %s", error)
        raise
    finally:
        await database.close()


async def serve(settings: Settings) -> None:
    """Deliver until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await deliver(settings, stop)
