"""One unit of a job again, here, with the same inputs: does it give the same?

The job's way is walked again with everything before the unit taken from the store, so that the unit gets what it got
then; nothing of the job is written.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipelines.context import JobContext
from pipelines.jobs import run_stages
from pipelines.ray_runtime import RayRuntime
from pipelines.references import resolved
from pipelines.units import Redone, UnitReplay
from videoclip.errors import StoreError, UsageError, VideoClipError
from videoclip.progress import Progress, ignore_events
from videoclip.schemas import JobRequest
from videoclip.settings import Settings
from videoclip.store import ArtifactRecord, Store, UnitFailure
from videoclip.store.reports import UnitRun, job_run

__all__ = ["Replayed", "replay"]

_REQUEST: TypeAdapter[JobRequest] = TypeAdapter(JobRequest)
_OWN = ("probe", "audio", "fetch")
_MOST_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Replayed:
    """How it went this time."""

    stage: str
    key: str
    equal: bool
    """The same result, or the same error."""
    differences: list[str]
    """Places in the result, at most twenty."""
    before: str
    """done, or the code of the error."""
    now: str
    wall_s: float
    cpu_s: float
    wall_s_before: float
    cause: str
    """Of the error this time."""


class _ReadingStore(Store):
    """A store to which a job that is walked again writes nothing but objects."""

    def commit_unit(
        self, job_id: str, attempt: int, key: str, artifact: ArtifactRecord, *, reused: bool = False
    ) -> None:
        """Nothing: the rows stay what they are."""

    def fail_unit(
        self,
        job_id: str,
        attempt: int,
        stage: str,
        key: str,
        fingerprint: str,
        failure: UnitFailure,
    ) -> None:
        """Nothing."""


def replay(job_id: str, unit: str, settings: Settings) -> Replayed:
    """Do a unit again in this process, without Ray.

    Args:
        job_id: of a job of this store.
        unit: ``STAGE/KEY``, as the report names it.
        settings: of this process; its engines must be the ones of then.

    Raises:
        UsageError: the job has no such unit, or it is one that cannot be done alone.
        StoreError: what it was made from is no longer there.
        VideoClipError: the way to the unit fails.
    """
    stage, _, key = unit.partition("/")
    here = settings.model_copy(update={"ray": settings.ray.model_copy(update={"in_process": True})})
    with _ReadingStore(here) as store:
        run = store.session(lambda session: job_run(session, job_id))
        row = _row(run.units, stage, key)
        known = store.artifacts([row.fingerprint]).get(row.fingerprint)
        if row.state != "failed" and known is None:
            raise StoreError(
                f"what {unit} made is no longer in the store",
                "There is nothing to compare with; run the job again",
            )
        redone = _walked(store, job_id, UnitReplay(stage, key, row.fingerprint), here)
    before = str((row.error or {}).get("code", "failed")) if row.state == "failed" else "done"
    now = "done" if redone.failure is None else redone.failure.code
    differences: list[str] = []
    if now == before == "done" and known is not None:
        differences = _differences(known, redone)
    return Replayed(
        stage, key, equal=now == before and not differences, differences=differences, before=before,
        now=now, wall_s=round(redone.wall_s, 3), cpu_s=round(redone.cpu_s, 3),
        wall_s_before=round(known.wall_s, 3) if known else 0.0,
        cause=redone.failure.cause if redone.failure else "",
    )  # fmt: skip


def _row(units: list[UnitRun], stage: str, key: str) -> UnitRun:
    found = next((one for one in units if (one.stage, one.key) == (stage, key)), None)
    if found is None:
        some = ", ".join(f"{one.stage}/{one.key}" for one in units[:12] if one.stage not in _OWN)
        raise UsageError(
            f"the job has no unit {stage}/{key}", f"Name one that it has, such as {some or 'none'}"
        )
    if stage in _OWN:
        raise UsageError(
            f"{stage} is done by the job's own process, not as a unit by itself",
            "Run the job again, or name a unit of another stage",
        )
    return found


def _walked(store: Store, job_id: str, wanted: UnitReplay, settings: Settings) -> Redone:
    job = store.job(job_id)
    try:
        request = _REQUEST.validate_python(job.request)
    except ValidationError as error:
        raise UsageError(
            "this release does not understand the job's request", "Use the release that made it"
        ) from error
    store.work.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="replay-", dir=store.work)
    context = JobContext(
        job_id=job.id, attempt=job.attempt, settings=settings, store=store,
        ray=RayRuntime(settings.ray), progress=Progress(ignore_events, job=job.id),
        cancel=threading.Event(), folder=Path(folder).name, replay=wanted,
    )  # fmt: skip
    begun = time.monotonic()
    try:
        if job.workspace_id is not None:
            request = resolved(context, request, job.workspace_id)
        run_stages(context, request)
    except Redone as redone:
        return redone
    except VideoClipError as error:
        error.context["replay_s"] = round(time.monotonic() - begun, 1)
        raise
    finally:
        context.progress.close()
        shutil.rmtree(folder, ignore_errors=True)
    raise StoreError(
        f"the job did not come to {wanted.stage}/{wanted.key} this time",
        "What was decided before it differs now: other settings, or another release",
    )


def _differences(known: ArtifactRecord, redone: Redone) -> list[str]:
    before = json.loads(json.dumps(known.payload))
    found = list(_unlike(before, redone.payload, ""))
    found += [
        f"file {role}"
        for role in sorted({*known.objects, *redone.objects})
        if known.objects.get(role) != redone.objects.get(role)
    ]
    return found[:_MOST_DIFFERENCES]


def _unlike(one: Any, other: Any, place: str) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            yield from _unlike(
                one.get(key), other.get(key), f"{place}.{key}" if place else str(key)
            )
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _unlike(*pair, f"{place}[{number}]")
    elif one != other:
        yield place or "the whole"
