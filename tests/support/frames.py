"""Read back which source frames a video shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from scripts.framecode import Region, read_frame_code

__all__ = ["Region", "centre_crop", "fit_inside", "frame_numbers", "read_frame_number"]

_LUMA_FIRST = frozenset(
    f"{kind}{layout}p" for kind in ("yuv", "yuvj") for layout in ("420", "422", "444")
) | {"gray", "nv12"}


def read_frame_number(rgb: NDArray[Any], region: Region | None = None) -> int | None:
    """The source frame number that a picture shows, or None where none can be read.

    Args:
        rgb: 8-bit pixels ``(height, width, 3)``, or ``(height, width)`` grey, of any size.
        region: where the whole source picture lies in it, by default everywhere; see
            ``centre_crop`` and ``fit_inside``.
    """
    return read_frame_code(rgb, region)


def centre_crop(source: tuple[int, int], image: tuple[int, int]) -> Region:
    """The region when a source ``(width, height)`` was cropped to fill an image around its middle."""
    scale = max(image[0] / source[0], image[1] / source[1])
    return _centred(source, image, scale)


def fit_inside(source: tuple[int, int], image: tuple[int, int]) -> Region:
    """The region when a source was letterboxed or pillarboxed whole into the middle of an image."""
    scale = min(image[0] / source[0], image[1] / source[1])
    return _centred(source, image, scale)


def frame_numbers(
    path: Path, region: Region | None = None, limit: int | None = None
) -> list[int | None]:
    """The source frame number of each frame of a video, in presentation order.

    Frames are taken as stored: a rotation flag is not applied.

    Args:
        path: any file that FFmpeg decodes.
        region: see ``read_frame_number``.
        limit: stop after that many frames.
    """
    numbers: list[int | None] = []
    for luma in _luma(path):
        if limit is not None and len(numbers) >= limit:
            break
        numbers.append(read_frame_code(luma, region))
    return numbers


def _luma(path: Path) -> Iterator[NDArray[np.uint8]]:
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if frame.format.name in _LUMA_FIRST:
                # The first plane is the grey picture already; no conversion of the whole frame.
                plane = frame.planes[0]
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                yield rows[: frame.height, : frame.width]
            else:
                yield frame.to_ndarray(format="gray")


def _centred(source: tuple[int, int], image: tuple[int, int], scale: float) -> Region:
    width, height = source[0] * scale, source[1] * scale
    return Region((image[0] - width) / 2, (image[1] - height) / 2, width, height)
