"""Small pictures of the source's frames and of the clip's, laid side by side.

While a clip is encoded, a branch of the same graph keeps every so many of the source's frames as 32 x 18 grey
cells, taken before anything is done to them but cutting; the proof takes the same frames of the finished file.
That costs no second decoding and finds wrong, lost, black and frozen pictures wherever they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

__all__ = ["Comparison", "Sampling", "Witness", "compare", "small_pictures", "witness_for"]

_WIDTH, _HEIGHT = 32, 18
_BYTES = _WIDTH * _HEIGHT
_MAX_RUNS = 8
"""Joined ranges up to which pictures are compared; the expression that picks frames grows with them."""
_OFF = 40
"""A cell that differs by more grey levels shows something else; strong compression stays below it."""
_OFF_CELLS = 6
"""So many cells (one in a hundred) may."""
_OFF_MEAN = 8.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames of the clip are looked at: of each run every ``step``-th and the last one."""

    runs: tuple[tuple[int, int], ...]
    """First frame in the clip and number of frames, one for each range."""
    step: int

    @property
    def frames(self) -> list[int]:
        """Their numbers in the clip, in order."""
        return [
            first + number
            for first, count in self.runs
            for number in range(count)
            if number % self.step == 0 or number == count - 1
        ]

    @property
    def expression(self) -> str:
        """For the ``select`` filter over the whole clip."""
        return "+".join(
            f"between(n,{first},{first + count - 1})"
            f"*(not(mod(n-{first},{self.step}))+eq(n,{first + count - 1}))"
            for first, count in self.runs
        )


def small_pictures(stream: Any, expression: str) -> Any:
    """The chosen frames as grey cells, whatever their shape was."""
    return (
        stream.filter("select", expression)
        .filter("scale", _WIDTH, _HEIGHT, flags="area")
        .filter("format", "gray")
    )


@dataclass(slots=True)
class Witness:
    """Keeps the source's pictures during encoding."""

    sampling: Sampling
    covered: bool
    """Whether captions or a watermark lie over a part of the picture."""
    _outputs: list[Any] = field(default_factory=list)

    def tap(self, stream: Any, number: int, start_pts: int, end_pts: int) -> Any:
        """Branch the pictures of range ``number`` off a decoded stream; what goes on is the same stream."""
        split = stream.filter_multi_output("split")
        _, count = self.sampling.runs[number]
        mine = split[0].filter("trim", start_pts=start_pts, end_pts=end_pts)
        chosen = f"not(mod(n,{self.sampling.step}))+eq(n,{count - 1})"
        self._outputs.append(
            ffmpeg.output(
                small_pictures(mine, chosen), self._name(number), f="rawvideo",
                fps_mode="passthrough",
            )
        )  # fmt: skip
        return split[1]

    def beside(self, output: Any) -> Any:
        """The clip's output together with the files for the pictures."""
        return ffmpeg.merge_outputs(output, *self._outputs) if self._outputs else output

    def pictures(self, work: Path) -> bytes:
        """What was kept, in the clip's order; the files are removed."""
        kept = b""
        for number in range(len(self.sampling.runs)):
            path = work / self._name(number)
            kept += path.read_bytes() if path.exists() else b""
            path.unlink(missing_ok=True)
        return kept

    @staticmethod
    def _name(number: int) -> str:
        return f"witness-{number}.raw"


def witness_for(
    counts: Sequence[int | None], rate: Fraction, *, offset: int, covered: bool
) -> Witness | None:
    """A witness of these ranges; None where there are too many, or their frames cannot be counted."""
    if len(counts) > _MAX_RUNS:
        return None
    runs = []
    for count in counts:
        if count is None:
            return None
        runs.append((offset, count))
        offset += count
    return Witness(Sampling(tuple(runs), max(1, round(rate / 4))), covered)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the clip's pictures lie beside the source's."""

    compared: int
    off: tuple[int, ...]
    """Frames of the clip that show something else."""


def compare(source: bytes, clip: bytes, sampling: Sampling, *, covered: bool) -> Comparison:
    """Lay both series side by side.

    Where captions or a watermark cover the picture, the better half of the cells decides.
    """
    frames = sampling.frames
    count = min(len(frames), len(source) // _BYTES, len(clip) // _BYTES)
    shape = (count, _BYTES)
    theirs = np.frombuffer(source[: count * _BYTES], np.uint8).reshape(shape).astype(np.int16)
    ours = np.frombuffer(clip[: count * _BYTES], np.uint8).reshape(shape).astype(np.int16)
    distance = np.sort(np.abs(theirs - ours), axis=1)
    if covered:
        distance = distance[:, : _BYTES // 2]
    wrong = ((distance > _OFF).sum(axis=1) > _OFF_CELLS) | (distance.mean(axis=1) > _OFF_MEAN)
    off = [frames[index] for index in np.nonzero(wrong)[0]]
    # Pictures that one of the two lacks are as wrong as different ones.
    return Comparison(count, tuple(off + frames[count:]))
