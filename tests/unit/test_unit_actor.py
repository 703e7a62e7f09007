"""What a unit costs of graphics cards, and that memory which is not to be had is told as such."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.faults import unit_may_pass
from pipelines.unit_actor import UnitActor, WorkerResult
from pipelines.units import _answer
from serve_apps.asr.deployment import gpu_seconds
from videoclip.errors import RecognitionFailed
from videoclip.schemas import Failure


@dataclass(frozen=True)
class Asking:
    """A worker that has a model elsewhere do the work."""

    gpu_s: float

    def __call__(self) -> Asking:
        return self

    def work(self, task: Any) -> WorkerResult:
        return WorkerResult({"said": task}, gpu_s=self.gpu_s)


def row(worker: Asking, folder: Path) -> dict[str, Any]:
    actor = UnitActor(pickle.dumps(worker))
    task = pickle.dumps("x")
    return actor({"key": "u", "task": task, "attempts": str(folder / "attempts"), "trace": ""})


def test_a_batch_is_divided_by_the_length_of_its_sounds() -> None:
    assert gpu_seconds(0.25, 8.0, [100, 300]) == [0.5, 1.5]
    assert gpu_seconds(0.0, 8.0, [100, 300]) == [0.0, 0.0]
    assert gpu_seconds(0.5, 8.0, [0]) == [0.0]


def test_a_unit_costs_what_its_actor_holds_and_what_a_served_model_held_for_it(
    tmp_path: Path,
) -> None:
    done = row(Asking(1.5), tmp_path) | {"wall_s": 4.0}
    assert _answer(done).gpu_s == 1.5, "an actor without a share"
    assert _answer(done, 0.5).gpu_s == pytest.approx(3.5)
    assert _answer(row(Asking(0.0), tmp_path)).gpu_s == 0
    assert (tmp_path / "attempts").stat().st_size == 0, "it did not die"


@dataclass(frozen=True)
class Greedy:
    """A worker that asks for more memory than there is, in its own code or in an engine's."""

    def __call__(self) -> Greedy:
        return self

    def work(self, task: Any) -> WorkerResult:
        try:
            return WorkerResult({"size": len(bytearray(2**62))})
        except MemoryError as error:
            if task == "engine":
                raise RecognitionFailed("the engine failed: no memory", "Use less") from error
            raise


def test_a_unit_that_runs_out_of_memory_says_so_and_its_worker_goes_on(tmp_path: Path) -> None:
    actor = UnitActor(pickle.dumps(Greedy()))
    for task, cause in (
        ("own", "the worker ran out of memory: MemoryError"),
        ("engine", "the engine failed"),
    ):
        marker = str(tmp_path / "a")
        told = actor({"key": "u", "task": pickle.dumps(task), "attempts": marker, "trace": ""})
        failure = _answer(told).failure
        assert failure is not None
        assert (failure.code, failure.cause.startswith(cause)) == ("out_of_memory", True)
        assert unit_may_pass(Failure(stage="s", unit="u", **dataclasses.asdict(failure)))
