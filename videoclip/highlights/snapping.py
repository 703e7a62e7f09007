"""Times of a run of sentences: from its words, widened into the silence around them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from videoclip.schemas import Transcript

__all__ = ["LEAD_MS", "TAIL_MS", "Timeline"]

LEAD_MS = 200
"""Silence kept before the first word, ms: speech that starts on the first frame sounds cut."""

TAIL_MS = 300
"""Silence kept after the last word, ms: recognisers end words early, and endings fade."""

_BREATH_MS = 60
"""Margin where the sound is known not to be silent."""


class Timeline:
    """Times of runs of one transcript."""

    def __init__(
        self, transcript: Transcript, pauses_ms: Sequence[tuple[int, int]], duration_ms: int
    ) -> None:
        self._sentences = transcript.sentences
        self._pauses = sorted(pauses_ms)
        self._duration_ms = duration_ms
        # Where one sentence's margin ends and the next one's begins, so that neighbours never share time.
        self._borders = [0]
        for before, after in zip(self._sentences, self._sentences[1:], strict=False):
            gap = max(0, after.start_ms - before.end_ms)
            self._borders.append(before.end_ms + gap * TAIL_MS // (TAIL_MS + LEAD_MS))
        self._borders.append(duration_ms)

    def times(self, first: int, last: int) -> tuple[int, int]:
        """Start and end of a clip of the sentences at positions ``first``..``last``, in ms.

        Neither lies inside a word of the transcript (as long as words do not overlap each other), and both
        lie inside the video.
        """
        onset = min(self._sentences[first].start_ms, self._duration_ms)
        earliest = min(onset, max(0, onset - LEAD_MS, self._borders[first]))
        start = self._quiet(earliest, onset, early=True)
        finish = min(self._sentences[last].end_ms, self._duration_ms)
        latest = max(finish, min(finish + TAIL_MS, self._borders[last + 1], self._duration_ms))
        return start, self._quiet(finish, latest, early=False)

    def _quiet(self, low: int, high: int, *, early: bool) -> int:
        """The point of low..high with most margin that is silent, as far as silence is known."""
        if not self._pauses or low == high:
            return low if early else high
        at = max(0, bisect_left(self._pauses, (low, low)) - 1)
        found = []
        for begin, end in self._pauses[at:]:
            if begin > high:
                break
            if end >= low:
                found.append((max(low, begin), min(high, end)))
        if found:
            # The pause next to the speech: an earlier one has another sound behind it.
            return found[-1][0] if early else found[0][1]
        return max(low, high - _BREATH_MS) if early else min(high, low + _BREATH_MS)
