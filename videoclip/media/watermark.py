"""A watermark, image or text: the same wishes for place, size, margin and opacity give the same place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import pysubs2

from videoclip.media.ass import font_name, harmless
from videoclip.media.ffmpeg import file_url
from videoclip.media.formats import IMAGE_DEMUXERS, PROTOCOLS
from videoclip.media.lettering import text_width
from videoclip.schemas import Place, RenderOptions

__all__ = ["Mark", "add_text_mark", "overlay_image"]

_SMALLEST_SHARE = 0.035
"""Font size of a text at least, as a share of the picture's shorter side: a long one gets wider instead."""
_LARGEST_SHARE = 0.25
_ABOVE, _BELOW = 0.19, 0.06
"""Empty above and below the letters in a line, as shares of the font size."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where and how a watermark stands; shares are of the picture's width."""

    place: Place = Place.TOP_RIGHT
    opacity: float = 0.8
    size: float = 0.12
    margin: float = 0.03

    @classmethod
    def of(cls, options: RenderOptions) -> Mark:
        """The wishes of a clip."""
        return cls(
            options.watermark_place, options.watermark_opacity, options.watermark_size,
            options.watermark_margin,
        )  # fmt: skip


_ALIGNMENT = {
    Place.TOP_LEFT: pysubs2.Alignment.TOP_LEFT,
    Place.TOP_RIGHT: pysubs2.Alignment.TOP_RIGHT,
    Place.BOTTOM_LEFT: pysubs2.Alignment.BOTTOM_LEFT,
    Place.BOTTOM_RIGHT: pysubs2.Alignment.BOTTOM_RIGHT,
    Place.CENTRE: pysubs2.Alignment.MIDDLE_CENTER,
}


def add_text_mark(
    script: pysubs2.SSAFile,
    text: str,
    mark: Mark,
    *,
    width: int,
    height: int,
    font: str,
    duration_ms: int,
) -> None:
    """Put a text into a script, as wide as the mark's size where that is readable."""
    shown = harmless(text)
    margin = round(width * mark.margin)
    short = min(width, height)
    unit = max(text_width(shown, 1.0), 0.1)
    size = min(max(width * mark.size / unit, short * _SMALLEST_SHARE), height * _LARGEST_SHARE)
    size = max(4.0, min(size, (width - 2 * margin) / unit))
    clear = round((1 - mark.opacity) * 255)
    top = mark.place in (Place.TOP_LEFT, Place.TOP_RIGHT)
    script.styles["Watermark"] = pysubs2.SSAStyle(
        fontname=font_name(font), fontsize=round(size, 1), bold=True,
        primarycolor=pysubs2.Color(255, 255, 255, clear),
        outlinecolor=pysubs2.Color(0, 0, 0, 255 - round((255 - clear) * 0.6)),
        outline=round(size * 0.035, 2), shadow=0, alignment=_ALIGNMENT[mark.place],
        marginl=margin, marginr=margin,
        marginv=max(0, round(margin - size * (_ABOVE if top else _BELOW))),
    )  # fmt: skip
    script.append(
        pysubs2.SSAEvent(start=0, end=duration_ms, text=shown, style="Watermark", layer=2)
    )


def overlay_image(
    stream: Any, image: tuple[Path, str], mark: Mark, *, width: int, height: int
) -> Any:
    """Lay an image (path and demuxer) over a picture of this size; at most a third of it high."""
    path, demuxer = image
    margin = round(width * mark.margin)
    wide = max(2, min(round(width * mark.size), width - 2 * margin))
    tall = max(2, min(height // 3, height - 2 * margin))
    logo = (
        ffmpeg.input(
            file_url(path), f=demuxer, protocol_whitelist=PROTOCOLS, format_whitelist=demuxer,
            codec_whitelist=IMAGE_DEMUXERS[demuxer], max_pixels=8192 * 8192,
        )["v"]
        .filter("trim", end_frame=1)
        .filter("setpts", "0")
        .filter("scale", f"max(1,min({wide},{tall}*dar))", f"max(1,min({tall},{wide}/dar))")
        .filter("setsar", "1")
        .filter("format", "rgba")
        .filter("colorchannelmixer", aa=round(mark.opacity, 3))
    )  # fmt: skip
    x = {True: str(margin), False: f"W-w-{margin}"}[
        mark.place in (Place.TOP_LEFT, Place.BOTTOM_LEFT)
    ]
    y = {True: str(margin), False: f"H-h-{margin}"}[mark.place in (Place.TOP_LEFT, Place.TOP_RIGHT)]
    if mark.place is Place.CENTRE:
        x, y = "(W-w)/2", "(H-h)/2"
    return stream.overlay(logo, x=x, y=y)
