"""Waveform peaks from PCM: the lowest and highest sample of each pixel, for drawing.

The format is version 2 of the JSON that BBC's audiowaveform writes and that peaks.js, waveform-data.js and
wavesurfer.js read: ``version``, ``channels``, ``sample_rate`` (Hz), ``samples_per_pixel``, ``bits``
(8: values -128 to 127), ``length`` (pixels) and ``data``: minimum and maximum of each pixel in turn.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from videoclip.errors import Cancelled

__all__ = ["samples_per_pixel", "write_waveform"]

_RATE = 16_000
_FINEST = 160
"""Samples a pixel, 10 ms: a second is a hundred pixels wide."""
_MOST_PIXELS = 120_000
_BLOCK_PIXELS = 1 << 12


def samples_per_pixel(samples: int) -> int:
    """10 ms a pixel, doubled until the whole has at most 120,000 pixels (20 minutes at 10 ms)."""
    scale = _FINEST
    while samples > scale * _MOST_PIXELS:
        scale *= 2
    return scale


def write_waveform(pcm: Path, out: Path, *, cancel: threading.Event | None = None) -> int:
    """Write the peaks of a sound as JSON; memory stays flat however long it is.

    Args:
        pcm: headerless signed 16-bit little-endian, 16 kHz, mono, as ``extract_audio`` writes it.
        out: the JSON file.
        cancel: stops the work when set.

    Returns:
        Pixels written. A last pixel may cover fewer samples.

    Raises:
        Cancelled: ``cancel`` was set.
    """
    samples = pcm.stat().st_size // 2
    scale = samples_per_pixel(samples)
    length = -(-samples // scale)
    head = (
        f'{{"version":2,"channels":1,"sample_rate":{_RATE},"samples_per_pixel":{scale},'
        f'"bits":8,"length":{length},"data":['
    )
    with pcm.open("rb") as source, out.open("w", encoding="ascii") as target:
        target.write(head)
        separator = ""
        while block := source.read(2 * scale * _BLOCK_PIXELS):
            if cancel is not None and cancel.is_set():
                raise Cancelled("the work was cancelled", "Run the same command again to go on")
            peaks = _peaks(np.frombuffer(block[: len(block) // 2 * 2], "<i2"), scale)
            if peaks.size:
                target.write(separator + ",".join(map(str, peaks.tolist())))
                separator = ","
        target.write("]}\n")
    return length


def _peaks(samples: npt.NDArray[np.int16], scale: int) -> npt.NDArray[np.int8]:
    """Minimum and maximum of each ``scale`` samples, in turn, as 8 bits."""
    whole = samples.size // scale * scale
    pixels = samples[:whole].reshape(-1, scale)
    low, high = pixels.min(axis=1, initial=32767), pixels.max(axis=1, initial=-32768)
    if rest := samples[whole:].size:
        low = np.append(low, samples[-rest:].min())
        high = np.append(high, samples[-rest:].max())
    # An arithmetic shift: 16 bits to the upper 8, as audiowaveform does it.
    return (np.stack([low, high], axis=1).ravel() >> 8).astype(np.int8)
