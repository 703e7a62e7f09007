"""A signal to stop, at the moments where Python itself takes interrupts badly."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, time
from videoclip.cli.stopping import stop_on_signals

try:
    with stop_on_signals(lambda: None):
        import slow_to_load
        time.sleep(5)
        print("not stopped")
except KeyboardInterrupt:
    print("stopped", "slow_to_load" in sys.modules, sys.modules["slow_to_load"].loaded)
"""
SLOW = """
import os, signal, time

os.kill(os.getpid(), signal.{name})
time.sleep(0.2)
loaded = True
time.sleep(0.2)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_module_is_loaded_to_its_end_before_the_command_stops(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "slow_to_load.py").write_text(SLOW.format(name=number.name))
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["stopped", "True", "True"], done.stderr
    assert done.stderr == ""
