"""Sounds for tests: made from formulas or spoken by flite, written as WAV, read back as floats."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "levels_of", "music", "noise", "read_sound", "speech", "write_sound"]

RATE = 48_000
Floats = NDArray[np.float64]


def speech(text: str, voice: str = "rms", rms: float = 0.1) -> Floats:
    """A sentence, 48 kHz mono."""
    with tempfile.TemporaryDirectory(prefix="speech-") as scratch:
        Path(scratch, "text.txt").write_text(text, encoding="ascii")
        command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"]
        command += ["-f", "lavfi", "-i", f"flite=textfile=text.txt:voice={voice}"]
        command += ["-ar", str(RATE), "-ac", "1", "-f", "f32le", "pipe:1"]
        done = subprocess.run(command, check=True, capture_output=True, cwd=scratch, timeout=60)
    spoken = np.frombuffer(done.stdout, "<f4").astype(float)
    return spoken * rms / np.sqrt(np.mean(spoken**2))


def noise(count: int, colour: float = 0.0, seed: int = 1) -> Floats:
    """Noise of root mean square 1 whose power falls with frequency to the power of ``colour``."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 1, count))
    pitch = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 40)
    made = np.fft.irfft(spectrum / pitch ** (colour / 2), count)
    return made / made.std()


def music(seconds: float) -> Floats:
    """Chords under drum hits of full scale, twice a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220.0, 277.2, 329.6, 2_217.5))
    hits = np.exp(-((time * 2) % 1) * 40) * noise(len(time), seed=5)
    return np.clip(0.05 * chord + 0.9 * hits, -1, 1)


def write_sound(path: Path, samples: Floats, rate: int = RATE) -> Path:
    """16-bit WAV; shape ``(samples,)`` or ``(samples, channels)``, full scale 1."""
    table = samples if samples.ndim == 2 else samples[:, None]
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(table.shape[1])
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes((np.clip(table, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def read_sound(path: Path) -> Floats:
    """Sound of any file as 48 kHz stereo, shape ``(samples, 2)``."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{path}", "-ar", str(RATE), "-ac", "2",
         "-f", "f32le", "-"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return np.frombuffer(done.stdout, "<f4").reshape(-1, 2).astype(float)


def levels_of(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak by FFmpeg's ``ebur128``, a judge that is not ours."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-i", f"file:{path}", "-af",
         "ebur128=peak=true:framelog=verbose", "-f", "null", "-"],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    summary = done.stderr[done.stderr.rindex("Summary:") :].split()
    return float(summary[summary.index("I:") + 1]), float(summary[summary.index("Peak:") + 1])
