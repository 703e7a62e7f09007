"""Make long videos cheaply: two minutes are encoded once, their packets are repeated.

``python scripts/make_long.py --minutes 600 -o long.mp4``. Speech comes from the bundled sample, so any
FFmpeg will do. Frame ``n`` of the video shows the number ``n % unit_frames``, because pictures repeat.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a program, Python has put only scripts/ there
    sys.path.insert(0, str(ROOT))

from scripts._encode import encode, write_wav  # noqa: E402
from scripts.framecode import numbered_pictures  # noqa: E402

__all__ = ["UNIT_MS", "LongVideo", "Spoken", "make_long"]

UNIT_MS = 120_000
"""What repeats. At 48 kHz a whole number of AAC frames (5625), so that sound never drifts."""

SAMPLE = ROOT / "assets" / "sample"

_RATE = 48_000
_EDGE_MS = 1_000  # silence where units meet
_FADE = 240  # samples over which a piece of the sample's sound begins and ends
_NOISE = 3.0  # root mean square of the room, of 32768

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence in a long video, in milliseconds from its start."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class LongVideo:
    """What was made. ``spoken`` are the sentences of the first unit; the others repeat them."""

    path: Path
    frames: int
    duration_ms: int
    unit_frames: int
    spoken: tuple[Spoken, ...]

    def sentences(self) -> Iterator[Spoken]:
        """All sentences of the video that are heard to their end, in order."""
        for start in range(0, self.duration_ms, UNIT_MS):
            for one in self.spoken:
                if start + one.end_ms <= self.duration_ms:
                    yield Spoken(one.text, start + one.start_ms, start + one.end_ms)


def make_long(
    path: Path,
    *,
    minutes: float,
    speech_share: float = 0.1,
    size: tuple[int, int] = (320, 180),
    fps: int = 25,
    gop: int = 250,
    seed: int = 1,
) -> LongVideo:
    """Write an H.264/AAC video of any length.

    Args:
        path: an ``.mp4``, ``.mov`` or ``.mkv``.
        minutes: its length, rounded to whole frames.
        speech_share: how much of each two minutes is speech, pauses inside it included, 0 to 0.95; the
            rest is a faint noise.
        size: width and height in pixels, both even.
        fps: whole frames a second.
        gop: frames from keyframe to keyframe; each unit starts with one as well.
        seed: which sentences are taken; the same seed gives the same video.

    Raises:
        ValueError: a value is out of its range.
        RuntimeError: FFmpeg failed.
    """
    frames = round(minutes * 60 * fps)
    if frames < 1 or not 0 <= speech_share <= 0.95:
        raise ValueError("minutes must give at least one frame, speech_share must be 0 to 0.95")
    unit_frames = UNIT_MS * fps // 1000
    with tempfile.TemporaryDirectory(prefix="long-", dir=path.parent) as scratch:
        samples, spoken = _unit_sound(speech_share, seed)
        sound, unit = Path(scratch, "sound.wav"), Path(scratch, "unit.mp4")
        write_wav(sound, samples, _RATE)
        # No B-frames: then the last unit can end after any frame.
        options = ["-i", f"file:{sound}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"]
        options += ["-pix_fmt", "yuv420p", "-bf", "0", "-g", str(gop), "-keyint_min", str(gop)]
        options += ["-sc_threshold", "0", "-c:a", "aac", "-b:a", "32k"]
        encode(numbered_pictures(unit_frames, size), size, str(fps), options, unit)
        _repeat(unit, path, Fraction(frames, fps))
    duration_ms = frames * 1000 // fps
    return LongVideo(path, frames, duration_ms, unit_frames, tuple(spoken))


def _unit_sound(share: float, seed: int) -> tuple[Samples, list[Spoken]]:
    """Sound of one unit: runs of the sample's sentences with their own pauses, then quiet."""
    noise = np.random.default_rng(seed).normal(0.0, _NOISE, UNIT_MS * _RATE // 1000)
    line = np.rint(noise).astype(np.int16)
    spoken: list[Spoken] = []
    if share == 0:
        return line, spoken
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    show = _sample_sound()
    sentences: list[dict[str, Any]] = truth["sentences"]
    index = random.Random(seed).randrange(len(sentences))
    clock, budget = _EDGE_MS, round(share * UNIT_MS)
    while budget > 0 and clock < UNIT_MS - _EDGE_MS:
        sentence = sentences[index % len(sentences)]
        length = sentence["end_ms"] - sentence["start_ms"]
        if clock + length > UNIT_MS - _EDGE_MS:
            break
        piece = show[_at(sentence["start_ms"]) : _at(sentence["end_ms"])].copy()
        ramp = np.linspace(0.0, 1.0, _FADE)
        piece[:_FADE] = (piece[:_FADE] * ramp).astype(np.int16)
        piece[-_FADE:] = (piece[-_FADE:] * ramp[::-1]).astype(np.int16)
        line[_at(clock) : _at(clock) + len(piece)] += piece
        spoken.append(Spoken(sentence["text"], clock, clock + length))
        pause = 500 + index % 5 * 40
        clock += length + pause
        budget -= length + pause
        index += 1
    return line, spoken


def _at(milliseconds: int) -> int:
    return milliseconds * _RATE // 1000


def _sample_sound() -> Samples:
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"]
    command += ["-i", f"file:{SAMPLE / 'show.mp4'}", "-vn", "-ac", "1", "-ar", str(_RATE)]
    command += ["-f", "s16le", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"FFmpeg failed: {done.stderr.decode(errors='replace').strip()}")
    return np.frombuffer(done.stdout, np.int16)


def _repeat(unit: Path, path: Path, length: Fraction) -> None:
    """Write the unit's packets again and again, up to ``length`` seconds, with exact times."""
    with av.open(f"file:{unit}") as source, av.open(f"file:{path}", "w") as target:
        streams = [source.streams.video[0], source.streams.audio[0]]
        outputs = {stream.index: target.add_stream_from_template(stream) for stream in streams}
        # Kept as plain values: writing a packet changes its times.
        packets = [
            (packet, packet.pts, packet.stream.index, packet.time_base)
            for packet in source.demux(streams)
            if packet.pts is not None
        ]
        step = Fraction(UNIT_MS, 1000)
        ends = {base: int(step / base) for _, _, _, base in packets}
        edit_list = path.suffix in {".mp4", ".mov"}
        start = Fraction(0)
        while start < length:
            for packet, pts, index, base in packets:
                # The encoder's delay lies before zero: the first unit keeps it where an edit list
                # can hide it; Matroska would move everything by it instead. What the encoder added
                # behind the end would overlap the next unit.
                if (pts < 0 and not (start == 0 and edit_list)) or pts >= ends[base]:
                    continue
                moment = pts + int(start / base)
                if moment * base >= length:
                    continue
                packet.stream = outputs[index]
                packet.time_base = base
                packet.pts = packet.dts = moment
                target.mux(packet)
            start += step


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make a long video for tests and benchmarks.")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--speech-share", type=float, default=0.1, help="0 to 0.95")
    parser.add_argument("--size", default="320x180", help="WIDTHxHEIGHT")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--gop", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    width, _, height = chosen.size.partition("x")
    made = make_long(
        chosen.output,
        minutes=chosen.minutes,
        speech_share=chosen.speech_share,
        size=(int(width), int(height)),
        fps=chosen.fps,
        gop=chosen.gop,
        seed=chosen.seed,
    )
    print(f"{made.frames} frames, {chosen.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
