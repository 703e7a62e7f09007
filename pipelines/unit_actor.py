"""Where a unit is done: keeps one worker and its models, counts what it costs, never lets an error out."""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipelines.faults import OutOfMemory, ran_out
from videoclip.errors import EngineOutOfMemory, VideoClipError, WorkFailed
from videoclip.observe import tracing
from videoclip.store import ObjectRef
from videoclip.store.objects import NO_SPACE, full

__all__ = ["UnitActor", "Worker", "WorkerResult", "own_cpu_seconds"]

_ATTEMPTS_PER_UNIT = 2
"""A unit that loses its worker (killed, out of memory) is tried once more, then recorded as failed."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What a worker made: a small JSON payload, and files already put into the object store."""

    payload: dict[str, Any]
    objects: dict[str, ObjectRef] = field(default_factory=dict)
    lasting: bool = True
    """False for a makeshift: it serves this run, and the next run tries again."""
    gpu_s: float = 0.0
    """Of a graphics card that somebody else holds for it: the share times the seconds."""


class Worker(Protocol):
    """Does units, one at a time; lives in an actor, so loaded models stay."""

    def work(self, task: Any) -> WorkerResult:
        """Do one unit."""
        ...


class UnitActor:
    """The Ray Data UDF: keeps one worker, never lets an error of one unit reach the others."""

    def __init__(self, factory: bytes) -> None:
        self._factory = factory
        self._worker: Worker | None = None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Do the unit of a row; the answer as a row."""
        carried = row["trace"]
        with tracing.continued(carried, "videoclip-worker", f"unit {_stage(row)}", _about(row)):
            answer = self._do(row)
        if carried:
            tracing.flush()
        return answer

    def _do(self, row: dict[str, Any]) -> dict[str, Any]:
        wall, cpu, begun = time.monotonic(), _cpu_seconds(), time.time()
        result, error = WorkerResult({}), None
        try:
            with _survived(Path(row["attempts"])):
                if self._worker is None:
                    # Here and not in __init__: an engine that cannot load is then an answer, not a lost actor.
                    self._worker = pickle.loads(self._factory)()  # noqa: S301 - made by this program
                result = self._worker.work(pickle.loads(row["task"]))  # noqa: S301 - likewise
        except Exception as caught:  # noqa: BLE001 - any defect must stay inside its unit
            error = _told(caught, Path(row["attempts"]).parent)
        return {**self._row(row, result, error, wall, cpu), "started_ms": round(begun * 1000)}

    @staticmethod
    def _row(
        row: dict[str, Any],
        result: WorkerResult,
        error: dict[str, str] | None,
        wall: float,
        cpu: float,
    ) -> dict[str, Any]:
        objects = {role: [ref.sha256, ref.size] for role, ref in result.objects.items()}
        return {
            "key": row["key"],
            "payload": json.dumps(result.payload, ensure_ascii=False),
            "objects": json.dumps(objects),
            "lasting": result.lasting,
            "error": json.dumps(error),
            "wall_s": time.monotonic() - wall,
            "cpu_s": _cpu_seconds() - cpu,
            "gpu_s": result.gpu_s,
        }


def _stage(row: dict[str, Any]) -> str:
    return Path(row["attempts"]).parent.name


def _about(row: dict[str, Any]) -> dict[str, str]:
    return {"videoclip.unit": row["key"]}


def _told(error: Exception, folder: Path) -> dict[str, str]:
    """Code, cause and remedy; what nobody expected goes into the log as well."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        error = full(folder, error.errno)
    if isinstance(error, VideoClipError):
        served = isinstance(error, EngineOutOfMemory)
        code = OutOfMemory.code if ran_out(error) and not served else error.code
        return {"code": code, "cause": error.cause, "remedy": error.remedy}
    traceback.print_exc(file=sys.__stderr__)  # a log, here and in workers; never the terminal
    told = f"{type(error).__name__}: {error}"
    if ran_out(error):
        return {
            "code": OutOfMemory.code,
            "cause": f"the worker ran out of memory: {told}",
            "remedy": "It may go well later; else give the machine more memory, or let fewer workers run (ray.num_cpus)",
        }
    return {
        "code": "internal",
        "cause": told,
        "remedy": "This is a defect of Video-Clip: please report it",
    }


@contextmanager
def _survived(marker: Path) -> Iterator[None]:
    """Ray restarts a lost worker for ever; a unit that kills its worker each time must not get for ever.

    Deaths are the length of a file, because it has to outlive the process: the attempt adds a byte, and takes it
    back when it comes to its end. So a reply that is lost on its way, for which Ray does the unit again, is none.

    Raises:
        WorkFailed: the unit has had all its attempts.
    """
    with marker.open("ab") as file:
        if file.tell() >= _ATTEMPTS_PER_UNIT:
            raise WorkFailed(
                f"the worker process died on this unit {_ATTEMPTS_PER_UNIT} times",
                "Look for memory limits on this machine; the same command tries the unit again",
            )
        file.write(b".")
    try:
        yield
    finally:
        with suppress(OSError):  # one death too many is counted
            os.truncate(marker, max(0, marker.stat().st_size - 1))


def _cpu_seconds() -> float:
    """Processor seconds of this process and its finished children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def own_cpu_seconds() -> float:
    """Processor seconds so far, for stages that run in this process."""
    return _cpu_seconds() if os.name == "posix" else time.process_time()
