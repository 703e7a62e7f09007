"""Run the real `videoclip` command in a process of its own, with its own data folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import zygote
from tests.support.patience import patient

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "assets" / "sample" / "show.mp4"
TRUTH = ROOT / "assets" / "sample" / "truth.json"


@dataclass
class Command:
    """A way to run the command; all its processes carry a mark by which stragglers are found."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    before: tuple[str, ...] = ()
    """Words that start what follows them elsewhere, such as on another host."""

    def variables(self) -> dict[str, str]:
        """The environment that it runs in."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("VIDEOCLIP_")},
            "VIDEOCLIP_DATA_DIR": str(self.data),
            "VIDEOCLIP_CONFIG": os.devnull,
            "VIDEOCLIP_OFFLINE": "true",
            "VIDEOCLIP_TEST_MARK": self.mark,
            **self.environment,
        }

    def start(
        self, *arguments: str | Path, module: str = "videoclip.cli.main", **options: Any
    ) -> subprocess.Popen[str]:
        """Start it and do not wait; standard output and error are pipes."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(
            [*self.before, sys.executable, "-m", module, *map(os.fspath, arguments)],
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            cwd=ROOT,
            env=self.variables(),
            start_new_session=True,
            **options,
        )

    def run(
        self, *arguments: str | Path, timeout: float = 240, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; quickly, in a fork of a process that has loaded it, where nothing speaks against it."""
        if not (options or self.before) and not any(
            name.startswith(("PYTHON", "LC_")) for name in self.environment
        ):
            return zygote.run(
                [os.fspath(each) for each in arguments], self.variables(), patient(timeout)
            )
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=patient(timeout))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def survivors(self, within_s: float = 5.0) -> list[str]:
        """Processes of earlier runs that still live after that time."""
        deadline = time.monotonic() + within_s
        while (found := list(self._marked())) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _marked(self) -> Iterator[str]:
        needle = f"VIDEOCLIP_TEST_MARK={self.mark}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if needle in (folder / "environ").read_bytes() and not _zombie(folder):
                    yield f"{folder.name}: {(folder / 'cmdline').read_bytes()[:200]!r}"
            except OSError:
                continue


def _zombie(folder: Path) -> bool:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def check_error(done: subprocess.CompletedProcess[str], status: int, cause: str) -> None:
    """The run ended with this status, one line of cause and one of remedy."""
    assert done.returncode == status, done.stderr
    assert cause in done.stderr
    first, second = done.stderr.strip().splitlines()[-2:]
    assert first.startswith("error: ")
    assert second.startswith("  what to do: ")
    assert "Traceback" not in done.stderr


def events(stdout: str) -> list[dict[str, Any]]:
    """The JSON lines of a run; anything else on standard output is a defect."""
    return [json.loads(line) for line in stdout.splitlines()]


def manifest(out: Path) -> dict[str, Any]:
    """A run's manifest."""
    value: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return value


def truth() -> dict[str, Any]:
    """Ground truth of the sample."""
    value: dict[str, Any] = json.loads(TRUTH.read_text(encoding="utf-8"))
    return value


def iou(one: Sequence[int], other: Sequence[int]) -> float:
    """Intersection over union of two ranges."""
    common = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return common / (one[1] - one[0] + other[1] - other[0] - common)
