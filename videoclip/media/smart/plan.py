"""Which packets of a range are copied, and which frames at its edges are encoded anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from videoclip.media.packets import FrameSpan
from videoclip.media.smart.nal import Unfit, Unit

__all__ = ["Edge", "Plan", "make_plan"]


@dataclass(frozen=True, slots=True)
class Edge:
    """Frames to encode anew."""

    feed: tuple[int, ...]
    """Packets that a decoder needs for them, in decoding order; shown ones outside come along."""
    frames: tuple[int, ...]
    """Presentation times of the frames, in order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One range. Packets are numbers in decoding order; times are ticks of the source."""

    head: Edge | None
    copied: tuple[int, ...]
    """Packets that are copied, in decoding order."""
    tail: Edge | None
    frames: tuple[int, ...]
    """Presentation times of all frames, in order."""


def make_plan(pts: Sequence[int], kinds: Sequence[Unit], span: FrameSpan) -> Plan:
    """Plan a range.

    The copied part begins at the first keyframe in the range that starts a closed GOP; pictures
    that come after it but are shown before it (leading ones) belong to the head. It ends with the
    last packet up to which exactly the earliest frames are complete (a *closed prefix*): all of
    them are shown before the range ends, and none refers to a later packet.

    Args:
        pts: of all packets around the range, in decoding order.
        kinds: of the same packets.
        span: the frames of the range.

    Raises:
        Unfit: nothing can be copied.
    """
    if len(set(pts)) != len(pts):
        raise Unfit("its presentation times are not unique")
    wanted = tuple(sorted(time for time in pts if span.start_pts <= time < span.end_pts))
    if len(wanted) != span.frames:
        raise Unfit("its presentation times are not what its frames say")
    starts = [number for number, unit in enumerate(kinds) if unit.start]
    first = next((n for n in starts if pts[n] >= span.start_pts), None)
    if first is None or pts[first] >= span.end_pts:
        raise Unfit("no keyframe in the range starts a closed GOP")
    if any(time > pts[first] for time in pts[:first]):
        raise Unfit("its frames are not in the order of its packets")
    late = [number for number in range(first, len(pts)) if pts[number] < pts[first]]
    if late and not kinds[first].leading:
        raise Unfit("its frames are not in the order of its packets")
    copied = _closed_prefix(pts, first, span.end_pts)
    head = [time for time in wanted if time < pts[first]]
    done = {pts[number] for number in copied}
    tail = [time for time in wanted if time > pts[first] and time not in done]
    return Plan(
        _edge(pts, kinds, starts, head), copied, _edge(pts, kinds, starts, tail), wanted
    )  # fmt: skip


def _closed_prefix(pts: Sequence[int], first: int, end: int) -> tuple[int, ...]:
    order = [number for number in range(first, len(pts)) if pts[number] >= pts[first]]
    shown = sorted(pts[number] for number in order)
    latest, best = pts[first], 0
    for count, number in enumerate(order, 1):
        latest = max(latest, pts[number])
        if latest >= end:
            break
        if latest == shown[count - 1]:
            best = count
    return tuple(order[:best])


def _edge(
    pts: Sequence[int], kinds: Sequence[Unit], starts: Sequence[int], frames: list[int]
) -> Edge | None:
    if not frames:
        return None
    begin = next((n for n in reversed(starts) if pts[n] <= frames[0]), None)
    if begin is None:
        raise Unfit("no keyframe before the range starts a closed GOP")
    wanted = set(frames)
    last = max(number for number, time in enumerate(pts) if time in wanted)
    top = max(unit.layer for unit in kinds)
    feed = [
        number
        for number in range(begin, last + 1)
        if pts[number] >= pts[begin]
        and not (
            pts[number] < frames[0] and kinds[number].disposable and kinds[number].layer == top
        )
    ]
    return Edge(tuple(feed), tuple(frames))
