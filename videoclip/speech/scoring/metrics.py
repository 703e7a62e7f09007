"""The figures: token error rate, error of word times, diarization error rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import Levenshtein
from scipy.optimize import linear_sum_assignment

from videoclip.speech.scoring.normalise import score_tokens
from videoclip.speech.text import tokens

__all__ = [
    "Diarization",
    "Spoken",
    "TextErrors",
    "TimeErrors",
    "Turn",
    "diarization_errors",
    "text_errors",
    "time_errors",
    "turns_of",
]

_TURN_GAP_MS = 500
"""Words of one speaker that are no further apart belong to one turn."""


@dataclass(frozen=True, slots=True)
class TextErrors:
    """Edits that turn the reference into what was heard, in tokens; adds up over files."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference: int = 0
    """Tokens of the reference."""

    @property
    def rate(self) -> float | None:
        """Errors by tokens of the reference; over 1 is possible. None without a reference."""
        errors = self.substitutions + self.deletions + self.insertions
        return errors / self.reference if self.reference else None

    def __add__(self, other: TextErrors) -> TextErrors:
        return TextErrors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference + other.reference,
        )


def text_errors(reference: str, heard: str, language: str) -> TextErrors:
    """The least number of edits between two texts, normalised by ``score_tokens``."""
    expected, got = score_tokens(reference, language), score_tokens(heard, language)
    counts = {"replace": 0, "delete": 0, "insert": 0}
    for step in Levenshtein.editops(expected, got):
        counts[step.tag] += 1
    return TextErrors(counts["replace"], counts["delete"], counts["insert"], len(expected))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word with the times that are known of it, ms; None where the reference does not know."""

    text: str
    start_ms: int | None
    end_ms: int | None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class TimeErrors:
    """Absolute errors of the starts and ends of the words that both have, ms."""

    errors_ms: tuple[int, ...] = ()

    @property
    def median_ms(self) -> int | None:
        """Half of the edges are no further off."""
        return self._quantile(0.5)

    @property
    def p95_ms(self) -> int | None:
        """95 % of the edges are no further off."""
        return self._quantile(0.95)

    def _quantile(self, share: float) -> int | None:
        return round(float(np.quantile(self.errors_ms, share))) if self.errors_ms else None

    def __add__(self, other: TimeErrors) -> TimeErrors:
        return TimeErrors(self.errors_ms + other.errors_ms)


def time_errors(
    reference: Sequence[Spoken], heard: Sequence[Spoken], language: str = ""
) -> TimeErrors:
    """How far the words that were heard right are off. Words heard wrong count in the text errors only.

    A word is matched where a least-cost alignment of both texts has it in both; of words of several tokens
    the first token gives the start and the last the end.
    """
    expected, got = _edges(reference, language), _edges(heard, language)
    blocks = Levenshtein.opcodes([edge[0] for edge in expected], [edge[0] for edge in got])
    errors: list[int] = []
    for block in blocks:
        if block.tag != "equal":
            continue
        for offset in range(block.src_end - block.src_start):
            _, *want = expected[block.src_start + offset]
            _, *have = got[block.dest_start + offset]
            errors += [
                abs(one - other)
                for one, other in zip(want, have, strict=True)
                if one is not None and other is not None
            ]
    return TimeErrors(tuple(errors))


def _edges(words: Iterable[Spoken], language: str) -> list[tuple[str, int | None, int | None]]:
    found: list[tuple[str, int | None, int | None]] = []
    for word in words:
        parts = tokens(word.text, language)
        last = len(parts) - 1
        found += [
            (part, word.start_ms if i == 0 else None, word.end_ms if i == last else None)
            for i, part in enumerate(parts)
        ]
    return found


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one person speaks, ms, half-open."""

    speaker: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Diarization:
    """Time that is attributed wrongly, ms; adds up over files."""

    missed_ms: int = 0
    false_alarm_ms: int = 0
    confused_ms: int = 0
    speech_ms: int = 0
    """Time of speech in the reference; two people at once count twice."""

    @property
    def rate(self) -> float | None:
        """Diarization error rate (NIST): wrong time by time of speech. None without speech."""
        wrong = self.missed_ms + self.false_alarm_ms + self.confused_ms
        return wrong / self.speech_ms if self.speech_ms else None

    def __add__(self, other: Diarization) -> Diarization:
        return Diarization(
            self.missed_ms + other.missed_ms,
            self.false_alarm_ms + other.false_alarm_ms,
            self.confused_ms + other.confused_ms,
            self.speech_ms + other.speech_ms,
        )


def diarization_errors(
    reference: Sequence[Turn], heard: Sequence[Turn], *, collar_ms: int = 250
) -> Diarization:
    """Compare turns under the best one-to-one mapping of names, speech at the same time included.

    Args:
        reference: who speaks when.
        heard: who is said to speak when; the names are its own.
        collar_ms: not judged on each side of every border of the reference, as NIST's md-eval does.
    """
    spans = _spans(reference, heard, collar_ms)
    names = sorted({turn.speaker for turn in reference})
    others = sorted({turn.speaker for turn in heard})
    together = np.zeros((len(names), len(others)), dtype=np.int64)
    for length, real, said in spans:
        for name in real:
            for other in said:
                together[names.index(name), others.index(other)] += length
    rows, columns = linear_sum_assignment(together, maximize=True)
    mapping = {others[c]: names[r] for r, c in zip(rows, columns, strict=True) if together[r, c]}
    missed = alarm = confused = speech = 0
    for length, real, said in spans:
        right = len({mapping.get(name) for name in said} & real)
        missed += length * max(0, len(real) - len(said))
        alarm += length * max(0, len(said) - len(real))
        confused += length * (min(len(real), len(said)) - right)
        speech += length * len(real)
    return Diarization(missed, alarm, confused, speech)


def _spans(
    reference: Sequence[Turn], heard: Sequence[Turn], collar_ms: int
) -> list[tuple[int, set[str], set[str]]]:
    """Stretches in which nobody begins or ends, without the collars: length and who speaks in each."""
    edges = sorted({at for turn in reference for at in (turn.start_ms, turn.end_ms)})
    closed = [(at - collar_ms, at + collar_ms) for at in edges] if collar_ms else []
    borders = {at for turn in [*reference, *heard] for at in (turn.start_ms, turn.end_ms)}
    borders |= {at for span in closed for at in span}
    found: list[tuple[int, set[str], set[str]]] = []
    for start, end in pairwise(sorted(borders)):
        if any(low <= start and end <= high for low, high in closed):
            continue
        real = {t.speaker for t in reference if t.start_ms <= start and end <= t.end_ms}
        said = {t.speaker for t in heard if t.start_ms <= start and end <= t.end_ms}
        if real or said:
            found.append((end - start, real, said))
    return found


def turns_of(words: Iterable[Spoken]) -> list[Turn]:
    """Turns from words with speakers; words without speaker or times are left out."""
    turns: list[Turn] = []
    for word in words:
        if word.speaker is None or word.start_ms is None or word.end_ms is None:
            continue
        last = turns[-1] if turns else None
        if last and last.speaker == word.speaker and word.start_ms - last.end_ms <= _TURN_GAP_MS:
            turns[-1] = Turn(last.speaker, last.start_ms, max(last.end_ms, word.end_ms))
        else:
            turns.append(Turn(word.speaker, word.start_ms, word.end_ms))
    return turns
