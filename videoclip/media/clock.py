"""From the time of ranges joined as they are to the time of the clip: speed and cross-fades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from videoclip.media.captions import Cue, CueWord

__all__ = ["Piece", "retimed"]

_MIN_MS = 1_000
_GAP_MS = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """Where one range ends up."""

    duration_ms: int
    """Of the range, at the source's speed."""
    start: Fraction
    """Seconds on the clip's clock; with a cross-fade before the end of the range before it."""
    end: Fraction
    """Where the next range has taken over, seconds: half-way through a cross-fade."""
    speed: Fraction


def retimed(cues: Sequence[Cue], pieces: Sequence[Piece]) -> list[Cue]:
    """Move cues, with their words, from ranges that follow each other in full to the clip.

    A cue that speed makes shorter than a second stays longer where there is room. None reaches
    into the next one; one of which nothing is left is left out.

    Args:
        cues: in order; ms from the first range's start, each range as long as it is.
        pieces: the ranges.
    """
    moved: list[Cue] = []
    for cue in cues:
        found = _piece_of(cue.start_ms, pieces)
        if found is None:
            continue
        before_ms, piece = found
        limit = round(piece.end * 1000)

        def move(
            ms: int, before_ms: int = before_ms, piece: Piece = piece, most: int = limit
        ) -> int:
            return min(most, round(piece.start * 1000 + (ms - before_ms) / piece.speed))

        start, end = move(cue.start_ms), move(cue.end_ms)
        if cue.end_ms - cue.start_ms >= _MIN_MS:
            end = min(limit, max(end, start + _MIN_MS))
        words = tuple(CueWord(w.text, move(w.start_ms), move(w.end_ms)) for w in cue.words)
        moved.append(Cue(start, end, cue.text, words))
    return [cue for cue in map(_short_of, moved, [*moved[1:], None]) if cue.end_ms > cue.start_ms]


def _piece_of(ms: int, pieces: Sequence[Piece]) -> tuple[int, Piece] | None:
    """The range that plays at ``ms``, and the sum of those before it."""
    before = 0
    for piece in pieces:
        if ms < before + piece.duration_ms:
            return before, piece
        before += piece.duration_ms
    return None


def _short_of(cue: Cue, after: Cue | None) -> Cue:
    if after is None or cue.end_ms <= after.start_ms:
        return cue
    end = max(after.start_ms - _GAP_MS, min(after.start_ms, cue.start_ms + _GAP_MS))
    return Cue(cue.start_ms, end, cue.text, cue.words)
