"""Audio for recognition: raw 16 kHz mono samples whose sample 0 is the source's 0 ms."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np

from videoclip.errors import SourceNotMedia
from videoclip.media.ffmpeg import file_url, input_options, run
from videoclip.media.packets import first_frame_pts, time_base
from videoclip.schemas import MediaInfo
from videoclip.settings import MediaLimits

__all__ = ["extract_audio", "origin", "rms_dbfs"]

_RATE = 16_000
_BYTES = 2
_BLOCK_SAMPLES = 1 << 20
_FLOOR_DBFS = -120.0


def origin(path: Path, media: MediaInfo, limits: MediaLimits) -> Fraction:
    """The source's 0 ms on the file's own clock, seconds: its first frame, else its first sample."""
    if media.video is not None:
        return first_frame_pts(path, media, limits) * time_base(media)
    assert media.audio is not None
    return Fraction(media.audio.start_ms, 1000)


def extract_audio(
    path: Path,
    media: MediaInfo,
    out: Path,
    limits: MediaLimits,
    *,
    on_progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
) -> int:
    """Write the source's sound as headerless signed 16-bit little-endian, 16 kHz, mono.

    Sample n stands at n / 16 ms of the source's time line: audio that starts late is preceded by
    silence, audio from before the first frame is left out, holes are filled. Memory stays flat.

    Args:
        path: the source.
        media: what the probe found.
        out: the file to write; must not be one that a user named.
        limits: for FFmpeg.
        on_progress: called with the ms that are done.
        cancel: stops the work when set.

    Returns:
        Samples written; fewer than the source's length where the sound ends early.

    Raises:
        SourceNotMedia: the source has no audio.
        MediaToolFailed: FFmpeg failed.
        StorageFull: no space is left.
        Cancelled: ``cancel`` was set.
    """
    if media.audio is None:
        raise SourceNotMedia("the source has no audio", "Use a source with speech")
    start = origin(path, media, limits)
    ticks = round(start * media.audio.sample_rate)
    source = ffmpeg.input(file_url(path), copyts=None, **input_options(media.container, limits))
    stream = (
        source[str(media.audio.index)]
        # The time base of decoded audio is one sample; earlier samples are dropped before resampling.
        .filter("asettb", f"1/{media.audio.sample_rate}")
        .filter("atrim", start_pts=ticks)
        .filter("asetpts", f"PTS-({ticks})")
        .filter("aresample", _RATE, **{"async": 1, "first_pts": 0})
        .filter("aformat", sample_fmts="s16", channel_layouts="mono")
        .filter("atrim", end_sample=math.ceil(media.duration_ms * _RATE / 1000))
    )
    output = ffmpeg.output(
        stream, file_url(out), f="s16le", acodec="pcm_s16le", threads=1, filter_complex_threads=1
    )
    run(
        output.get_args(), limits=limits, media_seconds=media.duration_ms // 1000 + 1,
        on_progress=on_progress, cancel=cancel,
    )  # fmt: skip
    return out.stat().st_size // _BYTES


def rms_dbfs(pcm_path: Path, ranges_ms: Sequence[tuple[int, int]]) -> list[float]:
    """Loudness of ranges of a file that ``extract_audio`` wrote, read in pieces.

    Args:
        pcm_path: 16 kHz mono s16le.
        ranges_ms: half-open, milliseconds.

    Returns:
        Root mean square of each in dB below full scale; -120 for silence and for empty ranges.
    """
    levels = []
    with pcm_path.open("rb") as stream:
        for start, end in ranges_ms:
            first, last = start * _RATE // 1000, end * _RATE // 1000
            stream.seek(first * _BYTES)
            left, total, count = last - first, 0.0, 0
            while left > 0:
                data = stream.read(min(left, _BLOCK_SAMPLES) * _BYTES)
                block = np.frombuffer(data[: len(data) // _BYTES * _BYTES], "<i2")
                if not block.size:
                    break
                samples = block.astype(np.float64) / 32768
                total += float(np.dot(samples, samples))
                count += block.size
                left -= block.size
            mean = total / count if count else 0.0
            levels.append(max(_FLOOR_DBFS, 10 * math.log10(mean)) if mean > 0 else _FLOOR_DBFS)
    return levels
