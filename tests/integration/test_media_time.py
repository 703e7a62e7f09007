"""Speed and cross-fades are exact: frames by number, lengths to the frame, sound beside its picture."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts._encode import write_wav
from tests.support.clips import LIMITS, clip_of, ffmpeg, frames_in, samples_of
from tests.support.frames import frame_numbers
from tests.support.media import make_numbered_video
from videoclip.errors import UsageError
from videoclip.media.captions import Cue, CueWord
from videoclip.media.cut import check_options
from videoclip.media.probe import probe
from videoclip.media.programme import SoundPiece, make_programme
from videoclip.schemas import Captions, CutMode, JumpCut, RenderOptions

RATE = 48_000
TOTAL = 300
SIZE = (160, 90)
NTSC = Fraction(30_000, 1001)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s at 25 fps and 10 s at 29.97 fps, with white noise."""
    folder = tmp_path_factory.mktemp("sources")
    make_numbered_video(folder / "25.mp4", frames=TOTAL, size=SIZE, gop=100, audio="noise")
    make_numbered_video(
        folder / "ntsc.mp4",
        frames=TOTAL,
        size=SIZE,
        fps="30000/1001",
        gop=100,
        audio="noise",
        extra=["-bf", "3"],
    )
    return folder


def sped(numbers: list[int], percent: int) -> list[int]:
    """What a grid of the same rate shows: the last frame whose rounded place is not later."""
    speed = Fraction(percent, 100)
    places = [int(Fraction(k) / speed + Fraction(1, 2)) for k in range(len(numbers))]
    count = round(len(numbers) / speed)
    return [
        numbers[max(k for k, place in enumerate(places) if place <= slot)] for slot in range(count)
    ]


@pytest.mark.parametrize(
    ("name", "rate", "percent"),
    [("25.mp4", Fraction(25), 200), ("25.mp4", Fraction(25), 125), ("ntsc.mp4", NTSC, 50), ("ntsc.mp4", NTSC, 150)],
)  # fmt: skip
def test_speed_keeps_the_rate_and_shows_the_right_frames(
    sources: Path, tmp_path: Path, name: str, rate: Fraction, percent: int
) -> None:
    ranges = [(1_500, 4_000), (6_000, 7_111)]
    done = clip_of(sources / name, ranges, tmp_path / "w", speed=percent, loudness=None)
    wanted = [
        number for piece in ranges for number in sped(frames_in(rate, [piece], TOTAL), percent)
    ]
    assert frame_numbers(done.video) == wanted
    assert done.duration_ms == round(len(wanted) / rate * 1000)
    assert done.proof.ok, done.proof
    made = probe(done.video, LIMITS).video
    assert made is not None
    assert Fraction(made.frame_rate) == rate


@pytest.mark.parametrize("fade_ms", [200, 500])
@pytest.mark.parametrize(("name", "rate"), [("25.mp4", Fraction(25)), ("ntsc.mp4", NTSC)])
def test_a_crossfade_shortens_the_clip_by_exactly_its_frames(
    sources: Path, tmp_path: Path, name: str, rate: Fraction, fade_ms: int
) -> None:
    ranges = [(500, 2_500), (3_000, 4_700), (9_000, 9_990), (200, 1_800)]
    done = clip_of(sources / name, ranges, tmp_path / "w", crossfade_ms=fade_ms, loudness=None)
    fade = round(fade_ms * rate / 1000)
    parts = [frames_in(rate, [piece], TOTAL) for piece in ranges]
    fades = [min(fade, len(a) // 2, len(b) // 2) for a, b in pairwise(parts)]
    numbers = frame_numbers(done.video)
    assert len(numbers) == sum(map(len, parts)) - sum(fades)
    at = 0
    for part, before, after in zip(parts, [0, *fades], [*fades, 0], strict=True):
        # Outside the fades, every frame is there and in its place.
        clear = slice(before, len(part) - after)
        assert numbers[at : at + len(part)][clear] == part[clear]
        at += len(part) - after
    assert done.proof.ok, done.proof


def lateness(expected: NDArray[np.int16], found: NDArray[np.int16]) -> int:
    """By how many samples white noise comes too late."""
    size = len(expected) + 4_096
    likeness = np.fft.irfft(
        np.fft.rfft(found.astype(float), 2 * size)
        * np.fft.rfft(expected.astype(float), 2 * size).conj()
    )
    best = int(np.argmax(likeness))
    return best if best < size else best - 2 * size


def test_the_sound_of_a_crossfade_is_as_long_as_its_picture(sources: Path, tmp_path: Path) -> None:
    ranges = [(520, 2_520), (3_000, 4_720), (9_000, 10_000)]
    source = samples_of(sources / "25.mp4")
    done = clip_of(sources / "25.mp4", ranges, tmp_path / "w", crossfade_ms=400, loudness=None)
    clip = samples_of(done.video)
    at = 0
    for start, end in ranges:
        length = (end - start) * 48
        middle = slice(400 * 48, length - 400 * 48)
        piece = source[start * 48 : end * 48][middle]
        assert lateness(piece, clip[at : at + length][middle]) == 0
        at += length - 400 * 48
    assert 0 <= len(clip) - (at + 400 * 48) <= 1_024  # AAC fills its last packet
    # Noise keeps its level through a cross-fade of equal power.
    joint = (2_000 - 400) * 48
    levels = [np.std(part.astype(float)) for part in np.split(clip[joint : joint + 400 * 48], 4)]
    assert min(levels) > 0.85 * np.std(source.astype(float))


def test_ranges_too_short_for_the_crossfade_say_so(sources: Path, tmp_path: Path) -> None:
    ranges = [(0, 1_000), (2_000, 2_400), (4_000, 4_080), (5_000, 6_000)]
    done = clip_of(sources / "25.mp4", ranges, tmp_path / "w", crossfade_ms=1_000, loudness=None)
    assert "crossfade_short" in [notice.code for notice in done.notices]
    # 25 + 10 + 2 + 25 frames, a fade of 5 in the first joint and none beside the two frames.
    assert done.proof.frames == 57
    assert done.proof.ok, done.proof


@pytest.mark.parametrize(
    ("filters", "copied"),
    [
        ([], ["-output_ts_offset", "77.7"]),
        (["-af", "aselect='not(between(t,2,3))'"], ["-fflags", "+genpts"]),
    ],
)
def test_sound_with_a_gap_or_a_late_start_stays_beside_its_picture(
    sources: Path, tmp_path: Path, filters: list[str], copied: list[str]
) -> None:
    source = tmp_path / "s.ts"
    ffmpeg(
        "-i", sources / "25.mp4", "-itsoffset", "0.35", "-i", sources / "25.mp4", "-map", "0:v", "-map", "1:a",
        "-c:v", "copy", "-c:a", "mp2", "-b:a", "384k", *filters, *copied, source,
    )  # fmt: skip
    ranges = [(4_000, 5_520), (7_000, 8_520)]
    done = clip_of(source, ranges, tmp_path / "w", crossfade_ms=200, loudness=None)
    assert frame_numbers(done.video)[:30] == frames_in(Fraction(25), ranges, TOTAL)[:30]
    expected, clip = samples_of(sources / "25.mp4"), samples_of(done.video)
    for start, at in ((4_000, 0), (7_000, 1_320)):
        piece = expected[(start + 300 - 350) * 48 : (start + 1_200 - 350) * 48]
        late = lateness(piece, clip[(at + 300) * 48 : (at + 1_200) * 48])
        assert abs(late) <= 20 * 48 // 10  # 2 ms


@pytest.fixture(scope="module")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A swell of noise around each half second."""
    folder = tmp_path_factory.mktemp("bursts")
    count = TOTAL * RATE // 25
    swell = np.clip(np.cos(2 * np.pi * 2 * np.arange(count) / RATE) * 2 - 1, 0, 1)
    noise = np.random.default_rng(2).normal(0, 6_000, count) * swell
    write_wav(folder / "b.wav", np.clip(noise, -32_000, 32_000).astype(np.int16), RATE)
    return make_numbered_video(
        folder / "b.mp4", frames=TOTAL, size=SIZE, audio=folder / "b.wav", gop=50
    )


@pytest.mark.parametrize("percent", [50, 80, 95, 110, 150, 200])
def test_sped_sound_stays_within_20_ms_of_its_picture_to_the_end(
    bursts: Path, tmp_path: Path, percent: int
) -> None:
    ranges = [(240, 4_240), (5_240, 10_240)]
    done = clip_of(bursts, ranges, tmp_path / "w", speed=percent, loudness=None)
    assert done.proof.ok, done.proof
    power = np.square(samples_of(done.video).astype(float))
    speed, at = Fraction(percent, 100), Fraction(0)
    for start, end in ranges:
        for centre in range(500, end - 200, 500):
            if centre < start + 200:
                continue
            wanted = float(at + Fraction(centre - start, 1000) / speed) * RATE
            reach = int(0.2 * RATE / speed)
            around = power[int(wanted) - reach : int(wanted) + reach]
            found = np.average(np.arange(len(around)), weights=around) - reach
            assert abs(found) < 0.020 * RATE
        at += round((end - start) * 25 / 1000 / speed) / Fraction(25)


def test_the_pitch_stays_at_another_speed(tmp_path: Path) -> None:
    time = np.arange(4 * RATE) / RATE
    write_wav(tmp_path / "t.wav", (8_000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16), RATE)
    done = clip_of(tmp_path / "t.wav", [(0, 4_000)], tmp_path / "w", speed=160, loudness=None)
    assert done.duration_ms == pytest.approx(2_500, abs=25)
    clip = samples_of(done.video).astype(float)[RATE // 2 : RATE * 3 // 2]
    assert np.argmax(np.abs(np.fft.rfft(clip * np.hanning(RATE)))) == pytest.approx(440, abs=2)


def test_intro_and_outro_keep_their_speed(sources: Path, bursts: Path, tmp_path: Path) -> None:
    intro = make_numbered_video(tmp_path / "i.mp4", frames=30, size=SIZE)
    done = clip_of(
        bursts, [(0, 2_000)], tmp_path / "w", speed=200, intro=str(intro), outro=str(intro)
    )
    numbers = frame_numbers(done.video)
    assert numbers == [*range(30), *range(0, 50, 2), *range(30)]


def test_captions_follow_speed_crossfade_and_intro(sources: Path, tmp_path: Path) -> None:
    words = (CueWord("Hello", 2_500, 3_000), CueWord("there", 3_000, 3_500))
    cues = [Cue(500, 1_500, "First"), Cue(2_500, 3_500, "Hello there", words)]
    intro = make_numbered_video(tmp_path / "i.mp4", frames=25, size=SIZE)
    done = clip_of(
        sources / "25.mp4", [(1_000, 3_000), (5_000, 7_000)], tmp_path / "w", cues, speed=200,
        crossfade_ms=400, intro=str(intro), captions=Captions.SIDECAR, loudness=None,
    )  # fmt: skip
    assert done.srt is not None
    text = done.srt.read_text(encoding="utf-8")
    # The first would last half a second and gets more, up to the middle of the cross-fade.
    assert "00:00:01,250 --> 00:00:01,800\nFirst" in text
    # 1 s of intro, then the second range from 0.6 s on, then 0.5 s at double speed.
    assert "00:00:01,850 --> 00:00:02,600\nHello there" in text


def test_hard_joints_do_not_click(tmp_path: Path) -> None:
    time = np.arange(4 * RATE) / RATE
    write_wav(tmp_path / "t.wav", (16_000 * np.sin(2 * np.pi * 110 * time)).astype(np.int16), RATE)
    media = probe(tmp_path / "t.wav", LIMITS)
    places = [(0, 301), (1_003, 205), (1_208, 300), (2_222, 111)]
    pieces = [
        SoundPiece(tmp_path / "t.wav", media, None, Fraction(start, 1000), length * 48)
        for start, length in places
    ]
    made = make_programme(pieces, tmp_path, LIMITS, target=None)
    sound = np.fromfile(made.path, "<f4")[-2 * made.samples :: 2]
    steepest = 2 * np.pi * 110 / RATE * 16_000 / 32_768
    assert np.abs(np.diff(sound)).max() < 1.05 * steepest + 0.5 / 240
    # 1208 follows 1003 + 205: nothing jumps there, so nothing is faded.
    joint = (301 + 205) * 48
    assert np.abs(sound[joint - 240 : joint + 240]).max() > 0.4


def test_a_crossfade_in_a_clip_of_sound_alone(tmp_path: Path) -> None:
    noise = np.random.default_rng(4).normal(0, 3_000, 6 * RATE).astype(np.int16)
    write_wav(tmp_path / "n.wav", noise, RATE)
    done = clip_of(
        tmp_path / "n.wav", [(0, 2_000), (3_000, 5_000)], tmp_path / "w", crossfade_ms=500,
        loudness=None,
    )  # fmt: skip
    clip = samples_of(done.video)
    assert lateness(noise[3_600 * 48 : 4_900 * 48], clip[2_100 * 48 : 3_400 * 48]) == 0
    assert done.duration_ms == pytest.approx(3_500, abs=25)


def test_a_crossfade_needs_joined_ranges(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="joined"):
        clip_of(sources / "25.mp4", [(0, 1_000)], tmp_path / "w", crossfade_ms=400)
    media = probe(sources / "25.mp4", LIMITS)
    options = RenderOptions(captions=Captions.NONE, crossfade_ms=400, jump_cuts=[JumpCut.SILENCE])
    check_options(options, media)
    for wish in (
        {"speed": 150},
        {"denoise": True},
        {"level_dialogue": True},
        {"jump_cuts": [JumpCut.SILENCE]},
    ):
        with pytest.raises(UsageError, match="copy"):
            check_options(RenderOptions(captions=Captions.NONE, mode=CutMode.COPY, **wish), media)  # type: ignore[arg-type]


def test_many_near_ranges_are_read_in_one_go(sources: Path, tmp_path: Path) -> None:
    ranges = [(start, start + 330) for start in range(0, 7_000, 500)]
    done = clip_of(sources / "25.mp4", ranges, tmp_path / "w", loudness=None)
    assert frame_numbers(done.video) == frames_in(Fraction(25), ranges, TOTAL)
    assert done.proof.ok, done.proof
