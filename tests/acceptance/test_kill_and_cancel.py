"""Killed at any instant, cancelled at any stage: resumable, nothing half-written, nobody left behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import SAMPLE, Command, events, manifest

pytestmark = [pytest.mark.ray, pytest.mark.slow]

KILLS = 10
SHARDS = {"VIDEOCLIP_SPEECH__SHARD_TARGET_MS": "10000", "VIDEOCLIP_SPEECH__SHARD_MAX_MS": "15000"}


@pytest.fixture(scope="module")
def short_show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of the sample, smaller, so that rendering it is quick: several shards, two clips."""
    path = tmp_path_factory.mktemp("short") / "short.mp4"
    small = ("-vf", "scale=480:270", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-ss", "20", "-i", SAMPLE, "-t", "42", *small, path], check=True
    )
    return path


def arguments(source: Path, out: Path) -> tuple[str | Path, ...]:
    return (
        "clip",
        source,
        "-o",
        out,
        "--top",
        "2",
        "--min-seconds",
        "8",
        "--max-seconds",
        "20",
        "--json",
    )


def outcome(out: Path) -> dict[str, Any]:
    """All that must be equal between runs."""
    made = manifest(out)
    return {
        "files": {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file() and path.name != "manifest.json"
        },
        "clips": made["clips"],
        "candidates": made["candidates"],
        "status": made["status"],
    }


@pytest.fixture(scope="module")
def undisturbed(
    short_show: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], float]:
    folder = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    done = Command(folder / "data", SHARDS).run(*arguments(short_show, folder / "out"))
    assert done.returncode == 0, done.stderr
    made = manifest(folder / "out")
    assert len(made["clips"]) == 2
    assert next(s["units"] for s in made["stages"] if s["name"] == "recognise") >= 4
    return outcome(folder / "out"), time.monotonic() - began


@pytest.mark.timeout(1800)
def test_killed_at_ten_random_instants(
    undisturbed: tuple[dict[str, Any], float], short_show: Path, tmp_path: Path
) -> None:
    expected, wall_s = undisturbed
    chance = random.Random(20261123)
    command, out = Command(tmp_path / "data", SHARDS), tmp_path / "out"
    killed = 0
    while killed < KILLS:
        process = command.start(*arguments(short_show, out), stdout=subprocess.DEVNULL)
        try:
            _, error = process.communicate(timeout=chance.uniform(0.5, wall_s))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
            assert command.survivors() == [], f"after kill {killed}"
            for path in out.rglob("*"):  # whatever is there is whole
                name = path.relative_to(out).as_posix()
                if path.is_file() and name not in ("manifest.json", ".videoclip-journal.json"):
                    assert path.read_bytes() == expected["files"][name]
        else:
            assert process.returncode == 0, error
            shutil.rmtree(tmp_path / "data")  # it got through: begin anew
            shutil.rmtree(out)
    done = command.run(*arguments(short_show, out))
    assert done.returncode == 0, done.stderr
    assert outcome(out) == expected


@pytest.mark.alone
@pytest.mark.parametrize(
    ("stage", "by"),
    [
        ("audio", signal.SIGINT),
        ("recognise", signal.SIGINT),
        ("recognise", signal.SIGTERM),
        ("render", signal.SIGTERM),
    ],
)
def test_cancelled_within_five_seconds_and_resumable(
    undisturbed: tuple[dict[str, Any], float],
    short_show: Path,
    tmp_path: Path,
    stage: str,
    by: signal.Signals,
) -> None:
    command, out = Command(tmp_path / "data", SHARDS), tmp_path / "out"
    process = command.start(*arguments(short_show, out))
    assert process.stdout is not None
    for line in process.stdout:
        event = events(line)[0]
        if event["event"] == "stage_started" and event["stage"] == stage:
            break
    else:
        pytest.fail(f"{stage} never began: {process.communicate()[1]}")
    time.sleep(0.3)
    began = time.monotonic()
    # As a terminal does it: every process in the foreground group gets the signal.
    os.killpg(process.pid, by)
    rest, error = process.communicate(timeout=30)
    assert time.monotonic() - began <= 5.0
    last = events(rest)[-1]
    assert (last["event"], last["code"], last["exit_status"]) == ("error", "cancelled", 130)
    assert process.returncode == 130, error
    assert "cancelled" in error
    assert "Traceback" not in error
    assert command.survivors(within_s=1.0) == []
    assert not (out / "manifest.json").exists()
    if stage == "render":
        done = command.run(*arguments(short_show, out))
        assert done.returncode == 0, done.stderr
        assert outcome(out) == undisturbed[0]
        recognised = next(s for s in manifest(out)["stages"] if s["name"] == "recognise")
        assert recognised["reused"] == recognised["units"]


def test_a_second_run_of_the_same_job_is_refused_while_the_first_lives(
    short_show: Path, tmp_path: Path
) -> None:
    command = Command(tmp_path / "data", SHARDS)
    first = command.start(*arguments(short_show, tmp_path / "one"))
    assert first.stdout is not None
    for line in first.stdout:
        if events(line)[0]["event"] == "job_started":
            break
    second = command.run(*arguments(short_show, tmp_path / "two"))
    assert second.returncode == 2
    assert "another process is working on the same job" in second.stderr
    os.killpg(first.pid, signal.SIGINT)
    first.communicate(timeout=30)
