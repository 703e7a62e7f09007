"""The format matrix: small numbered sources of every kind, and the truth about each, found by decoding it."""

from __future__ import annotations

import functools
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.support.clips import clip_of, ffmpeg, samples_of
from tests.support.frames import read_frame_number
from tests.support.media import make_numbered_video
from videoclip.media.render import Rendered
from videoclip.media.smart.mp4_read import read_tracks
from videoclip.schemas import CutMode

__all__ = ["MATRIX", "Kind", "check_cut", "make_source", "random_range", "truth"]

_HELD = Fraction(1, 10)
_REORDER = 8
"""Most frames at a cut's end that B-frames may force to be encoded anew."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One source of the matrix."""

    name: str
    """File name; the suffix decides the container."""
    smart: bool = True
    """Whether smart cutting must succeed; else it must fall back and say so."""
    gop: int = 25
    options: dict[str, Any] = field(default_factory=dict)
    repack: tuple[str, ...] = ()
    """FFmpeg output options of a second step, packets copied unless they say else."""
    before: tuple[str, ...] = ()
    """FFmpeg input options of the second step."""


def _x264(*more: str) -> list[str]:
    return ["-bf", "3", *more]


_MATRIX = (
    Kind("closed.mp4", options={"extra": _x264("-ac", "2")}),
    Kind("no-b.mkv", gop=30, options={"fps": "30000/1001", "extra": ["-c:a", "aac", "-bf", "0"]}),
    Kind("pyramid.mov", gop=24, options={"fps": "24000/1001", "rotation": 90, "extra": _x264("-x264-params", "b-pyramid=normal:ref=4")}),
    Kind("five-one.mp4", gop=48, options={"fps": "30", "extra": _x264("-ac", "6")}),
    Kind("plain.flv", gop=40, options={"fps": "30000/1001", "extra": _x264()}),
    Kind("late.ts", gop=50, options={"fps": "50", "extra": _x264()}, repack=("-c", "copy", "-output_ts_offset", "1234.567")),
    Kind("late.mkv", options={"extra": _x264()}, before=("-copyts", "-itsoffset", "7.3"), repack=("-c", "copy")),
    Kind("edit-list.mp4", options={"extra": _x264()}, before=("-ss", "0.7"), repack=("-c", "copy")),
    Kind("silent.mp4", gop=60, options={"fps": "60000/1001", "audio": "none", "extra": _x264()}),
    Kind("mp3.mp4", options={"extra": _x264("-c:a", "libmp3lame")}),
    Kind("baseline.mp4", options={"extra": ["-profile:v", "baseline"]}),
    Kind("ten-bit.mp4", options={"extra": _x264("-pix_fmt", "yuv420p10le")}),
    Kind("chroma422.mkv", options={"extra": _x264("-pix_fmt", "yuv422p")}),
    Kind("variable.mkv", options={"extra": _x264()}, repack=(
        "-vf", "select='not(mod(n,3))+between(n,40,90)'", "-fps_mode", "vfr", "-c:a", "copy", "-c:v", "libx264", "-g", "12",
        "-bf", "2", "-sc_threshold", "0")),
    Kind("variable.mp4", options={"extra": _x264()}, repack=(
        "-vf", "select='not(mod(n,2))+between(n,40,90)'", "-fps_mode", "vfr", "-c:a", "copy", "-c:v", "libx264", "-g", "12",
        "-bf", "2", "-sc_threshold", "0")),
    Kind("open-hevc.mp4", options={"codec": "libx265", "extra": ["-preset", "ultrafast", "-x265-params", "bframes=3:keyint=25:min-keyint=25:scenecut=0:open-gop=1:log-level=error"]}),
    Kind("closed-hevc.mkv", options={"codec": "libx265", "fps": "30000/1001", "extra": ["-c:a", "aac", "-preset", "ultrafast", "-x265-params", "bframes=3:keyint=25:min-keyint=25:scenecut=0:open-gop=0:log-level=error"]}),
    Kind("hevc.ts", options={"codec": "libx265", "extra": ["-c:a", "aac", "-preset", "ultrafast", "-x265-params", "bframes=4:b-pyramid=1:keyint=25:min-keyint=25:scenecut=0:log-level=error"]}),
    Kind("ten-bit-hevc.mp4", options={"codec": "libx265", "extra": ["-preset", "ultrafast", "-tag:v", "hvc1", "-pix_fmt", "yuv420p10le", "-x265-params", "keyint=25:min-keyint=25:scenecut=0:log-level=error"]}),
    Kind("open.mp4", smart=False, options={"extra": _x264("-x264-params", "open-gop=1:bframes=3")}),
    Kind("refresh.ts", smart=False, options={"extra": ["-x264-params", "intra-refresh=1"]}),
    Kind("interlaced.mp4", smart=False, options={"extra": _x264("-flags", "+ildct+ilme", "-x264-params", "tff=1")}),
    Kind("vp9.webm", smart=False, options={"codec": "libvpx-vp9", "extra": ["-deadline", "realtime", "-cpu-used", "8"]}),
)  # fmt: skip

MATRIX = {kind.name: kind for kind in _MATRIX}


def make_source(kind: Kind, folder: Path, frames: int = 150) -> Path:
    """Make it in ``folder``."""
    path = folder / kind.name
    if not kind.repack:
        return make_numbered_video(path, frames=frames, gop=kind.gop, audio=kind.options.get("audio", "noise"), **{
            name: value for name, value in kind.options.items() if name != "audio"
        })  # fmt: skip
    first = folder / f"first-{path.stem}-{path.suffix[1:]}.mp4"
    make_numbered_video(first, frames=frames, gop=kind.gop, audio="noise", **kind.options)
    ffmpeg(*kind.before, "-i", first, *kind.repack, path)
    first.unlink()
    return path


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as a decoder gives it."""

    number: int | None
    time: Fraction
    """Seconds from the first frame."""
    picture: str
    """Hash of all planes."""
    key: bool


def decoded(path: Path) -> list[Frame]:
    """All frames that a player shows."""
    found, first = [], None
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            assert frame.pts is not None
            time = frame.pts * Fraction(stream.time_base or 1)
            first = time if first is None else first
            digest = hashlib.md5(usedforsecurity=False)
            for plane in frame.planes:
                digest.update(
                    np.frombuffer(plane, np.uint8)
                    .reshape(-1, plane.line_size)[:, : _row(frame, plane)]
                    .tobytes()
                )
            grey = frame.to_ndarray(format="gray")
            turned = (read_frame_number(np.rot90(grey, turn)) for turn in range(4))
            number = next((code for code in turned if code is not None), None)
            found.append(Frame(number, time - first, digest.hexdigest(), bool(frame.key_frame)))
    return found


def _row(frame: av.VideoFrame, plane: Any) -> int:
    return plane.width * (2 if "10le" in frame.format.name else 1)


truth = functools.cache(decoded)


def random_range(source: Path, chance: random.Random) -> tuple[int, int]:
    """A range anywhere in the source, also over its end, from one frame to most of it; ms."""
    last = int(truth(source)[-1].time * 1000)
    start = chance.choice(
        [0, chance.randrange(last), chance.randrange(last), chance.randrange(last)]
    )
    length = chance.choice(
        [chance.randrange(40, 400), chance.randrange(400, 4_000), chance.randrange(1_000, 4_000)]
    )
    return start, start + length


def wanted(source: Path, start_ms: int, end_ms: int) -> list[Frame]:
    """The frames of a range, by the rule of ``expected_frames``."""
    frames = truth(source)
    inside = [
        frame for frame in frames if Fraction(start_ms, 1000) <= frame.time < Fraction(end_ms, 1000)
    ]
    before = [frame for frame in frames if frame.time < Fraction(start_ms, 1000)]
    if before and (not inside or inside[0].time - Fraction(start_ms, 1000) > _HELD):
        inside.insert(0, before[-1])
    return inside


def check_cut(
    kind: Kind, source: Path, ranges: Sequence[tuple[int, int]], work: Path, mode: CutMode
) -> Rendered:
    """Cut and check everything that the mode promises; AssertionError where it is not so."""
    done = clip_of(source, ranges, work, mode=mode, loudness=None)
    frames = [frame for piece in ranges for frame in wanted(source, *piece)]
    got = decoded(done.video)
    if mode is CutMode.COPY:
        assert got[0].number == frames[0].number
        assert 0 <= len(got) - len(frames) <= _REORDER
        return done
    where = f"{kind.name} {ranges} {done.mode}"
    assert [frame.number for frame in got] == [frame.number for frame in frames], where
    assert done.proof.ok, (where, done.proof)
    pictures = next(track for track in read_tracks(done.video) if track.kind == "vide")
    assert len(pictures.samples) == len(frames), f"hidden frames: {where}"
    if done.mode is CutMode.SMART:
        _check_copied(kind, source, ranges, got, where)
    if len(ranges) == 1:
        _check_times(got, frames, ranges[0], where)
        _check_sound(source, done.video, frames, where)
    return done


def _check_copied(
    kind: Kind, source: Path, ranges: Sequence[tuple[int, int]], got: list[Frame], where: str
) -> None:
    """From the first keyframe to the last few frames the clip shows the source's pictures bit by bit."""
    place = 0
    for piece in ranges:
        frames = wanted(source, *piece)
        shown = got[place : place + len(frames)]
        place += len(frames)
        first = next((n for n, frame in enumerate(frames) if frame.key), None)
        assert first is not None, where
        for ours, theirs in zip(shown[first:-_REORDER], frames[first:-_REORDER], strict=True):
            assert ours.picture == theirs.picture, (
                f"frame {theirs.number} is not the source's: {where}"
            )


def _check_times(got: list[Frame], frames: list[Frame], piece: tuple[int, int], where: str) -> None:
    begin = max(frames[0].time, Fraction(piece[0], 1000)) if len(frames) > 1 else frames[0].time
    for ours, theirs in zip(got[1:], frames[1:], strict=True):
        assert abs(ours.time - (theirs.time - begin)) <= Fraction(25, 10_000), where


def _check_sound(source: Path, clip: Path, frames: list[Frame], where: str) -> None:
    """The first sample belongs to the first frame, by cross-correlation of noise: within 2 ms."""
    starts = _starts(source)
    if starts is None or len(frames) < 15:
        return
    begin = round((frames[0].time + starts[0] - starts[1]) * 48_000)
    theirs, ours = _sound(source), samples_of(clip)
    size = min(8_192, len(ours) - 4_096)
    if size < 4_096 or begin < 0 or begin + 2_048 + size > len(theirs):
        return
    reference = theirs[begin + 2_048 : begin + 2_048 + size].astype(float)
    matches = np.correlate(ours[: size + 4_096].astype(float), reference, mode="valid")
    late = int(np.argmax(matches)) - 2_048
    assert abs(late) <= 96, f"the sound is {late} samples late: {where}"


@functools.cache
def _sound(source: Path) -> Any:
    return samples_of(source)


@functools.cache
def _starts(path: Path) -> tuple[Fraction, Fraction] | None:
    """Seconds of the first frame and of the first sample on the file's clock."""
    with av.open(f"file:{path}") as container:
        if not container.streams.audio:
            return None
        video = container.streams.video[0]
        first = next(iter(container.decode(video)))
        start = (first.pts or 0) * Fraction(video.time_base or 1)
    # Time stamps of the first packets may be squeezed together, so a later one tells where sample 0 is.
    with av.open(f"file:{path}") as container:
        count = 0
        for number, frame in enumerate(container.decode(audio=0)):
            if number == 12:
                break
            count += frame.samples
        time = (frame.pts or 0) * Fraction(frame.time_base or 1)
        return start, time - Fraction(count, frame.sample_rate)
