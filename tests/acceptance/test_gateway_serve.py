"""Promises 19 and 20: gateways on Ray Serve; one of two is killed under load, then Serve's controller."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.command import Command
from tests.support.gateway import CUT
from tests.support.gateway_process import Known, make_known
from videoclip.settings import Settings

REQUESTS = 150
KILLED_AT = 40


def actors(mark: str, name: str) -> list[psutil.Process]:
    """Processes of this test's Ray with a name, and of no other."""
    found = []
    for process in psutil.process_iter():
        try:
            if name in " ".join(process.cmdline()) and (
                process.environ().get("VIDEOCLIP_TEST_MARK") == mark
            ):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def check_streams_and_addresses(base: str, known: Known, job_id: str) -> None:
    """Through Serve's proxy events come as they happen, and the caller's address is the caller's."""
    with httpx.stream("GET", f"{base}/jobs/{job_id}/events", headers=known.headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert "event: queued" in [next(lines) for _ in range(5)]
    made = httpx.post(f"{base}/workspace/invitations", json={}, headers=known.headers, timeout=20)
    assert made.status_code == 201, made.text
    records = httpx.get(f"{base}/audit?limit=1", headers=known.headers, timeout=20).json()
    assert (records["records"][0]["action"], records["records"][0]["ip"]) == (
        "invitation.created", "127.0.0.1",
    )  # fmt: skip


def check_pages(base: str, known: Known) -> None:
    """The web UI is a second application on the same origin; its sign-ins are those of the API."""
    origin = base.removesuffix("/api/v1")
    with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=60) as browser:
        page = browser.get("/", follow_redirects=True)
        assert (page.status_code, page.url.path) == (200, "/ui/"), page.text
        assert "sha256-" in page.headers["content-security-policy"]
        name = page.text.split('/shell.js"')[0].rpartition('"')[2]
        assert "customElements" in browser.get(f"{name}/shell.js").text
        begun = browser.put("/ui/session", json={"refresh_token": known.refresh_token})
        assert begun.status_code == 200, begun.text
        again = browser.post("/ui/session/refresh")
        first, second = begun.json(), again.json()
        assert second.pop("expires_in") <= first.pop("expires_in")
        assert second == first, "the token was still good"
        word = {"Authorization": f"Bearer {second['access_token']}"}
        assert browser.get("/api/v1/auth/me", headers=word).json()["user"]["id"] == known.user_id
        assert browser.post("/ui/gradio_api/queue/join").status_code == 404


def check_up_again(command: Command, base: str) -> None:
    """A second `up` finds it running and starts nothing; `status` tells that all is well."""
    again = command.run("up", "--no-models", "--no-jobs", timeout=60)
    assert again.returncode == 0, again.stderr
    assert "It runs already." in again.stderr
    assert "Waiting for" not in again.stderr
    origin = base.removesuffix("/api/v1")
    link = again.stderr.split("first account")[1].split()[0]
    assert link.startswith(f"{origin}/#/invitation/vci_"), "nobody administers it yet"
    status = command.run("status", "--json", timeout=60)
    assert status.returncode == 0, status.stdout
    told = json.loads(status.stdout)
    apps = {app["name"]: app["status"] for app in told["applications"]}
    assert apps == {"gateway": "RUNNING", "ui": "RUNNING"}
    assert (told["healthy"], told["url"], told["queue"]["dispatchers"]) == (True, origin, [])


def check_without_a_controller(base: str, known: Known, mark: str) -> None:
    """Promise 19: Serve's controller is killed, and requests go on."""
    controllers = actors(mark, "ServeController")
    assert len(controllers) == 1, controllers
    os.kill(controllers[0].pid, signal.SIGKILL)
    for number in range(20):
        answer = httpx.post(
            f"{base}/jobs", json={"request": CUT}, timeout=20,
            headers={**known.headers, "Idempotency-Key": f"without {number}".replace(" ", "-")},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text


@pytest.mark.alone
def test_one_of_two_gateways_on_serve_is_killed_under_load(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    known = make_known(settings)
    command = Command(settings.data_dir, {"VIDEOCLIP_RAY__NUM_CPUS": "2"})
    started = command.run("up", "--no-models", "--no-jobs", timeout=240)
    try:
        assert started.returncode == 0, started.stderr
        base = started.stderr.split("The API is at ")[1].split(",")[0]
        ready = httpx.get(f"{base}/health/ready", timeout=30)
        assert ready.json()["status"] == "ok", ready.text
        stranger = httpx.get(f"{base}/jobs", timeout=30)
        assert (stranger.status_code, stranger.json()["code"]) == (401, "not_signed_in")
        check_pages(base, known)
        check_up_again(command, base)
        both = actors(command.mark, "gateway:Gateway")
        assert len(both) == 2, both
        errors: list[str] = []
        ids: dict[int, str] = {}

        async def load() -> None:
            numbers = itertools.count()

            async def client() -> None:
                async with httpx.AsyncClient(timeout=20) as http:
                    while (number := next(numbers)) < REQUESTS:
                        if number == KILLED_AT:
                            os.kill(both[0].pid, signal.SIGKILL)
                        for _ in range(8):
                            try:
                                answer = await http.post(
                                    f"{base}/jobs", json={"request": CUT},
                                    headers={**known.headers, "Idempotency-Key": f"k{number}"},
                                )  # fmt: skip
                            except httpx.TransportError as error:
                                errors.append(type(error).__name__)
                                continue
                            if answer.status_code in (200, 201):
                                ids[number] = answer.json()["id"]
                                break
                            errors.append(f"{answer.status_code} {answer.text[:200]}")
                            await asyncio.sleep(0.2)

            await asyncio.gather(*(client() for _ in range(6)))

        asyncio.run(load())
        assert sorted(ids) == list(range(REQUESTS)), errors
        assert len(set(ids.values())) == REQUESTS
        # What was in flight at the one that is gone, and a few more until Serve has noticed.
        assert len(errors) <= 20, errors
        check_streams_and_addresses(base, known, ids[0])
        check_without_a_controller(base, known, command.mark)
    finally:
        ended = command.run("down", timeout=60)
    assert ended.returncode == 0
    assert command.survivors(20) == []
