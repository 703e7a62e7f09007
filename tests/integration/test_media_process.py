"""FFmpeg stays inside its limits, ends with its parent, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
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
        finding.ok or finding.remedy or "missing" in finding.detail for finding in findings.values()
    )
