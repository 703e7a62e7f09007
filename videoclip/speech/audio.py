"""Reading 16 kHz mono signed 16-bit little-endian PCM without headers, by range."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from videoclip.errors import RecognitionFailed
from videoclip.speech.protocol import SAMPLE_RATE, Pcm

__all__ = ["BYTES_PER_SAMPLE", "iter_pcm", "read_pcm", "samples_to_ms", "total_samples"]

BYTES_PER_SAMPLE = 2
_SAMPLES_PER_MS = SAMPLE_RATE // 1000


def samples_to_ms(samples: int) -> int:
    """Sample offset as milliseconds, rounded down."""
    return samples // _SAMPLES_PER_MS


def total_samples(path: Path) -> int:
    """Number of whole samples in the file.

    Raises:
        RecognitionFailed: the file cannot be read.
    """
    try:
        return path.stat().st_size // BYTES_PER_SAMPLE
    except OSError as error:
        raise _unreadable(path, error) from error


def read_pcm(path: Path, start_sample: int, end_sample: int) -> Pcm:
    """Samples ``[start_sample, end_sample)``; only these bytes are read.

    A range that reaches beyond the file comes back shorter.

    Raises:
        RecognitionFailed: the file cannot be read.
        ValueError: the range is negative or reversed.
    """
    if start_sample < 0 or end_sample < start_sample:
        raise ValueError(f"no such range of samples: {start_sample}..{end_sample}")
    try:
        with path.open("rb") as stream:
            stream.seek(start_sample * BYTES_PER_SAMPLE)
            content = stream.read((end_sample - start_sample) * BYTES_PER_SAMPLE)
    except OSError as error:
        raise _unreadable(path, error) from error
    whole = len(content) - len(content) % BYTES_PER_SAMPLE
    return np.frombuffer(content[:whole], dtype="<i2").astype(np.int16, copy=False)


def iter_pcm(path: Path, block_samples: int) -> Iterator[Pcm]:
    """The whole file in blocks of ``block_samples`` (the last one may be shorter).

    Raises:
        RecognitionFailed: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            while content := stream.read(block_samples * BYTES_PER_SAMPLE):
                whole = len(content) - len(content) % BYTES_PER_SAMPLE
                yield np.frombuffer(content[:whole], dtype="<i2").astype(np.int16, copy=False)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RecognitionFailed:
    return RecognitionFailed(
        f"the extracted audio {path.name} cannot be read: {error.strerror or error}",
        "Run the command again; the audio is extracted anew",
    )
