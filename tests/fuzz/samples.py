"""One small file of each container and codec that is accepted: what the mutations start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.support.clips import ffmpeg
from tests.support.media import make_numbered_video

__all__ = ["SAMPLES", "make_samples"]

_BASE = "base.mkv"
_COPY = ("-map", "0", "-c", "copy")
_SOUND = ("-vn", "-ar", "16000", "-ac", "1")

SAMPLES: dict[str, Sequence[str]] = {
    "h264.mp4": _COPY,
    "faststart.mp4": (*_COPY, "-movflags", "+faststart"),
    "fragmented.mp4": (*_COPY, "-movflags", "frag_keyframe+empty_moov"),
    "pcm.mov": ("-c:v", "copy", "-c:a", "pcm_s16le"),
    "prores.mov": ("-c:v", "prores_ks", "-c:a", "alac"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
                 "-tag:v", "hvc1", "-c:a", "aac"),
    "h264.mkv": _COPY,
    "ffv1.mkv": ("-c:v", "ffv1", "-c:a", "flac"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis"),
    "h264.ts": _COPY,
    "mpeg2.ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "h264.flv": _COPY,
    "flv1.flv": ("-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "mjpeg.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "adpcm_ms"),
    "mpeg1.mpg": ("-c:v", "mpeg1video", "-c:a", "mp2"),
    "theora.ogg": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "wmv2.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "mpeg2.mxf": ("-c:v", "mpeg2video", "-c:a", "pcm_s16le"),
    "still.gif": ("-an", "-t", "1"),
    "sound.wav": (*_SOUND, "-c:a", "pcm_s16le"),
    "sound.mp3": (*_SOUND, "-c:a", "libmp3lame", "-b:a", "32k"),
    "sound.flac": (*_SOUND, "-c:a", "flac"),
    "sound.ogg": (*_SOUND, "-c:a", "libopus"),
    "sound.m4a": (*_SOUND, "-c:a", "aac"),
    "sound.aac": (*_SOUND, "-c:a", "aac"),
    "sound.ac3": ("-vn", "-ar", "48000", "-c:a", "ac3"),
    "sound.aiff": (*_SOUND, "-c:a", "pcm_s16be"),
    "sound.caf": (*_SOUND, "-c:a", "pcm_s16le"),
}  # fmt: skip
"""File name to FFmpeg's output options; the input is two seconds of H.264 and AAC."""


def make_samples(folder: Path) -> list[Path]:
    """Write every sample that this FFmpeg can make into an existing folder."""
    base = make_numbered_video(
        folder / _BASE, frames=50, size=(160, 90), gop=20, audio="noise",
        extra=("-c:a", "aac", "-b:a", "48k"),
    )  # fmt: skip
    for name, options in SAMPLES.items():
        ffmpeg("-i", base, *options, folder / name)
    base.unlink()
    return sorted(folder.iterdir())
