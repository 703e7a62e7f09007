"""The still's score: sharp before blurred, lit before dark, a picture before a mixture of two."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.scenes import scene
from videoclip.media.stills import is_transition, score_faces, score_picture
from videoclip.media.thumbnail import places


def good(seed: int = 1) -> NDArray[np.uint8]:
    return scene(seed, 1)[0]


def blurred(picture: NDArray[np.uint8], size: int = 9) -> NDArray[np.uint8]:
    result = picture.astype(np.float64)
    for axis in (0, 1):
        result = sum(np.roll(result, n, axis) for n in range(size)) / size  # type: ignore[assignment]
    return result.astype(np.uint8)


def mixed(one: NDArray[np.uint8], other: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    return (one * (1 - share) + other * share).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_a_good_picture_beats_its_spoilt_versions(seed: int) -> None:
    best = score_picture(good(seed))
    worse = {
        "blurred": blurred(good(seed)),
        "dark": good(seed) // 5,
        "faded": mixed(good(seed), np.zeros_like(good(seed)), 0.7),
        "washed out": (255 - (255 - good(seed).astype(int)) // 6).astype(np.uint8),
        "black": np.zeros_like(good(seed)),
        "white": np.full_like(good(seed), 255),
        "grey": np.full_like(good(seed), 128),
    }
    for name, picture in worse.items():
        assert score_picture(picture) < 0.8 * best, name


def test_black_bars_cost() -> None:
    barred = good().copy()
    barred[:30] = barred[-30:] = 0
    assert score_picture(barred) < score_picture(good())


def test_noise_in_the_dark_is_not_detail() -> None:
    noise = np.random.default_rng(1).integers(0, 40, good().shape).astype(np.uint8)
    assert score_picture(noise) < 0.5 * score_picture(good())


def test_tiny_pictures_score_nothing() -> None:
    assert score_picture(np.zeros((2, 2, 3), np.uint8)) == 0


def test_a_dissolve_and_a_fade_are_transitions() -> None:
    other, black = good(2), np.zeros_like(good())
    for end in (other, black):
        assert is_transition([mixed(good(), end, share) for share in (0.2, 0.4, 0.6)])


def test_a_cut_a_pan_and_a_still_camera_are_not() -> None:
    assert not is_transition([good(1), good(2), good(2)])
    assert not is_transition([good(1), good(1), good(2)])
    assert not is_transition([good(), good(), good()])
    panned = scene(1, 7, pan=6)
    assert not is_transition([panned[0], panned[3], panned[6]])


def test_faces_raise_a_score_and_large_ones_more() -> None:
    size = (320, 180)
    assert score_faces([], size) == 1
    small, large = score_faces([(0, 0, 20, 20)], size), score_faces([(0, 0, 90, 90)], size)
    assert 1 < small < large <= 1.35


def test_keyframes_are_looked_at_where_there_are_enough() -> None:
    keys = list(range(0, 1000, 50))
    chosen = places(keys, 1000, 0)
    assert len(chosen) == 12
    assert set(chosen) <= set(keys)


def test_few_keyframes_are_filled_up_within_the_budget() -> None:
    chosen = places([0, 250], 500, 100)
    assert len(chosen) == 12
    assert all(index % 250 < 50 for index in chosen)
    assert places([0], 1, 1000) == [0]
    assert places([], 30, 0) == [0]
