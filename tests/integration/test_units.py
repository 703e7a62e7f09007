"""Units under a real Ray Data: reuse, failures that stay inside their unit, workers that die, cancelling."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.context import JobContext
from pipelines.ray_runtime import RayRuntime
from pipelines.units import Unit, WorkerResult, run_units
from videoclip.errors import Cancelled, MediaToolFailed, StorageFull
from videoclip.progress import Event, Progress
from videoclip.settings import RaySettings, Settings
from videoclip.store import Store

pytestmark = pytest.mark.ray


@dataclass(frozen=True)
class Tally:
    """A worker that leaves a line a unit, and misbehaves when told to."""

    log: Path

    def __call__(self) -> Tally:
        return self

    def work(self, task: Any) -> WorkerResult:
        with self.log.open("a") as log:
            log.write(f"{task}\n")
        if task == "bad":
            raise MediaToolFailed("the input is bad", "give another")
        if task == "defect":
            raise ZeroDivisionError("oops")
        if task == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "full":
            raise StorageFull("the disk is full", "free some")
        return WorkerResult({"said": task})

    def runs(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


def units(*tasks: str) -> list[Unit]:
    return [Unit(key=task, fingerprint=f"fp-{task}", task=task) for task in tasks]


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    return Tally(tmp_path / "log")


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def context(tmp_path: Path, ray_runtime: RayRuntime, events: list[Event]) -> Iterator[JobContext]:
    settings = Settings(data_dir=tmp_path / "data")
    with Store(settings) as store:
        job = store.ensure_job("clip", "k", {})
        with store.own_job(job.id) as attempt:
            yield JobContext(
                job.id,
                attempt,
                settings,
                store,
                ray_runtime,
                Progress(events.append),
                threading.Event(),
            )


def test_results_are_committed_and_reused(context: JobContext, tally: Tally) -> None:
    first = run_units(context, "stage", units("a", "b"), tally, measure="units")
    assert {k: v.payload for k, v in first.artifacts.items()} == {
        "a": {"said": "a"},
        "b": {"said": "b"},
    }
    second = run_units(context, "stage", units("a", "b", "c"), tally, measure="units")
    assert (second.report.units, second.report.reused) == (3, 2)
    assert sorted(tally.runs()) == ["a", "b", "c"]


def test_a_bad_unit_fails_alone_with_its_cause(context: JobContext, tally: Tally) -> None:
    outcome = run_units(context, "stage", units("a", "bad", "defect", "b"), tally, measure="units")
    assert set(outcome.artifacts) == {"a", "b"}
    failed = {failure.unit: failure for failure in outcome.failures}
    assert failed["bad"].code == "media_tool_failed"
    assert failed["bad"].cause == "the input is bad"
    assert failed["defect"].code == "internal"
    assert "ZeroDivisionError" in failed["defect"].cause
    assert outcome.report.failed == 2


def test_a_unit_that_kills_its_worker_is_given_up_and_the_others_live(
    context: JobContext, tally: Tally
) -> None:
    outcome = run_units(context, "stage", units("a", "deadly", "b", "c"), tally, measure="units")
    assert set(outcome.artifacts) == {"a", "b", "c"}
    assert [f.unit for f in outcome.failures] == ["deadly"]
    assert "died on this unit 2 times" in outcome.failures[0].cause
    assert tally.runs().count("deadly") == 2


def test_a_full_disk_stops_the_stage_and_keeps_what_is_done(
    context: JobContext, tally: Tally
) -> None:
    run_units(context, "stage", units("a"), tally, measure="units")
    with pytest.raises(StorageFull, match="the disk is full"):
        run_units(context, "stage", units("a", "full"), tally, measure="units", inline_single=True)
    assert set(context.store.artifacts(["fp-a", "fp-full"])) == {"fp-a"}


def test_cancel_stops_between_units(context: JobContext, tally: Tally) -> None:
    context.cancel.set()
    with pytest.raises(Cancelled):
        run_units(context, "stage", units("a", "b"), tally, measure="units")


@dataclass(frozen=True)
class Here:
    """Says which process it works in, and stays long enough for another to take the next unit."""

    def __call__(self) -> Here:
        return self

    def work(self, task: Any) -> WorkerResult:
        time.sleep(1)
        return WorkerResult({"pid": os.getpid()})


@pytest.mark.parametrize(("memory_bytes", "workers"), [(2 * 2**30, 2), (2**30, 1), (1, 1)])
def test_memory_decides_how_many_workers_there_are(
    context: JobContext, events: list[Event], memory_bytes: int, workers: int
) -> None:
    context.ray = RayRuntime(RaySettings(num_cpus=2, memory_bytes=memory_bytes))
    outcome = run_units(
        context, "stage", units("a", "b", "c", "d"), Here(), measure="units", memory_bytes=2**30
    )
    assert len({artifact.payload["pid"] for artifact in outcome.artifacts.values()}) == workers
    told = [event.data["message"] for event in events if event.event == "notice"]
    assert len(told) == (workers < 2)
    assert all("1 of 2 workers" in message for message in told)


class Holder:
    """Holds what Ray gave it."""

    def here(self) -> None:
        """Answered once it does."""


def test_a_share_of_a_gpu_is_counted_and_waiting_for_it_is_told(
    context: JobContext, events: list[Event]
) -> None:
    import ray

    holder = ray.remote(num_gpus=0.8)(Holder).remote()
    ray.get(holder.here.remote())
    while context.ray.free_gpus > 0.5:
        time.sleep(0.05)

    def let_go() -> None:
        while not any(event.data.get("waiting_for") == "gpu" for event in events):
            time.sleep(0.05)
        ray.kill(holder)

    thread = threading.Thread(target=let_go)
    thread.start()
    outcome = run_units(context, "stage", units("a"), Here(), measure="units", num_gpus=0.5)
    thread.join()
    wall_s = outcome.artifacts["a"].wall_s
    assert wall_s >= 1
    assert outcome.report.gpu_s == pytest.approx(0.5 * wall_s, abs=0.01)
    assert events[-1].data == {}, "it waits no longer"
    free = run_units(context, "next", units("b"), Here(), measure="units")
    assert free.report.gpu_s == 0


def test_progress_counts_the_weights(
    context: JobContext, tally: Tally, events: list[Event]
) -> None:
    weighted = [Unit("a", "fp-a", "a", weight=2.5), Unit("b", "fp-b", "b", weight=7.5)]
    run_units(context, "stage", weighted, tally, measure="s")
    last = [event for event in events if event.event == "stage_finished"][-1]
    assert (last.done, last.total, last.unit) == (10.0, 10.0, "s")
