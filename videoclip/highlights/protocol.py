"""What a highlighter is: a window of sentences in, proposals by sentence id out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from videoclip.schemas import Engine, Genre, Notice, Sentence

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


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the transcript that is looked at in one go."""

    index: int
    sentences: tuple[Sentence, ...]
    energy: tuple[float, ...] = ()
    """Loudness of each sentence, dBFS RMS; empty when unknown."""


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


@dataclass(frozen=True, slots=True)
class Proposals:
    """A highlighter's answer for one window."""

    proposals: tuple[Proposal, ...]
    notices: tuple[Notice, ...] = ()


class Highlighter(Protocol):
    """An engine that proposes highlights."""

    @property
    def engine(self) -> Engine:
        """Name, version and model, for the record."""
        ...

    def propose(self, window: Window, brief: Brief) -> Proposals:
        """Runs of the window's sentences that would make clips; ids outside it never come back.

        Raises:
            HighlightFailed: no usable answer could be had.
        """
        ...
