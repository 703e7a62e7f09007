"""Batches: like lengths together, padding counted, the oldest never passed over, one in flight."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Hashable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_apps.asr.batcher import Batcher, choose

sizes_of_sounds = st.lists(st.floats(0.1, 45), min_size=1, max_size=40)


@given(sizes_of_sounds)
def test_a_batch_has_the_oldest_and_stays_within_its_padded_size(sizes: list[float]) -> None:
    picked = choose(sizes, most=120, most_items=8)
    assert 0 in picked
    assert len(set(picked)) == len(picked) <= 8
    assert [sizes[i] for i in picked] == sorted(sizes[i] for i in picked)
    assert len(picked) == 1 or len(picked) * max(sizes[i] for i in picked) <= 120


def test_neighbours_are_those_of_like_length() -> None:
    assert choose([10, 40, 11, 3, 9], most=33, most_items=9) == [4, 0, 2]


def test_one_that_is_too_long_alone_goes_alone() -> None:
    assert choose([500, 1, 1], most=120, most_items=9) == [0]


class Engine:
    """Records its batches; a word of the form ``bad`` fails the whole batch."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.together = 0
        self.most_together = 0
        self.gate = threading.Event()
        self.gate.set()

    def run(self, group: Hashable, items: Sequence[str]) -> list[str]:
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        self.gate.wait(5)
        time.sleep(0.01)
        self.batches.append(list(items))
        self.together -= 1
        if "bad" in items:
            raise ValueError("bad sound")
        return [f"{group}:{item}" for item in items]


def batcher(engine: Engine) -> Batcher[str, str]:
    return Batcher(engine.run, most=100, most_items=10, wait_s=0.01)


async def test_callers_share_batches_and_each_gets_its_own_answer() -> None:
    engine = Engine()
    pool = batcher(engine)
    jobs = [pool.submit(f"s{n}", n + 1, "en") for n in range(6)]
    assert await asyncio.gather(*jobs) == [f"en:s{n}" for n in range(6)]
    assert engine.batches == [[f"s{n}" for n in range(6)]]


async def test_what_comes_while_a_batch_runs_joins_the_next_one_and_only_one_runs() -> None:
    engine = Engine()
    engine.gate.clear()
    pool = batcher(engine)
    first = asyncio.create_task(pool.submit("a", 1, "en"))
    await asyncio.sleep(0.05)
    later = [asyncio.create_task(pool.submit(item, 1, "en")) for item in "bcd"]
    await asyncio.sleep(0.05)
    assert pool.running_s > 0.05
    engine.gate.set()
    await asyncio.gather(first, *later)
    assert engine.batches == [["a"], ["b", "c", "d"]]
    assert engine.most_together == 1


async def test_groups_do_not_mix() -> None:
    engine = Engine()
    pool = batcher(engine)
    await asyncio.gather(
        pool.submit("a", 1, "en"), pool.submit("b", 1, "zh"), pool.submit("c", 1, "en")
    )
    assert engine.batches == [["a", "c"], ["b"]]


async def test_a_caller_that_went_away_is_not_worked_for() -> None:
    engine = Engine()
    engine.gate.clear()
    pool = batcher(engine)
    first = asyncio.create_task(pool.submit("a", 1))
    await asyncio.sleep(0.05)
    gone = asyncio.create_task(pool.submit("gone", 1))
    kept = asyncio.create_task(pool.submit("kept", 1))
    await asyncio.sleep(0.02)
    gone.cancel()
    engine.gate.set()
    await asyncio.gather(first, kept)
    assert engine.batches == [["a"], ["kept"]]


async def test_one_bad_sound_does_not_fail_its_neighbours() -> None:
    engine = Engine()
    pool = batcher(engine)
    answers = await asyncio.gather(
        *(pool.submit(item, 1) for item in ["x", "bad", "y"]), return_exceptions=True
    )
    assert [answers[0], answers[2]] == ["None:x", "None:y"]
    with pytest.raises(ValueError, match="bad sound"):
        raise answers[1]  # type: ignore[misc]


async def test_a_piece_that_the_engine_gives_up_fails_alone_and_its_batch_runs_once() -> None:
    ran: list[list[str]] = []

    def run(group: Hashable, items: Sequence[str]) -> list[str | Exception]:
        ran.append(list(items))
        return [ValueError("bad sound") if item == "bad" else item.upper() for item in items]

    queue: Batcher[str, str] = Batcher(run, most=100, most_items=10, wait_s=0.01)
    answers = await asyncio.gather(
        *(queue.submit(item, 1) for item in ("a", "bad", "c")), return_exceptions=True
    )
    queue.close()
    assert [str(answer) for answer in answers] == ["A", "bad sound", "C"]
    assert isinstance(answers[1], ValueError)
    assert len(ran) == 1
