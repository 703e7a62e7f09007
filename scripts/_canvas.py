"""A drawing surface with smooth edges: shapes and text at three times the size, then reduced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

__all__ = ["Canvas", "Colour", "font", "gradient", "mix", "shadow"]

Colour = tuple[int, int, int]

_SCALE = 3
_FONTS = {
    "regular": (
        "opentype/noto/NotoSansCJK-Regular.ttc",
        "truetype/dejavu/DejaVuSans.ttf",
    ),
    "bold": (
        "opentype/noto/NotoSansCJK-Bold.ttc",
        "truetype/dejavu/DejaVuSans-Bold.ttf",
    ),
    "mono": ("truetype/dejavu/DejaVuSansMono.ttf",),
}


@cache
def font(weight: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of Debian's packages, ``regular``, ``bold`` or ``mono``; Pillow's own where none is there."""
    for name in _FONTS[weight]:
        path = Path("/usr/share/fonts", name)
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """``first`` with a share of ``second``, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """A picture that goes from one colour to another, downwards."""
    width, height = size
    ramp = np.linspace(np.array(top, float), np.array(bottom, float), height)
    rows = np.repeat(ramp[:, None, :], width, axis=1)
    return Image.fromarray(np.rint(rows).astype(np.uint8), "RGB").convert("RGBA")


def shadow(
    size: tuple[int, int], box: tuple[float, float, float, float], radius: float, strength: int
) -> Image.Image:
    """A soft shadow of a rounded box, as a layer."""
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius, fill=strength)
    layer = Image.new("RGBA", size, (40, 30, 60, 0))
    layer.putalpha(mask.filter(ImageFilter.GaussianBlur(12)))
    return layer


class Canvas:
    """A transparent layer; coordinates are pixels of the finished picture.

    ``at`` moves and scales everything that is drawn inside it, so that a drawing made in its own
    coordinates can be placed anywhere.
    """

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGBA", (width * _SCALE, height * _SCALE), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._image)
        self._x = self._y = 0.0
        self._zoom = 1.0

    def at(self, x: float, y: float, zoom: float = 1.0) -> Canvas:
        """The same surface with another origin and scale."""
        view = Canvas.__new__(Canvas)
        view._image, view._draw = self._image, self._draw
        view._x, view._y = self._x + x * self._zoom, self._y + y * self._zoom
        view._zoom = self._zoom * zoom
        return view

    def layer(self) -> Image.Image:
        """What was drawn, at its final size."""
        return self._image.reduce(_SCALE)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Colour,
        *,
        radius: float = 0.0,
        edge: Colour | None = None,
        width: float = 0.0,
    ) -> None:
        """A rectangle, with rounded corners if asked for."""
        self._draw.rounded_rectangle(
            self._points((x0, y0), (x1, y1)),
            self._length(radius),
            fill=fill,
            outline=edge,
            width=round(self._length(width)),
        )

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        """An ellipse in a box."""
        self._draw.ellipse(self._points((x0, y0), (x1, y1)), fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """A circle around a point."""
        self.oval(x - radius, y - radius, x + radius, y + radius, fill)

    def shape(self, points: Sequence[tuple[float, float]], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon(self._points(*points), fill=fill)

    def line(self, points: Sequence[tuple[float, float]], fill: Colour, width: float) -> None:
        """A line with round ends and joints."""
        thick = self._length(width)
        placed = self._points(*points)
        self._draw.line(placed, fill=fill, width=round(thick), joint="curve")
        for x, y in (placed[0], placed[-1]):
            half = thick / 2
            self._draw.ellipse((x - half, y - half, x + half, y + half), fill=fill)

    def arc(
        self,
        box: tuple[float, float, float, float],
        start: float,
        end: float,
        fill: Colour,
        width: float,
    ) -> None:
        """Part of an ellipse's line, in degrees clockwise from three o'clock."""
        x0, y0, x1, y1 = box
        self._draw.arc(
            self._points((x0, y0), (x1, y1)), start, end, fill, round(self._length(width))
        )

    def pie(
        self, box: tuple[float, float, float, float], start: float, end: float, fill: Colour
    ) -> None:
        """Part of an ellipse's area cut by a chord, in degrees clockwise from three o'clock."""
        x0, y0, x1, y1 = box
        self._draw.chord(self._points((x0, y0), (x1, y1)), start, end, fill)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        fill: Colour,
        *,
        weight: str = "regular",
        anchor: str = "lm",
    ) -> float:
        """Write a line; ``anchor`` as in Pillow. Gives the width in the view's own units."""
        kind = font(weight, round(self._length(size)))
        (place,) = self._points((x, y))
        self._draw.text(place, text, font=kind, fill=fill, anchor=anchor)
        return self._draw.textlength(text, font=kind) / (_SCALE * self._zoom)

    def _length(self, value: float) -> float:
        return value * self._zoom * _SCALE

    def _points(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        return [
            ((self._x + x * self._zoom) * _SCALE, (self._y + y * self._zoom) * _SCALE)
            for x, y in points
        ]
