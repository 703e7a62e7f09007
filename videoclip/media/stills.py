"""How good a picture is as a still: sharp, well lit, with contrast, not in the middle of a transition, with faces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["FaceFinder", "is_transition", "score_faces", "score_picture"]

_DARK, _BRIGHT = 24, 250
_FULL_DETAIL = 20.0
"""Spread of the Laplacian of a crisp picture 320 pixels wide; noise above it earns nothing more."""
_BLEND = 4.0
"""Mean change, of 255, from which an even mixture counts as a transition."""
_IMPURE = 0.3
_FACE_GAIN = 0.35


class FaceFinder(Protocol):
    """Finds faces; whoever has a detector passes one."""

    def __call__(self, rgb: npt.NDArray[np.uint8], /) -> Sequence[tuple[int, int, int, int]]:
        """Boxes ``(x, y, width, height)`` in pixels of the faces in 8-bit RGB ``(height, width, 3)``."""
        ...


def score_picture(rgb: npt.NDArray[Any]) -> float:
    """From 0 (black, white, one colour) to about 1: detail, exposure and contrast multiplied.

    Args:
        rgb: 8-bit pixels ``(height, width, 3)``, the longer side about 320: scores of other sizes do not compare.
    """
    grey = _grey(rgb)
    if min(grey.shape) < 3:
        return 0.0
    edges = (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )
    detail = min(1.0, float(np.log1p(edges.std()) / np.log1p(_FULL_DETAIL)))
    lost = float(((grey < _DARK) | (grey > _BRIGHT)).mean())
    middling = max(0.05, 1 - abs(float(grey.mean()) / 255 - 0.5) * 1.6)
    contrast = min(1.0, float(grey.std()) / 48)
    return detail * detail * middling * (0.2 + 0.8 * contrast) * (1 - lost) ** 2


def is_transition(pictures: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether the middle one of three pictures, evenly apart, is a mixture of the other two (dissolve, fade).

    A hard cut or a moving camera is not: there the one in the middle is no mean of both.
    """
    first, middle, last = (_grey(picture) for picture in pictures)
    change = float(np.abs(last - first).mean())
    return change >= _BLEND and float(np.abs(middle - (first + last) / 2).mean()) <= (
        _IMPURE * change
    )


def score_faces(boxes: Sequence[tuple[int, int, int, int]], size: tuple[int, int]) -> float:
    """Factor by which faces raise a score, from 1: most for one that fills a tenth of the picture or more.

    Args:
        boxes: ``(x, y, width, height)`` in pixels.
        size: width and height of the picture.
    """
    if not boxes:
        return 1.0
    largest = max(w * h for _, _, w, h in boxes) / max(1, size[0] * size[1])
    return 1 + _FACE_GAIN * min(1.0, math.sqrt(largest / 0.1))


def _grey(rgb: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Luma of BT.601, 0 to 255."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(rgb[..., :3], np.float32) @ weights
