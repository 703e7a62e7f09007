"""Shares of a GPU on logical GPUs: two models fit one, a third waits until a machine is added, which goes again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from pipelines.ray_runtime import ON_LOOPBACK
from tests.support.command import ROOT
from tests.support.ports import free_port

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A Ray whose autoscaler adds pretended machines with one logical GPU each; the head has none."""
    port = free_port()
    config = {
        "cluster_name": "pretended",
        "max_workers": 2,
        "idle_timeout_minutes": 0.1,
        "upscaling_speed": 10.0,
        "provider": {
            "type": "external",
            "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
            "gcs_address": f"127.0.0.1:{port}",
            # Nothing is installed on pretended machines, by ssh or otherwise.
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
            "use_node_id_as_ip": True,
        },
        "available_node_types": {
            "ray.head.default": {"resources": {"CPU": 1}, "node_config": {}, "max_workers": 0},
            "gpu": {
                "resources": {"CPU": 1, "GPU": 1, "object_store_memory": 80 * 2**20},
                "node_config": {},
                "min_workers": 0,
                "max_workers": 2,
            },
        },
        "head_node_type": "ray.head.default",
        "auth": {},
        "docker": {},
        "initialization_commands": [],
        "setup_commands": [],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": [],
        "worker_start_ray_commands": [],
        "file_mounts": {},
        "cluster_synced_files": [],
        "rsync_exclude": [],
        "rsync_filter": [],
    }
    file = tmp_path / "autoscaling.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    log = (tmp_path / "ray.log").open("wb")
    head = subprocess.Popen(
        [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
            *("--node-ip-address", "127.0.0.1", "--port", str(port), "--num-cpus", "1"),
            *("--autoscaling-config", str(file), "--include-dashboard", "false"),
            *("--object-store-memory", str(80 * 2**20), "--disable-usage-stats"),
        ],
        env={**environment(), "RAY_FAKE_CLUSTER": "1", "AUTOSCALER_UPDATE_INTERVAL_S": "1"},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    log.close()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        family = psutil.Process(head.pid).children(recursive=True)
        for process in [*family, head]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        head.wait(10)


def environment() -> dict[str, str]:
    usual = {name: value for name, value in os.environ.items() if name not in ON_LOOPBACK}
    return {**usual, "PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}


def test_two_models_share_a_gpu_and_a_third_waits_for_a_machine(cluster: str) -> None:
    wait_for(cluster)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.placement", cluster, str(free_port())],
        check=False, env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=360,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            step = json.loads(line)
            seen[step.pop("step")] = step
    assert seen["two"] == {"gpus": 1, "shares": [0.25, 0.667]}
    assert seen["third"]["waited"]
    assert seen["added"] == {"gpus": 2, "third": "RUNNING"}
    assert seen["removed"] == {"gpus": 1, "others": ["RUNNING", "RUNNING"]}


def wait_for(address: str) -> None:
    import socket

    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.2)
    pytest.fail("Ray did not start")
