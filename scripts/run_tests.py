"""The whole test suite: side by side, then what must run alone, then a second look at what failed.

Tests that fail are run again by themselves, once, when they are of no more than six files: one fixture that
times out fails all tests of its file. If one fails again, so does the run. If they pass, the run says so in
capitals: such a test, or what it tests, depends on timing, which is a fault to be mended and not one of
the change that is being tested.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECOND_LOOKS = 6  # files
FAILED = 1  # pytest's exit status when tests ran and some failed; others are never mended by a second look


def pytest(*arguments: str, failed: Path) -> int:
    """Run pytest; the ids of the tests that failed are written to ``failed``, one a line."""
    failed.write_text("")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        env={**os.environ, "FAILED_TESTS_FILE": str(failed)},
        check=False,
    ).returncode


def main() -> int:
    """Run the suite; its exit status is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=3, help="processes that run tests side by side")
    workers = str(parser.parse_args().n)
    beside = ("-n", workers, "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not alone")
    with tempfile.TemporaryDirectory() as scratch:
        failed = Path(scratch) / "failed"
        status, again = 0, []
        for part in ((*beside, "--durations", "25"), ("-m", "alone", "--durations", "5")):
            ended = pytest(*part, "tests", failed=failed)
            if ended not in (0, FAILED):
                return ended
            again += failed.read_text().splitlines()
            status = status or ended
        files = {name.partition("::")[0] for name in again}
        if status != FAILED or not 0 < len(files) <= SECOND_LOOKS:
            return status
        print(f"\n{len(again)} failed; once more, by themselves:", *again, sep="\n  ", flush=True)
        status = pytest(*again, failed=failed)
        if status == 0:
            print("\nFLAKY (failed, then passed by themselves; to be mended):", *again, sep="\n  ")
        return status


if __name__ == "__main__":
    sys.exit(main())
