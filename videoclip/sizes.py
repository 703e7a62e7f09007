"""Sizes as people read them."""

from __future__ import annotations

__all__ = ["size_text"]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def size_text(size: float) -> str:
    """A number of bytes with the unit that fits: ``0 bytes``, ``917 bytes``, ``1.5 KiB``, ``24 MiB``."""
    power = 0
    while power < len(_UNITS) - 1 and size >= 1023.5:
        size /= 1024
        power += 1
    digits = 1 if power and size < 9.95 else 0
    return f"{size:.{digits}f} {_UNITS[power]}"
