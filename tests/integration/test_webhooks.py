"""Webhooks: told exactly of what was committed, signed, retried for a day, guarded, never lost."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from actors.deliverer import Deliverer, pause_ms
from tests.support.outbox import SECRET, add_webhook, add_workspaces, end_job
from tests.support.remote import Asked, Remote, run_remote
from videoclip.errors import InvalidRequest, NotFound
from videoclip.net import AddressRules, Guard
from videoclip.net.webhook import new_secret, sign, verify, with_new
from videoclip.settings import DeliverySettings, Settings
from videoclip.store.database import Database
from videoclip.store.destinations import DeliveryRecord, Destinations
from videoclip.store.models import Delivery
from videoclip.store.secrets import Secrets

QUICK = DeliverySettings(timeout_s=10.0, poll_s=0.02, retry_s=[0.01])
SECRETS = Secrets([bytes(32)])


@pytest.fixture
async def database(store_settings: Settings) -> AsyncIterator[Database]:
    opened = Database(store_settings)
    await opened.open()
    await add_workspaces(opened, "ours", "theirs")
    yield opened
    await opened.close()


@pytest.fixture
def remote() -> Iterator[Remote]:
    with run_remote(lambda asked: asked.answer(204)) as server:
        yield server


def deliverer(database: Database, remote: Remote, settings: DeliverySettings = QUICK) -> Deliverer:
    guard = Guard(AddressRules.of(["127.0.0.1/32"]), ports=frozenset({remote.port}))
    return Deliverer(database, SECRETS, guard, settings)


async def deliveries(database: Database, destination: str) -> list[DeliveryRecord]:
    async with database.reading() as session:
        return await Destinations(session, "ours", SECRETS).deliveries(destination)


async def run_until_settled(
    database: Database, destination: str, *senders: Deliverer
) -> list[DeliveryRecord]:
    """Deliver until nothing is pending."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(sender.run(stop)) for sender in senders]
    deadline = time.monotonic() + 20
    while any(record.state == "pending" for record in await deliveries(database, destination)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.03)
    stop.set()
    await asyncio.gather(*tasks)
    return await deliveries(database, destination)


async def test_a_message_tells_of_what_was_committed_and_is_signed(
    database: Database, remote: Remote
) -> None:
    hook = await add_webhook(database, SECRETS, "ours", remote.url("/h?k=1"), "job.failed")
    await add_webhook(database, SECRETS, "theirs", remote.url("/theirs"))
    await end_job(database, "ours", "succeeded")  # nobody asked to hear of this
    job = await end_job(database, "ours", "failed")
    [record] = await run_until_settled(database, hook.id, deliverer(database, remote))
    assert (record.state, record.status, record.attempts) == ("delivered", 204, 1)
    [asked] = remote.asked
    assert (asked.method, asked.path) == ("POST", "/h?k=1")
    body = json.loads(asked.body)
    assert body["type"] == "job.failed"
    assert body["data"]["id"] == job
    assert body["data"]["error"]["code"] == "source_not_media"
    # As the standard's own libraries check it, written out.
    stamp, message_id = asked.headers["webhook-timestamp"], asked.headers["webhook-id"]
    signed = f"{message_id}.{stamp}.".encode() + asked.body
    mac = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert asked.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert verify(SECRET, asked.headers, asked.body)
    assert not verify(SECRET, asked.headers, asked.body + b" ")
    assert not verify(SECRET, asked.headers, asked.body, now_s=time.time() + 400)
    assert abs(int(stamp) - time.time()) < 60


async def test_a_rolled_back_end_is_never_told(database: Database, remote: Remote) -> None:
    hook = await add_webhook(database, SECRETS, "ours", remote.url())
    async with database.queue() as queue:
        await queue.enqueue("ours", "transcribe", {"source": "a"})
    async with database.queue() as queue:
        claim = await queue.claim("test", lease_ms=60_000)
    assert claim is not None

    async def end_and_fail() -> None:
        async with database.queue() as queue:
            await queue.finish(claim.id, claim.attempt, "succeeded")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await end_and_fail()
    assert [record.event for record in await deliveries(database, hook.id)] == ["job.running"]


async def test_a_failing_receiver_is_tried_again_with_the_same_id(
    database: Database, remote: Remote
) -> None:
    answers = [500, 302, 429, 204]

    def behave(asked: Asked) -> None:
        status = answers[min(len(remote.asked), 4) - 1]
        asked.answer(status, Location="http://127.0.0.1:1/", Retry_After="0")

    remote.behave = behave
    hook = await add_webhook(database, SECRETS, "ours", remote.url(), "job.succeeded")
    await end_job(database, "ours")
    [record] = await run_until_settled(database, hook.id, deliverer(database, remote))
    assert (record.state, record.attempts) == ("delivered", 4)
    assert {asked.headers["webhook-id"] for asked in remote.asked} == {record.id}
    assert all(verify(SECRET, asked.headers, asked.body) for asked in remote.asked)


async def test_a_message_is_dead_after_a_day_and_is_sent_again_by_hand(
    database: Database, remote: Remote
) -> None:
    remote.behave = lambda asked: asked.answer(503)
    hook = await add_webhook(database, SECRETS, "ours", remote.url(), "job.succeeded")
    await end_job(database, "ours")
    async with database.session() as session:  # a day passes
        await session.execute(
            update(Delivery).values(until_ms=Delivery.until_ms - 24 * 3600 * 1000 + 300)
        )
    [record] = await run_until_settled(database, hook.id, deliverer(database, remote))
    assert (record.state, record.status, record.error) == ("dead", 503, "the receiver answered 503")
    remote.behave = lambda asked: asked.answer(200)
    async with database.session() as session:
        with pytest.raises(NotFound):
            await Destinations(session, "theirs", SECRETS).redeliver(record.id)
        await Destinations(session, "ours", SECRETS).redeliver(record.id)
    [again] = await run_until_settled(database, hook.id, deliverer(database, remote))
    assert (again.id, again.state) == (record.id, "delivered")


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    message, sent = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(secret, message, sent, body) == signature
    headers = {"webhook-id": message, "webhook-timestamp": str(sent)}
    both = headers | {"webhook-signature": f"v1,AAAA {signature}"}
    assert verify(secret, both, body, now_s=sent + 10)
    assert not verify(secret, both, body, now_s=sent - 400)
    assert not verify(secret, headers, body, now_s=sent)


async def test_a_changed_secret_signs_at_once_and_the_old_one_for_a_while(
    database: Database, remote: Remote
) -> None:
    hook = await add_webhook(database, SECRETS, "ours", remote.url())
    newer, newest = new_secret(), new_secret()
    now = int(time.time())
    for secret, until in ((newer, now + 1000), (newest, now + 1000)):
        async with database.session() as session:
            ours = Destinations(session, "ours", SECRETS)
            await ours.change_secret(hook.id, partial(with_new, new=secret, until_s=until))
            await ours.ping(hook.id)
        await run_until_settled(database, hook.id, deliverer(database, remote))
    async with database.session() as session:
        ours = Destinations(session, "ours", SECRETS)
        await ours.change_secret(hook.id, partial(with_new, new=SECRET, until_s=now - 1))
        await ours.ping(hook.id)
    await run_until_settled(database, hook.id, deliverer(database, remote))
    good = [
        [verify(secret, asked.headers, asked.body) for secret in (SECRET, newer, newest)]
        for asked in remote.asked
    ]
    assert good == [[True, True, False], [False, True, True], [True, False, False]]


def test_pauses_grow_to_hours_and_differ() -> None:
    settings = DeliverySettings()
    pauses = [pause_ms(settings, attempt) for attempt in range(1, 13)]
    assert 4_000 <= pauses[0] <= 6_000
    assert pauses[-1] >= 0.8 * 8 * 3600 * 1000
    assert len({pause_ms(settings, 5) for _ in range(20)}) > 10
    assert sum(settings.retry_s[:-1]) < 24 * 3600 < sum(settings.retry_s) + 12 * 3600


async def test_a_webhook_into_our_network_is_never_reached(
    database: Database, remote: Remote
) -> None:
    names: dict[str, list[str]] = {
        "rebind.example": ["127.0.0.2"],
        "mixed.example": ["127.0.0.1", "10.0.0.1"],
    }

    async def resolve(host: str, port: int) -> list[str]:
        return names[host]

    guard = Guard(
        AddressRules.of(["127.0.0.1/32"]), ports=frozenset({remote.port}), resolver=resolve
    )
    quick = DeliverySettings(timeout_s=1.0, poll_s=0.02, retry_s=[30])
    sender = Deliverer(database, SECRETS, guard, quick)
    hooks = [
        await add_webhook(database, SECRETS, "ours", url, "job.succeeded")
        for url in (
            f"http://127.0.0.2:{remote.port}/", f"http://2130706433:{remote.port}/",
            f"http://[::ffff:127.0.0.1]:{remote.port + 1}/", f"http://rebind.example:{remote.port}/",
            f"http://mixed.example:{remote.port}/", "http://169.254.169.254/latest/",
        )
    ]  # fmt: skip
    await end_job(database, "ours")
    stop = asyncio.Event()
    task = asyncio.create_task(sender.run(stop))
    deadline = time.monotonic() + 15
    for hook in hooks:
        while (await deliveries(database, hook.id))[0].error is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.03)
        [record] = await deliveries(database, hook.id)
        assert record.state == "pending"
        assert record.status is None
        assert "10.0.0.1" not in str(record.error)
    stop.set()
    await task
    assert remote.asked == []


async def test_a_receiver_that_is_gone_is_not_told_any_more(
    database: Database, remote: Remote
) -> None:
    remote.behave = lambda asked: asked.answer(410)
    hook = await add_webhook(database, SECRETS, "ours", remote.url(), "job.succeeded")
    await end_job(database, "ours")
    [record] = await run_until_settled(database, hook.id, deliverer(database, remote))
    assert (record.state, record.attempts) == ("dead", 1)
    await end_job(database, "ours")
    assert len(await deliveries(database, hook.id)) == 1
    async with database.session() as session:
        ours = Destinations(session, "ours", SECRETS)
        assert not (await ours.get(hook.id)).enabled
        await ours.enable(hook.id, enabled=True)
        await ours.ping(hook.id)
    remote.behave = lambda asked: asked.answer(200)
    records = await run_until_settled(database, hook.id, deliverer(database, remote))
    assert [(r.event, r.state) for r in records] == [
        ("ping", "delivered"),
        ("job.succeeded", "dead"),
    ]


async def test_deliverers_side_by_side_send_each_message_once(
    database: Database, remote: Remote
) -> None:
    hook = await add_webhook(database, SECRETS, "ours", remote.url())
    async with database.session() as session:
        ours = Destinations(session, "ours", SECRETS)
        for _ in range(24):
            await ours.ping(hook.id)
    records = await run_until_settled(
        database, hook.id, deliverer(database, remote), deliverer(database, remote),
        deliverer(database, remote),
    )  # fmt: skip
    assert {record.state for record in records} == {"delivered"}
    counts = Counter(asked.headers["webhook-id"] for asked in remote.asked)
    assert len(counts) == 24
    assert set(counts.values()) == {1}


async def test_a_slow_receiver_does_not_hold_up_the_others(
    database: Database, remote: Remote
) -> None:
    def behave(asked: Asked) -> None:
        if asked.path == "/slow":
            time.sleep(1)
        asked.answer(200)

    remote.behave = behave
    slow = await add_webhook(database, SECRETS, "ours", remote.url("/slow"))
    quick = await add_webhook(database, SECRETS, "ours", remote.url("/quick"))
    async with database.session() as session:
        ours = Destinations(session, "ours", SECRETS)
        for _ in range(12):
            await ours.ping(slow.id)
        await ours.ping(quick.id)
    started = time.monotonic()
    settings = DeliverySettings(timeout_s=5.0, poll_s=0.02, parallel_per_destination=2)
    [record] = await run_until_settled(database, quick.id, deliverer(database, remote, settings))
    assert record.state == "delivered"
    assert time.monotonic() - started < 4, "what was sent before the end is waited for, no more"


async def test_a_stranger_sees_nothing_and_secrets_are_sealed(
    database: Database, store_settings: Settings
) -> None:
    url = "https://hooks.example.com/services/topsecrettoken"
    hook = await add_webhook(database, SECRETS, "ours", url)
    async with database.session() as session:
        theirs = Destinations(session, "theirs", SECRETS)
        assert await theirs.all() == []
        calls: list[Any] = [theirs.get, theirs.remove, theirs.ping, theirs.deliveries]
        for call in calls:
            with pytest.raises(NotFound):
                await call(hook.id)
        with pytest.raises(InvalidRequest):
            await theirs.create("webhook", "x", url, "x", ["job.exploded"])
        ours = Destinations(session, "ours", SECRETS)
        assert "topsecrettoken" not in repr(await ours.all())
    if not store_settings.database_url:
        stored = b"".join(
            (store_settings.data_dir / f"videoclip.db{end}").read_bytes() for end in ("", "-wal")
        )
        assert b"topsecrettoken" not in stored
        assert SECRET.encode() not in stored
        assert b"destination" in stored
    async with database.session() as session:
        await Destinations(session, "ours", SECRETS).remove(hook.id)
        assert await Destinations(session, "ours", SECRETS).all() == []
