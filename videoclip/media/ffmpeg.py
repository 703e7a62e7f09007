"""Runs FFmpeg as a separate process with limits: the one door through which media is touched.

Every call has its own session, dies with its parent, may neither read the network nor another
format than the one that was probed, and ends at its memory, processor, file size and wall limits.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import re
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

from videoclip.errors import (
    Cancelled,
    EngineUnavailable,
    MediaToolFailed,
    StorageFull,
    one_line,
)
from videoclip.media.inputs import distinct, file_url, input_args, input_options, unmasked
from videoclip.observe import tracing
from videoclip.settings import MediaLimits

__all__ = [
    "ToolResult",
    "cpu_meter",
    "distinct",
    "encoder_names",
    "file_url",
    "find_tool",
    "input_args",
    "input_options",
    "run",
    "run_probe",
    "version",
]

_TAIL = 64 * 1024
_POLL_S = 0.1
_FILE_FIXED = 2 * 1024**3
_FILE_PER_MEDIA_S = 32 * 1024**2
_KEPT_VARIABLES = (
    "PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "FONTCONFIG_FILE",
    "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a finished call left."""

    stderr: str
    """The last 64 KiB of what the tool said."""
    wall_s: float
    cpu_s: float
    """Processor seconds of the process, user and system."""
    frames: int | None = None
    """Video frames that went out, where FFmpeg reported them."""


@functools.cache
def find_tool(name: str) -> str:
    """Absolute path of ``ffmpeg`` or ``ffprobe``.

    Raises:
        EngineUnavailable: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise EngineUnavailable(
            f"{name} is not installed", "Install FFmpeg, such as with `apt-get install ffmpeg`"
        )
    return found


@functools.cache
def version() -> str:
    """FFmpeg's first line about itself; part of what decides how a rendered file looks."""
    done = subprocess.run(
        [find_tool("ffmpeg"), "-version"], capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout.partition("\n")[0]


@functools.cache
def encoder_names() -> frozenset[str]:
    """The encoders that FFmpeg was built with; whether they work on this machine is another matter."""
    done = subprocess.run(
        [find_tool("ffmpeg"), "-hide_banner", "-encoders"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    return frozenset(
        words[1] for line in done.stdout.splitlines() if len(words := line.split()) > 1
    )


def run(
    args: Sequence[str],
    *,
    limits: MediaLimits,
    media_seconds: int | Fraction,
    cwd: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
    loglevel: str = "error",
) -> ToolResult:
    """Run ``ffmpeg`` with ``args`` (global options are added) and wait for it.

    Args:
        args: everything from the first input to the last output.
        limits: memory and time that it may use.
        media_seconds: length of the media that is worked on; the time limits grow with it.
        cwd: working folder; relative names in filters are looked up there.
        on_progress: called about twice a second with the milliseconds of output that are done.
        cancel: when set, the process is killed and ``Cancelled`` raised.
        loglevel: FFmpeg's; ``info`` where a filter's report is read from ``stderr``.

    Raises:
        MediaToolFailed: it failed or ran over a limit.
        StorageFull: no space was left for its output.
        Cancelled: ``cancel`` was set.
        EngineUnavailable: FFmpeg is not installed.
    """
    progress = _Progress(on_progress)
    argv = [
        find_tool("ffmpeg"), "-nostdin", "-hide_banner", "-loglevel", loglevel, "-nostats", "-y",
        "-max_alloc", str(limits.max_alloc_bytes), "-progress", "pipe:1", *args,
    ]  # fmt: skip
    done = _execute(argv, limits, Fraction(media_seconds), cwd, progress.feed, cancel)
    return ToolResult(done.stderr, done.wall_s, done.cpu_s, progress.frames)


def run_probe(
    args: Sequence[str],
    *,
    limits: MediaLimits,
    cancel: threading.Event | None = None,
    loglevel: str = "error",
    media_seconds: int = 0,
    check: bool = True,
) -> tuple[str, ToolResult]:
    """Run ``ffprobe`` with ``args`` under the same limits; its output and how it ended.

    Raises:
        MediaToolFailed: it failed (only with ``check``) or ran over a limit.
    """
    pieces: list[bytes] = []
    argv = [
        find_tool("ffprobe"), "-hide_banner", "-loglevel", loglevel,
        "-max_alloc", str(limits.max_alloc_bytes), *args,
    ]  # fmt: skip
    done = _execute(argv, limits, Fraction(media_seconds), None, pieces.append, cancel, check=check)
    return b"".join(pieces).decode("utf-8", "replace"), done


class _Progress:
    """Reads the key=value blocks of ``-progress``."""

    def __init__(self, report: Callable[[int], None] | None) -> None:
        self._report = report
        self._rest = b""
        self.frames: int | None = None

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.strip().partition(b"=")
            if name == b"frame" and value.strip().isdigit():
                self.frames = int(value)
            elif name == b"out_time_us" and self._report is not None:
                with contextlib.suppress(ValueError):  # "N/A" before the first packet
                    self._report(max(0, int(value) // 1000))


def _execute(
    argv: list[str],
    limits: MediaLimits,
    media_seconds: Fraction,
    cwd: Path | None,
    sink: Callable[[bytes], object],
    cancel: threading.Event | None,
    *,
    check: bool = True,
) -> ToolResult:
    with tracing.span(Path(argv[0]).name):
        return _executed(argv, limits, media_seconds, cwd, sink, cancel, check=check)


def _executed(
    argv: list[str],
    limits: MediaLimits,
    media_seconds: Fraction,
    cwd: Path | None,
    sink: Callable[[bytes], object],
    cancel: threading.Event | None,
    *,
    check: bool,
) -> ToolResult:
    wall = math.ceil(limits.min_wall_s + limits.wall_per_media_s * float(media_seconds))
    started = time.monotonic()
    process = subprocess.Popen(
        [*_wrapper(limits, wall, media_seconds), *map(unmasked, argv)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=_environment(),
        start_new_session=True,
    )
    cpu_s = 0.0
    tail = bytearray()
    late = False
    try:
        late = not _pump(process, sink, tail, started + wall, cancel)
        late = late or not _ended(process, started + wall, cancel)
    finally:
        if process.returncode is None:
            cpu_s = _reap(process)
    for meter in _METERS.get():
        meter.append(cpu_s)
    stderr = tail.decode("utf-8", "replace")
    result = ToolResult(stderr, time.monotonic() - started, cpu_s)
    if _is_cancelled(cancel) and process.returncode != 0:
        raise Cancelled("the work was cancelled", "Run the same command again to go on")
    if late:
        raise MediaToolFailed(
            f"{Path(argv[0]).name} was still running after its limit of {wall} s",
            "Raise media.min_wall_s or media.wall_per_media_s if this machine is merely slow",
        )
    _judge(Path(argv[0]).name, process.returncode, stderr, check)
    return result


_METERS: ContextVar[tuple[list[float], ...]] = ContextVar("_METERS", default=())


@contextlib.contextmanager
def cpu_meter() -> Iterator[list[float]]:
    """Collect the processor seconds of every FFmpeg and FFprobe that this thread runs inside the block."""
    spent: list[float] = []
    token = _METERS.set((*_METERS.get(), spent))
    try:
        yield spent
    finally:
        _METERS.reset(token)


def _is_cancelled(cancel: threading.Event | None) -> bool:
    return cancel is not None and cancel.is_set()


def _ended(
    process: subprocess.Popen[bytes], deadline: float, cancel: threading.Event | None
) -> bool:
    """Wait until the process has ended, which may be long after its pipes; false when the deadline passed."""
    pause = 0.001
    while not _is_cancelled(cancel):
        with contextlib.suppress(ChildProcessError):  # somebody in this process reaps all children
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                if time.monotonic() > deadline:
                    return False
                time.sleep(pause)
                pause = min(_POLL_S, pause * 2)
                continue
        return True
    return True


def _pump(
    process: subprocess.Popen[bytes],
    sink: Callable[[bytes], object],
    tail: bytearray,
    deadline: float,
    cancel: threading.Event | None,
) -> bool:
    """Move both pipes until they end; false when the deadline passed."""
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            if _is_cancelled(cancel):
                return True
            if time.monotonic() > deadline:
                return False
            for key, _ in selector.select(_POLL_S):
                stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
                data = os.read(stream.fileno(), 1 << 16)
                if not data:
                    selector.unregister(stream)
                    stream.close()
                elif stream is process.stdout:
                    sink(data)
                else:
                    tail += data
                    del tail[:-_TAIL]
    return True


def _reap(process: subprocess.Popen[bytes]) -> float:
    """End the whole group, whatever is left of it, and collect the process; its processor seconds.

    The process is not collected before: as long as it is not, its number cannot be another group's.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:  # somebody in this process reaps all children
        process.returncode = 0
        return 0.0
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _judge(tool: str, returncode: int, stderr: str, check: bool) -> None:
    if "No space left on device" in stderr:
        raise StorageFull(
            "no space is left where the output goes", "Free some space or choose another folder"
        )
    starved = check and "Cannot allocate memory" in stderr  # FFmpeg may end with 0 all the same
    if starved or (returncode < 0 and -returncode in (signal.SIGXCPU, signal.SIGKILL)):
        raise MediaToolFailed(
            f"{tool} was stopped at its processor or memory limit",
            "Raise the limits under media in the settings if the source can be trusted",
        )
    if returncode == -signal.SIGXFSZ:
        raise MediaToolFailed(
            f"{tool} wrote more than it may", "Make the range shorter, or see the source's bit rate"
        )
    if returncode != 0 and check:
        raise MediaToolFailed(
            f"{tool} failed: {last_line(stderr) or f'exit status {returncode}'}",
            "Check that the source plays; `videoclip doctor` checks this machine's FFmpeg",
        )


_PREFIX = re.compile(r"^\[[^\]]{1,60} @ 0x[0-9a-f]+\] ?")
_EMPTY_TALK = (
    "Conversion failed!",
    "Error while filtering",
    "Error initializing output",
    "Error initializing filter",
    "Error initializing complex",
    "Error parsing global options",
    "Failed to set value",
    "Failed to inject",
)


def last_line(stderr: str) -> str:
    """The line of FFmpeg's report that says most about the cause, made harmless and short."""
    lines = [one_line(_PREFIX.sub("", line), 300) for line in stderr.splitlines()]
    telling = [line for line in lines if line and not line.startswith(_EMPTY_TALK)]
    return (telling or [line for line in lines if line] or [""])[-1]


def _environment() -> dict[str, str]:
    """Only what FFmpeg and fontconfig need: no keys or passwords reach a process that parses media."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"}


@functools.cache
def _limiter_tools() -> tuple[str | None, str | None]:
    return shutil.which("setpriv"), shutil.which("prlimit")


def _wrapper(limits: MediaLimits, wall_s: int, media_seconds: Fraction) -> list[str]:
    """util-linux tools that set limits and then become FFmpeg; where missing, the wall limit holds alone.

    The death signal is sent when the *thread* that started the process ends, hence ``run`` stays
    in that thread until the process is gone.
    """
    setpriv, prlimit = _limiter_tools()
    words: list[str] = []
    if setpriv:
        words += [setpriv, "--no-new-privs", "--pdeathsig", "KILL", "--"]
    if prlimit:
        cpu = wall_s * (os.cpu_count() or 1)
        size = _FILE_FIXED + math.ceil(_FILE_PER_MEDIA_S * media_seconds)
        words += [
            prlimit, f"--as={limits.memory_bytes}", f"--cpu={cpu}", f"--fsize={size}", "--core=0", "--",
        ]  # fmt: skip
    return words
