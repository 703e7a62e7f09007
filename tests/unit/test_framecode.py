"""The frame number in the picture can be relied upon: read right, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.framecode import LIMIT, Region, frame_code, numbered_pictures, paint_frame_code
from tests.support.frames import centre_crop, fit_inside, read_frame_number


def picture(number: int, size: tuple[int, int] = (320, 180)) -> np.ndarray:
    return next(numbered_pictures(1, size, number))


@given(st.integers(0, LIMIT - 1))
def test_every_number_reads_back(number: int) -> None:
    canvas = np.full((90, 160), 120, np.uint8)
    paint_frame_code(canvas, number)
    assert read_frame_number(canvas) == number


@given(st.integers(0, LIMIT - 1), st.integers(0, 23))
def test_one_wrong_cell_is_noticed(number: int, cell: int) -> None:
    canvas = np.full((72, 160), 120, np.uint8)
    paint_frame_code(canvas, number)
    row, column = divmod(cell, 12)
    box = np.s_[2 * row : 2 * row + 2, 56 + 4 * column : 60 + 4 * column]
    canvas[box] = 255 - canvas[box]
    assert read_frame_number(canvas) is None


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (854, 480), (321, 181), (160, 90)])
def test_any_size_reads(size: tuple[int, int]) -> None:
    assert read_frame_number(picture(54_321, size)) == 54_321


@pytest.mark.parametrize("value", [0, 16, 128, 255])
def test_a_blank_picture_has_no_number(value: int) -> None:
    assert read_frame_number(np.full((180, 320, 3), value, np.uint8)) is None


def test_noise_has_no_number() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (100, 180, 320), np.uint8)
    assert [read_frame_number(one) for one in noise] == [None] * 100


def test_two_frames_mixed_half_and_half_have_no_number() -> None:
    mixed = (picture(1_000) // 2 + picture(1_001) // 2).astype(np.uint8)
    assert read_frame_number(mixed) is None


def test_a_tall_crop_still_holds_the_strip() -> None:
    whole = picture(777, (1280, 720))
    crop = whole[:, 438:843]
    assert read_frame_number(crop, centre_crop((1280, 720), (405, 720))) == 777
    assert read_frame_number(crop) is None


def test_a_letterboxed_picture_reads_where_it_lies() -> None:
    tall = np.zeros((640, 360, 3), np.uint8)
    region = fit_inside((1280, 720), (360, 640))
    assert region == Region(0, 218.75, 360, 202.5)
    top = 219
    tall[top : top + 202] = picture(4_242, (360, 202))
    assert read_frame_number(tall, Region(0, top, 360, 202)) == 4_242


@pytest.mark.parametrize("number", [-1, LIMIT])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        frame_code(number)
