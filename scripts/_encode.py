"""Raw pictures and samples into FFmpeg."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["encode", "write_wav"]


def encode(
    pictures: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    fps: str,
    arguments: list[str],
    output: Path,
) -> None:
    """Encode 8-bit RGB pictures.

    Args:
        pictures: each ``(height, width, 3)``, contiguous.
        size: width and height in pixels.
        fps: constant rate, such as ``25`` or ``30000/1001``.
        arguments: further inputs and all output options; the pictures are input 0.
        output: the file to write.

    Raises:
        RuntimeError: FFmpeg failed; the message is its own.
    """
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}"]
    command += ["-framerate", fps, "-i", "pipe:0", *arguments, f"file:{output.absolute()}"]
    # Messages go to a file and not to a pipe: nobody reads them while the pictures are being written.
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=messages)
        assert process.stdin is not None
        try:
            for picture in pictures:
                process.stdin.write(picture.data)
            process.stdin.close()
        except BrokenPipeError:
            pass  # the exit status and the messages tell why
        except BaseException:
            process.kill()
            raise
        finally:
            status = process.wait()
        if status != 0:
            messages.seek(0)
            text = messages.read().decode(errors="replace").strip()
            raise RuntimeError(f"FFmpeg ended with {status}: {text}")


def write_wav(path: Path, samples: NDArray[np.int16], rate: int) -> None:
    """Write 16-bit mono samples; ``rate`` in Hz."""
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes(samples.tobytes())
