"""The bundled sample is what its truth says, can be made again, and long videos keep their times."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from scripts.make_long import UNIT_MS, make_long
from scripts.make_sample import GOP, has_flite, make_sample
from tests.support.frames import centre_crop, frame_numbers, read_frame_number
from tests.support.media import make_numbered_video, set_rotation

SAMPLE = Path(__file__).parents[2] / "assets" / "sample"
RATE = 16_000


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


def keyframes(path: Path) -> list[int]:
    """Places of the keyframes among the video packets."""
    with av.open(f"file:{path}") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return [place for place, packet in enumerate(packets) if packet.is_keyframe]


def keyframe_numbers(path: Path) -> list[tuple[int, int | None]]:
    """``(milliseconds, frame number)`` of every keyframe, without decoding what lies between."""
    found = []
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            assert frame.pts is not None
            assert frame.time_base is not None
            time = round(frame.pts * frame.time_base * 1000)
            found.append((time, read_frame_number(frame.to_ndarray(format="rgb24"))))
    return found


def sound(path: Path) -> np.ndarray:
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-i", f"file:{path}", "-vn", "-ac", "1"]
    command += ["-ar", str(RATE), "-f", "s16le", "pipe:1"]
    done = subprocess.run(command, check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.int16).astype(float)


def audible(samples: np.ndarray, start_ms: int, end_ms: int) -> tuple[float, float]:
    """First and last loud moment in a range, in ms from its start."""
    part = np.abs(samples[start_ms * RATE // 1000 : end_ms * RATE // 1000])
    loud = np.flatnonzero(part > 120)
    return loud[0] * 1000 / RATE, loud[-1] * 1000 / RATE


def check_show(folder: Path, truth: dict[str, Any]) -> None:
    """A sample folder's video is the one that the truth describes."""
    show = folder / "show.mp4"
    assert show.stat().st_size <= 6_000_000
    with av.open(str(show)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height) == (truth["width"], truth["height"]) == (1280, 720)
        assert video.average_rate == 25
        assert video.frames == truth["frames"]
        assert audio.profile == "LC"
    assert keyframes(show) == list(range(0, truth["frames"], GOP))
    assert GOP == truth["gop"] == 250
    assert keyframe_numbers(show) == [
        (number * 40, number) for number in range(0, truth["frames"], GOP)
    ]


def check_sound(samples: np.ndarray, truth: dict[str, Any]) -> None:
    """Sentences begin and end where the truth says, to 30 ms, and pauses are silent."""
    assert abs(len(samples) * 1000 / RATE - truth["duration_ms"]) < 25
    for sentence in truth["sentences"]:
        start, end = sentence["start_ms"], sentence["end_ms"]
        first, last = audible(samples, start - 200, end + 200)
        assert first == pytest.approx(200, abs=30), sentence["text"]
        assert last == pytest.approx(200 + end - start, abs=30), sentence["text"]
    for one, two in pairwise(truth["sentences"]):
        pause = samples[(one["end_ms"] + 40) * RATE // 1000 : (two["start_ms"] - 40) * RATE // 1000]
        assert np.sqrt(np.mean(pause**2)) < 20


def test_the_bundled_video_is_the_one_of_the_truth(truth: dict[str, Any]) -> None:
    check_show(SAMPLE, truth)


def test_the_bundled_sound_is_the_one_of_the_truth(truth: dict[str, Any]) -> None:
    check_sound(sound(SAMPLE / "show.mp4"), truth)


@pytest.mark.slow
def test_every_frame_of_the_bundled_video_tells_its_number(truth: dict[str, Any]) -> None:
    assert frame_numbers(SAMPLE / "show.mp4") == list(range(truth["frames"]))


@pytest.mark.slow
def test_the_sample_can_be_made_again(tmp_path: Path, truth: dict[str, Any]) -> None:
    if not has_flite():
        pytest.skip("this FFmpeg has no flite filter, so it cannot speak")
    made = make_sample(tmp_path)
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8")) == made
    assert made == truth
    check_show(tmp_path, made)
    check_sound(sound(tmp_path / "show.mp4"), made)
    assert mean_difference(tmp_path / "show.mp4", SAMPLE / "show.mp4") < 1.5


def mean_difference(one: Path, two: Path) -> float:
    """Mean difference of the pictures at the keyframes, in grey levels of 255."""
    levels = []
    with av.open(str(one)) as first, av.open(str(two)) as second:
        for container in (first, second):
            container.streams.video[0].codec_context.skip_frame = "NONKEY"
        for a, b in zip(first.decode(video=0), second.decode(video=0), strict=True):
            left = a.to_ndarray(format="gray").astype(int)
            levels.append(np.abs(left - b.to_ndarray(format="gray")).mean())
    return max(levels)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_long_video_has_its_length_and_never_drifts(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"long{suffix}"
    made = make_long(path, minutes=10.51, speech_share=0.2, size=(160, 90), gop=100)
    assert (made.frames, made.duration_ms) == (15_765, 630_600)
    places = keyframes(path)
    assert set(np.diff(places)) == {100}
    assert keyframe_numbers(path) == [
        (place * 40, place % made.unit_frames) for place in range(0, made.frames, 100)
    ]
    samples = sound(path)
    assert abs(len(samples) * 1000 / RATE - made.duration_ms) < 70
    spoken = list(made.sentences())
    assert len(spoken) >= 5 * len(made.spoken) > 0
    for one in spoken:
        first, last = audible(samples, one.start_ms - 200, min(one.end_ms + 200, made.duration_ms))
        assert first == pytest.approx(200, abs=35)
        assert last == pytest.approx(200 + one.end_ms - one.start_ms, abs=35)
    share = sum(one.end_ms - one.start_ms for one in made.spoken) / UNIT_MS
    assert 0.12 < share < 0.24


def test_a_long_video_without_speech_is_silent(tmp_path: Path) -> None:
    made = make_long(tmp_path / "quiet.mp4", minutes=0.1, speech_share=0, size=(160, 90))
    assert made.frames == 150
    assert frame_numbers(made.path) == list(range(150))
    assert np.abs(sound(made.path)).max() < 60


@pytest.mark.parametrize("fps", ["25", "30000/1001"])
def test_a_numbered_video_tells_every_frame(tmp_path: Path, fps: str) -> None:
    path = make_numbered_video(tmp_path / "v.mp4", frames=70, fps=fps, gop=30, first=1_000)
    assert frame_numbers(path) == list(range(1_000, 1_070))
    assert keyframes(path) == [0, 30, 60]
    assert len(sound(path)) == pytest.approx(70 / eval_rate(fps) * RATE, abs=1_100)


def eval_rate(fps: str) -> float:
    top, _, bottom = fps.partition("/")
    return int(top) / int(bottom or 1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotation_flag_is_what_ffmpeg_reads(tmp_path: Path, degrees: int) -> None:
    path = make_numbered_video(tmp_path / "v.mp4", frames=5, rotation=degrees)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert -frame.rotation % 360 == degrees  # FFmpeg counts counter-clockwise
    set_rotation(path, 0)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).rotation == 0


def test_numbers_survive_hard_compression_scaling_and_a_tall_crop(tmp_path: Path) -> None:
    path = make_numbered_video(
        tmp_path / "v.mp4",
        size=(1280, 720),
        frames=60,
        audio="none",
        extra=["-vf", "crop=405:720,scale=180:320,setsar=1", "-crf", "38"],
    )
    assert frame_numbers(path, centre_crop((1280, 720), (180, 320))) == list(range(60))
