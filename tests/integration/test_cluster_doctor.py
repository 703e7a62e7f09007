"""`videoclip doctor --cluster` on a real Ray: what it sees of a node, and what it says where there is none."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import ray

from cluster.doctor import examine
from pipelines.ray_runtime import RayRuntime
from tests.support.command import Command, check_error
from videoclip.settings import Settings

pytestmark = pytest.mark.ray


def test_a_node_is_asked_and_shared_things_are_found(
    ray_runtime: RayRuntime, tmp_path: Path, sqlite_template: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "videoclip.db").write_bytes(sqlite_template.read_bytes())
    address = ray.get_runtime_context().gcs_address
    settings = Settings(data_dir=data, ray={"address": address})
    # The session's workers have the session's data folder; a cluster's have the cluster's.
    lines = {line.name: line for line in examine(settings)}
    assert lines["versions"].ok, lines["versions"]
    assert lines["clock"].ok, lines["clock"]
    assert lines["token"].detail.endswith("loopback only"), ray.nodes()
    assert {address for process in family() for address in listening(process)} == {"127.0.0.1"}
    assert lines["shared storage"].ok, "the probe is found by its path"
    assert not lines["objects"].ok, (
        "that node has another data folder, so its objects are elsewhere"
    )
    assert lines["objects"].remedy
    assert list(data.glob(".doctor-*")) == []


def test_where_there_is_no_cluster_it_says_so(tmp_path: Path) -> None:
    done = Command(tmp_path / "data").run("doctor", "--cluster")
    check_error(done, 2, "no Ray cluster is named")
    gone = Command(tmp_path / "data", {"VIDEOCLIP_RAY__ADDRESS": "127.0.0.1:1"})
    check_error(gone.run("doctor", "--cluster", "--json"), 2, "127.0.0.1:1")


def family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def listening(process: psutil.Process) -> list[str]:
    """Addresses of this machine that a process can be reached at."""
    try:
        found = process.net_connections(kind="inet")
    except psutil.Error:
        return []
    return [one.laddr.ip.removeprefix("::ffff:") for one in found if one.status == "LISTEN"]
