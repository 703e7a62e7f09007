"""SMPTE ST 12-1 time code: frame counts to labels and back, drop-frame and not."""

from __future__ import annotations

import re
from fractions import Fraction

from videoclip.errors import UsageError

__all__ = ["can_drop", "frame_count", "label", "nominal"]

_LABEL = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})")


def nominal(rate: Fraction) -> int:
    """Frames that a second of time code counts: 30 for 29.97."""
    return max(1, round(rate))


def can_drop(rate: Fraction) -> bool:
    """Whether drop-frame time code exists for the rate: 29.97 and 59.94."""
    return rate in (Fraction(30_000, 1001), Fraction(60_000, 1001))


def label(frames: int, rate: Fraction, *, drop: bool) -> str:
    """``HH:MM:SS:FF``, with ``;`` before the frames for drop-frame; goes round after 24 hours.

    Args:
        frames: from 00:00:00:00.
        rate: frames a second.
        drop: leave out two (59.94: four) labels at each minute that is no tenth one.
    """
    base = nominal(rate)
    if drop:
        skipped = base // 15
        minute, ten = 60 * base - skipped, 600 * base - 9 * skipped
        frames %= 144 * ten
        tens, rest = divmod(frames, ten)
        # The first minute of ten keeps all its labels.
        frames += skipped * (9 * tens + max(0, rest - skipped) // minute)
    frames %= 24 * 3600 * base
    seconds, frame = divmod(frames, base)
    separator = ";" if drop else ":"
    digits = len(str(base - 1))
    return (
        f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        f"{separator}{frame:0{max(2, digits)}}"
    )


def frame_count(text: str, rate: Fraction) -> tuple[int, bool]:
    """Frames from 00:00:00:00 of a label, and whether it is drop-frame (``;`` or ``.`` before the frames).

    Raises:
        UsageError: it is no time code, or has a label that the rate does not have.
    """
    match = _LABEL.fullmatch(text.strip())
    base = nominal(rate)
    if match is None:
        raise UsageError(f"{text!r} is not a time code", "Write HH:MM:SS:FF, or HH:MM:SS;FF")
    hours, minutes, seconds, frame = (int(match[n]) for n in (1, 2, 3, 5))
    drop = match[4] != ":"
    if hours > 23 or minutes > 59 or seconds > 59 or frame >= base:
        raise UsageError(
            f"{text!r} is not a time code at {base} frames a second",
            f"Hours go to 23, minutes and seconds to 59, frames to {base - 1}",
        )
    if drop and not can_drop(rate):
        raise UsageError(
            f"{text!r} is drop-frame time code, which exists at 29.97 and 59.94 only",
            "Write it with a colon before the frames",
        )
    skipped = base // 15 if drop else 0
    if drop and minutes % 10 and not seconds and frame < skipped:
        raise UsageError(
            f"drop-frame time code has no label {text!r}", f"The minute begins with {skipped:02}"
        )
    total = hours * 60 + minutes
    return (total * 60 + seconds) * base + frame - skipped * (total - total // 10), drop
