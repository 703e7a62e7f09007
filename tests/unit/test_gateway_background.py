"""Work that goes on behind a request: once for all who ask, told of while they wait."""

from __future__ import annotations

import asyncio

import pytest

from serve_apps.gateway.background import Background
from videoclip.errors import SourceNotMedia


async def test_all_who_ask_wait_for_the_same_work() -> None:
    background, runs, go = Background(), 0, asyncio.Event()

    async def work() -> str:
        nonlocal runs
        runs += 1
        await go.wait()
        return "done"

    asked = [asyncio.create_task(background.run("one", work, wait_s=5)) for _ in range(3)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*asked) == ["done"] * 3
    assert runs == 1
    assert await background.run("one", work, wait_s=5) == "done"
    assert runs == 2, "what is over is asked for anew"


async def test_who_does_not_wait_any_longer_is_told_so_and_the_work_goes_on() -> None:
    background, go, ended = Background(), asyncio.Event(), asyncio.Event()

    async def work() -> str:
        await go.wait()
        ended.set()
        return "done"

    assert await background.run("one", work, wait_s=0.01) is None
    go.set()
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_failure_reaches_those_who_wait() -> None:
    async def work() -> None:
        raise SourceNotMedia("no video", "Send one")

    with pytest.raises(SourceNotMedia):
        await Background().run("one", work, wait_s=5)


async def test_only_some_work_at_once() -> None:
    background, busy, most = Background(at_once=2), 0, 0

    async def work() -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1

    await asyncio.gather(*(background.run(n, work, wait_s=5) for n in range(6)))
    assert most == 2
