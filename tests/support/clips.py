"""Renders a clip of a source in one line, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoclip.media.captions import Cue
from videoclip.media.probe import probe
from videoclip.media.render import Rendered, RenderJob, render
from videoclip.schemas import Captions, CutMode, RenderOptions, TimeRange
from videoclip.settings import MediaLimits

__all__ = ["LIMITS", "clip_of", "ffmpeg", "frames_in", "samples_of"]

LIMITS = MediaLimits()


def clip_of(
    source: Path,
    ranges: Sequence[tuple[int, int]],
    work: Path,
    cues: Sequence[Cue] = (),
    **options: Any,
) -> Rendered:
    """Render ``ranges`` (ms) of a source into ``work``; without captions and encoded unless asked otherwise."""
    work.mkdir(exist_ok=True)
    pieces = tuple(TimeRange(start_ms=a, end_ms=b) for a, b in ranges)
    wishes = RenderOptions(**{"captions": Captions.NONE, "mode": CutMode.ENCODE, **options})
    job = RenderJob(
        source, probe(source, LIMITS), pieces, wishes, tuple(cues), "title", work, "clip", "Noto Sans CJK SC"
    )  # fmt: skip
    return render(job, LIMITS)


def frames_in(rate: Fraction, ranges: Sequence[tuple[int, int]], total: int) -> list[int]:
    """Numbers of the frames that ``ranges`` hold: those that begin inside, by exact arithmetic."""
    return [
        number
        for start, end in ranges
        for number in range(total)
        if start <= Fraction(1000 * number) / rate < end
    ]


def ffmpeg(*arguments: str | Path) -> None:
    """Run FFmpeg to prepare a source."""
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60
    )


def samples_of(path: Path) -> NDArray[np.int16]:
    """The sound of a file as 48 kHz mono."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{path}", "-ar", "48000", "-ac", "1",
         "-f", "s16le", "-"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return np.frombuffer(done.stdout, np.int16)
