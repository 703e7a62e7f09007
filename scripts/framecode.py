"""Frame numbers that a machine reads back from the picture: two short rows of black and white cells.

The strip sits at the middle of the upper edge, where neither captions nor the usual corner watermarks
go, and is narrow enough to survive a centred 9:16 crop of a 16:9 picture. Its place and size are
fractions of the picture, so a scaled picture reads like the original. Twelve cells a row: twenty bits
of frame number, most significant first, then four check bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LIMIT",
    "Region",
    "frame_code",
    "numbered_pictures",
    "paint_frame_code",
    "read_frame_code",
    "strip_box",
]

LIMIT = 1 << 20
"""Frame numbers go from 0 to ``LIMIT - 1`` (11 hours at 25 frames a second)."""

_COLUMNS = 12
_ROWS = 2
_CELL_WIDTH = 1 / 40  # of the picture's width: 32 pixels at 1280
_CELL_HEIGHT = 1 / 36  # of the picture's height: 20 pixels at 720
_LEFT = 0.5 - _COLUMNS * _CELL_WIDTH / 2
_LEAST_CONTRAST = 56.0  # between the darkest and the brightest cell, of 255
_LEAST_MARGIN = 0.2  # distance of each cell from the middle grey, in parts of the contrast


class Region(NamedTuple):
    """Where the whole source picture lies in an image, in pixels of the image.

    It may reach over the image's edges: for a centred crop ``x`` is negative and ``width`` is greater
    than the image's.
    """

    x: float
    y: float
    width: float
    height: float


def frame_code(number: int) -> NDArray[np.bool_]:
    """The cells for a frame number, ``(2, 12)``, true for white.

    Raises:
        ValueError: the number is negative or not under ``LIMIT``.
    """
    if not 0 <= number < LIMIT:
        raise ValueError(f"frame number {number} is outside 0..{LIMIT - 1}")
    word = number << 4 | _check(number)
    bits = [bool(word >> shift & 1) for shift in range(_COLUMNS * _ROWS - 1, -1, -1)]
    return np.array(bits).reshape(_ROWS, _COLUMNS)


def strip_box(width: int, height: int) -> tuple[int, int, int, int]:
    """``(left, top, right, bottom)`` of the strip in a picture of that size, in pixels."""
    return (
        round(_LEFT * width),
        0,
        round((1 - _LEFT) * width),
        round(_ROWS * _CELL_HEIGHT * height),
    )


def paint_frame_code(picture: NDArray[np.uint8], number: int) -> None:
    """Draw the strip into a picture ``(height, width)`` or ``(height, width, 3)``, in place."""
    height, width = picture.shape[:2]
    xs = [round((_LEFT + column * _CELL_WIDTH) * width) for column in range(_COLUMNS + 1)]
    ys = [round(row * _CELL_HEIGHT * height) for row in range(_ROWS + 1)]
    cells = frame_code(number)
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            value = 255 if cells[row, column] else 0
            picture[ys[row] : ys[row + 1], xs[column] : xs[column + 1]] = value


def numbered_pictures(
    frames: int, size: tuple[int, int], first: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """Test pictures: a colour ramp, a bright square that moves, and the number strip.

    Args:
        frames: how many.
        size: width and height in pixels.
        first: number of the first one.
    """
    width, height = size
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.linspace(30, 150, width).astype(np.uint8)
    ramp[..., 1] = np.linspace(60, 120, height).astype(np.uint8)[:, None]
    ramp[..., 2] = 90
    side = max(1, height // 6)
    for number in range(first, first + frames):
        picture = ramp.copy()
        left = number % 97 * max(0, width - side) // 96
        top = height // 3 + number % 29 * (height // 3) // 29
        picture[top : top + side, left : left + side] = (240, 200, 60)
        paint_frame_code(picture, number)
        yield picture


def read_frame_code(picture: NDArray[Any], region: Region | None = None) -> int | None:
    """The frame number in a picture, or None where there is no readable strip.

    Args:
        picture: 8-bit pixels, ``(height, width)`` grey or ``(height, width, 3)`` colour.
        region: where the source picture lies in ``picture``; by default it fills it.
    """
    height, width = picture.shape[:2]
    area = region or Region(0, 0, width, height)
    values = np.empty((_ROWS, _COLUMNS))
    for row in range(_ROWS):
        top, bottom = _middle(area.y, area.height, row * _CELL_HEIGHT, _CELL_HEIGHT)
        for column in range(_COLUMNS):
            left, right = _middle(area.x, area.width, _LEFT + column * _CELL_WIDTH, _CELL_WIDTH)
            if left < 0 or top < 0 or right > width or bottom > height:
                return None
            values[row, column] = picture[top:bottom, left:right].mean()
    return _decode(values)


def _middle(origin: float, extent: float, start: float, size: float) -> tuple[int, int]:
    """Pixels of the inner half of a cell, at least one; its edges blur under compression."""
    first = origin + (start + size / 4) * extent
    last = origin + (start + size * 3 / 4) * extent
    low = round(first)
    return low, max(round(last), low + 1)


def _decode(values: NDArray[np.float64]) -> int | None:
    low, high = values.min(), values.max()
    contrast = high - low
    if contrast < _LEAST_CONTRAST:
        return None
    distance = values - (low + high) / 2
    if np.abs(distance).min() < _LEAST_MARGIN * contrast:
        return None
    word = 0
    for bit in (distance > 0).ravel():
        word = word << 1 | int(bit)
    number, check = word >> 4, word & 0xF
    return number if check == _check(number) else None


def _check(number: int) -> int:
    """Exclusive or of the five nibbles, salted so that no code is all black or all white."""
    result = 0b1010
    while number:
        result ^= number & 0xF
        number >>= 4
    return result
