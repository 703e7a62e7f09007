"""Windows: stretches of the transcript that a highlighter looks at in one go."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.highlights.protocol import Window
from videoclip.schemas import Sentence, Transcript

__all__ = ["plan_windows"]

_TAIL = 0.7
"""Share of a window after which it may end early at a long pause."""


def plan_windows(
    transcript: Transcript, *, energy: Sequence[float], max_chars: int, overlap_sentences: int
) -> list[Window]:
    """Split the transcript into windows of whole sentences.

    Args:
        transcript: What was said; an empty one gives no window.
        energy: dBFS RMS of each sentence, or empty when unknown.
        max_chars: Characters of text in a window at most (a single longer sentence gets its own);
            0 for one window with everything.
        overlap_sentences: Sentences at the end of a window that the next one repeats, so that a subject
            on the border is seen whole once; less where they would fill half a window.

    Raises:
        ValueError: ``energy`` has another length than the transcript, or a number is negative.
    """
    sentences = transcript.sentences
    if energy and len(energy) != len(sentences):
        raise ValueError("energy must have one value a sentence, or none at all")
    if max_chars < 0 or overlap_sentences < 0:
        raise ValueError("max_chars and overlap_sentences must not be negative")
    windows: list[Window] = []
    first = 0
    while first < len(sentences):
        end = _end(sentences, first, max_chars)
        windows.append(
            Window(
                len(windows),
                tuple(sentences[first:end]),
                tuple(energy[first:end]) if energy else (),
            )
        )
        if end == len(sentences):
            break
        first = max(first + 1, end - min(overlap_sentences, (end - first) // 2))
    return windows


def _end(sentences: Sequence[Sentence], first: int, max_chars: int) -> int:
    """End (exclusive) of the window that begins at ``first``."""
    if max_chars == 0:
        return len(sentences)
    used = 0
    soft = first + 1
    end = first
    while end < len(sentences):
        used += len(sentences[end].text)
        if used > max_chars and end > first:
            break
        end += 1
        if used <= _TAIL * max_chars:
            soft = end
    if end == len(sentences):
        return end
    # Of the places near the end take the longest pause: subjects seldom run across it.
    return max(
        range(min(soft, end), end + 1),
        key=lambda i: (sentences[i].start_ms - sentences[i - 1].end_ms, i),
    )
