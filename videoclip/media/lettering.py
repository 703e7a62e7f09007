"""How wide text is, from the advance widths of the bundled font, so that no line leaves the picture."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain_quotes", "text_width"]

_HEIGHT = 1448
"""Ascender to descender of the font in units, 1000 an em; libass makes this the font size."""
_FIRST = 32
_BOLD = (
    227, 370, 574, 590, 590, 963, 740, 325, 378, 378, 507, 590, 325, 370, 325, 387, 590, 590, 590,
    590, 590, 590, 590, 590, 590, 590, 325, 325, 590, 590, 590, 514, 1007, 641, 681, 656, 714, 615,
    585, 717, 757, 330, 568, 686, 578, 853, 749, 770, 667, 770, 682, 624, 625, 748, 619, 915, 627,
    580, 613, 378, 387, 378, 590, 567, 626, 591, 644, 527, 644, 581, 372, 597, 640, 304, 306, 604,
    315, 964, 641, 626, 644, 644, 436, 495, 421, 637, 576, 863, 562, 574, 511, 378, 296, 378, 590,
)  # fmt: skip
"""Of the ASCII characters from the space on."""
_OTHER = 690
_WIDE = 1000


def text_width(text: str, font_size: float) -> float:
    """Pixels that a line takes in the bundled bold font; about that in other fonts."""
    return sum(map(_advance, text)) * font_size / _HEIGHT


def _advance(char: str) -> int:
    place = ord(char) - _FIRST
    if 0 <= place < len(_BOLD):
        return _BOLD[place]
    if unicodedata.combining(char):
        return 0
    # CJK fonts draw "ambiguous" marks such as curly quotes and dashes as wide as characters.
    ambiguous = unicodedata.east_asian_width(char) == "A" and not char.isalpha()
    return _WIDE if ambiguous or unicodedata.east_asian_width(char) in "WF" else _OTHER


_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "—": " - ", "–": "-"})
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])’(?=[A-Za-z])")


def plain_quotes(text: str) -> str:
    """Text without CJK with straight quotes: a CJK font sets curly ones as wide as a character."""
    if any(unicodedata.east_asian_width(char) in "WF" for char in text):
        return _APOSTROPHE.sub("'", text)
    return " ".join(text.translate(_QUOTES).split(" "))
