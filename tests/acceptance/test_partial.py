"""What happens to the rest when a part fails: exit status 5, the manifest names it, everything else is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command, events, manifest
from tests.support.media import damage, make_numbered_video
from videoclip.media.probe import probe
from videoclip.settings import MediaLimits

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds whose pictures and sound are lost from the fourth to the sixth."""
    path = make_numbered_video(tmp_path_factory.mktemp("damaged") / "v.mp4", frames=250)
    damage(path, 4, 6)
    return path


def test_a_clip_that_cannot_be_made_leaves_the_others(
    command: Command, damaged: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = command.run(
        *("cut", damaged, "--range", "0-3", "--range", "4.2-5.8", "--range", "7-9"),
        *("-o", out, "--json"),
    )
    assert done.returncode == 5, done.stderr
    made = manifest(out)
    assert made["status"] == "partial"
    [failure] = made["failures"]
    assert (failure["stage"], failure["unit"]) == ("render", "c02")
    assert failure["code"] == "media_tool_failed"
    assert failure["cause"]
    assert failure["remedy"]
    assert [clip["id"] for clip in made["clips"]] == ["c01", "c03"]
    for clip in made["clips"]:
        assert clip["proof"]["ok"]
        assert probe(out / clip["file"], MediaLimits()).duration_ms == clip["duration_ms"]
    assert sorted(path.name for path in (out / "clips").glob("*.mp4")) == sorted(
        Path(clip["file"]).name for clip in made["clips"]
    )
    told = events(done.stdout)
    [inside] = [event for event in told if event["event"] == "error"]
    assert inside["data"]["unit"] == "c02"
    assert told[-1]["event"] == "job_finished"
    assert told[-1]["status"] == "partial"


def test_when_every_clip_fails_the_job_failed(
    command: Command, damaged: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = command.run("cut", damaged, "--range", "4.2-5.8", "-o", out, "--json")
    assert done.returncode == 5, done.stderr
    made = manifest(out)
    assert (made["status"], made["clips"]) == ("failed", [])
    assert [failure["unit"] for failure in made["failures"]] == ["c01"]
    assert list(out.rglob("*.mp4")) == []


def test_several_sources_in_one_command(command: Command, tmp_path: Path) -> None:
    one = make_numbered_video(tmp_path / "one.mp4", frames=275, audio="speech")
    two = make_numbered_video(tmp_path / "two.mkv", frames=275, size=(480, 270), audio="speech")
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video\n" * 100)
    out = tmp_path / "out"
    done = command.run(
        *("clip", one, bad, two, "-o", out, "--min-seconds", "2", "--top", "1"),
        *("--genre", "commerce"),
        *("--captions", "sidecar", "--json"),
    )
    assert done.returncode == 5, done.stderr
    assert "error: bad.mp4: " in done.stderr
    assert {path.name for path in out.iterdir()} == {"one", "two"}
    for source in (one, two):
        made = manifest(out / source.stem)
        assert made["source"]["name"] == source.name
        assert made["status"] == "succeeded"
        [clip] = made["clips"]
        assert probe(out / source.stem / clip["file"], MediaLimits()).video is not None
        assert (out / source.stem / "transcript.srt").stat().st_size
    told = events(done.stdout)
    assert [(e["event"], e["source"]) for e in told if e["event"] == "job_started"] == [
        ("job_started", source.name) for source in (one, bad, two)
    ]
    [refused] = [event for event in told if event["event"] == "error"]
    assert (refused["source"], refused["exit_status"]) == ("bad.mp4", 3)
    assert command.survivors() == []


def test_sources_that_are_all_bad_have_their_own_status(command: Command, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_text("no video\n" * 100)
    done = command.run("clip", tmp_path / "a.mp4", tmp_path / "b.mp4", "-o", tmp_path / "out")
    assert done.returncode == 3, done.stderr
    assert "error: a.mp4: " in done.stderr
    assert "error: b.mp4: " in done.stderr
