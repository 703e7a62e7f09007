"""Videos of made-up scenes whose cuts, dissolves, fades and flashes are known to the frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts._encode import encode

__all__ = ["SIZE", "Film", "scene", "write_film"]

SIZE = (320, 180)
Picture = NDArray[np.uint8]


def scene(
    seed: int, frames: int, *, pan: int = 1, size: tuple[int, int] = SIZE, detail: int = 6
) -> list[Picture]:
    """A textured picture that a camera pans over by ``pan`` pixels a frame, from seed; RGB."""
    rng = np.random.default_rng(seed)
    width, height = size[0] + abs(pan) * frames + 8, size[1]
    canvas = np.zeros((height, width, 3))
    for cell in (64, 24, detail):  # large shapes, small ones, detail
        grid = rng.uniform(-1, 1, (height // cell + 2, width // cell + 2, 3))
        canvas += np.kron(grid, np.ones((cell, cell, 1)))[:height, :width]
    tint = rng.uniform(70, 180, 3)
    canvas = np.clip(tint + canvas * 32, 0, 255).astype(np.uint8)
    return [canvas[:, n * pan : n * pan + size[0]].copy() for n in range(frames)]


@dataclass
class Film:
    """Pictures, and the boundaries between the scenes as ``(kind, first frame, last frame)``."""

    pictures: list[Picture] = field(default_factory=list)
    truth: list[tuple[str, int, int]] = field(default_factory=list)

    def cut(self, scene: Sequence[Picture]) -> Film:
        """Append a scene behind a hard cut."""
        if self.pictures:
            self.truth.append(("cut", len(self.pictures), len(self.pictures)))
        self.pictures += scene
        return self

    def dissolve(self, scene: Sequence[Picture], frames: int) -> Film:
        """Append a scene; its first ``frames`` mix with the last ones so far."""
        start = len(self.pictures) - frames
        for n in range(frames):
            share = (n + 1) / (frames + 1)
            self.pictures[start + n] = _mix(self.pictures[start + n], scene[n], share)
        self.truth.append(("dissolve", start - 1, start + frames))
        self.pictures += scene[frames:]
        return self

    def fade(self, scene: Sequence[Picture], out: int, black: int, back: int) -> Film:
        """Append a scene: fade out, black, fade in."""
        dark = np.zeros_like(scene[0])
        start = len(self.pictures) - out
        for n in range(out):
            self.pictures[start + n] = _mix(self.pictures[start + n], dark, (n + 1) / (out + 1))
        self.pictures += [dark] * black
        self.pictures += [_mix(dark, scene[n], (n + 1) / (back + 1)) for n in range(back)]
        self.truth.append(("fade", start - 1, len(self.pictures)))
        self.pictures += scene[back:]
        return self

    def flash(self, back: int) -> Film:
        """One white frame, ``back`` frames before the end so far; no boundary."""
        self.pictures[-back] = np.full_like(self.pictures[-back], 250)
        return self


def _mix(one: Picture, other: Picture, share: float) -> Picture:
    return np.round(one * (1 - share) + other * share).astype(np.uint8)


def write_film(
    pictures: Sequence[Picture],
    path: Path,
    *,
    fps: str = "25",
    gop: int = 250,
    extra: Sequence[str] = (),
) -> Path:
    """Encode pictures without sound; ``gop`` keyframes apart, none at scene cuts."""
    size = (pictures[0].shape[1], pictures[0].shape[0])

    def planes() -> Iterator[Picture]:
        yield from pictures

    encode(
        planes(), size, fps,
        ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p",
         "-g", str(gop), "-sc_threshold", "0", "-an", *extra],
        path,
    )  # fmt: skip
    return path
