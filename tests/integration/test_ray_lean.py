"""A private Ray is no larger than a job needs: what it starts, and what its workers import, is paid for by every job."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

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


@pytest.mark.parametrize("stage", ["speech_stage", "render_stage", "highlight_stage"])
def test_workers_do_not_import_the_database(stage: str) -> None:
    code = f"import sys, pipelines.{stage}; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
