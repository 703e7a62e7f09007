"""An edit list is shortened only where every number is understood; anything else stays as it is."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from videoclip.media.edit_end import end_edit


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", len(data) + 8, kind) + data


def track(handler: bytes, length: int, edits: list[tuple[int, int]], *, version: int = 0) -> bytes:
    entries = b"".join(struct.pack(">Iihh", duration, time, 1, 0) for duration, time in edits)
    return box(
        b"trak",
        box(b"tkhd", bytes(20), struct.pack(">I", length), bytes(60)),
        box(b"edts", box(b"elst", struct.pack(">II", version << 24, len(edits)), entries)),
        box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(13))),
    )


def movie(*tracks: bytes, length: int) -> bytes:
    header = box(b"mvhd", bytes(12), struct.pack(">II", 1_000, length), bytes(80))
    return box(b"ftyp", b"isom") + box(b"moov", header, *tracks) + box(b"mdat", b"x" * 50)


SOUND = track(b"soun", 1_414, [(1_414, 19_200)])


def test_the_picture_ends_and_the_movie_with_the_longest_track(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(movie(track(b"vide", 1_560, [(1_560, 5_120)]), SOUND, length=1_560))
    assert end_edit(path, Fraction(7, 5))
    assert path.read_bytes() == movie(track(b"vide", 1_400, [(1_400, 5_120)]), SOUND, length=1_414)
    assert not end_edit(path, Fraction(7, 5)), "once is enough"


def test_a_hole_before_the_picture_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(movie(track(b"vide", 1_560, [(60, -1), (1_500, 0)]), length=1_560))
    assert end_edit(path, Fraction(7, 5))
    assert path.read_bytes() == movie(track(b"vide", 1_400, [(60, -1), (1_340, 0)]), length=1_400)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no box at all, but long enough to look at",
        box(b"ftyp", b"isom"),
        movie(track(b"vide", 1_560, [(1_560, 5_120)], version=1), length=1_560),
        movie(track(b"vide", 1_560, []), length=1_560),
        movie(track(b"vide", 1_560, [(1_500, 0), (60, 9)]), length=1_560),
        movie(track(b"vide", 1_400, [(1_400, 5_120)]), SOUND, length=1_414),
        movie(track(b"vide", 1_560, [(1_560, 5_120)]), length=1_560)[:100],
    ],
)
def test_other_files_stay_as_they_are(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert not end_edit(path, Fraction(7, 5))
    assert path.read_bytes() == data
