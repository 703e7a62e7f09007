"""Progress as a stream of events: what runs, how far, how fast, how long still.

The same events feed the terminal, the ``--json`` lines, the API and the UI.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from videoclip.observe import tracing

__all__ = ["Event", "EventSink", "Progress", "StageMeter", "ignore_events"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a job."""

    event: str
    """job_started, stage_started, progress, stage_finished, notice, job_finished, error."""
    job: str = ""
    source: str = ""
    """Name of the source, so that lines of a batch can be told apart."""
    stage: str = ""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    """What done and total count: shards, clips, s, bytes."""
    reused: int = 0
    rate: float | None = None
    """Units a second."""
    eta_s: float | None = None
    elapsed_s: float | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, without the fields that say nothing."""
        return {k: v for k, v in asdict(self).items() if v not in ("", None, {})}


EventSink = Callable[[Event], None]


def ignore_events(event: Event) -> None:
    """The sink of those who do not want to know."""


@dataclass(slots=True)
class StageMeter:
    """Rate and remaining time of one stage, from the work done in this run (not the reused part)."""

    total: float
    clock: Callable[[], float] = time.monotonic
    reused: float = 0.0
    done: float = 0.0
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the stage began."""
        return self.clock() - self.started

    @property
    def rate(self) -> float | None:
        """Units a second, or None before anything is done."""
        return self.done / self.elapsed_s if self.done > 0 and self.elapsed_s > 0 else None

    @property
    def eta_s(self) -> float | None:
        """Seconds to go at the rate so far, or None when that is not known yet."""
        left = max(0.0, self.total - self.reused - self.done)
        return left / self.rate if self.rate else None


class Progress:
    """Reports the stages of one job to a sink; remembers what was said for the manifest."""

    def __init__(self, sink: EventSink, *, job: str = "", source: str = "") -> None:
        self._sink = sink
        self._job = job
        self._source = source
        self._meter: StageMeter | None = None
        self._stage = ""
        self._unit = ""
        self._waiting_for = ""
        self._span = ExitStack()

    def emit(self, event: str, **values: Any) -> None:
        """Send an event that is not about a stage's progress."""
        self._sink(Event(event=event, job=self._job, source=self._source, **values))

    def start(self, stage: str, total: float, unit: str, *, reused: float = 0.0) -> None:
        """A stage begins; ``reused`` of its ``total`` is there already."""
        self._span.close()
        self._span.enter_context(tracing.span(f"stage {stage}"))
        self._meter, self._stage, self._unit = StageMeter(total, reused=reused), stage, unit
        self._waiting_for = ""
        self._report("stage_started")

    def advance(self, amount: float) -> None:
        """``amount`` more is done."""
        if self._meter is not None:
            self._waiting_for = ""
            self._meter.done = min(
                self._meter.done + amount, self._meter.total - self._meter.reused
            )
            self._report("progress")

    def wait_for(self, what: str) -> None:
        """The stage cannot go on before ``what`` is free (gpu); told until the next piece of it is done."""
        if self._meter is not None:
            self._waiting_for = what
            self._report("progress")

    def move_to(self, done: float) -> None:
        """The stage is ``done`` far in all (for tools that report positions)."""
        if self._meter is not None and done - self._meter.reused > self._meter.done:
            self.advance(done - self._meter.reused - self._meter.done)

    def reach(self, done: float, total: float | None) -> None:
        """As `move_to`, where the total is found out on the way."""
        if self._meter is not None:
            self._meter.total = max(self._meter.total, done if total is None else total)
            self.move_to(done)

    def finish(self, *, failed: float = 0.0) -> float:
        """The stage ends, with all of it done but what ``failed``; returns its wall seconds."""
        if self._meter is None:
            return 0.0
        self._meter.done = max(0.0, self._meter.total - self._meter.reused - failed)
        elapsed = self._meter.elapsed_s
        self._waiting_for = ""
        self._report("stage_finished")
        self._meter = None
        self._span.close()
        return elapsed

    def close(self) -> None:
        """The job is over, perhaps in the midst of a stage."""
        self._span.close()

    def _report(self, event: str) -> None:
        meter = self._meter
        assert meter is not None
        self._sink(
            Event(
                event=event,
                job=self._job,
                source=self._source,
                stage=self._stage,
                done=round(meter.reused + meter.done, 3),
                total=round(meter.total, 3),
                unit=self._unit,
                reused=int(meter.reused),
                rate=None if meter.rate is None else round(meter.rate, 3),
                eta_s=None if meter.eta_s is None else round(meter.eta_s, 1),
                elapsed_s=round(meter.elapsed_s, 3),
                data={"waiting_for": self._waiting_for} if self._waiting_for else {},
            )
        )
