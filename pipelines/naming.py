"""File names of clips: readable, safe on every file system, never from hostile text as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from videoclip.schemas import TimeRange

__all__ = ["clip_stem", "range_stem", "slug"]

_LONGEST_BYTES = 80
_NOT_NAME = re.compile(r"[^\w]+", re.UNICODE)


def slug(text: str) -> str:
    """Lower-case letters, digits and hyphens of any script; empty when nothing is left."""
    flat = unicodedata.normalize("NFC", text).lower().replace("_", "-")
    words = _NOT_NAME.sub("-", flat).strip("-")
    cut = words.encode()[:_LONGEST_BYTES].decode(errors="ignore")
    if len(cut) < len(words) and "-" in cut:
        cut = cut.rpartition("-")[0]  # whole words only
    return cut.strip("-")


def clip_stem(number: int, title: str) -> str:
    """``NN-slug``; just ``NN-clip`` when the title has no letters."""
    return f"{number:02}-{slug(title) or 'clip'}"


def range_stem(number: int, ranges: Sequence[TimeRange]) -> str:
    """``NN-HHMMSSmmm-HHMMSSmmm`` of the first start and the last end."""
    return f"{number:02}-{_digits(ranges[0].start_ms)}-{_digits(ranges[-1].end_ms)}"


def _digits(ms: int) -> str:
    seconds, milli = divmod(ms, 1000)
    return f"{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}{milli:03}"
