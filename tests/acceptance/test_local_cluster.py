"""A local Ray that stays between commands: `make up`, `make down`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.command import Command, manifest
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
    try:
        up = local("up")
        assert up.returncode == 0, up.stderr
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
    finally:
        down = local("down")
    assert down.stdout == "Ray is down.\n"
    assert local("down").stdout == "No Ray was running.\n"
    assert command.survivors() == []
