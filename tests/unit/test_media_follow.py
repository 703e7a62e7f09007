"""A crop that follows a face moves like a camera operator: at rest, calmly, and at once only at a new scene."""

from __future__ import annotations

import itertools
import re

import pytest

from videoclip.media.faces import Face
from videoclip.media.follow import RATE, Point, commands, main_face, plan_path

LENGTH, WHOLE = 200, 640


def offset_at(points: list[Point], ms: int) -> float:
    before = [p for p in points if p.ms <= ms][-1]
    after = next((p for p in points if p.ms > ms), None)
    if after is None or after.jump:
        return before.offset
    return before.offset + (after.offset - before.offset) * (ms - before.ms) / (
        after.ms - before.ms
    )


def path(centres: list[float | None], shots: list[int] | None = None) -> list[Point]:
    return plan_path(centres, shots or [], length=LENGTH, whole=WHOLE)


def test_a_face_that_sways_leaves_the_crop_at_rest() -> None:
    points = path([300 + (12 if n % 2 else -12) for n in range(40)])
    assert {round(point.offset) for point in points} <= set(range(186, 215))
    assert max(p.offset for p in points) - min(p.offset for p in points) < 0.01


def test_a_face_that_walks_stays_in_the_crop_and_ends_in_the_middle() -> None:
    centres: list[float | None] = [100.0] * 8 + [100 + 25 * n for n in range(16)] + [500.0] * 12
    points = path(centres)
    for n, centre in enumerate(centres):
        assert centre is not None
        place = offset_at(points, n * 1000 // RATE)
        assert place - 1 <= centre <= place + LENGTH + 1
        assert abs(place + LENGTH / 2 - centre) < 0.3 * LENGTH
    assert offset_at(points, 9_000) == pytest.approx(400, abs=0.12 * LENGTH)


def test_the_crop_never_leaves_the_picture_nor_hurries() -> None:
    centres: list[float | None] = [20.0] * 8 + [630.0] * 8 + [10.0] * 8
    points = path(centres)
    assert all(0 <= point.offset <= WHOLE - LENGTH for point in points)
    for a, b in itertools.pairwise(points):
        assert b.jump or abs(b.offset - a.offset) * 1000 <= 1.6 * LENGTH * (b.ms - a.ms)


def test_it_jumps_where_the_scene_changes_and_nowhere_else() -> None:
    points = path([100.0] * 8 + [540.0] * 8, shots=[1_980])
    assert [point.ms for point in points if point.jump] == [0, 1_980]
    assert offset_at(points, 1_979) == pytest.approx(0)
    assert offset_at(points, 1_980) == pytest.approx(440)


def test_a_wrong_find_in_one_picture_does_not_move_it() -> None:
    faces = [[Face(0.3, 0.4, 0.2)]] * 6 + [[Face(0.9, 0.8, 0.2)]] + [[Face(0.3, 0.4, 0.2)]] * 6
    chosen = main_face(faces)
    assert chosen[6] is None
    assert all(
        face is not None and face.x == 0.3 for place, face in enumerate(chosen) if place != 6
    )


def test_the_face_followed_so_far_stays_when_another_of_its_size_appears() -> None:
    one, two = Face(0.3, 0.4, 0.20), Face(0.8, 0.4, 0.22)
    chosen = main_face([[one]] * 4 + [[one, two]] * 4)
    assert all(face == one for face in chosen)


def test_without_a_face_it_holds_still_and_in_a_scene_without_one_stands_in_the_middle() -> None:
    points = path([100.0] * 4 + [None] * 8 + [100.0] * 4)
    assert {point.offset for point in points} == {0.0}
    assert offset_at(path([None] * 8), 1_000) == (WHOLE - LENGTH) / 2
    later = path([100.0] * 8 + [None] * 8, shots=[1_990])
    assert offset_at(later, 3_000) == (WHOLE - LENGTH) / 2


def test_commands_are_numbers_in_order() -> None:
    text = commands(path([100.0] * 8 + [None] + [400.0] * 8, shots=[3_000]), "x")
    lines = text.splitlines()
    assert all(re.fullmatch(r"\d+\.\d{3} crop x '[-+*().\dt]+';", line) for line in lines)
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(set(times))
    assert times[0] == 0
