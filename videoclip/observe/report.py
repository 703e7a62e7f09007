"""Where time and money of a job went: totals, stages, attempts, units, and what it cost by the prices of the settings."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from videoclip.schemas.base import Record
from videoclip.settings import ObserveSettings
from videoclip.store.reports import JobRun, UnitRun

__all__ = ["CostLine", "Report", "ReportAttempt", "ReportStage", "ReportUnit", "report_of"]

_MILLION = 1_000_000


class ReportUnit(Record):
    """One unit."""

    stage: str
    key: str
    state: str = Field(description="done, reused or failed")
    attempt: int
    started_ms: int | None = Field(description="since 1970; null: reused, or from an older release")
    finished_ms: int | None
    wall_s: float
    cpu_s: float
    gpu_s: float
    error: dict[str, Any] | None


class ReportStage(Record):
    """The units of a stage together."""

    name: str
    units: int
    done: int
    reused: int
    failed: int
    span_s: float | None = Field(description="from the first unit's start to the last one's end")
    wall_s: float = Field(description="of all units added up")
    cpu_s: float
    gpu_s: float


class ReportAttempt(Record):
    """One attempt of a job of the queue."""

    attempt: int
    started_ms: int
    ended_ms: int | None
    outcome: str = Field(description="queued: it is tried again")
    error: dict[str, Any] | None


class CostLine(Record):
    """One line of the bill; only where the settings name a price."""

    what: str
    amount: float
    unit: str
    price: float = Field(description="of one unit")
    cost: float


class Report(Record):
    """`videoclip report --json`."""

    schema_version: int = 1
    job: str
    kind: str
    state: str
    failures: int = Field(description="attempts that failed or were lost")
    error: dict[str, Any] | None
    trace_id: str | None
    waited_s: float | None = Field(description="before the last attempt began")
    wall_s: float | None = Field(description="of the last attempt")
    cpu_s: float
    gpu_s: float
    prompt_tokens: int | None = Field(description="null: not kept for jobs of the command line")
    completion_tokens: int | None
    video_ms: int | None
    bytes_in: int | None
    bytes_out: int | None
    currency: str
    cost: float = Field(description="of all lines")
    lines: list[CostLine]
    stages: list[ReportStage]
    attempts: list[ReportAttempt]
    units: list[ReportUnit]


def report_of(run: JobRun, prices: ObserveSettings) -> Report:
    """The report of a job.

    Args:
        run: what the store knows.
        prices: of processors, cards and tokens.
    """
    told: dict[str, Any] = (run.result or {}).get("cost", {})
    cpu_s = max(sum(unit.cpu_s for unit in run.units), float(told.get("cpu_s", 0)))
    gpu_s = max(sum(unit.gpu_s for unit in run.units), float(told.get("gpu_s", 0)))
    lines = _lines(told, cpu_s, gpu_s, prices)
    wall_ms = _span(run.started_ms, run.finished_ms)
    if wall_ms is None:
        wall_ms = _span(*_ends(run.units))
    return Report(
        job=run.id, kind=run.kind, state=run.state, failures=run.failures, error=run.error,
        trace_id=run.trace_id,
        waited_s=_seconds(_span(run.enqueued_ms or None, run.started_ms)),
        wall_s=_seconds(wall_ms), cpu_s=round(cpu_s, 3), gpu_s=round(gpu_s, 3),
        prompt_tokens=told.get("prompt_tokens"), completion_tokens=told.get("completion_tokens"),
        video_ms=told.get("video_ms"), bytes_in=told.get("bytes_in"), bytes_out=told.get("bytes_out"),
        currency=prices.currency, cost=round(sum(line.cost for line in lines), 4), lines=lines,
        stages=_stages(run.units),
        attempts=[
            ReportAttempt(
                attempt=one.attempt, started_ms=one.started_ms, ended_ms=one.ended_ms,
                outcome=one.outcome, error=one.error,
            )
            for one in run.attempts
        ],
        units=[
            ReportUnit(
                stage=unit.stage, key=unit.key, state=unit.state, attempt=unit.attempt,
                started_ms=unit.started_ms, finished_ms=unit.finished_ms,
                wall_s=round(unit.wall_s, 3), cpu_s=round(unit.cpu_s, 3),
                gpu_s=round(unit.gpu_s, 3), error=unit.error,
            )
            for unit in run.units
        ],
    )  # fmt: skip


def _lines(
    told: dict[str, Any], cpu_s: float, gpu_s: float, prices: ObserveSettings
) -> list[CostLine]:
    amounts = (
        ("processors", cpu_s / 3600, "h", prices.price_cpu_hour),
        ("graphics cards", gpu_s / 3600, "h", prices.price_gpu_hour),
        ("tokens of prompts", told.get("prompt_tokens", 0) / _MILLION, "million", prices.price_prompt_mtok),
        ("tokens of answers", told.get("completion_tokens", 0) / _MILLION, "million", prices.price_completion_mtok),
    )  # fmt: skip
    return [
        CostLine(
            what=what, amount=round(amount, 6), unit=unit, price=price,
            cost=round(amount * price, 6),
        )
        for what, amount, unit, price in amounts
        if price and amount
    ]  # fmt: skip


def _stages(units: list[UnitRun]) -> list[ReportStage]:
    """In the order in which they began; those that were reused whole come first."""
    by_name: dict[str, list[UnitRun]] = {}
    for unit in units:
        by_name.setdefault(unit.stage, []).append(unit)
    ordered = sorted(by_name.items(), key=lambda item: (_ends(item[1])[0] or 0, item[0]))
    return [
        ReportStage(
            name=name, units=len(own), done=sum(unit.state == "done" for unit in own),
            reused=sum(unit.state == "reused" for unit in own),
            failed=sum(unit.state == "failed" for unit in own), span_s=_seconds(_span(*_ends(own))),
            wall_s=round(sum(unit.wall_s for unit in own), 3),
            cpu_s=round(sum(unit.cpu_s for unit in own), 3),
            gpu_s=round(sum(unit.gpu_s for unit in own), 3),
        )
        for name, own in ordered
    ]  # fmt: skip


def _ends(units: list[UnitRun]) -> tuple[int | None, int | None]:
    begun = [unit.started_ms for unit in units if unit.started_ms is not None]
    ended = [unit.finished_ms for unit in units if unit.finished_ms is not None]
    return (min(begun), max(ended)) if begun and ended else (None, None)


def _span(start_ms: int | None, end_ms: int | None) -> int | None:
    return None if start_ms is None or end_ms is None else max(0, end_ms - start_ms)


def _seconds(span_ms: int | None) -> float | None:
    return None if span_ms is None else round(span_ms / 1000, 3)
