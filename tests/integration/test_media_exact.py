"""A clip holds exactly the frames and samples of its range, whatever container, rate, GOP or start time."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import LIMITS, clip_of, ffmpeg, frames_in, samples_of
from tests.support.frames import frame_numbers
from tests.support.media import make_numbered_video
from videoclip.errors import MediaToolFailed
from videoclip.media.packets import expected_frames
from videoclip.media.probe import probe
from videoclip.schemas import CutMode, TimeRange

NTSC = Fraction(30_000, 1001)
TOTAL = 300


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One 10 s picture with B-frames, keyframes 8.3 s apart, noise as sound; repacked as needed."""
    folder = tmp_path_factory.mktemp("sources")
    make_numbered_video(
        folder / "a.mp4", frames=TOTAL, fps="30000/1001", gop=250, audio="noise", extra=["-bf", "3"]
    )
    copied = ("-i", folder / "a.mp4", "-c", "copy")
    ffmpeg(*copied, folder / "a.mkv")
    ffmpeg(*copied, folder / "a.flv")
    ffmpeg(*copied, "-output_ts_offset", "12345.678", folder / "late.ts")
    ffmpeg("-copyts", "-itsoffset", "7.3", *copied, folder / "late.mkv")
    return folder


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.flv", "late.ts", "late.mkv"])
def test_random_ranges_are_exact(sources: Path, tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    for number in range(2):
        start = chance.randrange(0, 8_500)
        ranges = [(start, start + chance.randrange(200, 1_500))]
        done = clip_of(sources / name, ranges, tmp_path / str(number), loudness=None)
        wanted = frames_in(NTSC, ranges, TOTAL)
        assert frame_numbers(done.video) == wanted
        assert done.proof.ok, done.proof
        assert done.proof.frames == len(wanted)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("open-gop.mp4", {"gop": 30, "extra": ["-x264-params", "open-gop=1:bframes=3"]}),
        ("open-gop.ts", {"gop": 30, "extra": ["-x264-params", "open-gop=1:bframes=3"]}),
        ("refresh.ts", {"gop": 100, "extra": ["-x264-params", "intra-refresh=1"]}),
        ("old.mpg", {"gop": 12, "codec": "mpeg2video"}),
        ("old.avi", {"gop": 60, "codec": "mpeg4"}),
        ("vp9.webm", {"gop": 90, "codec": "libvpx-vp9", "extra": ["-deadline", "realtime", "-cpu-used", "8"]}),
    ],
)  # fmt: skip
def test_difficult_streams_are_exact(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    audio = "none" if name.endswith("avi") else "sine"
    source = make_numbered_video(tmp_path / name, frames=200, audio=audio, **options)  # type: ignore[arg-type]
    ranges = [(4_321, 5_678)]
    done = clip_of(source, ranges, tmp_path / "w", loudness=None)
    assert frame_numbers(done.video) == frames_in(Fraction(25), ranges, 200)


def test_joined_ranges_follow_each_other_exactly(sources: Path, tmp_path: Path) -> None:
    ranges = [(500, 1_500), (8_000, 8_700), (200, 600), (4_000, 4_400)]
    done = clip_of(sources / "a.mp4", ranges, tmp_path / "w", loudness=None)
    assert frame_numbers(done.video) == frames_in(NTSC, ranges, TOTAL)
    assert done.proof.ok, done.proof


def test_sound_is_exact_to_the_sample(sources: Path, tmp_path: Path) -> None:
    """Cross-correlation with the source's sound: the first sample belongs to the first frame."""
    ranges = [(2_345, 3_456), (7_000, 7_900)]
    done = clip_of(sources / "a.mp4", ranges, tmp_path / "w", loudness=None)
    source, clip = samples_of(sources / "a.mp4"), samples_of(done.video)
    at = 0
    for piece in ranges:
        numbers = frames_in(NTSC, [piece], TOTAL)
        first, length = round(numbers[0] / NTSC * 48_000), round(len(numbers) / NTSC * 48_000)
        assert offset(source[first : first + length], clip[at : at + length]) == 0
        at += length
    assert abs(len(clip) - at) <= 1_024  # AAC fills its last packet


def offset(expected: np.ndarray, found: np.ndarray) -> int:
    """By how many samples ``found`` is late."""
    size = 16_384
    a = expected[2_048 : 2_048 + size].astype(float)
    b = found[: size + 4_096].astype(float)
    return int(np.argmax(np.correlate(b, a, mode="valid"))) - 2_048


def test_expected_frames_counts_without_decoding(sources: Path) -> None:
    path = sources / "late.ts"
    ranges = [TimeRange(start_ms=1_001, end_ms=2_002), TimeRange(start_ms=0, end_ms=40)]
    wanted = len(frames_in(NTSC, [(1_001, 2_002), (0, 40)], TOTAL))
    assert expected_frames(path, probe(path, LIMITS), ranges, LIMITS) == wanted


def test_a_range_over_the_end_gives_what_is_there(sources: Path, tmp_path: Path) -> None:
    done = clip_of(sources / "a.mp4", [(9_500, 60_000)], tmp_path / "w", loudness=None)
    assert frame_numbers(done.video) == frames_in(NTSC, [(9_500, 60_000)], TOTAL)


def test_a_range_behind_the_end_is_refused(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaToolFailed, match="behind the last frame"):
        clip_of(sources / "a.mp4", [(50_000, 60_000)], tmp_path / "w")
    assert list((tmp_path / "w").iterdir()) == []


@pytest.mark.parametrize("end", [5_000, 5_040, 5_075, 5_110])
def test_copy_shows_exactly_its_frames_and_says_what_it_is(
    sources: Path, tmp_path: Path, end: int
) -> None:
    """Wherever among the B-frames the end lies; what is stored behind it is not shown."""
    done = clip_of(sources / "a.mp4", [(3_000, end)], tmp_path / "w", mode=CutMode.COPY)
    wanted = frames_in(NTSC, [(3_000, end)], TOTAL)
    assert frame_numbers(done.video) == wanted
    assert done.proof.frames == len(wanted)
    assert abs(done.duration_ms - len(wanted) * 1000 / NTSC) <= 1
    assert done.mode is CutMode.COPY
    assert [notice.code for notice in done.notices] == ["copy_mode"]


def test_variable_frame_rate_keeps_each_frame_at_its_time(sources: Path, tmp_path: Path) -> None:
    source = tmp_path / "vfr.mkv"
    choice = "select='not(mod(n,7))+between(n,100,150)'"
    ffmpeg("-i", sources / "a.mp4", "-vf", choice, "-fps_mode", "vfr", "-c:a", "copy", source)
    assert probe(source, LIMITS).video.variable_frame_rate  # type: ignore[union-attr]
    done = clip_of(source, [(2_850, 5_850)], tmp_path / "w", loudness=None)
    shown = [n for n in range(TOTAL) if n % 7 == 0 or 100 <= n <= 150]
    # Frame 84 (2.803 s) is still on screen at 2.850 s, where the range begins.
    assert frame_numbers(done.video) == [84, *(n for n in shown if 91 <= n <= 175)]
    assert done.duration_ms == pytest.approx(3_000, abs=40)
    assert done.proof.ok, done.proof


def test_a_still_picture_lasts_as_long_as_the_range(sources: Path, tmp_path: Path) -> None:
    source = tmp_path / "slides.mp4"
    ffmpeg(
        "-i", sources / "a.mp4", "-vf", "select='not(mod(n,150))'", "-fps_mode", "vfr", "-c:a", "copy", source
    )  # fmt: skip
    done = clip_of(source, [(1_000, 3_000)], tmp_path / "w", loudness=None)
    assert frame_numbers(done.video) == [0]
    assert done.duration_ms == pytest.approx(2_000, abs=40)
