"""How well a highlighter does: its clips against windows that people (or a generator) have labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

__all__ = ["Score", "Span", "intersection_over_union", "score_clips", "score_together"]

Span = tuple[int, int]
"""Start and end, ms."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one show, or of several together (then each window counts the same)."""

    windows: int
    """Labelled windows."""
    found: int
    """Windows that one of the first k clips covers at the overlap asked for or better."""
    recall: float
    """``found`` over ``windows``."""
    mean_iou: float
    """Best overlap over union of each window with one of the first k clips, averaged over all windows."""
    boundary_ms: int | None
    """Median distance of a found window's two borders from its clip's, ms; None where none was found."""
    clips: int
    """Clips looked at, k at most a show."""
    precise: float
    """Share of the clips that cover a window at the overlap asked for."""
    redundancy: float
    """Share of the clips that repeat: best matched to a window that an earlier clip is best matched to."""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def intersection_over_union(a: Span, b: Span) -> float:
    """Overlap of two ranges over their union, 0..1."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) if shared > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Sums:
    ious: tuple[float, ...]
    found: int
    borders: tuple[int, ...]
    clips: int
    precise: int
    repeated: int


def _sums(clips: Sequence[Span], windows: Sequence[Span], least_iou: float) -> _Sums:
    table = [[intersection_over_union(clip, window) for clip in clips] for window in windows]
    borders: list[int] = []
    found = 0
    for window, row in zip(windows, table, strict=True):
        best = max(range(len(clips)), key=lambda k: row[k], default=None)
        if best is not None and row[best] >= least_iou:
            found += 1
            borders += [abs(clips[best][0] - window[0]), abs(clips[best][1] - window[1])]
    repeated = precise = 0
    taken: set[int] = set()
    for k in range(len(clips)):
        best = max(range(len(windows)), key=lambda w: table[w][k], default=None)
        if best is not None and table[best][k] > 0:
            precise += table[best][k] >= least_iou
            repeated += best in taken
            taken.add(best)
    ious = tuple(max(row, default=0.0) for row in table)
    return _Sums(ious, found, tuple(borders), len(clips), precise, repeated)


def score_clips(
    clips: Sequence[Span], windows: Sequence[Span], *, k: int = 5, least_iou: float = 0.5
) -> Score:
    """Score the clips of one show, best first; only the first ``k`` count."""
    return score_together([(clips, windows)], k=k, least_iou=least_iou)


def score_together(
    shows: Sequence[tuple[Sequence[Span], Sequence[Span]]], *, k: int = 5, least_iou: float = 0.5
) -> Score:
    """Score several shows, each given as clips (best first) and labelled windows.

    Raises:
        ValueError: there is no window at all.
    """
    parts = [_sums(clips[:k], windows, least_iou) for clips, windows in shows]
    ious = [iou for part in parts for iou in part.ious]
    if not ious:
        raise ValueError("nothing is labelled")
    borders = [error for part in parts for error in part.borders]
    found, clips = sum(part.found for part in parts), sum(part.clips for part in parts)
    return Score(
        windows=len(ious),
        found=found,
        recall=found / len(ious),
        mean_iou=fmean(ious),
        boundary_ms=round(median(borders)) if borders else None,
        clips=clips,
        precise=sum(part.precise for part in parts) / max(1, clips),
        redundancy=sum(part.repeated for part in parts) / max(1, clips),
    )
