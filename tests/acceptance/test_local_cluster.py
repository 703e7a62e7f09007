"""A local Ray that stays between commands: `make up`, `make down`; jobs that are submitted to it by Ray's own command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.command import SAMPLE, Command, manifest
from tests.support.media import make_numbered_video

pytestmark = [pytest.mark.slow, pytest.mark.ray]


def test_a_local_ray_that_stays_is_used_and_ended(tmp_path: Path) -> None:
    command = Command(tmp_path / "data")
    source = make_numbered_video(tmp_path / "v.mp4", frames=100)

    def local(action: str) -> subprocess.CompletedProcess[str]:
        process = command.start(action, module="cluster.local")
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess([action], process.returncode, out, err)

    assert local("status").stdout == "down\n"
    idle = command.run("status")
    assert (idle.returncode, "nothing runs" in idle.stdout) == (5, True), idle.stderr
    assert not (tmp_path / "data").exists(), "to look changes nothing"
    try:
        up = local("up")
        assert up.returncode == 0, up.stderr
        record = json.loads((tmp_path / "data" / "cluster" / "local.json").read_text())
        assert listening(record["pid"]) <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
        address = re.findall(r"up at (\S+?:\d+)\.", up.stdout)[0]
        assert local("up").stdout == up.stdout, "a second one finds the first"
        assert address in local("status").stdout
        joined = Command(tmp_path / "data", {"VIDEOCLIP_RAY__ADDRESS": address}, command.mark)
        done = joined.run(
            *("cut", source, "--range", "0-1", "--range", "2-3", "-o", tmp_path / "out", "--json")
        )
        assert done.returncode == 0, done.stderr
        assert len(manifest(tmp_path / "out")["clips"]) == 2
        assert address in local("status").stdout, "a job leaves it running"
        check_ray_jobs(command, source, tmp_path)
    finally:
        down = local("down")
    assert down.stdout == "Ray is down.\n"
    assert local("down").stdout == "No Ray was running.\n"
    assert command.survivors() == []


def listening(pid: int) -> set[str]:
    """Addresses that a process and its children can be reached at."""
    head = psutil.Process(pid)
    return {
        str(socket.laddr.ip)
        for process in [head, *head.children(recursive=True)]
        for socket in process.net_connections("inet")
        if socket.status == psutil.CONN_LISTEN
    }


def check_ray_jobs(command: Command, source: Path, folder: Path) -> None:
    """`ray job submit`: progress in the job's log, its exit status; `ray job stop` leaves nothing half-written."""
    transcript = folder / "said.srt"
    transcript.write_text("1\n00:00:00,000 --> 00:00:03,900\nThis vacuum runs for an hour.\n")
    record = json.loads((folder / "data" / "cluster" / "local.json").read_text())

    def ray(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        words = ("job", arguments[0], "--address", record["dashboard"], *arguments[1:])
        process = command.start(*words, module="ray.scripts.scripts")
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    here = (sys.executable, "-m", "cluster.submit", source)
    done = ray(
        *("submit", "--", *here, "-o", folder / "made", "--transcript", transcript),
        *("--min-seconds", "1", "--captions", "none", "--loudness", "off", "--products", "vacuum"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Rendering clips +1/1 clips · in", done.stdout), done.stdout
    assert [clip["file"] for clip in manifest(folder / "made")["clips"]]
    refused = ray("submit", "--", *here, "-o", folder / "none", "--top", "0")
    assert refused.returncode == 1, "Ray's own status of a job that failed"
    assert "what to do: See cluster.submit --help" in refused.stdout + refused.stderr

    here = (sys.executable, "-m", "cluster.submit", SAMPLE, "-o", folder / "stopped")
    begun = ray("submit", "--no-wait", "--submission-id", "one", "--", *here)
    assert begun.returncode == 0, begun.stderr
    job = f"{record['dashboard']}/api/jobs/one"
    wait_for(lambda: "Extracting audio" in httpx.get(f"{job}/logs", timeout=30).json()["logs"])
    assert httpx.post(f"{job}/stop", timeout=30).json() == {"stopped": True}
    wait_for(lambda: httpx.get(job, timeout=30).json()["status"] == "STOPPED")
    left = [path for path in (folder / "stopped").rglob("*") if path.is_file()]
    assert left == []


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)
