"""`python -m tests.chaos [NAME ...] [--list] [--json FILE]`: run scenarios one by one, each within its time, then sum up.

The exit status is 1 where one failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.chaos import Scenario, scenarios
from tests.support import hosts
from tests.support.command import ROOT

_MARK = "CHAOS_RUN"
"""Everything that a scenario starts inherits it; what is left of it is found by it."""
_GRACE_S = 20.0
_CLEAN_S = 60.0
_WIDTH = 160


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="scenarios; all of them by default"
    )
    parser.add_argument("--list", action="store_true", help="name them and run none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    known = scenarios()
    if given.inside:
        return _inside(known[given.inside[0]], Path(given.inside[1]))
    if unknown := [name for name in given.names if name not in known]:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [known[name] for name in given.names] or list(known.values())
    if given.list:
        for one in chosen:
            print(f"{one.name:16} {one.promise} (at most {one.limit_s:.0f} s)")
        return 0
    results = []
    for one in chosen:
        print(f"== {one.name}: {one.broken}", flush=True)
        results.append(_run(one))
        print(f"   {_told(results[-1])}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    _sum_up(results)
    return int(any(one["result"] == "FAILED" for one in results))


def _inside(scenario: Scenario, folder: Path) -> int:
    """The scenario itself, in a process of its own."""
    signal.signal(signal.SIGTERM, _stop)
    os.environ.setdefault("RAY_worker_niceness", "0")
    (folder / "data").mkdir()
    facts = scenario.run(folder / "data")
    (folder / "facts.json").write_text(json.dumps(facts))
    return 0


def _stop(*_: object) -> None:
    """Its time is over: clean up on the way out; the trace says where it was."""
    message = "the time is over"
    raise KeyboardInterrupt(message)


def _run(scenario: Scenario) -> dict[str, Any]:
    """What came of it."""
    result: dict[str, Any] = {
        "name": scenario.name,
        "broken": scenario.broken,
        "promise": scenario.promise,
        "result": "ok",
        "seconds": 0.0,
        "facts": {},
    }
    if scenario.root and (why := hosts.missing()):
        return {**result, "result": "left out", "why": why}
    begun = time.monotonic()
    mark = f"{os.getpid()}-{scenario.name}"
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", "--inside", scenario.name, name],
            cwd=ROOT, env={**os.environ, _MARK: mark}, start_new_session=True,
        )  # fmt: skip
        why = ""
        try:
            if process.wait(scenario.limit_s):
                why = f"ended with status {process.returncode}; its trace is above"
        except subprocess.TimeoutExpired:
            why = f"not done after {scenario.limit_s:.0f} s"
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
            left = _end(mark)
            hosts.sweep()
        result["seconds"] = round(time.monotonic() - begun, 1)
        with suppress(OSError):
            result["facts"] = json.loads((folder / "facts.json").read_text())
    if left and not why:
        why = f"left behind: {'; '.join(left)}"
    return {**result, "result": "FAILED", "why": why} if why else result


def _end(mark: str) -> list[str]:
    """End what a scenario left running; what it was, less what ended by itself soon."""
    deadline = time.monotonic() + _GRACE_S / 2
    while (left := list(_marked(mark))) and time.monotonic() < deadline:
        time.sleep(0.2)
    told = []
    for process in left:
        with suppress(psutil.Error):
            told.append(" ".join(process.cmdline())[:80])
            process.kill()
    psutil.wait_procs(left, timeout=_CLEAN_S)
    return told


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _told(result: dict[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result["facts"].items())
    return f"{result['result']} in {result['seconds']} s. {result.get('why', '')} {facts}".rstrip()


def _sum_up(results: list[dict[str, Any]]) -> None:
    table = Table(title="What was broken, and what came of it")
    for heading in ("scenario", "broken", "result", "seconds", "facts"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for one in results:
        facts = ", ".join(f"{name} {value}" for name, value in one["facts"].items())
        table.add_row(
            one["name"], one["broken"], one["result"], str(one["seconds"]), one.get("why") or facts
        )
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)


if __name__ == "__main__":
    sys.exit(main())
