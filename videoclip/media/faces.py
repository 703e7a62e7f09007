"""Finds faces in a small video that our own FFmpeg has written, with OpenCV's cascades.

Frontal faces first, profiles where there is none (Viola and Jones 2001; the cascades come with
OpenCV 4, Apache-2.0). No picture leaves the machine, and nobody is recognised.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from videoclip.errors import Cancelled

__all__ = ["Face", "FaceFinder", "available", "box_finder", "find_faces"]

_SMALLEST = 0.09
"""Smallest face, as a share of the picture's shorter side."""
_STEP = 1.15
_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture; shares of its width and height."""

    x: float
    """Of the middle."""
    y: float
    size: float
    """Of its box, of the picture's height."""

    def near(self, other: Face) -> bool:
        """Whether the other one can be the same face a moment later."""
        reach = 1.2 * max(self.size, other.size)
        alike = 0.5 < self.size / other.size < 2
        return alike and abs(self.x - other.x) < reach and abs(self.y - other.y) < reach


def available() -> bool:
    """Whether OpenCV and its cascades are installed."""
    return _cascades() is not None


class FaceFinder:
    """The cascades, loaded once.

    Raises:
        ImportError: OpenCV 4 is not installed.
    """

    def __init__(self) -> None:
        found = _cascades()
        if found is None:
            raise ImportError("opencv-python-headless 4 is not installed")
        self._front, self._side = found

    def find(self, grey: npt.NDArray[np.uint8]) -> list[Face]:
        """Faces in an 8-bit picture ``(height, width)``, the largest first."""
        height, width = grey.shape
        faces = [
            Face((x + w / 2) / width, (y + h / 2) / height, h / height)
            for x, y, w, h in self.boxes(grey)
        ]
        return sorted(faces, key=lambda face: -face.size)

    def boxes(self, grey: npt.NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
        """As ``find``, as boxes ``(x, y, width, height)`` in pixels, in no order."""
        height, width = grey.shape
        least = round(min(height, width) * _SMALLEST)
        boxes = self._detect(self._front, grey, least) or self._detect(self._side, grey, least)
        if boxes:
            return boxes
        mirrored = np.ascontiguousarray(grey[:, ::-1])
        return [
            (width - x - w, y, w, h) for x, y, w, h in self._detect(self._side, mirrored, least)
        ]

    @staticmethod
    def _detect(
        cascade: Any, grey: npt.NDArray[np.uint8], least: int
    ) -> list[tuple[int, int, int, int]]:
        found = cascade.detectMultiScale(
            grey, scaleFactor=_STEP, minNeighbors=_NEIGHBOURS, minSize=(least, least)
        )
        return [(int(x), int(y), int(w), int(h)) for x, y, w, h in found]


def _cascades() -> tuple[Any, Any] | None:
    try:
        import cv2
    except ImportError:
        return None
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    if folder is None or not hasattr(cv2, "CascadeClassifier"):  # OpenCV 5 has none
        return None
    cv2.setNumThreads(1)
    loaded = [
        cv2.CascadeClassifier(str(Path(folder) / f"haarcascade_{name}.xml"))
        for name in ("frontalface_alt2", "profileface")
    ]
    return None if any(cascade.empty() for cascade in loaded) else (loaded[0], loaded[1])


@functools.cache
def box_finder() -> Callable[[npt.NDArray[np.uint8]], Sequence[tuple[int, int, int, int]]] | None:
    """Finds faces in 8-bit RGB ``(height, width, 3)``, for stills; None where there is no detector."""
    try:
        finder = FaceFinder()
    except ImportError:
        return None
    weights = np.array([0.299, 0.587, 0.114], np.float32)  # luma of BT.601

    def find(rgb: npt.NDArray[np.uint8]) -> Sequence[tuple[int, int, int, int]]:
        return finder.boxes(np.ascontiguousarray((rgb[..., :3] @ weights).astype(np.uint8)))

    return find


def find_faces(path: Path, *, cancel: threading.Event | None = None) -> list[list[Face]] | None:
    """The faces in each picture of a video of ours; None where there is no detector.

    Raises:
        Cancelled: ``cancel`` was set.
    """
    try:
        finder = FaceFinder()
    except ImportError:
        return None
    pictures = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if cancel is not None and cancel.is_set():
                raise Cancelled("the work was cancelled", "Run the same command again to go on")
            grey = np.asarray(
                frame.to_ndarray()[: frame.height, : frame.width], np.uint8, order="C"
            )
            pictures.append(finder.find(grey))
    return pictures
