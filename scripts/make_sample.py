"""Make the sample video from its text: speech, picture and the ground truth of both.

``python scripts/make_sample.py [-o assets/sample]`` writes ``show.mp4`` and ``truth.json``. It needs an
FFmpeg with flite (Debian's and Ubuntu's have it) and Pillow. The same text gives the same truth, byte
for byte, and the same pictures.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tomllib
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a program, Python has put only scripts/ there
    sys.path.insert(0, str(ROOT))

from scripts._drawings import MOUTHS  # noqa: E402
from scripts._encode import encode, write_wav  # noqa: E402
from scripts._slides import HEIGHT, WIDTH, Scene, Slide, Slides  # noqa: E402

__all__ = [
    "Show",
    "Timeline",
    "build_timeline",
    "draw",
    "has_flite",
    "load_show",
    "make_sample",
    "speak",
]

FPS = 25
GOP = 250
FRAME_MS = 1000 // FPS
RATE = 16_000  # Hz; what flite's voices speak at
PER_MS = RATE // 1000
TEXT = ROOT / "scripts" / "sample_show.toml"

_LEAD_MS, _TAIL_MS = 900, 1_400
_SENTENCE_GAP_MS, _SEGMENT_GAP_MS = (450, 700), (1_000, 1_500)
_LEVEL = 2_400.0  # root mean square of each sentence, of 32768
_NOISE = 6.0  # root mean square of the room
_AUDIBLE = 0.02  # of the sentence's peak
_SOFT = 64  # samples over which a sentence begins and ends, so that it does not click

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the text."""

    speaker: str
    text: str
    show: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the show: one product, or talk between."""

    id: str
    kind: str
    title: str
    board: str
    sentences: tuple[Sentence, ...]
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Show:
    """The whole text. ``speakers`` gives voice and shown name by key."""

    speakers: dict[str, tuple[str, str]]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is heard when. ``samples`` are 16 kHz mono and exactly ``frames`` video frames long."""

    samples: Samples
    frames: int
    truth: dict[str, Any]


def load_show(path: Path = TEXT) -> Show:
    """Read the text of a show."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    segments = []
    for entry in data["segments"]:
        sentences = tuple(Sentence(**sentence) for sentence in entry.pop("sentences"))
        known = {key: entry.pop(key) for key in ("id", "kind", "title", "board")}
        segments.append(Segment(**known, sentences=sentences, details=entry))
    speakers = {key: (value["voice"], value["name"]) for key, value in data["speakers"].items()}
    return Show(speakers, tuple(segments))


def has_flite() -> bool:
    """Whether the FFmpeg on the path can speak."""
    command = ["ffmpeg", "-hide_banner", "-h", "filter=flite"]
    done = subprocess.run(command, capture_output=True, check=False)
    return b"Filter flite" in done.stdout


def speak(text: str, voice: str) -> Samples:
    """Speech at 16 kHz, cut to its first and last audible sample.

    Raises:
        RuntimeError: FFmpeg could not speak it.
    """
    with tempfile.TemporaryDirectory(prefix="speak-") as scratch:
        Path(scratch, "text.txt").write_text(text, encoding="ascii")
        command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"]
        command += ["-f", "lavfi", "-i", f"flite=textfile=text.txt:voice={voice}"]
        command += ["-ar", str(RATE), "-ac", "1", "-f", "s16le", "pipe:1"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, check=False)
    samples = np.frombuffer(done.stdout, np.int16)
    if done.returncode != 0 or not samples.any():
        raise RuntimeError(f"FFmpeg cannot speak: {done.stderr.decode(errors='replace').strip()}")
    loud = np.abs(samples.astype(np.int32))
    audible = np.flatnonzero(loud > _AUDIBLE * loud.max())
    speech = samples[audible[0] : audible[-1] + 1].astype(np.float64)
    ramp = np.linspace(0.25, 1.0, _SOFT)
    speech[:_SOFT] *= ramp
    speech[-_SOFT:] *= ramp[::-1]
    return np.rint(speech).astype(np.int16)


def build_timeline(show: Show) -> Timeline:
    """Speak all sentences and put them on one line, with known pauses between."""
    lines = [(segment, sentence) for segment in show.segments for sentence in segment.sentences]
    with ThreadPoolExecutor(2) as pool:
        spoken = list(
            pool.map(lambda line: speak(line[1].text, show.speakers[line[1].speaker][0]), lines)
        )
    entries: list[dict[str, Any]] = []
    clock = _LEAD_MS
    for index, ((segment, sentence), samples) in enumerate(zip(lines, spoken, strict=True)):
        if index:
            same = lines[index - 1][0] is segment
            clock += _pause(index, _SENTENCE_GAP_MS if same else _SEGMENT_GAP_MS)
        end = clock - (-len(samples) // PER_MS)
        entries.append(
            {
                "id": index,
                "text": sentence.text,
                "voice": show.speakers[sentence.speaker][0],
                "segment": segment.id,
                "start_ms": clock,
                "end_ms": end,
            }
        )
        clock = end
    frames = -(-(clock + _TAIL_MS) // FRAME_MS)
    line = np.random.default_rng(25).normal(0.0, _NOISE, frames * FRAME_MS * PER_MS)
    for entry, samples in zip(entries, spoken, strict=True):
        start = entry["start_ms"] * PER_MS
        power = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
        line[start : start + len(samples)] += samples * (_LEVEL / power)
    return Timeline(
        np.clip(np.rint(line), -32_768, 32_767).astype(np.int16),
        frames,
        _truth(show, entries, frames),
    )


def make_sample(folder: Path, *, show: Show | None = None, log: bool = False) -> dict[str, Any]:
    """Write ``show.mp4`` and ``truth.json`` into a folder, and give back the truth."""
    started = time.monotonic()
    show = show or load_show()
    folder.mkdir(parents=True, exist_ok=True)
    timeline = build_timeline(show)
    with tempfile.TemporaryDirectory(prefix="sample-") as scratch:
        sound = Path(scratch, "sound.wav")
        write_wav(sound, timeline.samples, RATE)
        # The matrix is named when colours are converted and again in the file, so that they stay true.
        options = ["-i", f"file:{sound}"]
        options += ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"]
        options += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
        options += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-threads", "2"]
        options += ["-g", str(GOP), "-keyint_min", str(GOP), "-sc_threshold", "0"]
        options += ["-c:a", "aac", "-ar", "48000", "-ac", "1", "-b:a", "64k"]
        options += ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
        options += ["-movflags", "+faststart"]
        pictures = draw(show, timeline, log=log)
        encode(pictures, (WIDTH, HEIGHT), str(FPS), options, folder / "show.mp4")
    text = json.dumps(timeline.truth, indent=1, ensure_ascii=False) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8")
    if log:
        size = (folder / "show.mp4").stat().st_size
        print(f"{timeline.frames} frames, {size:,} bytes, {time.monotonic() - started:.0f} s")
    return timeline.truth


def draw(show: Show, timeline: Timeline, *, log: bool = False) -> Iterator[NDArray[np.uint8]]:
    """All frames of the show, in order, ``(720, 1280, 3)``."""
    slides = Slides(slides_of(show))
    scenes, speakers = _plan(show, timeline)
    mouths = _mouths(timeline)
    for number in range(timeline.frames):
        if log and number % 500 == 0:
            print(f"frame {number} of {timeline.frames}", flush=True)
        yield slides.frame(
            number, number * FRAME_MS, scenes[number], speakers[number], mouths[number]
        )


def slides_of(show: Show) -> list[Slide]:
    """What the picture needs to know of each segment."""
    products = tuple(
        (segment.board, segment.title, segment.details["price"])
        for segment in show.segments
        if segment.kind == "product"
    )
    slides = []
    for segment in show.segments:
        people = tuple(dict.fromkeys(sentence.speaker for sentence in segment.sentences))
        details: dict[str, Any] = {
            key: tuple(map(_frozen, value)) if isinstance(value, list) else value
            for key, value in segment.details.items()
        }
        slides.append(
            Slide(
                title=segment.title,
                board=segment.board,
                people=tuple((person, show.speakers[person][1]) for person in people),
                products=products,
                **details,
            )
        )
    return slides


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _pause(index: int, bounds: tuple[int, int]) -> int:
    """A pause within bounds that looks irregular and is the same in every run."""
    low, high = bounds
    return low + index * 7_919 % (high - low + 1)


def _truth(show: Show, entries: list[dict[str, Any]], frames: int) -> dict[str, Any]:
    segments = []
    for segment in show.segments:
        inside = [entry for entry in entries if entry["segment"] == segment.id]
        segments.append(
            {
                "id": segment.id,
                "kind": segment.kind,
                "title": segment.title,
                "start_ms": inside[0]["start_ms"],
                "end_ms": inside[-1]["end_ms"],
                "first_sentence": inside[0]["id"],
                "last_sentence": inside[-1]["id"],
            }
        )
    return {
        "version": 1,
        "file": "show.mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": str(FPS),
        "gop": GOP,
        "frames": frames,
        "duration_ms": frames * FRAME_MS,
        "language": "en",
        "segments": segments,
        "sentences": entries,
    }


def _plan(show: Show, timeline: Timeline) -> tuple[list[Scene], list[str]]:
    """Scene and speaker of every frame. A segment's first slide comes half a second before its words."""
    scenes = [Scene(0)] * timeline.frames
    speakers = [""] * timeline.frames
    sentences = iter(timeline.truth["sentences"])
    for index, segment in enumerate(show.segments):
        shown: tuple[str, ...] = ()
        for place, sentence in enumerate(segment.sentences):
            entry = next(sentences)
            first, last = entry["start_ms"] // FRAME_MS, entry["end_ms"] // FRAME_MS
            if place == 0:
                early = max(0, first - FPS // 2)
                scenes[early:] = [Scene(index)] * (timeline.frames - early)
            if sentence.show:
                shown = (*shown, sentence.show)
                scenes[first:] = [Scene(index, shown)] * (timeline.frames - first)
            speakers[first : last + 1] = [sentence.speaker] * (last + 1 - first)
    return scenes, speakers


def _mouths(timeline: Timeline) -> list[int]:
    """Mouth opening of every frame, from the loudness of the two frames it is held for."""
    pairs = -(-timeline.frames // 2)
    padded = np.zeros(pairs * 2 * FRAME_MS * PER_MS)
    padded[: len(timeline.samples)] = timeline.samples
    power = np.sqrt(np.mean(padded.reshape(pairs, -1) ** 2, axis=1))
    levels = np.searchsorted([0.12 * _LEVEL, 0.6 * _LEVEL, 1.25 * _LEVEL], power)
    return [min(int(level), MOUTHS - 1) for level in np.repeat(levels, 2)[: timeline.frames]]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make the sample video and its ground truth.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "assets" / "sample")
    folder = parser.parse_args().output
    if not has_flite():
        sys.exit(
            "This FFmpeg has no flite filter. Use the sample that is in assets/sample, or Debian's ffmpeg."
        )
    make_sample(folder, log=True)


if __name__ == "__main__":
    main()
