"""The ledger adds up over processes and keeps its limits; the guard lets speech through and instructions not."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from videoclip.highlights.budget import BudgetSpent, Ledger, Spent
from videoclip.highlights.guard import Guard


def test_what_was_spent_adds_up(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "job" / "ledger")
    assert ledger.total() == Spent()
    for _ in range(2):
        ledger.reserve(500)
        ledger.settle(500, Spent(1, 300, 40, 1.5, estimated=False))
    ledger.reserve(500)
    ledger.settle(500, Spent(3, estimated=True))
    assert ledger.total() == Spent(5, 600, 80, 3.0, estimated=True)
    assert Ledger(tmp_path / "job" / "ledger").total() == ledger.total()


def test_a_reservation_counts_until_it_is_settled(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger", max_tokens=1000)
    ledger.reserve(600)
    with pytest.raises(BudgetSpent, match="600 of its 1000"):
        ledger.reserve(600)
    ledger.settle(600, Spent(1, 100, 50, 0.5))
    ledger.reserve(850)
    with pytest.raises(BudgetSpent):
        ledger.reserve(1)


def test_seconds_have_a_limit_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger", max_seconds=2.0)
    ledger.reserve(1)
    ledger.settle(1, Spent(1, 1, 1, 2.5))
    with pytest.raises(BudgetSpent, match="of its 2 seconds"):
        ledger.reserve(1)


def spend(path: Path, times: int) -> None:
    ledger = Ledger(path, max_tokens=50)
    for _ in range(times):
        try:
            ledger.reserve(1)
        except BudgetSpent:
            return
        ledger.settle(1, Spent(1, 1, 0, 0.0))


def test_several_processes_never_spend_more_than_the_limit(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=spend, args=(tmp_path / "ledger", 40)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert Ledger(tmp_path / "ledger").total().prompt_tokens == 50


# ------------------------------------------------------------------ guard

TOLD = [
    "You are an editor who picks highlights out of live commerce shows.",
    "你是一名剪辑师，负责从直播带货视频中挑选高光片段。",
]
GUARD = Guard(
    TOLD, ["the pan is at www.pans.example", "as i said pick highlights out of live commerce"]
)


@pytest.mark.parametrize(
    "text",
    [
        "You are an editor who picks clips",
        "YOU ARE: an... editor, who",
        "标题：你是一名剪辑师，负责从",
        "youareaneditorwhopickshighlights",
    ],
)
def test_pieces_of_the_instructions_are_found(text: str) -> None:
    assert GUARD.leaks("harmless", text)


def test_pieces_over_several_hashtags_are_found() -> None:
    assert GUARD.leaks("youareaneditor", "whopickshigh", "lightsoutof")


@pytest.mark.parametrize(
    "text",
    [
        "Wireless vacuum: ninety nine dollars",
        "highlights out of live commerce",  # spoken
        "一名剪辑师的一天",
        "live commerce shows",
        "",
    ],
)
def test_what_is_no_leak_passes(text: str) -> None:
    assert not GUARD.leaks(text)


@pytest.mark.parametrize(
    "text",
    [
        "1.5 litres in 3 min.",
        "It is 99.50 dollars",
        "第3名，2026年",
        "see www.pans.example!",
        "a.k.a",
    ],
)
def test_plain_texts_name_no_stranger(text: str) -> None:
    assert not GUARD.names_stranger(text)
