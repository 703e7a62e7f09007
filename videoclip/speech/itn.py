"""Inverse text normalisation: "one hundred and ninety nine dollars" as "$199", the word's times kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from videoclip.schemas import Sentence, Transcript
from videoclip.speech.protocol import TimedWord
from videoclip.speech.sentences import number_sentences
from videoclip.speech.text import join_words

__all__ = ["LANGUAGES", "write_numbers"]

LANGUAGES = ("zh", "en", "ja")
"""What wetext 0.1.8 has rules for."""

_UNREADABLE = (AssertionError, LookupError, RuntimeError, ValueError)
"""What the rules raise on characters that they do not know."""
_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")

Mapping = tuple[int, int, str]
"""Characters ``[start, end)`` of a text, and what is written instead."""


def write_numbers(transcript: Transcript) -> Transcript:
    """Numbers, prices, dates and percentages as people write them, in languages that have rules.

    Words that became one ("forty nine dollars", "$49") have the time from the first's start to the last's
    end; sentences keep their times and order, words are numbered anew.
    """
    language = transcript.language.replace("_", "-").split("-")[0].lower()
    if language not in LANGUAGES:
        return transcript
    written = _normaliser(language)
    runs = [_rewrite(sentence, transcript.language, written) for sentence in transcript.sentences]
    return transcript.model_copy(update={"sentences": number_sentences(runs, transcript.language)})


def _rewrite(
    sentence: Sentence, language: str, written: Callable[[str], Sequence[Mapping]]
) -> list[TimedWord]:
    words = [
        TimedWord(word.text, word.start_ms, word.end_ms, word.confidence, word.speaker)
        for word in sentence.words
    ]
    starts = _starts([word.text for word in words], language)
    replaced = written(sentence.text)
    for start, end, text in reversed(replaced):
        touched = [
            i
            for i, word in enumerate(words)
            if starts[i] < end and starts[i] + len(word.text) > start
        ]
        if not touched:
            continue
        first, last = touched[0], touched[-1]
        before = words[first].text[: max(0, start - starts[first])]
        after = words[last].text[max(0, end - starts[last]) :]
        words[first : last + 1] = [_joined(words[first : last + 1], before + text + after)]
    return words


def _starts(texts: Sequence[str], language: str) -> list[int]:
    """Where each word begins in the running text."""
    starts: list[int] = []
    at = 0
    for i, text in enumerate(texts):
        if i:
            at += len(join_words(texts[i - 1 : i + 1], language)) - len(texts[i - 1]) - len(text)
        starts.append(at)
        at += len(text)
    return starts


def _joined(words: Sequence[TimedWord], text: str) -> TimedWord:
    sure = [word.confidence for word in words if word.confidence is not None]
    return TimedWord(
        text, words[0].start_ms, words[-1].end_ms, min(sure) if sure else None, words[0].speaker
    )


@lru_cache(maxsize=4)
def _normaliser(language: str) -> Callable[[str], Sequence[Mapping]]:
    """The rules of one language; they take some tens of megabytes and are loaded once."""
    from wetext import Normalizer

    rules: Any = Normalizer(lang=language, operator="itn")

    def written(text: str) -> Sequence[Mapping]:
        lowered = text.lower()  # the rules know "forty", not "Forty"
        given = lowered if len(lowered) == len(text) else text
        try:
            if rules.normalize(given) == given:  # ten times quicker than asking where
                return ()
            parts = rules.normalize_with_mapping(given).mappings
        except _UNREADABLE:  # the text stays as it was heard
            return ()
        return [
            (part.input_start, part.input_end, _BEFORE_PERCENT.sub("", part.output_text))
            for part in parts
            if part.kind == "replace" and any(c.isdigit() for c in part.output_text)
        ]

    return written
