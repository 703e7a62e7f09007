"""Which highlighter to use, decided once where the settings are known, and built where the work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from videoclip.errors import EngineUnavailable
from videoclip.highlights.endpoint import is_loopback
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.llm import LlmHighlighter
from videoclip.highlights.protocol import Highlighter
from videoclip.schemas import HighlighterName, Notice
from videoclip.settings import Settings

__all__ = ["HighlighterSpec", "build_highlighter", "resolve_highlighter"]

_VARIABLES = (
    "VIDEOCLIP_LLM__BASE_URL, VIDEOCLIP_LLM__MODEL and, where it needs one, VIDEOCLIP_LLM__API_KEY"
)


@dataclass(frozen=True, slots=True)
class HighlighterSpec:
    """A resolved choice. Picklable; holds neither the key nor the endpoint's address."""

    engine: str
    """``llm`` or ``extractive``."""
    model: str = ""
    window_chars: int = 0
    """Characters of transcript in a window; 0 for all in one."""
    overlap_sentences: int = 0
    explicit: bool = False
    """Asked for by name, so an endpoint that stays unreachable is an error instead of a fallback."""

    def fingerprint_inputs(self) -> Mapping[str, Any]:
        """What decides the proposals besides transcript and brief."""
        if self.engine == "llm":
            return LlmHighlighter.fingerprint_for(self.model)
        return ExtractiveHighlighter().fingerprint_inputs()


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
    return HighlighterSpec("llm", llm.model, llm.window_chars, 8, explicit), []


def build_highlighter(spec: HighlighterSpec, settings: Settings) -> Highlighter:
    """The engine of a resolved choice.

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
        return LlmHighlighter(chosen, explicit=spec.explicit)
    raise EngineUnavailable(
        f"there is no highlighter named {spec.engine!r}", "Use auto, llm or extractive"
    )


def _extractive(message: str, remedy: str) -> tuple[HighlighterSpec, list[Notice]]:
    return HighlighterSpec("extractive"), [
        Notice(code="highlighter_extractive", message=message, remedy=remedy)
    ]
