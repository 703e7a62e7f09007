"""What a recogniser is: samples in, timed words out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from videoclip.errors import RecognitionFailed
from videoclip.schemas import Engine

__all__ = [
    "SAMPLE_RATE",
    "BatchRecogniser",
    "Hypothesis",
    "Pcm",
    "Recogniser",
    "RecogniserSpec",
    "Shard",
    "TimedWord",
    "Voice",
]

SAMPLE_RATE = 16_000
"""Hz; every engine here takes 16 kHz mono."""

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of the recording, in absolute samples, half-open."""

    index: int
    start_sample: int
    end_sample: int
    overlap_samples: int = 0
    """Samples at the start that the previous shard holds too (only where no pause was found)."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as heard; times in ms from the start of the samples that were given."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """How a piece of speech sounds; times in ms from the start of the samples that were given."""

    start_ms: int
    end_ms: int
    embedding: tuple[float, ...]
    """Of a speaker model, unit length; voices are alike when their scalar product is near 1."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was heard in one shard."""

    words: tuple[TimedWord, ...] = ()
    language: str = ""
    """BCP 47 where the engine knows, else empty."""
    punctuated: bool = False
    """Whether word texts carry punctuation, so that sentences can be built from it."""
    voices: tuple[Voice, ...] = ()
    """Where a speaker model listens too: who speaks is decided over all shards, when they are merged."""


@dataclass(frozen=True, slots=True)
class RecogniserSpec:
    """Everything that decides what a recogniser answers; part of the fingerprint. Picklable."""

    engine: str
    language: str
    model: str = ""
    vad_model: str = ""
    punc_model: str = ""
    device: str = "cpu"
    hotwords: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = field(default=())
    spk_model: str = ""


class Recogniser(Protocol):
    """A loaded speech engine. One call at a time; scale by instances, not by threads."""

    @property
    def engine(self) -> Engine:
        """Name, version, model and device, for the record."""
        ...

    def recognise(self, pcm: Pcm) -> Hypothesis:
        """Words in ``pcm`` (16 kHz mono), with times relative to its start.

        Raises:
            RecognitionFailed: the engine failed on these samples.
        """
        ...


@runtime_checkable
class BatchRecogniser(Recogniser, Protocol):
    """A recogniser that takes several pieces of sound in one go, which keeps a GPU busy."""

    def recognise_batch(self, pcms: Sequence[Pcm]) -> list[Hypothesis | RecognitionFailed]:
        """One answer for each of ``pcms``, in their order; lengths may differ.

        A piece on which the engine fails gets its error as its answer and leaves the others alone.

        Raises:
            EngineUnavailable: the model is of no use at all, whatever the samples.
        """
        ...
