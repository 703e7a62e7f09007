"""Speed and cross-fades are exact: frames by number, lengths to the frame, sound beside its picture."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.clips import LIMITS, clip_of, frames_in
from tests.support.frames import frame_numbers
from tests.support.media import make_numbered_video
from videoclip.media.probe import probe

RATE = 48_000
TOTAL = 300
NTSC = Fraction(30_000, 1001)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s at 25 fps and 10 s at 29.97 fps, with white noise."""
    folder = tmp_path_factory.mktemp("sources")
    make_numbered_video(folder / "25.mp4", frames=TOTAL, gop=100, audio="noise")
    make_numbered_video(
        folder / "ntsc.mp4",
        frames=TOTAL,
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
