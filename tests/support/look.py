"""Looks at what a script or a graph draws: one picture, as numbers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoclip.media import compose

__all__ = ["Box", "box_of", "burn", "yellow"]

FONTS = Path(compose.__file__).parent / "fonts"
GREY = 128

Box = tuple[int, int, int, int]
"""Left, top, right, bottom; right and bottom exclusive."""


def burn(script: Path, size: tuple[int, int], at_ms: int) -> NDArray[np.uint8]:
    """A grey picture with what a script shows at a moment, ``(height, width, 3)``."""
    link = script.parent / "fonts"
    if not link.exists():
        link.symlink_to(FONTS)
    width, height = size
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi",
         "-i", f"color=0x808080:s={width}x{height}:r=1000:d=0.001", "-vf",
         f"format=rgb24,setpts=PTS+{at_ms}/1000/TB,ass={script.name}:fontsdir=fonts",
         "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
        check=True, capture_output=True, timeout=120, cwd=script.parent,
    )  # fmt: skip
    return np.frombuffer(done.stdout, np.uint8).reshape(height, width, 3)


def box_of(picture: NDArray[np.uint8], ground: int | NDArray[np.uint8] = GREY) -> Box | None:
    """The box around everything that differs from the ground; None where nothing does."""
    changed = np.abs(picture.astype(int) - np.asarray(ground, int)).max(axis=2) > 24
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def yellow(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels have the highlight's colour."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (red > 200) & (green > 160) & (blue < 90)
