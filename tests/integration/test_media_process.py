"""FFmpeg stays inside its limits, ends with its parent, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clips import LIMITS
from tests.support.media import make_numbered_video
from videoclip.errors import Cancelled, MediaToolFailed, StorageFull
from videoclip.media.audio import extract_audio
from videoclip.media.doctor import diagnose
from videoclip.media.ffmpeg import run
from videoclip.media.probe import probe
from videoclip.settings import MediaLimits

ENDLESS = ["-f", "lavfi", "-re", "-i", "testsrc=s=64x64"]


def running(marker: str) -> list[int]:
    """Processes whose command line holds the marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if marker.encode() in command and command.startswith((b"ffmpeg", b"/usr")):
                found.append(int(entry.name))
    return found


def endless(marker: str) -> list[str]:
    return [*ENDLESS, "-metadata", f"title={marker}", "-f", "null", "-"]


def test_progress_time_and_frames_are_reported() -> None:
    seen: list[int] = []
    args = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=2", "-f", "null", "-"]
    done = run(args, limits=LIMITS, media_seconds=2, on_progress=seen.append)
    assert seen[-1] == pytest.approx(2_000, abs=80)
    assert done.frames == 50
    assert done.cpu_s > 0


def test_cancelling_stops_at_once_and_leaves_nothing() -> None:
    marker, cancel = uuid.uuid4().hex, threading.Event()
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run(endless(marker), limits=LIMITS, media_seconds=60, cancel=cancel)
    assert time.monotonic() - started < 3
    assert running(marker) == []


def test_the_wall_limit_ends_it() -> None:
    marker = uuid.uuid4().hex
    limits = MediaLimits(min_wall_s=1, wall_per_media_s=0.001)
    with pytest.raises(MediaToolFailed, match="limit of"):
        run(endless(marker), limits=limits, media_seconds=1)
    assert running(marker) == []


def test_the_memory_limit_ends_it() -> None:
    limits = MediaLimits(memory_bytes=400 * 1024**2)
    args = ["-f", "lavfi", "-i", "testsrc2=s=8192x4320:d=1", "-vf", "reverse", "-f", "null", "-"]
    with pytest.raises(MediaToolFailed):
        run(args, limits=limits, media_seconds=1)


def test_an_interrupt_leaves_nothing() -> None:
    """Whatever leaves the call by an exception, here one out of the progress report, kills the process."""
    marker = uuid.uuid4().hex

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(endless(marker), limits=LIMITS, media_seconds=60, on_progress=interrupt)
    assert running(marker) == []


def test_it_dies_with_its_parent() -> None:
    marker = uuid.uuid4().hex
    code = (
        "from videoclip.media.ffmpeg import run; from videoclip.settings import MediaLimits; "
        f"run({endless(marker)!r}, limits=MediaLimits(), media_seconds=60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 60
        while not running(marker) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running(marker)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 5
    while running(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running(marker) == []


def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    source = make_numbered_video(tmp_path / "v.mp4", frames=50)
    with pytest.raises(StorageFull, match="no space"):
        extract_audio(source, probe(source, LIMITS), Path("/dev/full"), LIMITS)


def test_failures_are_one_line_with_a_remedy() -> None:
    with pytest.raises(MediaToolFailed) as caught:
        run(
            ["-i", "file:/nowhere\x1b[31m\nat all", "-f", "null", "-"],
            limits=LIMITS,
            media_seconds=1,
        )
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert caught.value.remedy


def test_secrets_of_the_environment_do_not_reach_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    from videoclip.media.ffmpeg import _environment

    monkeypatch.setenv("VIDEOCLIP_LLM__API_KEY", "secret")
    assert "secret" not in str(_environment())


def test_the_doctor_finds_this_machine_fit() -> None:
    findings = {finding.name: finding for finding in diagnose()}
    for name in (
        "ffmpeg",
        "ffprobe",
        "H.264 encoder (libx264)",
        "AAC encoder",
        "captions (libass)",
    ):
        assert findings[name].ok, findings[name]
    assert all(
        finding.ok
        or finding.remedy
        or "missing" in finding.detail
        or finding.name.startswith("hardware encoder")
        for finding in findings.values()
    )


# ---------------------------------------------------------------------- a tool that means harm


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Puts a shell script in FFmpeg's place; its children carry the returned mark."""

    def install(script: str) -> str:
        marker = uuid.uuid4().hex
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/bash\nMARK={marker}\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr("videoclip.media.ffmpeg.find_tool", lambda _: str(path))
        return marker

    return install


SHORT = MediaLimits(min_wall_s=1, wall_per_media_s=0.001)
CHILD = "python3 -c 'import time; time.sleep(300)' $MARK"


def alive(marker: str) -> list[int]:
    """Processes with the mark in their command line; a moment is given to those that are dying."""
    for _ in range(20):
        found = [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and marker.encode() in _command(entry)
        ]
        if not found:
            break
        time.sleep(0.1)
    return found


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    "script",
    [
        f"{CHILD} & {CHILD} & wait",
        f"trap '' TERM INT HUP; ({CHILD}) & while :; do sleep 0.1; done",
        f"exec >&- 2>&-; {CHILD}",
        f"{CHILD} & exit 0",
    ],
    ids=["forks", "ignores SIGTERM", "closes its pipes", "leaves a child with its pipes"],
)
def test_a_tool_that_does_not_end_is_killed_with_its_children(
    fake: Callable[[str], str], script: str
) -> None:
    marker = fake(script)
    started = time.monotonic()
    with pytest.raises(MediaToolFailed, match="limit of"):
        run([], limits=SHORT, media_seconds=0)
    assert time.monotonic() - started < 10
    assert alive(marker) == []


def test_children_that_outlive_a_tool_that_ended_well_are_killed(
    fake: Callable[[str], str],
) -> None:
    marker = fake(f"{CHILD} >/dev/null 2>&1 & exit 0")
    run([], limits=LIMITS, media_seconds=0)
    assert alive(marker) == []


def test_cancelling_reaches_a_tool_that_has_closed_its_pipes(fake: Callable[[str], str]) -> None:
    marker, cancel = fake(f"exec >&- 2>&-; {CHILD}"), threading.Event()
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run([], limits=LIMITS, media_seconds=60, cancel=cancel)
    assert time.monotonic() - started < 10
    assert alive(marker) == []


def test_every_limit_is_set_on_the_tool(fake: Callable[[str], str]) -> None:
    fake("cat /proc/self/limits /proc/self/status >&2")
    limits = MediaLimits(memory_bytes=123 * 1024**2, min_wall_s=7, wall_per_media_s=1.0)
    told = run([], limits=limits, media_seconds=3).stderr
    rows = {line[:26].strip(): line[26:].split() for line in told.splitlines()}
    assert rows["Max address space"][0] == str(123 * 1024**2)
    assert rows["Max cpu time"][0] == str(10 * (os.cpu_count() or 1))
    assert rows["Max core file size"][0] == "0"
    assert int(rows["Max file size"][0]) > 2 * 1024**3
    assert "NoNewPrivs:\t1" in told


@pytest.mark.parametrize(("name", "cause"), [("XCPU", "processor"), ("XFSZ", "more than it may")])
def test_a_tool_stopped_by_a_limit_says_which(
    fake: Callable[[str], str], name: str, cause: str
) -> None:
    fake(f"kill -{name} $$")
    with pytest.raises(MediaToolFailed, match=cause):
        run([], limits=LIMITS, media_seconds=0)


def test_the_size_limit_ends_a_file_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videoclip.media.ffmpeg._FILE_FIXED", 200_000)
    monkeypatch.setattr("videoclip.media.ffmpeg._FILE_PER_MEDIA_S", 0)
    out = tmp_path / "out.raw"
    args = ["-f", "lavfi", "-i", "testsrc=s=320x180", "-f", "rawvideo", str(out)]
    with pytest.raises(MediaToolFailed):
        run(args, limits=LIMITS, media_seconds=1)
    assert out.stat().st_size <= 200_000
