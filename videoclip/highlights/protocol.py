"""What a highlighter is: a window of sentences in, proposals by sentence id out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from videoclip.schemas import Engine, Genre, Notice, Product, Sentence

__all__ = ["Brief", "Highlighter", "Proposal", "Proposals", "Window"]


@dataclass(frozen=True, slots=True)
class Brief:
    """What to look for. Part of the fingerprint."""

    genre: Genre
    prompt: str
    language: str
    top: int
    min_ms: int
    max_ms: int
    products: tuple[Product, ...] = ()
    """Products to look for; empty for whatever is good."""

    def inputs(self) -> dict[str, Any]:
        """As plain values, for fingerprints."""
        products = [product.model_dump() for product in self.products]
        return {**asdict(self), "genre": self.genre.value, "products": products}


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the transcript that is looked at in one go."""

    index: int
    sentences: tuple[Sentence, ...]
    energy: tuple[float, ...] = ()
    """Loudness of each sentence, dBFS RMS; empty when unknown."""

    def inputs(self) -> list[list[Any]]:
        """What of the window decides an answer, as plain values."""
        energy = self.energy or (0.0,) * len(self.sentences)
        return [
            [s.id, s.text, s.start_ms, s.end_ms, s.speaker, round(level, 1)]
            for s, level in zip(self.sentences, energy, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A run of sentences of the window. It has no times on purpose."""

    first_sentence: int
    last_sentence: int
    title: str
    reason: str
    quote: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    hashtags: tuple[str, ...] = ()
    engine: str = ""
    hook: str = ""
    product: str = ""
    """Name of the product of the brief that it shows."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """A highlighter's answer for one window."""

    proposals: tuple[Proposal, ...]
    notices: tuple[Notice, ...] = ()
    requests: int = 0
    """Requests to a language model that it took; what a repetition from the store spares."""


class Highlighter(Protocol):
    """An engine that proposes highlights."""

    @property
    def engine(self) -> Engine:
        """Name, version and model, for the record."""
        ...

    def inputs(self, window: Window, brief: Brief) -> Mapping[str, Any]:
        """Everything that decides the answer, as plain values: the same inputs give the same proposals."""
        ...

    def propose(self, window: Window, brief: Brief) -> Proposals:
        """Runs of the window's sentences that would make clips; ids outside it never come back.

        Raises:
            HighlightFailed: no usable answer could be had.
        """
        ...
