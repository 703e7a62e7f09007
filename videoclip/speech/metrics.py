"""How good a transcript is: word and character error rate, errors of times, diarization error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from videoclip.speech.spelling import characters, words_of

__all__ = ["Edits", "TimedToken", "Turn", "diarization_error", "edits", "percentile", "time_errors"]

_FRAME_MS = 10


@dataclass(frozen=True, slots=True)
class Edits:
    """The fewest edits that make one text of another; ``length`` is the reference's."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    length: int = 0

    @property
    def rate(self) -> float:
        """Errors by length of the reference; over 1 is possible. An empty reference counts as one unit."""
        return (self.substitutions + self.deletions + self.insertions) / max(1, self.length)

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.length + other.length,
        )


@dataclass(frozen=True, slots=True)
class TimedToken:
    """A word and when it is said, ms."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody speaks, ms."""

    speaker: str
    start_ms: int
    end_ms: int


def edits(reference: str, heard: str, *, by_characters: bool) -> Edits:
    """Edits between two texts after both are normalised; by words (WER), else by characters (CER)."""
    split = characters if by_characters else words_of
    expected, found = split(reference), split(heard)
    counts = {"replace": 0, "delete": 0, "insert": 0}
    for step in Levenshtein.editops(expected, found):
        counts[step.tag] += 1
    return Edits(counts["replace"], counts["delete"], counts["insert"], len(expected))


def time_errors(reference: Sequence[TimedToken], heard: Sequence[TimedToken]) -> list[int]:
    """How far starts and ends are off, ms, of the words that both have; two values a word."""
    expected = [_bare(token.text) for token in reference]
    found = [_bare(token.text) for token in heard]
    errors: list[int] = []
    for block in Levenshtein.opcodes(expected, found):
        if block.tag != "equal":
            continue
        for i in range(block.src_end - block.src_start):
            true, ours = reference[block.src_start + i], heard[block.dest_start + i]
            errors.append(abs(true.start_ms - ours.start_ms))
            errors.append(abs(true.end_ms - ours.end_ms))
    return errors


def percentile(values: Sequence[int], share: float) -> float | None:
    """The value below which ``share`` of them lies; nothing of nothing."""
    return float(np.percentile(np.asarray(values), share * 100)) if len(values) else None


def diarization_error(
    reference: Sequence[Turn], heard: Sequence[Turn], *, collar_ms: int = 250
) -> float:
    """Missed, invented and confused speech by all speech (NIST's DER), speakers matched as fits best.

    Args:
        reference: who speaks when; overlaps count for each speaker.
        heard: the same by the program.
        collar_ms: around each border of the reference that does not count.
    """
    end = max((turn.end_ms for turn in (*reference, *heard)), default=0)
    frames = end // _FRAME_MS + 1
    counted = np.ones(frames, bool)
    for turn in reference:
        for border in (turn.start_ms, turn.end_ms):
            first = max(0, border - collar_ms) // _FRAME_MS
            counted[first : (border + collar_ms) // _FRAME_MS] = False
    true = _activity(reference, frames)[:, counted]
    ours = _activity(heard, frames)[:, counted]
    speech = int(true.sum())
    if not speech:
        return 0.0 if not ours.sum() else 1.0
    both = true.astype(np.int64) @ ours.astype(np.int64).T
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-both)
    right = int(both[rows, columns].sum())
    wrong = np.maximum(true.sum(0), ours.sum(0)).sum()
    return float(wrong - right) / speech


def _activity(turns: Sequence[Turn], frames: int) -> npt.NDArray[np.bool_]:
    """Speakers by frames of 10 ms."""
    speakers = sorted({turn.speaker for turn in turns})
    active = np.zeros((len(speakers), frames), bool)
    for turn in turns:
        first, last = turn.start_ms // _FRAME_MS, turn.end_ms // _FRAME_MS
        active[speakers.index(turn.speaker), first:last] = True
    return active


def _bare(word: str) -> str:
    return " ".join(words_of(word)) or word.strip().lower()
