"""What a runner tells of its progress: all that matters, and not more than people can read."""

from __future__ import annotations

import pytest
import ray.exceptions

from actors.telling import Telling
from pipelines.faults import as_known, fault, may_pass
from videoclip.errors import EngineBusy, SourceNotMedia, StorageFull
from videoclip.progress import Event, Progress
from videoclip.settings import Settings


def test_every_stage_is_told_and_of_its_progress_a_little() -> None:
    telling = Telling(pause_ms=3_600_000)
    progress = Progress(telling.hear, job="j", source="s.mp4")
    progress.start("render", 100, "clips")
    for _ in range(100):
        progress.advance(1)
    events, now = telling.take()
    assert [kind for kind, _ in events] == ["stage_started", "progress"]
    assert now is not None
    assert (now["stage"], now["done"], now["total"], now["unit"]) == ("render", 100, 100, "clips")
    assert telling.take() == ([], None)
    progress.finish()
    telling.give_back(events)
    assert [kind for kind, _ in telling.take()[0]] == [
        "stage_started",
        "progress",
        "stage_finished",
    ]


def test_what_waits_for_a_database_that_is_away_does_not_grow_for_ever() -> None:
    telling = Telling(pause_ms=0)
    for number in range(5000):
        telling.hear(Event("notice", data={"number": number}))
    events, _ = telling.take()
    assert len(events) == 1000
    assert events[-1][1]["data"]["number"] == 4999


@pytest.mark.parametrize(
    ("error", "code", "again"),
    [
        (SourceNotMedia("no video", "give one"), "source_not_media", False),
        (EngineBusy("full", "wait"), "engine_busy", True),
        (StorageFull("full", "free some"), "storage_full", True),
        (OSError(28, "No space left on device"), "storage_full", True),
        (ray.exceptions.NodeDiedError("the node died"), "cluster_lost", True),
        (MemoryError(), "out_of_memory", True),
        (ray.exceptions.OutOfMemoryError("the node was close to full"), "out_of_memory", True),
        (ZeroDivisionError("oops"), "internal", False),
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_else(
    error: BaseException, code: str, again: bool
) -> None:
    known = as_known(error, Settings())
    assert fault(known)["code"] == code
    assert may_pass(known) is again
