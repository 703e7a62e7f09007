"""What is known of each sentence: terms, cues, pause before it, rate, energy; and the genre of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import median

from videoclip.highlights.cues import (
    CHAT,
    CLOSERS,
    CONTINUERS,
    GENRE_CRITERIA,
    OPENERS,
    Criterion,
)
from videoclip.highlights.text import normalise, terms
from videoclip.schemas import Genre, Sentence

__all__ = ["Features", "analyse", "detect_genre"]


@dataclass(frozen=True, slots=True)
class Features:
    """Columns of equal length, one entry a sentence, in order."""

    sentences: tuple[Sentence, ...]
    genre: Genre
    criteria: tuple[Criterion, ...]
    texts: list[str]
    """Normalised text."""
    terms: list[list[int]]
    """Content terms as numbers in ``vocabulary``."""
    vocabulary: list[str]
    weights: list[float]
    """Inverse sentence frequency of each term of ``vocabulary``."""
    hits: list[list[frozenset[str]]]
    """Cues found, one set for each criterion."""
    chat: list[float]
    """0 subject, 1 small talk."""
    opener: list[float]
    """0..1: how surely a subject begins here."""
    crossing: list[float]
    """Terms that occur on both sides near the border before the sentence, each counted by its rarity there."""
    closer: list[bool]
    continuer: list[bool]
    gap_ms: list[int]
    """Pause before the sentence; 0 for the first."""
    pace: list[float]
    """Speech rate against the median of the video, 0..1 with 0.5 the median."""
    energy: list[float]
    """Loudness against the median of the video, 0..1 with 0.5 the median (and where unknown)."""

    def duration_ms(self, first: int, last: int) -> int:
        """From the first word of one sentence to the last word of another (positions, not ids)."""
        return self.sentences[last].end_ms - self.sentences[first].start_ms


def analyse(sentences: Sequence[Sentence], energy: Sequence[float], genre: Genre) -> Features:
    """Features of a stretch of a transcript; ``energy`` in dBFS, empty when unknown."""
    texts = [normalise(sentence.text) for sentence in sentences]
    if genre is Genre.AUTO:
        genre = detect_genre(sentences, texts)
    criteria = GENRE_CRITERIA[genre]
    hits = [[criterion.cues.hits(text) for criterion in criteria] for text in texts]
    numbered, vocabulary = _number_terms(texts)
    presence = Counter(term for line in numbered for term in set(line))
    common = [any(c.cues.hits(term) for c in criteria) for term in vocabulary]
    count = len(texts)
    return Features(
        sentences=tuple(sentences),
        genre=genre,
        criteria=criteria,
        texts=texts,
        terms=numbered,
        vocabulary=vocabulary,
        weights=[log(1 + count / presence[term]) for term in range(len(vocabulary))],
        hits=hits,
        chat=_in_context(
            [_chat(text, found) for text, found in zip(texts, hits, strict=True)], numbered
        ),
        opener=[OPENERS.strength(text) for text in texts],
        crossing=_crossing(numbered, common),
        closer=[bool(CLOSERS.hits(text)) for text in texts],
        continuer=[bool(CONTINUERS.hits(text)) for text in texts],
        gap_ms=[
            max(0, sentence.start_ms - sentences[i - 1].end_ms) if i else 0
            for i, sentence in enumerate(sentences)
        ],
        pace=_against_median([_rate(s) for s in sentences], spread=0.5),
        energy=_against_median(list(energy), spread=None) or [0.5] * count,
    )


def detect_genre(sentences: Sequence[Sentence], texts: Sequence[str]) -> Genre:
    """Genre by the share of sentences that carry each genre's own cues; a talk when none stands out."""
    if not texts:
        return Genre.TALK

    def share(*names: str) -> float:
        wanted = {c.name: c for found in GENRE_CRITERIA.values() for c in found if c.name in names}
        marked = sum(any(c.cues.hits(text) for c in wanted.values()) for text in texts)
        return marked / len(texts)

    speakers = {sentence.speaker for sentence in sentences if sentence.speaker}
    # Bars from plain speech: how often each set of cues turns up in videos of the other genres. Prices alone
    # turn up in any talk about business, calls to order alone in any lesson; selling has both.
    strength = {
        Genre.COMMERCE: sqrt(share("offer") * share("action")) / 0.045,
        Genre.INTERVIEW: share("question") / (0.08 if len(speakers) > 1 else 0.14),
        Genre.COURSE: share("definition", "example") / 0.15,
    }
    best = max(strength, key=lambda genre: strength[genre])
    return best if strength[best] >= 1.0 else Genre.TALK


def _number_terms(texts: Sequence[str]) -> tuple[list[list[int]], list[str]]:
    numbers: dict[str, int] = {}
    lines = [[numbers.setdefault(term, len(numbers)) for term in terms(text)] for text in texts]
    return lines, list(numbers)


def _chat(text: str, found: Sequence[frozenset[str]]) -> float:
    strength = len(CHAT.hits(text))
    if not strength:
        return 0.0
    # "someone in the chat asks for the price" is about the product: cues of the genre outweigh.
    return strength / (strength + 0.7 * sum(len(hits) for hits in found))


def _in_context(chat: list[float], lines: list[list[int]]) -> list[float]:
    """Small talk comes in groups: a lone cue ("snow", "dinner") amid a subject counts for less."""
    smooth = []
    for i, own in enumerate(chat):
        near = [chat[k] for k in (i - 2, i - 1, i + 1, i + 2) if 0 <= k < len(chat)]
        around = sum(near) / len(near) if near else own
        if own:
            about = set(lines[i])
            shared = any(
                about.intersection(lines[k])
                for k in range(max(0, i - 5), min(len(chat), i + 6))
                if k != i and chat[k] == 0.0
            )
            smooth.append(own * (0.3 + 0.7 * min(1.0, 1.5 * around)) * (0.6 if shared else 1.0))
        else:
            # A sentence between small talk is small talk, whatever words it has.
            smooth.append(0.6 if len(near) == 4 and min(near[1:3]) > 0 and around > 0.7 else 0.0)
    return smooth


_REACH = 8
"""Sentences on each side of a border that are compared."""


def _crossing(lines: list[list[int]], common: list[bool]) -> list[float]:
    """Lexical cohesion across each border.

    A term counts by how often it is seen nearby, and by the share of all its sentences that are nearby: what
    is said all over the video ties nothing together. Words that every subject of the genre uses (prices,
    orders) count little.
    """
    sets = [set(line) for line in lines]
    total = Counter(term for line in sets for term in line)
    result = [0.0]
    for i in range(1, len(lines)):
        before = Counter(term for line in sets[max(0, i - _REACH) : i] for term in line)
        after = Counter(term for line in sets[i : i + _REACH] for term in line)
        sum_ = 0.0
        for term in before.keys() & after.keys():
            near = before[term] + after[term]
            sum_ += (1 - 1 / near) * (near / total[term]) * (0.3 if common[term] else 1.0)
        result.append(sum_)
    return result


def _rate(sentence: Sentence) -> float:
    """Characters a second, which serves both scripts."""
    length = sum(not c.isspace() for c in sentence.text)
    return 1000.0 * length / max(200, sentence.end_ms - sentence.start_ms)


def _against_median(values: list[float], spread: float | None) -> list[float]:
    """Map to 0..1 around the median; ``spread`` is relative to it, None means 6 dB steps."""
    if not values:
        return []
    middle = median(values)
    scale = 6.0 if spread is None else max(1e-6, middle * spread)
    return [min(1.0, max(0.0, 0.5 + 0.5 * (value - middle) / scale)) for value in values]
