"""Run by tests/acceptance/test_lost_replies.py in a process of its own: units under a Ray that loses replies.

python -m tests.support.lost_replies LOG UNITS
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.context import JobContext
from pipelines.ray_runtime import RayRuntime
from pipelines.units import Unit, WorkerResult, run_units
from videoclip.progress import Progress
from videoclip.settings import load_settings
from videoclip.store import Store
from videoclip.store.objects import open_objects


@dataclass(frozen=True)
class Writer:
    """Makes a file of each unit, another one each time, and leaves a line in a log."""

    log: Path

    def __call__(self) -> Writer:
        return self

    def work(self, task: Any) -> WorkerResult:
        """One unit."""
        name = uuid.uuid4().hex
        made = self.log.with_name(name)
        made.write_text(name, encoding="utf-8")
        ref = open_objects(load_settings()).put(made)
        made.unlink()
        line = json.dumps({"unit": task, "sha256": ref.sha256}) + "\n"
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(log, line.encode())
        os.close(log)
        return WorkerResult({"unit": task}, {"file": ref})


def main() -> None:
    """Do the units; says which object each of them has, as the database knows it."""
    from tests.support.lost_replies import Writer  # by a name that Ray's workers know

    log, count = Path(sys.argv[1]), int(sys.argv[2])
    settings = load_settings()
    units = [Unit(f"u{number:02}", f"fp-{number}", f"u{number:02}") for number in range(count)]
    with Store(settings) as store, RayRuntime(settings.ray) as ray:
        job = store.ensure_job("clip", "k", {})
        with store.own_job(job.id) as attempt:
            context = JobContext(
                job.id, attempt, settings, store, ray, Progress(lambda _: None), threading.Event()
            )
            outcome = run_units(context, "write", units, Writer(log), measure="units")
        kept = store.artifacts([unit.fingerprint for unit in units])
    answer = {
        "failures": [failure.model_dump() for failure in outcome.failures],
        "outcome": {key: made.objects["file"].sha256 for key, made in outcome.artifacts.items()},
        "kept": {made.payload["unit"]: made.objects["file"].sha256 for made in kept.values()},
    }
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
