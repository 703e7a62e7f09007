"""Caption styles, sized by the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["STYLES", "CaptionStyle", "bottom_margin", "font_size", "side_margin"]

Colour = tuple[int, int, int, int]
"""``(red, green, blue, transparency)``, 0 to 255; 0 is opaque."""

_FONT_SHARE = 0.065
"""Font size as a share of the picture's shorter side. libass counts ascender to descender, so letters are smaller."""


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """How captions look."""

    name: str
    text: Colour = (255, 255, 255, 0)
    outline: Colour = (16, 16, 16, 0)
    shadow: Colour = (0, 0, 0, 128)
    highlight: Colour | None = None
    """Colour of spoken words; None: no word by word highlight."""
    words: Literal["fill", "pop"] = "fill"
    """With a highlight: ``fill`` keeps the words that were said lit, ``pop`` lights and lifts the current one only."""
    boxed: bool = False
    """A box of the outline colour behind the text instead of an outline."""
    bold: bool = True
    outline_share: float = 0.075
    """Width of the outline (or of the box's border) as a share of the font size."""
    shadow_share: float = 0.03
    blur_share: float = 0.0
    """Softness of outline and shadow as a share of the font size."""
    scale: float = 1.0
    """Size of the letters, 1 being the usual size."""
    max_units: int = 42
    """Half-width characters in a line at most; short lines are read at a glance."""
    place: Literal["bottom", "lower_third", "bar"] = "bottom"
    bar: Colour | None = None
    accent: Colour | None = None
    """With ``bar``: its colour and that of the mark at its left end."""


STYLES: dict[str, CaptionStyle] = {
    "clean": CaptionStyle("clean"),
    "boxed": CaptionStyle(
        "boxed", outline=(0, 0, 0, 96), boxed=True, bold=False, outline_share=0.16, shadow_share=0.0
    ),
    "karaoke": CaptionStyle("karaoke", highlight=(255, 214, 10, 0), outline_share=0.09),
    "pop": CaptionStyle(
        "pop", highlight=(255, 214, 10, 0), words="pop", outline=(0, 0, 0, 0), outline_share=0.085,
        shadow_share=0.04, scale=1.25, max_units=22,
    ),
    "bold": CaptionStyle(
        "bold", outline=(0, 0, 0, 0), outline_share=0.11, shadow_share=0.06, shadow=(0, 0, 0, 80),
        scale=1.55, max_units=18, place="lower_third",
    ),
    "minimal": CaptionStyle(
        "minimal", outline=(0, 0, 0, 70), bold=False, outline_share=0.06, shadow_share=0.0,
        blur_share=0.03, scale=0.9,
    ),
    "news": CaptionStyle(
        "news", outline=(0, 0, 0, 255), outline_share=0.0, shadow_share=0.0, scale=0.9,
        place="bar", bar=(13, 27, 62, 38), accent=(214, 40, 40, 0),
    ),
}  # fmt: skip
"""By name; ``clean`` is the default."""


def font_size(width: int, height: int, style: CaptionStyle | None = None) -> int:
    """Font size in pixels for a picture of this size."""
    scale = style.scale if style else 1.0
    return max(4, round(min(width, height) * _FONT_SHARE * scale))


def bottom_margin(width: int, height: int) -> int:
    """Pixels kept free below captions; portrait players lay their controls over the lower fifth."""
    if height * 2 > width * 3:
        return round(height * 0.22)
    return round(height * (0.12 if height >= width else 0.075))


def side_margin(width: int, height: int) -> int:
    """Pixels kept free beside captions; tall players have their buttons at the right."""
    return round(width * (0.1 if height * 2 > width * 3 else 0.06))
