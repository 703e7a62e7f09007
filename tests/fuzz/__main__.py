"""Runs the fuzzing: `python -m tests.fuzz --files 2000 --seed 1 [--keep FOLDER]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.harness import Outcome, Sandbox
from tests.fuzz.samples import make_samples


def main() -> int:
    """Print what became of the files; exit 1 when one went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--keep", type=Path, help="folder for the files that went wrong")
    wishes = parser.parse_args()
    outcomes: list[Outcome] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        samples, folder = Path(scratch, "samples"), Path(scratch, "box")
        samples.mkdir()
        folder.mkdir()
        sandbox = Sandbox(folder, make_samples(samples))
        os.environ["TMPDIR"] = str(folder / "tmp")
        tempfile.tempdir = None
        for number in range(wishes.first, wishes.first + wishes.files):
            outcome = sandbox.run(f"{wishes.seed}:{number}")
            outcomes.append(outcome)
            if outcome.fault:
                print(f"FAULT {outcome}", flush=True)
                if wishes.keep:
                    wishes.keep.mkdir(parents=True, exist_ok=True)
                    name = f"{wishes.seed}-{number}-{outcome.sample}"
                    (wishes.keep / name).write_bytes(sandbox.source_of(outcome.seed)[2])
            if len(outcomes) % 100 == 0:
                print(f"{len(outcomes)} files, {time.monotonic() - started:.0f} s", flush=True)
        tempfile.tempdir = None
        os.environ.pop("TMPDIR")
    _report(outcomes, time.monotonic() - started)
    return 1 if any(outcome.fault for outcome in outcomes) else 0


def _report(outcomes: list[Outcome], seconds: float) -> None:
    for result, count in Counter(outcome.result for outcome in outcomes).most_common():
        print(f"{count:6} {result}")
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    faults = sum(bool(outcome.fault) for outcome in outcomes)
    print(
        f"{len(outcomes)} files in {seconds:.0f} s, slowest {slowest.seconds:.1f} s "
        f"({slowest.sample}, {slowest.damage}, seed {slowest.seed}), {faults} faults"
    )


sys.exit(main())
