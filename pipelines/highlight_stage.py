"""From a transcript to ranked candidates: windows looked at in parallel, then one selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.context import JobContext
from pipelines.model_start import ModelStart
from pipelines.speech_stage import Speech
from pipelines.units import Unit, WorkerResult, run_units
from videoclip.fingerprint import fingerprint
from videoclip.highlights.budget import Ledger
from videoclip.highlights.llm import BUDGET_NOTICE, FALLBACK_NOTICE, LlmHighlighter
from videoclip.highlights.protocol import Brief, Highlighter, Proposal, Window
from videoclip.highlights.resolve import (
    HighlighterSpec,
    build_highlighter,
    measured,
    resolve_highlighter,
)
from videoclip.highlights.selection import DEFAULT_THRESHOLD, select
from videoclip.highlights.windows import merge_proposals, plan_windows
from videoclip.schemas import Candidate, ClipRequest, Engine, Failure, Notice, StageReport
from videoclip.settings import Settings

__all__ = ["Highlights", "choose_highlighter", "job_ledger", "pick_highlights"]

_HIGHLIGHT_VERSION = 2
_MAKESHIFT = {FALLBACK_NOTICE, BUDGET_NOTICE}
"""Codes of the notices that another engine answered instead, so that the next run asks again."""
_PARALLEL_REQUESTS = 4
"""Windows asked at once: the endpoint batches them, we only wait."""


@dataclass(frozen=True, slots=True)
class Highlights:
    """All candidates, by rank, selected or dropped with the reason."""

    candidates: tuple[Candidate, ...]
    engine: Engine
    report: StageReport
    failures: tuple[Failure, ...]
    spec: HighlighterSpec
    cached: int = 0
    """Requests to a language model that earlier runs have answered."""


@dataclass(frozen=True, slots=True)
class _HighlightTask:
    window: Window
    brief: Brief


@dataclass(frozen=True, slots=True)
class _HighlighterFactory:
    spec: HighlighterSpec
    settings: Settings
    ledger: Ledger

    def __call__(self) -> _HighlightWorker:
        return _HighlightWorker(build_highlighter(self.spec, self.settings, self.ledger))


class _HighlightWorker:
    def __init__(self, highlighter: Highlighter) -> None:
        self._highlighter = highlighter

    def work(self, task: Any) -> WorkerResult:
        assert isinstance(task, _HighlightTask)
        answer = self._highlighter.propose(task.window, task.brief)
        return WorkerResult(
            {
                "proposals": [asdict(proposal) for proposal in answer.proposals],
                "notices": [notice.model_dump() for notice in answer.notices],
                "requests": answer.requests,
            },
            lasting=all(notice.code not in _MAKESHIFT for notice in answer.notices),
        )


def choose_highlighter(context: JobContext, request: ClipRequest) -> HighlighterSpec:
    """Which highlighter will do it; asked before any work is spent.

    Raises:
        EngineUnavailable: the one that was asked for cannot be had.
    """
    spec, notices = resolve_highlighter(request.highlighter, context.settings)
    for notice in notices:
        context.notice(notice)
    return spec


def job_ledger(context: JobContext) -> Ledger:
    """Where this attempt at the job writes what the language model costs."""
    llm = context.settings.llm
    return Ledger(
        context.work_folder("llm") / "ledger.jsonl", llm.max_job_tokens, llm.max_job_seconds
    )


def pick_highlights(
    context: JobContext,
    request: ClipRequest,
    spec: HighlighterSpec,
    speech: Speech,
    model: ModelStart,
) -> Highlights:
    """Candidates for the request, the best ones selected; waits for ``model`` where it is asked."""
    settings = context.settings
    transcript = speech.transcript
    spec = measured(spec, settings) if transcript.sentences else spec
    highlighter = build_highlighter(spec, settings)
    brief = Brief(
        genre=request.genre,
        prompt=request.prompt,
        language=transcript.language,
        top=request.top,
        min_ms=request.min_ms,
        max_ms=request.max_ms,
        products=tuple(request.products),
    )
    by_model = isinstance(highlighter, LlmHighlighter)
    windows = plan_windows(
        transcript,
        energy=speech.energy_dbfs,
        max_tokens=highlighter.window_tokens(brief)
        if isinstance(highlighter, LlmHighlighter)
        else 0,
        overlap_ms=request.max_ms,
    )
    outcome = run_units(
        context,
        "highlight",
        [
            Unit(
                key=f"{window.index:05}",
                fingerprint=fingerprint(
                    "highlight", _HIGHLIGHT_VERSION, dict(highlighter.inputs(window, brief))
                ),
                task=_HighlightTask(window, brief),
            )
            for window in windows
        ],
        _HighlighterFactory(spec, settings, job_ledger(context)),
        measure="windows",
        num_cpus=0.25 if by_model else 1.0,
        workers=_PARALLEL_REQUESTS,
        inline_single=True,
        prepare=(lambda: model.wait(context)) if by_model and settings.llm.may_sleep else None,
    )
    answers: list[list[Proposal]] = []
    for window in windows:
        artifact = outcome.artifacts.get(f"{window.index:05}")
        answers.append([])
        if artifact is not None:
            answers[-1] = [_proposal(values) for values in artifact.payload["proposals"]]
            for notice in artifact.payload["notices"]:
                context.notice(Notice.model_validate(notice))
    candidates = select(
        merge_proposals(windows, answers),
        transcript,
        brief,
        pauses_ms=speech.pauses_ms,
        duration_ms=transcript.duration_ms,
        threshold=DEFAULT_THRESHOLD,
    )
    _say_missing_products(context, request, candidates)
    return Highlights(
        tuple(candidates),
        highlighter.engine,
        outcome.report,
        tuple(outcome.failures),
        spec,
        sum(outcome.artifacts[key].payload["requests"] for key in outcome.reused),
    )


def _proposal(values: dict[str, Any]) -> Proposal:
    return Proposal(**{**values, "hashtags": tuple(values["hashtags"])})


def _say_missing_products(
    context: JobContext, request: ClipRequest, candidates: Sequence[Candidate]
) -> None:
    shown = {candidate.product for candidate in candidates}
    missing = [product.name for product in request.products if product.name not in shown]
    if missing:
        names = ", ".join(missing[:10]) + (" ..." if len(missing) > 10 else "")
        context.notice(
            Notice(
                code="product_not_found",
                message=f"No stretch about {len(missing)} of the products was found: {names}",
                remedy="Give the words that are said for them as aliases, after |",
            )
        )
