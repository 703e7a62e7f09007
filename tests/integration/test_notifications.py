"""Notifications to people: only services from a list, never into our own network, in their language."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.deliverer import Deliverer
from actors.delivery_texts import text_of
from tests.support.mail import Mailbox, run_mailbox
from tests.support.outbox import add_workspaces, end_job
from videoclip.errors import AddressRefused, FetchFailed, InvalidRequest
from videoclip.net import AddressRules, Guard
from videoclip.net.notify import SERVICES, check_notification, send_notification
from videoclip.net.sockets import guarded_sockets
from videoclip.settings import DeliverySettings, Settings
from videoclip.store.database import Database
from videoclip.store.destinations import DeliveryRecord, Destinations
from videoclip.store.outbox import message
from videoclip.store.secrets import Secrets

SECRETS = Secrets([bytes(32)])
LOOPBACK = Guard(AddressRules.of(["127.0.0.1/32"]))
ADDRESSES = {
    "dingtalk": "dingtalk://" + "t" * 64,
    "feishu": "feishu://" + "topsecret" * 4,
    "wecombot": "wecombot://" + "topsecr1-" * 4,
    "mailtos": "mailtos://me:topsecret@mail.example.com?to=you@example.com",
    "pagerduty": "pagerduty://" + "topsecret" * 3 + "12345@" + "key12" * 4 + "/source/component",
    "twilio": "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@12025550100/12025550101",
}


def mailto(box: Mailbox, **options: str) -> str:
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return f"mailto://127.0.0.1:{box.port}/?from=clip@example.com&to=you@example.com&mode=insecure{more}"


@pytest.mark.parametrize("service", ADDRESSES)
def test_the_services_are_taken_and_shown_without_secrets(service: str) -> None:
    shown = check_notification(ADDRESSES[service])
    assert shown.startswith(service + "://")
    for secret in ("topsecret", "t" * 20, "b" * 20, "a" * 20):
        assert secret not in shown


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1/", "jsons://example.com", "xml://example.com", "form://example.com", "apprise://h/t",
        "file:///etc/passwd", "syslog://", "dbus://", "gnome://", "exec:///bin/sh", "windows://", "http://x/",
        "macosx://", "rsyslog://127.0.0.1", "", "://", "mailto", "mailto://", "dingtalk://",
        "mailto://me:pw@example.com?to=a@b.co&pgp=yes&pgppub=/etc/passwd", "mailto://me@h.co?verify=no&to=a@b.co",
        "mailto://me@h.co?to=a@b.co&attach=/etc/passwd", "slack://a/b/c?template=/etc/passwd",
        "mailto://me@h.co?to=a@b.co\r\nX: y", "dingtalk://" + "a" * 3000,
    ],
)  # fmt: skip
def test_other_services_and_options_are_refused(address: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_notification(address)
    assert "passwd" not in str(caught.value)


def test_no_service_of_the_list_reads_files_or_posts_anywhere() -> None:
    assert not SERVICES & {
        "json",
        "jsons",
        "xml",
        "xmls",
        "form",
        "forms",
        "apprise",
        "syslog",
        "ntfy",
    }


async def test_mail_arrives(caplog: pytest.LogCaptureFixture) -> None:
    with run_mailbox() as box, caplog.at_level(logging.DEBUG):
        await send_notification(LOOPBACK, mailto(box), "标题 title", "文字 text", limit_s=10)
        [mail] = box.mails
    parsed = email.message_from_string(mail, policy=email.policy.default)
    assert "标题 title" in str(parsed["Subject"])
    assert "you@example.com" not in caplog.text


async def test_a_service_inside_our_network_is_never_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not by number, not by a name that stands for it, and not when the service's own name lies."""
    real = socket.getaddrinfo

    def lying(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1", box.port, *more, **named)

    with run_mailbox() as box:
        for address in (
            mailto(box), mailto(box, smtp="127.0.0.1"), mailto(box).replace("127.0.0.1", "localhost"),
            mailto(box).replace("127.0.0.1", "2130706433"),
        ):  # fmt: skip
            with pytest.raises(AddressRefused):
                await send_notification(Guard(), address, "t", "b", limit_s=10)
        monkeypatch.setattr(socket, "getaddrinfo", lying)
        for service in ("dingtalk", "feishu", "wecombot", "pagerduty", "twilio", "mailtos"):
            with pytest.raises(AddressRefused):
                await send_notification(Guard(), ADDRESSES[service], "t", "b", limit_s=10)
        assert box.connections == 0


async def test_a_service_that_hangs_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        box = Mailbox(port=silent.getsockname()[1])
        started = time.monotonic()
        with pytest.raises(FetchFailed, match="in time"):
            await send_notification(LOOPBACK, mailto(box), "t", "b", limit_s=0.5)
        assert time.monotonic() - started < 3


@pytest.mark.parametrize("how", ["number", "name", "unix", "datagram"])
def test_the_guard_of_sockets_refuses_every_way_out(tmp_path: Path, how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def attempt() -> None:
            if how == "unix":
                with socket.socket(socket.AF_UNIX) as mine:
                    mine.connect(str(tmp_path / "x"))
            elif how == "datagram":
                with socket.socket(type=socket.SOCK_DGRAM) as mine:
                    mine.sendto(b"x", ("127.0.0.1", port))
            else:
                with socket.socket() as mine:
                    mine.connect(("localhost" if how == "name" else "127.0.0.1", port))

        with (
            pytest.raises(AddressRefused),
            guarded_sockets(AddressRules()),
            pytest.raises(PermissionError),
        ):
            attempt()


def test_the_guard_of_sockets_holds_inside_its_block_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = server.getsockname()
        with guarded_sockets(AddressRules.of(["127.0.0.0/8"])), socket.socket() as mine:
            mine.connect(place)
        with socket.socket() as mine:
            mine.connect(place)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(Settings(data_dir=tmp_path / "data"))
    await opened.open()
    await add_workspaces(opened, "ours")
    yield opened
    await opened.close()


async def test_people_are_told_of_a_failed_job_in_their_language(database: Database) -> None:
    with run_mailbox() as box:
        async with database.session() as session:
            ours = Destinations(session, "ours", SECRETS)
            address = mailto(box)
            made = await ours.create(
                "notification", "duty", address, check_notification(address), ["job.failed"],
                language="zh",
            )  # fmt: skip
        parent = await end_job(database, "ours", "failed")
        await end_job(
            database, "ours", "failed", parent_id=parent
        )  # a part: people hear of the whole
        sender = Deliverer(database, SECRETS, LOOPBACK, DeliverySettings(timeout_s=10, poll_s=0.02))
        stop = asyncio.Event()
        task = asyncio.create_task(sender.run(stop))
        deadline = time.monotonic() + 15
        while (await told(database, made.id))[0].state == "pending":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        stop.set()
        await task
        assert [record.state for record in await told(database, made.id)] == ["delivered"]
        [mail] = box.mails
    parsed = email.message_from_string(mail, policy=email.policy.default)
    assert "转写失败" in str(parsed["Subject"])
    body = parsed.get_body(("html", "plain"))
    assert body is not None
    assert "no video" in body.get_content()
    assert parent in body.get_content()


async def told(database: Database, destination: str) -> list[DeliveryRecord]:
    async with database.reading() as session:
        return await Destinations(session, "ours", SECRETS).deliveries(destination)


def test_texts_of_every_state_in_both_languages() -> None:
    for state in ("running", "succeeded", "partial", "failed", "cancelled", "dead"):
        body = message(f"job.{state}", 0, {"id": "j", "kind": "clip", "state": state})
        english, chinese = text_of(body, "en"), text_of(body, "zh")
        assert english[0].isascii()
        assert not chinese[0].isascii()
        assert state not in chinese[0]
        assert text_of(body, "fr") == english
    assert text_of(message("ping", 0, {}), "zh")[1] == "通知可以正常送达。"
