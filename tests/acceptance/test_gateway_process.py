"""Promises about gateways as processes: killed at the worst moment, asked the same fifty times, one of two gone."""

from __future__ import annotations

import asyncio
import collections
import itertools
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.command import Command
from tests.support.gateway import CUT, open_gateway
from tests.support.gateway_process import Known, make_known, running
from videoclip.settings import Settings

BODY = {"request": CUT}


def submit(base: str, known: Known, key: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return httpx.post(
        f"{base}/api/v1/jobs", json=body or BODY, timeout=20,
        headers={**known.headers, "Idempotency-Key": key},
    )  # fmt: skip


def jobs(base: str, known: Known) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = httpx.get(f"{base}/api/v1/jobs?limit=200{cursor}", headers=known.headers).json()
        found += page["jobs"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("when", ["after the commit", "before the commit"])
def test_a_gateway_killed_before_its_reply_leaves_one_job_or_none(
    store_settings: Settings, tmp_path: Path, when: str
) -> None:
    """Promises 1 and 4: the same Idempotency-Key is the same job; what was not committed was never there."""
    known = make_known(store_settings)
    flag = tmp_path / "die"
    flag.touch()
    with running(store_settings, tmp_path / "one.log", dies=when, flag=flag) as gateway:
        with pytest.raises(httpx.TransportError):
            submit(gateway.base, known, "the-key")
        assert gateway.process.wait(timeout=10) == -signal.SIGKILL
    with running(store_settings, tmp_path / "two.log") as gateway:
        before = jobs(gateway.base, known)
        assert len(before) == (1 if when == "after the commit" else 0)
        again = submit(gateway.base, known, "the-key")
        assert again.status_code == (200 if before else 201), again.text
        assert [job["id"] for job in jobs(gateway.base, known)] == [again.json()["id"]]
        assert not before or before[0]["id"] == again.json()["id"]
        other = submit(gateway.base, known, "the-key", {"request": {**CUT, "join": True}})
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_two_gateways_make_one_job_of_fifty_requests_and_go_on_when_one_is_killed(
    store_settings: Settings, tmp_path: Path
) -> None:
    """Promise 3; promise 20 for gateways without Ray: what was in flight fails, a repetition succeeds, none doubled."""
    known = make_known(store_settings)
    with (
        running(store_settings, tmp_path / "one.log") as one,
        running(store_settings, tmp_path / "other.log") as other,
    ):
        bases = [one.base, other.base]

        async def fifty() -> list[httpx.Response]:
            async with httpx.AsyncClient(timeout=30) as client:
                return await asyncio.gather(
                    *(
                        client.post(
                            f"{bases[number % 2]}/api/v1/jobs", json=BODY,
                            headers={**known.headers, "Idempotency-Key": "same"},
                        )
                        for number in range(50)
                    )
                )  # fmt: skip

        answers = asyncio.run(fifty())
        told = collections.Counter(answer.status_code for answer in answers)
        assert told == {200: 49, 201: 1}, [a.text for a in answers if a.status_code > 201][:2]
        assert len({answer.json()["id"] for answer in answers}) == 1
        replayed = [answer.headers.get("idempotent-replayed") for answer in answers]
        assert replayed.count("true") == 49

        failed: list[str] = []

        async def load() -> set[str]:
            ids: set[str] = set()
            numbers = itertools.count()

            async def client() -> None:
                async with httpx.AsyncClient(timeout=20) as http:
                    while (number := next(numbers)) < 120:
                        if number == 40:
                            one.process.kill()
                        for turn in range(3):
                            base = bases[(number + turn) % 2]
                            try:
                                answer = await http.post(
                                    f"{base}/api/v1/jobs", json=BODY,
                                    headers={**known.headers, "Idempotency-Key": f"k{number}"},
                                )  # fmt: skip
                            except httpx.TransportError as error:
                                failed.append(type(error).__name__)
                                continue
                            assert answer.status_code in (200, 201), answer.text
                            ids.add(answer.json()["id"])
                            break
                        else:
                            raise AssertionError(f"request {number} was never answered")

            await asyncio.gather(*(client() for _ in range(8)))
            return ids

        ids = asyncio.run(load())
        one.process.wait(timeout=10)
        assert len(ids) == 120
        assert 1 <= len(failed) <= 80, "only requests to the one that is gone, once each"
        assert len(jobs(other.base, known)) == 121, "none doubled"
        other.process.send_signal(signal.SIGTERM)
        assert other.process.wait(timeout=20) == 0, "told to end, it ends well"


async def test_the_first_link_is_printed_by_the_command_and_works_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    command = Command(settings.data_dir)
    first = command.run("admin-link", timeout=60)
    second = command.run("admin-link", "--hours", "1", timeout=60)
    assert second.returncode == 0, second.stderr
    words = [done.stdout.strip().rpartition("/#/invitation/")[2] for done in (first, second)]
    assert all(word.startswith("vci_") for word in words)
    body = {"email": "root@one.test", "name": "Root", "password": "four words in a row"}
    async with open_gateway(settings) as gateway:
        statuses = [
            (
                await gateway.ask("POST", "/auth/invitations", json={**body, "token": word})
            ).status_code
            for word in (words[0], words[1], words[1])
        ]
    assert statuses == [404, 201, 404], "the newest link, once"
