"""Caption styles, sized by the picture."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["STYLES", "CaptionStyle", "bottom_margin", "font_size"]

_FONT_SHARE = 0.065
"""Font size as a share of the picture's shorter side. libass counts ascender to descender, so letters are smaller."""


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """How captions look. Colours are ``(red, green, blue, transparency)``, 0 to 255; 0 is opaque."""

    name: str
    text: tuple[int, int, int, int] = (255, 255, 255, 0)
    outline: tuple[int, int, int, int] = (16, 16, 16, 0)
    highlight: tuple[int, int, int, int] | None = None
    """Colour of the words that were said already; None: no word by word highlight."""
    boxed: bool = False
    """A box of the outline colour behind the text instead of an outline."""
    bold: bool = True
    outline_share: float = 0.075
    """Width of the outline (or of the box's border) as a share of the font size."""
    shadow_share: float = 0.03


STYLES: dict[str, CaptionStyle] = {
    "clean": CaptionStyle("clean"),
    "boxed": CaptionStyle(
        "boxed", outline=(0, 0, 0, 96), boxed=True, bold=False, outline_share=0.2, shadow_share=0.0
    ),
    "karaoke": CaptionStyle("karaoke", highlight=(255, 214, 10, 0), outline_share=0.09),
}
"""By name; ``clean`` is the default."""


def font_size(width: int, height: int) -> int:
    """Font size in pixels for a picture of this size."""
    return max(4, round(min(width, height) * _FONT_SHARE))


def bottom_margin(width: int, height: int) -> int:
    """Pixels kept free below captions; portrait players lay their controls over the lower fifth."""
    return round(height * (0.2 if height > width else 0.12 if height == width else 0.07))
