"""Times as people write them, to and from integer milliseconds."""

from __future__ import annotations

import re

from videoclip.errors import UsageError

__all__ = ["format_ms", "format_stamp", "parse_range", "parse_time"]

_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+)(?:\.(\d{1,3}))?")


def parse_time(text: str) -> int:
    """``S.mmm``, ``M:SS.mmm`` or ``H:MM:SS.mmm`` as milliseconds.

    Raises:
        UsageError: the text has another form, or minutes or seconds of 60 and more behind a colon.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"{text!r} is not a time", "Write S.mmm, M:SS.mmm or H:MM:SS.mmm, such as 1:02:03.500"
        )
    hours, minutes, seconds, fraction = match.groups()
    if (hours is not None and int(minutes) > 59) or (minutes is not None and int(seconds) > 59):
        raise UsageError(
            f"{text!r} is not a time", "Minutes and seconds behind a colon go from 00 to 59"
        )
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def parse_range(text: str) -> tuple[int, int]:
    """``A-B`` as ``(start_ms, end_ms)``, with end after start.

    Raises:
        UsageError: not two times with a dash between, or an empty or reversed range.
    """
    first, dash, last = text.partition("-")
    if not dash:
        raise UsageError(f"{text!r} is not a range", "Write A-B, such as 12.5-47 or 1:05-1:35.250")
    start, end = parse_time(first), parse_time(last)
    if end <= start:
        raise UsageError(f"the range {text!r} is empty", "The end must come after the start")
    return start, end


def format_ms(ms: int) -> str:
    """Milliseconds for people: ``M:SS.mmm`` under an hour, else ``H:MM:SS.mmm``."""
    seconds, milli = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minute:02}:{second:02}.{milli:03}"
    return f"{minute}:{second:02}.{milli:03}"


def format_stamp(ms: int, separator: str = ",") -> str:
    """Milliseconds as a subtitle stamp, ``HH:MM:SS,mmm`` (SubRip) or with ``.`` (WebVTT)."""
    seconds, milli = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{separator}{milli:03}"
