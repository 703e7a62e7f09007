"""Word error rate: substitutions, deletions and insertions against a reference."""

from __future__ import annotations

import re

from rapidfuzz.distance import Levenshtein

__all__ = ["normalise", "word_error_rate", "word_errors"]

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_SAME = {"ok": "okay", "favourite": "favorite", "colour": "color", "grey": "gray"}


def normalise(text: str) -> list[str]:
    """Lower-case words without punctuation; spellings of the same word become one; hyphens separate."""
    words = _WORD.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return [_SAME.get(word, word) for word in words]


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """``(errors, words)``: the least number of word edits, and the words of the reference."""
    expected, heard = normalise(reference), normalise(hypothesis)
    return Levenshtein.distance(expected, heard), len(expected)


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Errors by words of the reference; 0 is perfect, over 1 is possible.

    Raises:
        ValueError: the reference has no words.
    """
    errors, words = word_errors(reference, hypothesis)
    if words == 0:
        raise ValueError("the reference has no words")
    return errors / words
