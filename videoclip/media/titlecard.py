"""The title card: a clip's title over its own first picture, dark and out of focus."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pysubs2

from videoclip.media.ass import font_name, harmless
from videoclip.media.geometry import Frame
from videoclip.media.lettering import text_width
from videoclip.media.lines import break_lines
from videoclip.media.styles import side_margin

__all__ = ["add_title", "card_frames", "card_picture"]

_SIZE_SHARE = 0.13
"""Font size of a short title, as a share of the picture's shorter side."""
_SMALLEST_SHARE = 0.055
_LINES = 4
_FADE_MS = 250


def card_frames(title_card_ms: int, title: str, rate: Fraction) -> int:
    """How many frames the card lasts; 0 where there is none, or nothing to show."""
    if title_card_ms <= 0 or not harmless(title):
        return 0
    return max(1, round(Fraction(title_card_ms, 1000) * rate))


def add_title(
    script: pysubs2.SSAFile,
    title: str,
    *,
    width: int,
    height: int,
    font: str,
    start_ms: int,
    end_ms: int,
) -> None:
    """Put the title into a script: in the middle, as large as fits into four lines."""
    short, room = min(width, height), width - 2 * side_margin(width, height)
    text = harmless(title, 160)
    size, lines = short * _SIZE_SHARE, [text]
    while True:
        lines = break_lines(text, lambda line: text_width(line, size) <= room)  # noqa: B023
        fits = len(lines) <= _LINES and all(text_width(line, size) <= room for line in lines)
        if size <= short * _SMALLEST_SHARE or (fits and len(lines) <= 2):
            break
        if fits and size <= short * _SIZE_SHARE * 0.7:
            break
        size *= 0.94
    widest = max(text_width(line, size) for line in lines)
    size = size if widest <= room else size * room / widest
    script.styles["Title"] = pysubs2.SSAStyle(
        fontname=font_name(font), fontsize=round(max(4.0, size), 1), bold=True,
        primarycolor=pysubs2.Color(255, 255, 255, 0), outlinecolor=pysubs2.Color(0, 0, 0, 160),
        backcolor=pysubs2.Color(0, 0, 0, 150), outline=round(size * 0.02, 2),
        shadow=round(size * 0.03, 2), alignment=pysubs2.Alignment.MIDDLE_CENTER,
        marginl=side_margin(width, height), marginr=side_margin(width, height),
    )  # fmt: skip
    fade = min(_FADE_MS, (end_ms - start_ms) // 4)
    script.append(
        pysubs2.SSAEvent(
            start=start_ms, end=end_ms, style="Title",
            text=f"{{\\fad({fade},{fade})\\q2}}" + "\\N".join(lines[: _LINES + 2]),
        )
    )  # fmt: skip


def card_picture(stream: Any, frame: Frame, frames: int) -> Any:
    """A stream's first picture, already in the frame, as ``frames`` dark and blurred ones."""
    small = tuple(max(2, size // 16 * 2) for size in (frame.width, frame.height))
    return (
        stream.filter("trim", end_frame=1)
        .filter("scale", *small, flags="area")
        .filter("boxblur", lr="max(1,min(w,h)/12)", lp=3, cr="max(1,min(cw,ch)/12)", cp=3)
        .filter("scale", frame.width, frame.height, flags="bicubic")
        .filter("setsar", "1")
        # 40 % of the light and less colour: white letters stand out on any scene.
        .filter("lutyuv", y="16+(val-16)*0.4", u="128+(val-128)*0.7", v="128+(val-128)*0.7")
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end_frame=frames)
    )
