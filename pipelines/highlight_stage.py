"""From a transcript to ranked candidates: windows looked at in parallel, then one selection."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pipelines.context import JobContext
from pipelines.model_start import ModelStart
from pipelines.speech_stage import Speech
from pipelines.units import Unit, WorkerResult, run_units
from videoclip.fingerprint import fingerprint
from videoclip.highlights.protocol import Brief, Highlighter, Proposal, Window
from videoclip.highlights.resolve import HighlighterSpec, build_highlighter, resolve_highlighter
from videoclip.highlights.selection import DEFAULT_THRESHOLD, select
from videoclip.highlights.windows import plan_windows
from videoclip.schemas import Candidate, ClipRequest, Engine, Failure, Notice, StageReport
from videoclip.settings import Settings

__all__ = ["Highlights", "choose_highlighter", "pick_highlights"]

_HIGHLIGHT_VERSION = 1
_OVERLAP_SENTENCES = 8
_FALLBACK = "highlighter_fallback"
"""Code of the notice that another engine answered instead."""
_PARALLEL_REQUESTS = 4
"""Windows asked at once: the endpoint batches them, we only wait."""


@dataclass(frozen=True, slots=True)
class Highlights:
    """All candidates, by rank, selected or dropped with the reason."""

    candidates: tuple[Candidate, ...]
    engine: Engine
    report: StageReport
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class _HighlightTask:
    window: Window
    brief: Brief


@dataclass(frozen=True, slots=True)
class _HighlighterFactory:
    spec: HighlighterSpec
    settings: Settings

    def __call__(self) -> _HighlightWorker:
        return _HighlightWorker(build_highlighter(self.spec, self.settings))


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
            },
            lasting=all(notice.code != _FALLBACK for notice in answer.notices),
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


def pick_highlights(
    context: JobContext,
    request: ClipRequest,
    spec: HighlighterSpec,
    speech: Speech,
    model: ModelStart,
) -> Highlights:
    """Candidates for the request, the best ones selected; waits for ``model`` where it is asked."""
    settings = context.settings
    highlighter = build_highlighter(spec, settings)
    transcript = speech.transcript
    brief = Brief(
        genre=request.genre,
        prompt=request.prompt,
        language=transcript.language,
        top=request.top,
        min_ms=request.min_ms,
        max_ms=request.max_ms,
    )
    by_model = highlighter.engine.name == "llm"
    windows = (
        plan_windows(
            transcript,
            energy=speech.energy_dbfs,
            max_chars=settings.llm.window_chars if by_model else 0,
            overlap_sentences=_OVERLAP_SENTENCES,
        )
        if transcript.sentences
        else []
    )
    identity = {"engine": dict(spec.fingerprint_inputs()), "brief": _plain(brief)}
    outcome = run_units(
        context,
        "highlight",
        [
            Unit(
                key=f"{window.index:05}",
                fingerprint=fingerprint(
                    "highlight", _HIGHLIGHT_VERSION, {**identity, "window": _content(window)}
                ),
                task=_HighlightTask(window, brief),
            )
            for window in windows
        ],
        _HighlighterFactory(spec, settings),
        measure="windows",
        num_cpus=0.25 if by_model else 1.0,
        workers=_PARALLEL_REQUESTS,
        inline_single=True,
        prepare=(lambda: model.wait(context)) if by_model and settings.llm.may_sleep else None,
    )
    proposals: list[Proposal] = []
    for key in sorted(outcome.artifacts):
        payload = outcome.artifacts[key].payload
        proposals += [
            Proposal(**{**values, "hashtags": tuple(values["hashtags"])})
            for values in payload["proposals"]
        ]
        for notice in payload["notices"]:
            context.notice(Notice.model_validate(notice))
    candidates = select(
        proposals,
        transcript,
        brief,
        pauses_ms=speech.pauses_ms,
        duration_ms=transcript.duration_ms,
        threshold=DEFAULT_THRESHOLD,
    )
    return Highlights(
        tuple(candidates), highlighter.engine, outcome.report, tuple(outcome.failures)
    )


def _plain(brief: Brief) -> dict[str, Any]:
    return {**asdict(brief), "genre": brief.genre.value}


def _content(window: Window) -> list[list[Any]]:
    """What of a window decides the answer."""
    energy = window.energy or (0.0,) * len(window.sentences)
    return [
        [s.id, s.text, s.start_ms, s.end_ms, s.speaker, round(level, 1)]
        for s, level in zip(window.sentences, energy, strict=True)
    ]
