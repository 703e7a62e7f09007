"""Units of work: what is there already is reused, the rest runs under Ray Data, each result is committed as it comes."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pipelines.context import JobContext
from pipelines.unit_actor import UnitActor, Worker, WorkerResult, own_cpu_seconds
from videoclip.errors import StorageFull, StoreError
from videoclip.observe import tracing
from videoclip.schemas import Failure, Notice, StageReport
from videoclip.sizes import size_text
from videoclip.store import ArtifactRecord, ObjectRef, UnitFailure

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "USUAL_BYTES",
    "Outcome",
    "Redone",
    "Unit",
    "UnitReplay",
    "Worker",
    "WorkerResult",
    "fitting",
    "own_cpu_seconds",
    "run_units",
]

USUAL_BYTES = 512 * 2**20
"""One worker with one FFmpeg, where a stage knows nothing better."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work. ``task`` is pickled to the worker; keep it small: paths and ranges."""

    key: str
    fingerprint: str
    task: Any
    weight: float = 1.0
    """How much of the stage's total it stands for (seconds of audio, one clip)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stage's results by unit key, and its failures."""

    artifacts: dict[str, ArtifactRecord]
    failures: list[Failure]
    report: StageReport
    reused: frozenset[str] = frozenset()
    """Keys of the units that were taken from earlier runs."""


def run_units(
    context: JobContext,
    stage: str,
    units: Sequence[Unit],
    worker: Callable[[], Worker],
    *,
    measure: str,
    num_cpus: float = 1.0,
    num_gpus: float = 0.0,
    memory_bytes: int = USUAL_BYTES,
    workers: int | None = None,
    inline_single: bool = False,
    prepare: Callable[[], None] | None = None,
) -> Outcome:
    """Do all units of a stage, reusing what earlier runs made.

    Args:
        context: the job.
        stage: name of the stage.
        units: the work; keys unique.
        worker: picklable factory, called once in each actor.
        measure: what the weights count, for progress.
        num_cpus: Ray CPUs of one actor.
        num_gpus: Ray GPUs of one actor, may be a fraction.
        memory_bytes: what one actor and the programs that it starts take at most, bytes.
        workers: actors at most; default: as many as CPUs allow. Memory may allow fewer, never fewer than one.
        inline_single: a single missing unit may run in this process, which spares starting Ray.
        prepare: called before the work, where there is some.

    Raises:
        StorageFull: no space is left; finished units stay committed.
        Cancelled: the user stopped the job.
    """
    known = context.store.artifacts({unit.fingerprint for unit in units})
    if context.replay is not None:
        return _replayed(context, context.replay, stage, units, worker, known)
    done: dict[str, ArtifactRecord] = {}
    missing: list[Unit] = []
    for unit in units:
        artifact = known.get(unit.fingerprint)
        if artifact is None:
            missing.append(unit)
        else:
            done[unit.key] = artifact
            context.store.commit_unit(
                context.job_id, context.attempt, unit.key, artifact, reused=True
            )
    if missing and prepare is not None:
        prepare()
    reused = len(done)
    context.progress.start(
        stage,
        sum(unit.weight for unit in units),
        measure,
        reused=sum(unit.weight for unit in units if unit.key in done),
    )
    failures: list[Failure] = []
    cpu_s = gpu_s = 0.0
    by_key = {unit.key: unit for unit in missing}
    if context.ray.in_process or (inline_single and len(missing) == 1):
        answers = _answers_here(context, stage, missing, worker)
    else:
        needs = _Needs(num_cpus, num_gpus, memory_bytes)
        answers = _answers(context, stage, missing, worker, needs, workers)
    for answer in answers:
        context.check_cancelled()
        unit = by_key.pop(answer.key)
        cpu_s += answer.cpu_s
        gpu_s += answer.gpu_s
        if answer.failure is None:
            artifact = ArtifactRecord(
                unit.fingerprint, stage, answer.payload, answer.objects, answer.wall_s, answer.cpu_s,
                answer.gpu_s, answer.started_ms,
            )  # fmt: skip
            if answer.lasting:
                context.store.commit_unit(context.job_id, context.attempt, unit.key, artifact)
            done[unit.key] = artifact
        else:
            _fail(context, stage, unit, answer.failure, failures)
        context.progress.advance(unit.weight)
    lost = UnitFailure(
        "worker_lost",
        "the worker process was lost and Ray gave no answer for this unit",
        "Look for memory limits on this machine; the same command tries the unit again",
    )
    for unit in by_key.values():
        _fail(context, stage, unit, lost, failures)
    lost_keys = {failure.unit for failure in failures}
    wall_s = context.progress.finish(
        failed=sum(unit.weight for unit in units if unit.key in lost_keys)
    )
    report = StageReport(
        name=stage,
        units=len(units),
        reused=reused,
        failed=len(failures),
        wall_s=round(wall_s, 3),
        cpu_s=round(cpu_s, 3),
        gpu_s=round(gpu_s, 3),
    )
    return Outcome(done, failures, report, frozenset(done) - {unit.key for unit in missing})


@dataclass(frozen=True, slots=True)
class UnitReplay:
    """A unit that is to be done again by itself, with the inputs that it had."""

    stage: str
    key: str
    fingerprint: str


class Redone(Exception):
    """How the unit went; ends the walk through the job."""

    def __init__(self, answer: _Answer) -> None:
        super().__init__(answer.key)
        self.payload, self.objects, self.failure = answer.payload, answer.objects, answer.failure
        self.wall_s, self.cpu_s = answer.wall_s, answer.cpu_s


def _replayed(
    context: JobContext,
    replay: UnitReplay,
    stage: str,
    units: Sequence[Unit],
    worker: Callable[[], Worker],
    known: dict[str, ArtifactRecord],
) -> Outcome:
    """A stage before the unit's, as it was, failures included; or the unit's own, whose end is `Redone`.

    Raises:
        Redone: the unit was done again.
        StoreError: its inputs are not what they were.
    """
    if stage == replay.stage:
        unit = next((unit for unit in units if unit.key == replay.key), None)
        if unit is None or unit.fingerprint != replay.fingerprint:
            raise StoreError(
                f"{stage}/{replay.key} would not be done with the inputs that it had",
                "Results before it, files, settings or the release are other ones; run the job again",
            )
        for answer in _answers_here(context, stage, [unit], worker):
            raise Redone(answer)
    done = {unit.key: known[unit.fingerprint] for unit in units if unit.fingerprint in known}
    missing = [
        Failure(
            stage=stage, unit=unit.key, code="not_kept", cause="its result is not in the store",
            remedy="Run the job again",
        )
        for unit in units
        if unit.key not in done
    ]  # fmt: skip
    report = StageReport(
        name=stage, units=len(units), reused=len(done), failed=len(missing), wall_s=0, cpu_s=0
    )
    return Outcome(done, missing, report, frozenset(done))


def _fail(
    context: JobContext, stage: str, unit: Unit, failure: UnitFailure, failures: list[Failure]
) -> None:
    context.store.fail_unit(
        context.job_id, context.attempt, stage, unit.key, unit.fingerprint, failure
    )
    failures.append(
        Failure(
            stage=stage,
            unit=unit.key,
            code=failure.code,
            cause=failure.cause,
            remedy=failure.remedy,
        )
    )
    context.progress.emit(
        "error", stage=stage, data={"unit": unit.key, "code": failure.code, "cause": failure.cause}
    )


# ---------------------------------------------------------------------- under Ray Data


@dataclass(frozen=True, slots=True)
class _Needs:
    """Of one actor."""

    num_cpus: float
    num_gpus: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class _Answer:
    key: str
    payload: dict[str, Any]
    objects: dict[str, ObjectRef]
    wall_s: float
    cpu_s: float
    gpu_s: float
    lasting: bool
    failure: UnitFailure | None
    started_ms: int


def _answers_here(
    context: JobContext, stage: str, units: Sequence[Unit], worker: Callable[[], Worker]
) -> Iterator[_Answer]:
    actor = UnitActor(pickle.dumps(worker))
    for unit in units:
        yield _answer(actor(_row(context, stage, unit)))


def _row(context: JobContext, stage: str, unit: Unit) -> dict[str, Any]:
    attempts = context.work_folder("attempts", stage)
    attempts.mkdir(parents=True, exist_ok=True)
    return {
        "key": unit.key,
        "task": pickle.dumps(unit.task),
        "attempts": str(attempts / unit.key),
        "trace": tracing.carry(),
    }


def _answers(
    context: JobContext,
    stage: str,
    units: Sequence[Unit],
    worker: Callable[[], Worker],
    needs: _Needs,
    workers: int | None,
) -> Iterator[_Answer]:
    if not units:
        return
    context.ray.start()
    import ray.data

    # Longest first, so that no long unit is left over at the end.
    ordered = sorted(units, key=lambda unit: (-unit.weight, unit.key))
    rows = [_row(context, stage, unit) for unit in ordered]
    size = _pool_size(context, len(rows), needs, workers)
    dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        UnitActor,  # type: ignore[arg-type]  # a callable class; Ray makes the instance
        fn_constructor_args=(pickle.dumps(worker),),
        # One unit in flight an actor: a queued unit behind a slow one would wait while others idle.
        compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
        num_cpus=needs.num_cpus,
        num_gpus=needs.num_gpus or None,
        memory=context.ray.reserved(needs.memory_bytes),
    )
    if needs.num_gpus and context.ray.free_gpus < needs.num_gpus:
        context.progress.wait_for("gpu")
    # No prefetch: a result that waits in a queue is lost when this process is killed.
    for batch in dataset.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
        for row in cast("pa.Table", batch).to_pylist():
            yield _answer(row, needs.num_gpus)


def _pool_size(context: JobContext, rows: int, needs: _Needs, workers: int | None) -> int:
    """How many actors, and a notice where memory is what keeps processors idle."""
    cpus = context.ray.num_cpus
    most = max(1, int(cpus // needs.num_cpus)) if needs.num_cpus else cpus
    wanted = min(rows, workers or most)
    memory = context.ray.memory_bytes
    size = wanted if memory is None else fitting(wanted, memory, needs.memory_bytes)
    if memory is not None and size < wanted:
        context.notice(
            Notice(
                code="memory_bound",
                message=f"{size} of {wanted} workers run side by side: each takes up to "
                f"{size_text(needs.memory_bytes)}, and {size_text(memory)} of memory is free",
                remedy="Close other programs or give the container more memory; "
                "VIDEOCLIP_RAY__MEMORY_BYTES says otherwise",
            )
        )
    return size


def fitting(wanted: int, memory_bytes: int, each_bytes: int) -> int:
    """How many of the wanted workers memory allows; always at least one, which may still get through."""
    return max(1, min(wanted, memory_bytes // each_bytes))


def _answer(row: dict[str, Any], gpu_share: float = 0.0) -> _Answer:
    """A worker's row; its actor holds ``gpu_share`` of a graphics card while it works."""
    error = json.loads(row["error"])
    if error is not None and error["code"] == StorageFull.code:
        raise StorageFull(error["cause"], error["remedy"])
    objects = {role: ObjectRef(*ref) for role, ref in json.loads(row["objects"]).items()}
    return _Answer(
        key=row["key"],
        payload=json.loads(row["payload"]),
        objects=objects,
        wall_s=row["wall_s"],
        cpu_s=row["cpu_s"],
        gpu_s=row["gpu_s"] + gpu_share * row["wall_s"],
        lasting=row["lasting"],
        failure=None if error is None else UnitFailure(**error),
        started_ms=row["started_ms"],
    )
