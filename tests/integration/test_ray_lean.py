"""A private Ray is no larger than a job needs: what it starts, and what its workers import, is paid for by every job."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines import ray_data
from pipelines.ray_runtime import RayRuntime

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.ray
def test_a_private_ray_has_no_attendants(ray_runtime: RayRuntime) -> None:
    ray_runtime.start()
    from ray._private.node import Node

    started = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            started += [w for w in process.cmdline() if w.endswith((".py", "raylet", "gcs_server"))]
    assert any(word.endswith("raylet") for word in started)
    names = {Path(word).name for word in started}
    assert not names & {"log_monitor.py", "monitor.py", "dashboard.py"}
    for method in (Node.start_log_monitor, Node.start_monitor, Node.start_api_server):
        assert method.__module__ == "ray._private.node"
    assert "RAY_enable_metrics_collection" not in os.environ  # of what this process starts later


@pytest.mark.ray
def test_ray_data_starts_no_actors_for_itself_and_sleeps_until_a_unit_ends(
    ray_runtime: RayRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray_runtime.start()
    import ray.data
    from ray.data._internal.execution import streaming_executor_state as loop

    rounds: list[float] = []
    wait = loop.ray.wait

    def counted(*refs: Any, **options: Any) -> Any:
        rounds.append(time.time())
        return wait(*refs, **options)

    monkeypatch.setattr(loop.ray, "wait", counted)
    rows = ray.data.from_items([{"s": 0.1}, {"s": 6.0}], override_num_blocks=2).map(
        Sleeper, compute=ray.data.ActorPoolStrategy(size=2, max_tasks_in_flight_per_actor=1)
    )
    ended = []
    for batch in rows.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
        ended += [(row["at"], time.time()) for row in batch.to_pylist()]
    (_, seen), (last, _) = ended
    assert seen < last, "a result is seen soon, not when all are there"
    asleep = [at for at in rounds if seen + 0.5 < at < last - 0.5]
    assert len(asleep) < 3 * (last - seen), "with Ray Data's own loop it is ten times a second"
    running = {process.name() for process in psutil.Process().children(recursive=True)}
    assert any(name.startswith("ray::") for name in running)
    assert not [
        name for name in running if "Stats" in name or "Autosc" in name or "Tracker" in name
    ]


class Sleeper:
    """A unit that does nothing for a while."""

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        time.sleep(row["s"])
        return {"at": time.time()}


def test_what_is_exchanged_in_ray_data_is_there_and_comes_back() -> None:
    before = [vars(where).get(name) for where, name, _ in ray_data.exchanged()]
    assert None not in before, "a part has another name in this release of Ray"
    undo = ray_data.without_helpers()
    undo()
    assert [vars(where).get(name) for where, name, _ in ray_data.exchanged()] == before


@pytest.mark.parametrize("stage", ["speech_stage", "render_stage", "highlight_stage"])
def test_workers_do_not_import_the_database(stage: str) -> None:
    code = f"import sys, pipelines.{stage}; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
