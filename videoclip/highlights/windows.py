"""Windows: stretches of the transcript that a highlighter looks at in one go."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.highlights.messages import sentence_line
from videoclip.highlights.protocol import Proposal, Window
from videoclip.highlights.tokens import estimate_tokens
from videoclip.schemas import Sentence, Transcript

__all__ = ["merge_proposals", "plan_windows"]

_TAIL = 0.7
"""Share of a window after which it may end early at a long pause."""


_SAME = 0.5
"""Sentences shared over sentences in all, above which proposals of two windows are the same."""


def plan_windows(
    transcript: Transcript, *, energy: Sequence[float], max_tokens: int, overlap_ms: int
) -> list[Window]:
    """Split the transcript into windows of whole sentences.

    Args:
        transcript: What was said; an empty one gives no window.
        energy: dBFS RMS of each sentence, or empty when unknown.
        max_tokens: Tokens of text in a window at most, estimated as a model sees it (a single longer sentence
            gets its own window); 0 for one window with everything.
        overlap_ms: Time at the end of a window that the next one repeats, so that a subject on the border is
            seen whole once; less where it would fill half a window.

    Raises:
        ValueError: ``energy`` has another length than the transcript, or a number is negative.
    """
    sentences = transcript.sentences
    if energy and len(energy) != len(sentences):
        raise ValueError("energy must have one value a sentence, or none at all")
    if max_tokens < 0 or overlap_ms < 0:
        raise ValueError("max_tokens and overlap_ms must not be negative")
    costs = [estimate_tokens(sentence_line(s)) + 1 for s in sentences] if max_tokens else []
    windows: list[Window] = []
    first = 0
    while first < len(sentences):
        end = _end(sentences, first, costs, max_tokens)
        windows.append(
            Window(
                len(windows),
                tuple(sentences[first:end]),
                tuple(energy[first:end]) if energy else (),
            )
        )
        if end == len(sentences):
            break
        lowest = first + 1 + (end - first) // 2
        following = end
        while following > lowest and (
            sentences[end - 1].end_ms - sentences[following - 1].start_ms <= overlap_ms
        ):
            following -= 1
        first = following
    return windows


def _end(sentences: Sequence[Sentence], first: int, costs: Sequence[int], max_tokens: int) -> int:
    """End (exclusive) of the window that begins at ``first``."""
    if max_tokens == 0:
        return len(sentences)
    used = 0
    soft = first + 1
    end = first
    while end < len(sentences):
        used += costs[end]
        if used > max_tokens and end > first:
            break
        end += 1
        if used <= _TAIL * max_tokens:
            soft = end
    if end == len(sentences):
        return end
    # Of the places near the end take the longest pause: subjects seldom run across it.
    return max(
        range(min(soft, end), end + 1),
        key=lambda i: (sentences[i].start_ms - sentences[i - 1].end_ms, i),
    )


def merge_proposals(
    windows: Sequence[Window], answers: Sequence[Sequence[Proposal]]
) -> list[Proposal]:
    """All windows' proposals, those that two windows made on their overlap once.

    Of two that share most of their sentences the better one stays. One that ends where its window ends, and
    meets one from the neighbour that does not, was cut off by the window and goes, whatever its score.
    """
    kept: list[tuple[int, Proposal, bool]] = []
    for window, proposals in zip(windows, answers, strict=True):
        begins, ends = window.index > 0, window.index < len(windows) - 1
        low, high = window.sentences[0].id, window.sentences[-1].id
        for proposal in proposals:
            cut = (begins and proposal.first_sentence == low) or (
                ends and proposal.last_sentence == high
            )
            kept.append((window.index, proposal, cut))
    # Whole ones first, then the better ones: each may push out what comes after it.
    order = sorted(kept, key=lambda entry: (entry[2], -entry[1].score, entry[0]))
    merged: list[tuple[int, Proposal, bool]] = []
    for entry in order:
        if not any(_repeats(entry, other) for other in merged):
            merged.append(entry)
    return [entry[1] for entry in sorted(merged, key=lambda entry: (entry[0], -entry[1].score))]


def _repeats(entry: tuple[int, Proposal, bool], better: tuple[int, Proposal, bool]) -> bool:
    if entry[0] == better[0]:
        return False  # of one window: selection decides
    one, other = entry[1], better[1]
    shared = (
        min(one.last_sentence, other.last_sentence)
        - max(one.first_sentence, other.first_sentence)
        + 1
    )
    if shared <= 0:
        return False
    union = (
        max(one.last_sentence, other.last_sentence)
        - min(one.first_sentence, other.first_sentence)
        + 1
    )
    return shared >= _SAME * union or (entry[2] and not better[2])
