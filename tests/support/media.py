"""Small videos made on the spot, whose every frame tells its number."""

from __future__ import annotations

import json
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scripts._encode import encode, write_wav
from scripts.framecode import numbered_pictures

__all__ = ["AudioKind", "damage", "make_numbered_video", "set_rotation"]

AudioKind = Literal["sine", "noise", "speech", "none"]

SPEECH = (
    "This is a short test of the clip maker. "
    "The price is nine dollars today, and it comes with a free bag. "
    "Thank you for watching, and see you next week."
)


def make_numbered_video(
    path: Path,
    *,
    frames: int = 100,
    size: tuple[int, int] = (320, 180),
    fps: str = "25",
    gop: int = 50,
    audio: AudioKind | Path = "sine",
    codec: str = "libx264",
    rotation: int = 0,
    first: int = 0,
    sample_rate: int = 48_000,
    extra: Sequence[str] = (),
) -> Path:
    """Write a test video; ``tests.support.frames`` reads its frame numbers back.

    Args:
        path: where; the suffix decides the container.
        frames: how many, numbered from ``first``.
        size: width and height in pixels. Under about 100 wide the strip is too small to be read back.
            Odd sizes are stored as 4:4:4 where the codec can.
        fps: constant rate, such as ``25`` or ``30000/1001``.
        gop: keyframes stand at exactly each ``gop``-th frame with libx264.
        audio: ``sine`` (a quiet tone and a 40 ms beep at each full second), ``noise`` (white, from a
            fixed seed: cross-correlate to find offsets to the sample), ``speech`` (English, repeated),
            ``none``, or a WAV file. As long as the picture, cut to the sample.
        codec: FFmpeg's name of the video encoder.
        rotation: clockwise degrees to turn for display, written into the track (mp4 and mov only).
        first: number of the first frame.
        sample_rate: of the audio, in Hz.
        extra: more FFmpeg output options; they come last and win.

    Returns:
        ``path``.
    """
    rate = Fraction(fps)
    width, height = size
    pixels = "yuv420p" if width % 2 == 0 and height % 2 == 0 else "yuv444p"
    with tempfile.TemporaryDirectory(prefix="numbered-") as scratch:
        arguments: list[str] = []
        if audio != "none":
            wav = audio if isinstance(audio, Path) else Path(scratch) / "audio.wav"
            if not isinstance(audio, Path):
                samples = _samples(audio, round(frames / rate * sample_rate), sample_rate)
                write_wav(wav, samples, sample_rate)
            arguments += ["-i", f"file:{wav.absolute()}"]
        arguments += ["-c:v", codec, "-pix_fmt", pixels, "-g", str(gop)]
        if codec == "libx264":
            arguments += ["-preset", "veryfast", "-crf", "23", "-sc_threshold", "0"]
            arguments += ["-keyint_min", str(gop)]
        arguments += extra
        encode(numbered_pictures(frames, size, first), size, fps, arguments, path)
    if rotation:
        set_rotation(path, rotation)
    return path


def set_rotation(path: Path, degrees: int) -> None:
    """Write the clockwise turn for display (0, 90, 180, 270) into the first video track of an mp4 or mov.

    Done on the bytes, because FFmpeg's own option for it changed its name between versions.
    """
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees % 360]
    matrix = struct.pack(
        ">9i", cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30
    )
    data = bytearray(path.read_bytes())
    place = data.find(b"tkhd")
    while place >= 0:
        # After the type: version and flags, times and ids (20 or 32 bytes), 16 bytes, the matrix, the size.
        start = place + 4 + 4 + (32 if data[place + 4] == 1 else 20) + 16
        width, height = struct.unpack_from(">II", data, start + 36)
        if width and height:
            data[start : start + 36] = matrix
            path.write_bytes(data)
            return
        place = data.find(b"tkhd", place + 4)
    raise ValueError(f"{path.name} has no video track header")


def _samples(kind: str, count: int, sample_rate: int) -> NDArray[np.int16]:
    if kind == "noise":
        noise = np.random.default_rng(7).normal(0.0, 2_500.0, count)
        return np.clip(noise, -32_768, 32_767).astype(np.int16)
    if kind == "sine":
        time = np.arange(count) / sample_rate
        tone = 0.05 * np.sin(2 * np.pi * 440 * time)
        beep = (time % 1.0 < 0.04) * 0.5 * np.sin(2 * np.pi * 1_760 * time)
        return ((tone + beep) * 32_767).astype(np.int16)
    if kind == "speech":
        spoken = _speak(SPEECH, sample_rate)
        pause = np.zeros(sample_rate, np.int16)
        unit = np.concatenate([spoken, pause])
        return np.tile(unit, count // len(unit) + 1)[:count]
    raise ValueError(f"unknown kind of audio: {kind}")


def _speak(text: str, sample_rate: int) -> NDArray[np.int16]:
    with tempfile.TemporaryDirectory(prefix="speech-") as scratch:
        Path(scratch, "text.txt").write_text(text, encoding="ascii")
        command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"]
        command += ["-f", "lavfi", "-i", "flite=textfile=text.txt:voice=rms"]
        command += ["-ar", str(sample_rate), "-ac", "1", "-f", "s16le", "pipe:1"]
        done = subprocess.run(command, check=True, capture_output=True, cwd=scratch, timeout=60)
    return np.frombuffer(done.stdout, np.int16)


def damage(path: Path, start_s: float, end_s: float) -> None:
    """Overwrite every packet between these times, so that nothing there can be decoded."""
    command = ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time,pos,size", "-of", "json"]
    found = subprocess.run([*command, path], check=True, capture_output=True, text=True)
    content = bytearray(path.read_bytes())
    for packet in json.loads(found.stdout)["packets"]:
        if start_s <= float(packet["pts_time"]) < end_s:
            place, size = int(packet["pos"]), int(packet["size"])
            content[place : place + size] = b"\xff" * size
    path.write_bytes(content)
