"""Which highlighter to use, decided once where the settings are known, and built where the work is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from videoclip.errors import EngineUnavailable
from videoclip.highlights.budget import Ledger
from videoclip.highlights.endpoint import Endpoint, is_loopback
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.llm import DEFAULT_CONTEXT, LlmHighlighter
from videoclip.highlights.protocol import Highlighter
from videoclip.schemas import HighlighterName, Notice
from videoclip.settings import Settings

__all__ = ["HighlighterSpec", "build_highlighter", "measured", "resolve_highlighter"]

_VARIABLES = (
    "VIDEOCLIP_LLM__BASE_URL, VIDEOCLIP_LLM__MODEL and, where it needs one, VIDEOCLIP_LLM__API_KEY"
)


@dataclass(frozen=True, slots=True)
class HighlighterSpec:
    """A resolved choice. Picklable; holds neither the key nor the endpoint's address."""

    engine: str
    """``llm`` or ``extractive``."""
    model: str = ""
    context_tokens: int = 0
    """Length of the model's context; 0 before it was measured."""
    explicit: bool = False
    """Asked for by name, so an endpoint that stays unreachable is an error instead of a fallback."""


def resolve_highlighter(
    choice: HighlighterName, settings: Settings
) -> tuple[HighlighterSpec, list[Notice]]:
    """Turn a choice into an engine that can be had here, and say so where it is not the best one.

    Raises:
        EngineUnavailable: ``llm`` was asked for by name and no endpoint is configured, or it would leave
            this machine although ``offline`` is set.
    """
    if choice is HighlighterName.EXTRACTIVE:
        return HighlighterSpec("extractive", explicit=True), []
    explicit = choice is HighlighterName.LLM
    llm = settings.llm
    if not (llm.base_url and llm.model):
        missing = "no language model endpoint is configured"
        if explicit:
            raise EngineUnavailable(missing, f"Set {_VARIABLES}, or use --highlighter extractive")
        return _extractive(
            f"Highlights come from the extractive ranker: {missing}",
            f"For better ones set {_VARIABLES}",
        )
    if settings.offline and not is_loopback(llm.base_url):
        blocked = "the language model endpoint is on another machine and offline is set"
        remedy = "Unset VIDEOCLIP_OFFLINE, or serve the model on this machine"
        if explicit:
            raise EngineUnavailable(blocked, f"{remedy}, or use --highlighter extractive")
        return _extractive(f"Highlights come from the extractive ranker: {blocked}", remedy)
    return HighlighterSpec("llm", llm.model, explicit=explicit), []


def measured(spec: HighlighterSpec, settings: Settings) -> HighlighterSpec:
    """The choice with the length of the model's context: the setting, or less where the endpoint tells less."""
    if spec.engine != "llm":
        return spec
    told = Endpoint(settings.llm, attempts=1, deadline_s=1.0, wait_initial_s=0.1).context_tokens()
    known = [tokens for tokens in (settings.llm.context_tokens, told) if tokens]
    return replace(spec, context_tokens=min(known, default=DEFAULT_CONTEXT))


def build_highlighter(
    spec: HighlighterSpec, settings: Settings, ledger: Ledger | None = None
) -> Highlighter:
    """The engine of a resolved choice; its costs go into the ledger.

    Raises:
        EngineUnavailable: the settings here lack what the choice was resolved with.
    """
    if spec.engine == "extractive":
        return ExtractiveHighlighter()
    if spec.engine == "llm":
        if not settings.llm.base_url:
            raise EngineUnavailable(
                "the worker has no language model endpoint",
                f"Give it the same settings: {_VARIABLES}",
            )
        chosen = settings.llm.model_copy(update={"model": spec.model})
        return LlmHighlighter(
            chosen, explicit=spec.explicit, context_tokens=spec.context_tokens, ledger=ledger
        )
    raise EngineUnavailable(
        f"there is no highlighter named {spec.engine!r}", "Use auto, llm or extractive"
    )


def _extractive(message: str, remedy: str) -> tuple[HighlighterSpec, list[Notice]]:
    return HighlighterSpec("extractive"), [
        Notice(code="highlighter_extractive", message=message, remedy=remedy)
    ]
