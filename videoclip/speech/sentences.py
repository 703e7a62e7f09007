"""Words to sentences: by punctuation where the engine gives it, else by the pauses of this speaker."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from videoclip.schemas import Sentence, Word
from videoclip.speech.protocol import TimedWord
from videoclip.speech.text import ends_sentence, is_spaced, join_words

__all__ = ["build_sentences", "number_sentences", "sentence_gap_ms"]

_MAX_WORDS = 25
_MAX_CHARACTERS = 60  # words of a language without spaces
_HARD_GAP_MS = 1_200  # a silence that ends a sentence whatever the punctuation says
_GAP_LOW_MS, _GAP_HIGH_MS, _GAP_USUAL_MS = 260, 700, 400
_SILENT_MS = 60  # shorter gaps between words are articulation, not pauses

_NAMED_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday "
    "january february april june july august september october november december english christmas"
)  # "march" and "may" are also other words
_CAPITALS = (
    {word: word.capitalize() for word in _NAMED_DAYS.split()}
    | {word + "'s": word.capitalize() + "'s" for word in _NAMED_DAYS.split()}
    | {"i": "I", "i'm": "I'm", "i'll": "I'll", "i've": "I've", "i'd": "I'd"}
)


def build_sentences(
    words: Sequence[TimedWord],
    language: str,
    *,
    punctuated: bool,
    pauses_ms: Sequence[tuple[int, int]] = (),
) -> list[Sentence]:
    """Number the words and group them.

    Args:
        words: in order, not overlapping.
        language: BCP 47; decides joining and the longest sentence.
        punctuated: the words carry punctuation, and sentences end where it says so.
        pauses_ms: silent stretches; they tell true pauses where an engine stretches words over them.
    """
    limit = _MAX_WORDS if is_spaced(language) else _MAX_CHARACTERS
    gaps = _gaps(words, pauses_ms)
    groups = _by_punctuation(words, gaps) if punctuated else _by_gaps(words, gaps)
    parts = [part for group in groups for part in _split(group, gaps, limit)]
    runs = [list(words[first:last]) for first, last in parts]
    return number_sentences(
        runs if punctuated else [_dress(run, language) for run in runs], language
    )


def number_sentences(runs: Sequence[Sequence[TimedWord]], language: str) -> list[Sentence]:
    """Runs of words, each a sentence, as records with ids from 0. Empty runs vanish."""
    sentences: list[Sentence] = []
    number = 0
    for run in runs:
        if not run:
            continue
        numbered = [
            Word(
                id=number + i,
                text=word.text,
                start_ms=word.start_ms,
                end_ms=word.end_ms,
                confidence=word.confidence,
                speaker=word.speaker,
            )
            for i, word in enumerate(run)
        ]
        number += len(numbered)
        speakers = {word.speaker for word in run}
        sentences.append(
            Sentence(
                id=len(sentences),
                text=join_words([word.text for word in run], language),
                start_ms=run[0].start_ms,
                end_ms=run[-1].end_ms,
                words=numbered,
                speaker=speakers.pop() if len(speakers) == 1 else None,
            )
        )
    return sentences


def sentence_gap_ms(gaps: Sequence[int]) -> int:
    """The pause from which this speaker starts a new sentence, ms.

    Pauses inside sentences (commas) and between them form two groups; the border is put where splitting
    the sorted pauses leaves the least variance within the groups (Otsu's criterion), and kept between
    260 and 700 ms. With too few pauses to tell, or only one group, 400 ms.
    """
    pauses = sorted(min(gap, 2_000) for gap in gaps if gap >= _SILENT_MS)
    if len(pauses) < 6:
        return _GAP_USUAL_MS
    total = sum(pauses)
    best, border, left = -1.0, _GAP_USUAL_MS, 0
    for i in range(1, len(pauses)):
        left += pauses[i - 1]
        if pauses[i] == pauses[i - 1]:
            continue
        low, high = left / i, (total - left) / (len(pauses) - i)
        between = i * (len(pauses) - i) * (high - low) ** 2
        if between > best:
            best, border = between, (pauses[i - 1] + pauses[i]) // 2
            means = (low, high)
    if best < 0 or means[1] < 1.6 * means[0]:
        return min(_GAP_USUAL_MS, max(_GAP_LOW_MS, pauses[0]))
    return min(max(border, _GAP_LOW_MS), _GAP_HIGH_MS)


def _gaps(words: Sequence[TimedWord], pauses_ms: Sequence[tuple[int, int]]) -> list[int]:
    """Silence between each word and the next, ms: by the words' times or, if longer, by the signal."""
    gaps = [right.start_ms - left.end_ms for left, right in pairwise(words)]
    borders = [(left.end_ms + right.start_ms) // 2 for left, right in pairwise(words)]
    for start, end in pauses_ms:
        middle = (start + end) // 2
        after = bisect_left(borders, middle)
        near = [i for i in (after - 1, after) if 0 <= i < len(borders)]
        if not near:
            continue
        i = min(near, key=lambda i: abs(borders[i] - middle))
        # A pause inside a long word belongs to the border that it lies nearest to.
        if words[i].start_ms <= middle <= words[i + 1].end_ms:
            gaps[i] = max(gaps[i], end - start)
    return gaps


def _by_punctuation(words: Sequence[TimedWord], gaps: Sequence[int]) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    first = 0
    for i, word in enumerate(words):
        last = i + 1 == len(words)
        changes = not last and word.speaker != words[i + 1].speaker
        if last or changes or ends_sentence(word.text) or gaps[i] >= _HARD_GAP_MS:
            groups.append((first, i + 1))
            first = i + 1
    return groups


def _by_gaps(words: Sequence[TimedWord], gaps: Sequence[int]) -> list[tuple[int, int]]:
    border = sentence_gap_ms(gaps)
    groups: list[tuple[int, int]] = []
    first = 0
    for i, word in enumerate(words):
        last = i + 1 == len(words)
        if last or gaps[i] >= border or word.speaker != words[i + 1].speaker:
            groups.append((first, i + 1))
            first = i + 1
    return groups


def _split(group: tuple[int, int], gaps: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Cut a group that is too long at its biggest gap, away from its edges, until each part fits."""
    first, last = group
    if last - first <= limit:
        return [group]
    edge = max(1, min(4, (last - first) // 4))
    cut = max(range(first + edge, last - edge + 1), key=lambda i: (gaps[i - 1], -i))
    return [*_split((first, cut), gaps, limit), *_split((cut, last), gaps, limit)]


def _dress(words: list[TimedWord], language: str) -> list[TimedWord]:
    """Make bare words look like a sentence: capital letters, "I", full stop."""
    if not is_spaced(language):
        return [*words[:-1], replace(words[-1], text=words[-1].text + "。")]
    dressed = [
        replace(word, text=_CAPITALS.get(word.text, word.text)) if _english(language) else word
        for word in words
    ]
    head = dressed[0]
    dressed[0] = replace(head, text=head.text[:1].upper() + head.text[1:])
    tail = dressed[-1]
    if tail.text[-1].isalnum() or tail.text[-1] in "'’":
        dressed[-1] = replace(tail, text=tail.text + ".")
    return dressed


def _english(language: str) -> bool:
    return language.lower().split("-")[0] == "en"
