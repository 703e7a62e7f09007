"""Jump cuts: which parts of a clip stay when long pauses and filler words between its words go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from videoclip.schemas import JumpCut, Sentence, TimeRange, Word

__all__ = ["JumpCuts", "plan_jump_cuts"]

_PAUSE_MS = 700
"""Longer pauses are shortened."""
_KEEP_MS = 100
"""What stays of a pause on either side of it."""
_LEAD_MS = 40
"""Stays before a word at least: a clip begins with a whole frame, which may come so much later."""
_SET_OFF_MS = 150
"""A pause as long as this sets a phrase off from the sentence around it, as a comma does."""
_SHORTEST_MS = 300
"""A piece that is shorter would only flash up."""
_LEAST_MS = 80
"""Less is not worth a cut."""

_PLAIN = frozenset(
    {"um", "umm", "uhm", "uh", "uhh", "erm", "er", "hmm", "hm", "mm", "嗯", "呃", "额"}
)
"""Words that are never anything but fillers."""
_SET_OFF = (
    ("you", "know"), ("i", "mean"),
    ("啊",), ("那个",), ("那", "个"), ("就是说",), ("就", "是", "说"), ("就是", "说"),
)  # fmt: skip
"""Phrases that are fillers only where pauses or commas stand around them."""
_MARKS = "，。！？、；：,.!?;:…—-–\"'“”‘’「」『』()（）"


@dataclass(frozen=True, slots=True)
class JumpCuts:
    """What is played of a span, and what is not said any more."""

    ranges: tuple[TimeRange, ...]
    """In order, apart from each other."""
    removed: tuple[Word, ...]
    """Filler words that lie in none of the ranges."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stretch to cut out, ms; ``fillers`` are the words in it."""

    start_ms: int
    end_ms: int
    fillers: tuple[Word, ...] = ()


def plan_jump_cuts(
    span: TimeRange,
    sentences: Sequence[Sentence],
    wishes: Collection[JumpCut],
    *,
    crossfade_ms: int = 0,
    kept: Sequence[TimeRange] = (),
) -> JumpCuts:
    """The ranges that stay of a span.

    ``SILENCE``: pauses between words over 0.7 s are shortened to 0.2 s. ``FILLERS``: filler words
    go, with the hesitation around them. No kept word loses anything of its time, and no range is
    shorter than 0.3 s, the span itself apart.

    Args:
        span: of the clip.
        sentences: with true word times; words whose middle is outside the span do not count.
        wishes: what is cut out.
        crossfade_ms: of the joints; so much more of each pause stays, as the cross-fade uses it up.
        kept: stretches of which nothing is known, such as those that could not be transcribed.
    """
    words = [
        word
        for sentence in sentences
        for word in sentence.words
        if span.start_ms <= (word.start_ms + word.end_ms) // 2 < span.end_ms
    ]
    words.sort(key=lambda word: (word.start_ms, word.end_ms))
    fillers = _fillers(words) if JumpCut.FILLERS in wishes else frozenset()
    if not words or len(fillers) == len(words):
        return JumpCuts((span,), ())
    keep_ms = _KEEP_MS + crossfade_ms // 2
    gaps = [
        gap
        for gap in _gaps(span, words, fillers, keep_ms, silence=JumpCut.SILENCE in wishes)
        if not any(gap.start_ms < part.end_ms and part.start_ms < gap.end_ms for part in kept)
    ]
    return _remaining(span, gaps)


def _fillers(words: Sequence[Word]) -> frozenset[int]:
    """Numbers of the words that are fillers."""
    plain = [word.text.strip(_MARKS + " ").lower() for word in words]
    found = {number for number, text in enumerate(plain) if text in _PLAIN}
    for phrase in _SET_OFF:
        size = len(phrase)
        for first in range(len(words) - size + 1):
            if tuple(plain[first : first + size]) != phrase:
                continue
            if _border(words, first) and _border(words, first + size):
                found.update(range(first, first + size))
    return frozenset(found)


def _border(words: Sequence[Word], number: int) -> bool:
    """Whether a comma, a pause or nothing at all stands before a word."""
    if number in (0, len(words)):
        return True
    before, after = words[number - 1], words[number]
    marked = before.text.rstrip()[-1:] in _MARKS or after.text.lstrip()[:1] in _MARKS
    return marked or after.start_ms - before.end_ms >= _SET_OFF_MS


def _gaps(
    span: TimeRange,
    words: Sequence[Word],
    fillers: frozenset[int],
    keep_ms: int,
    *,
    silence: bool,
) -> list[_Gap]:
    """What may go between the kept words, and before the first and behind the last of them."""
    gaps: list[_Gap] = []
    said_ms = (
        span.start_ms
    )  # where the kept words so far end; recognisers give overlapping ones too
    between: list[Word] = []
    first = True
    for number, word in enumerate(words):
        if number in fillers:
            between.append(word)
            continue
        start, end = max(word.start_ms, span.start_ms), min(word.end_ms, span.end_ms)
        if between:
            low = said_ms if first else min(said_ms + keep_ms, max(said_ms, between[0].start_ms))
            pause = start - max(filler.end_ms for filler in between)
            high = start - max(_LEAD_MS, min(keep_ms, pause))
            gaps.append(_Gap(low, high, tuple(between)))
        elif silence and not first and start - said_ms > max(_PAUSE_MS, 2 * keep_ms + _KEEP_MS):
            gaps.append(_Gap(said_ms + keep_ms, start - keep_ms))
        said_ms, between, first = max(said_ms, end), [], False
    if between:
        low = min(said_ms + keep_ms, max(said_ms, between[0].start_ms))
        gaps.append(_Gap(low, span.end_ms, tuple(between)))
    return [gap for gap in gaps if _worth(gap)]


def _worth(gap: _Gap) -> bool:
    """Whether there is something to cut, and all its fillers would be gone."""
    middles = [(word.start_ms + word.end_ms) // 2 for word in gap.fillers]
    return gap.end_ms - gap.start_ms >= _LEAST_MS and all(
        gap.start_ms <= middle < gap.end_ms for middle in middles
    )


def _remaining(span: TimeRange, gaps: list[_Gap]) -> JumpCuts:
    """What stays; where a piece would be too short, the shorter gap beside it is not cut."""
    while True:
        borders = [span.start_ms]
        for gap in gaps:
            borders += [gap.start_ms, gap.end_ms]
        borders.append(span.end_ms)
        pieces = list(zip(borders[::2], borders[1::2], strict=True))
        # Nothing before the first word or behind the last one is no piece.
        short = [
            number
            for number, (start, end) in enumerate(pieces)
            if end - start < _SHORTEST_MS and not (start == end and number in (0, len(gaps)))
        ]
        if not short or not gaps:
            ranges = [TimeRange(start_ms=a, end_ms=b) for a, b in pieces if b > a]
            return JumpCuts(tuple(ranges), tuple(word for gap in gaps for word in gap.fillers))
        beside = [number for number in (short[0] - 1, short[0]) if 0 <= number < len(gaps)]
        gaps.pop(min(beside, key=lambda number: gaps[number].end_ms - gaps[number].start_ms))
