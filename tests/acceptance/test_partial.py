"""Some of the work fails, the rest is there; and a local Ray that stays between commands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import av
import pytest

from tests.support.command import Command, events, manifest
from tests.support.media import make_numbered_video

pytestmark = [pytest.mark.slow, pytest.mark.ray]


def make_damaged_video(path: Path) -> Path:
    """Ten seconds whose pictures are zeros from the sixth second on; the index is whole."""
    make_numbered_video(path, frames=250, audio="noise")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        bad = [(p.pos, p.size) for p in packets if p.pts * p.time_base >= 5]
    data = bytearray(path.read_bytes())
    for place, size in bad:
        assert place is not None
        data[place : place + size] = bytes(size)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("mode", ["encode", "smart"])
def test_one_clip_fails_and_the_others_are_there(tmp_path: Path, mode: str) -> None:
    source, out = make_damaged_video(tmp_path / "v.mp4"), tmp_path / "out"
    command = Command(tmp_path / "data")
    done = command.run(
        *("cut", source, "--range", "1-3", "--range", "6-8", "--range", "2-4"),
        *("-o", out, "--mode", mode, "--json"),
    )
    assert done.returncode == 5, done.stderr
    told = manifest(out)
    assert told["status"] == "partial"
    assert [(clip["start_ms"], clip["end_ms"]) for clip in told["clips"]] == [
        (1000, 3000),
        (2000, 4000),
    ]
    assert [(failure["stage"], failure["unit"]) for failure in told["failures"]] == [
        ("render", "c02")
    ]
    assert told["failures"][0]["cause"]
    assert told["failures"][0]["remedy"]
    assert len(list((out / "clips").glob("*.mp4"))) == 2
    assert events(done.stdout)[-1]["status"] == "partial"
    assert command.survivors() == []


def test_several_sources_become_several_folders(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.mp4", "b.mp4"):
        make_numbered_video(tmp_path / "in" / name, frames=150, audio="none")
    (tmp_path / "in" / "notes.txt").write_text("no video")
    command = Command(tmp_path / "data")
    done = command.run("clip", tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert done.returncode == 4, done.stderr  # both are silent
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a", "b"}
    for name in ("a", "b"):
        assert manifest(tmp_path / "out" / name)["source"]["name"] == f"{name}.mp4"
    sources = {event["source"] for event in events(done.stdout) if event.get("source")}
    assert {"a.mp4", "b.mp4"} <= sources


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
