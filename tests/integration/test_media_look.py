"""Looking at a source: proxy, storyboard and shots are exact in time; the still is of the good part."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.support.clips import LIMITS, ffmpeg
from tests.support.command import ROOT, Command, manifest
from tests.support.frames import read_frame_number
from tests.support.media import make_numbered_video
from tests.support.scenes import Film, scene, write_film
from videoclip.cli.main import main
from videoclip.media.faces import box_finder
from videoclip.media.probe import probe
from videoclip.media.proxy import make_proxy, pictures
from videoclip.media.shots import find_shots, shots_json
from videoclip.media.startcode import source_timecode
from videoclip.media.storyboard import interval_ms, make_storyboard
from videoclip.media.thumbnail import make_thumbnail

# --------------------------------------------------------------------------- proxy


def check_proxy(source: Path, folder: Path, ms_of: list[int], **options: int) -> tuple[int, ...]:
    """Every picture of the proxy is the source's frame of exactly that time."""
    folder.mkdir()
    proxy = make_proxy(
        source, probe(source, LIMITS), folder, LIMITS, **{"spacing_ms": 1, **options}
    )
    shown = [read_frame_number(picture) for picture in pictures(proxy, range(len(proxy.times_ms)))]
    assert None not in shown
    assert [ms_of[number] for number in shown if number is not None] == list(proxy.times_ms)
    assert [entry.name for entry in folder.iterdir()] == ["proxy.mov"]
    return proxy.times_ms


@pytest.mark.parametrize("fps", ["25", "30000/1001", "60"])
def test_proxy_times_are_those_of_the_keyframes(tmp_path: Path, fps: str) -> None:
    source = make_numbered_video(tmp_path / "a.mp4", frames=120, fps=fps, gop=15, audio="none")
    ms = [int(1000 * n / Fraction(fps)) for n in range(120)]
    assert check_proxy(source, tmp_path / "work", ms) == tuple(ms[::15])


def test_a_source_that_starts_late_counts_from_its_first_frame(tmp_path: Path) -> None:
    make_numbered_video(tmp_path / "a.mp4", frames=100, gop=25, audio="none")
    ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-output_ts_offset", "7.5", tmp_path / "b.ts")
    times = check_proxy(tmp_path / "b.ts", tmp_path / "work", [40 * n for n in range(100)])
    assert times == (0, 1000, 2000, 3000)


def test_variable_frame_rates_keep_their_times(tmp_path: Path) -> None:
    make_numbered_video(tmp_path / "a.mp4", frames=200, gop=20, audio="none")
    ffmpeg(
        "-i", tmp_path / "a.mp4", "-vf", "select='lt(n,50)+not(mod(n,7))'", "-fps_mode", "vfr", "-g", "5",
        tmp_path / "b.mp4",
    )  # fmt: skip
    assert probe(tmp_path / "b.mp4", LIMITS).video.variable_frame_rate  # type: ignore[union-attr]
    assert (
        len(check_proxy(tmp_path / "b.mp4", tmp_path / "work", [40 * n for n in range(200)])) > 10
    )


def test_sparse_keyframes_are_filled_up(tmp_path: Path) -> None:
    source = make_numbered_video(tmp_path / "a.mp4", frames=250, gop=250, audio="none")
    times = check_proxy(
        source, tmp_path / "work", [40 * n for n in range(250)], spacing_ms=500, gap_ms=2_000
    )
    assert len(times) > 10
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert 500 <= min(steps) <= max(steps) <= 700


def test_pictures_are_the_same_without_decord(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_numbered_video(tmp_path / "a.mp4", frames=100, gop=10, audio="none")
    proxy = make_proxy(source, probe(source, LIMITS), tmp_path, LIMITS, spacing_ms=1)
    order = [3, 0, 9, 9, 4]
    by_decord = [read_frame_number(picture) for picture in pictures(proxy, order)]
    monkeypatch.setitem(sys.modules, "decord", None)
    by_pyav = [read_frame_number(picture) for picture in pictures(proxy, order)]
    assert by_decord == by_pyav == [30, 0, 90, 90, 40]


# --------------------------------------------------------------------------- storyboard


CUE = re.compile(
    r"(\d\d):(\d\d):(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)\n"
)


def cues(vtt: Path) -> list[tuple[int, int, str, tuple[int, int, int, int]]]:
    text = vtt.read_text()
    assert text.startswith("WEBVTT\n\n")
    found = []
    for match in CUE.finditer(text):
        h1, m1, s1, f1, h2, m2, s2, f2 = (int(match[n]) for n in range(1, 9))
        x, y, w, h = (int(match[n]) for n in range(10, 14))
        begin, end = ((h1 * 60 + m1) * 60 + s1) * 1000 + f1, ((h2 * 60 + m2) * 60 + s2) * 1000 + f2
        found.append((begin, end, match[9], (x, y, w, h)))
    assert len(found) == text.count("-->")
    return found


def test_each_tile_shows_the_frame_of_its_cue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videoclip.media.storyboard._ROWS", 1)  # three sheets of one row
    source = make_numbered_video(tmp_path / "a.mp4", frames=600, fps="10", gop=10, audio="none")
    proxy = make_proxy(source, probe(source, LIMITS), tmp_path, LIMITS, spacing_ms=1000)
    board = make_storyboard(proxy, 60_000, tmp_path, LIMITS)
    assert (board.tiles, board.interval_ms) == (30, 2000)
    assert [sheet.name for sheet in board.sheets] == [f"storyboard-0{n}.jpg" for n in (1, 2, 3)]
    found = cues(board.vtt)
    assert [(begin, end) for begin, end, _, _ in found] == [
        (n, n + 2000) for n in range(0, 60_000, 2000)
    ]
    for begin, _, name, (x, y, w, h) in found:
        tile = Image.open(tmp_path / name).crop((x, y, x + w, y + h))
        assert read_frame_number(np.asarray(tile)) == begin // 100


@pytest.mark.parametrize(
    ("size", "rotation", "sar", "tile"),
    [((320, 180), 0, None, (160, 90)), ((320, 180), 90, None, (90, 160)), ((320, 180), 0, "4/3", (160, 68))],
)  # fmt: skip
def test_tiles_have_the_shape_that_is_shown(
    tmp_path: Path, size: tuple[int, int], rotation: int, sar: str | None, tile: tuple[int, int]
) -> None:
    extra = ["-vf", f"setsar={sar}"] if sar else []
    source = make_numbered_video(
        tmp_path / "a.mp4", frames=30, size=size, audio="none", rotation=rotation, extra=extra
    )
    proxy = make_proxy(source, probe(source, LIMITS), tmp_path, LIMITS, spacing_ms=100)
    board = make_storyboard(proxy, 1200, tmp_path, LIMITS)
    assert cues(board.vtt)[0][3] == (0, 0, *tile)
    with Image.open(board.sheets[0]) as sheet:
        assert sheet.size == tile


def test_the_number_of_tiles_is_bounded() -> None:
    assert interval_ms(1_000) == 2_000
    assert interval_ms(600_000) == 6_000
    assert interval_ms(24 * 3_600_000) == 60_000


# --------------------------------------------------------------------------- shots


def show(seed: int) -> Film:
    film = Film().cut(scene(seed + 1, 60)).cut(scene(seed + 2, 50, pan=0))
    film.dissolve(scene(seed + 3, 60, pan=3), 20).fade(scene(seed + 4, 60), 15, 10, 15).flash(20)
    film.cut(scene(seed + 5, 40, pan=5)).dissolve(scene(seed + 6, 50), 8)
    film.cut(scene(seed + 7, 8, pan=0)).cut(scene(seed + 8, 60, pan=8))
    lamp = [
        (picture * (0.5 + min(n, 25) / 50)).astype(np.uint8)
        for n, picture in enumerate(scene(seed + 9, 60, pan=0))
    ]
    return film.cut(lamp)  # another light is no boundary


@pytest.mark.parametrize(("seed", "fps"), [(0, "25"), (100, "30000/1001"), (200, "50")])
def test_cuts_are_exact_and_transitions_within_two_frames(
    tmp_path: Path, seed: int, fps: str
) -> None:
    film = show(seed)
    source = write_film(film.pictures, tmp_path / "a.mp4", fps=fps)
    (tmp_path / "work").mkdir()
    found = find_shots(source, probe(source, LIMITS), tmp_path / "work", LIMITS)
    assert [boundary.kind for boundary in found] == [kind for kind, _, _ in film.truth]
    for boundary, (kind, first, last) in zip(found, film.truth, strict=True):
        slack = 0 if kind == "cut" else int(2 * 1000 / Fraction(fps)) + 1
        assert abs(boundary.start_ms - int(1000 * first / Fraction(fps))) <= slack, boundary
        assert abs(boundary.end_ms - int(1000 * last / Fraction(fps))) <= slack, boundary
    assert not list((tmp_path / "work").iterdir())


def test_a_long_pan_and_a_flash_have_no_boundary(tmp_path: Path) -> None:
    film = Film().cut(scene(7, 150, pan=6)).flash(70)
    source = write_film(film.pictures, tmp_path / "a.mp4")
    assert find_shots(source, probe(source, LIMITS), tmp_path, LIMITS) == []


def test_shots_cover_the_source(tmp_path: Path) -> None:
    film = show(300)
    source = write_film(film.pictures, tmp_path / "a.mp4")
    media = probe(source, LIMITS)
    value = shots_json(find_shots(source, media, tmp_path, LIMITS), media.duration_ms)
    borders = [(shot["start_ms"], shot["end_ms"]) for shot in value["shots"]]
    assert borders[0][0] == 0
    assert borders[-1][1] == media.duration_ms
    assert all(a[1] == b[0] for a, b in itertools.pairwise(borders))
    assert len(borders) == len(film.truth) + 1


# --------------------------------------------------------------------------- the still


def spoilt_clip(path: Path, gop: int) -> Path:
    """Black, a blurred part, a long dissolve of two sharp pictures, and the second of them: scene 41."""
    soft = [
        np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(6)))
        for picture in scene(42, 50)
    ]
    film = Film().cut([np.zeros_like(soft[0])] * 50).cut(soft)
    film.cut(scene(43, 76, pan=0)).dissolve(scene(41, 125, pan=0), 75)
    return write_film(film.pictures, path, gop=gop)


@pytest.mark.parametrize(
    ("gop", "decord"),
    [(25, True), (500, True), (25, False)],  # without decord only keyframes are looked at
)
def test_the_still_is_of_the_good_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gop: int, decord: bool
) -> None:
    if not decord:
        monkeypatch.setitem(sys.modules, "decord", None)
    clip = spoilt_clip(tmp_path / "clip.mp4", gop)
    duration = probe(clip, LIMITS).duration_ms
    make_thumbnail(clip, tmp_path / "still.jpg", LIMITS, duration_ms=duration)
    still = np.asarray(Image.open(tmp_path / "still.jpg").convert("RGB")).astype(int)
    good, other = (scene(seed, 1, pan=0)[0] for seed in (41, 43))
    assert np.abs(still - good).mean() < 8
    assert np.abs(still - good).mean() < 0.25 * np.abs(still - other).mean()


def test_a_face_decides_between_good_pictures(tmp_path: Path) -> None:
    film = Film().cut(scene(51, 50, pan=0)).cut(scene(52, 50, pan=0))
    clip = write_film(film.pictures, tmp_path / "clip.mp4", gop=10)
    for wanted in (51, 52):
        target = scene(wanted, 1, pan=0)[0].astype(int)

        def faces(rgb: np.ndarray, target: np.ndarray = target) -> list[tuple[int, int, int, int]]:
            return [(0, 0, 150, 150)] if np.abs(rgb.astype(int) - target).mean() < 15 else []

        make_thumbnail(clip, tmp_path / "still.jpg", LIMITS, duration_ms=4000, faces=faces)
        still = np.asarray(Image.open(tmp_path / "still.jpg").convert("RGB")).astype(int)
        assert np.abs(still - target).mean() < 12


def test_faces_are_looked_for_in_pictures_that_keep_their_proportions(tmp_path: Path) -> None:
    picture = scene(51, 1, pan=0, size=(1280, 720), detail=24)[0]
    picture[160:560, 440:840] = np.asarray(
        Image.open(ROOT / "tests" / "data" / "face.jpg").convert("RGB").resize((400, 400))
    )
    finder, seen = box_finder(), []
    assert finder is not None

    def faces(rgb: np.ndarray) -> Sequence[tuple[int, int, int, int]]:
        seen.append((rgb.shape, boxes := finder(rgb)))
        return boxes

    clip = write_film([picture] * 25, tmp_path / "clip.mp4", gop=5)
    make_thumbnail(clip, tmp_path / "still.jpg", LIMITS, duration_ms=1000, faces=faces)
    assert {shape for shape, _ in seen} == {(180, 320, 3)}
    for _, boxes in seen:
        x, y, width, height = max(boxes, key=lambda box: box[2])
        assert 100 < x + width / 2 < 220
        assert 30 < y + height / 2 < 150
        assert 40 < width == height < 110


# --------------------------------------------------------------------------- commands


def test_the_sources_time_code_is_read(tmp_path: Path) -> None:
    make_numbered_video(tmp_path / "a.mp4", frames=30, fps="30000/1001", audio="none")
    ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-timecode", "10:59:00;02", tmp_path / "b.mov")
    media = probe(tmp_path / "b.mov", LIMITS)
    assert source_timecode(tmp_path / "b.mov", media, LIMITS) == "10:59:00;02"
    plain = tmp_path / "a.mp4"
    assert source_timecode(plain, probe(plain, LIMITS), LIMITS) is None


def test_export_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "list.edl"
    assert main(["export", str(tmp_path), "--format", "edl", "-o", str(out)]) == 3
    assert "no manifest.json" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text('{"product": "another program"}')
    assert main(["export", str(tmp_path), "--format", "edl", "-o", str(out)]) == 3
    assert "what to do: " in capsys.readouterr().err
    assert main(["export", str(tmp_path), "--format", "premiere", "-o", str(out)]) == 2
    assert not out.exists()


@pytest.mark.slow
def test_clip_with_look_and_export_as_commands(tmp_path: Path) -> None:
    make_numbered_video(tmp_path / "a.mp4", frames=500, fps="25", gop=50, audio="speech")
    ffmpeg(
        "-i", tmp_path / "a.mp4", "-c", "copy", "-timecode", "09:00:00:00", tmp_path / "show.mov"
    )
    lines = ["The price is only nine dollars today.", "It comes with a free bag, so buy it now."]
    (tmp_path / "show.srt").write_text(
        "".join(
            f"{n + 1}\n00:00:{8 * n + 1:02},000 --> 00:00:{8 * n + 8:02},000\n{line}\n\n"
            for n, line in enumerate(lines)
        )
    )
    command, out = Command(tmp_path / "data"), tmp_path / "out"
    arguments = [
        "clip", tmp_path / "show.mov", "-o", out, "--transcript", tmp_path / "show.srt", "--min-seconds", "5",
        "--highlighter", "extractive",
    ]  # fmt: skip
    done = command.run(*arguments, "--look")
    assert done.returncode == 0, done.stderr
    value = manifest(out)
    look = value["look"]
    assert look == {
        "sheets": ["look/storyboard-01.jpg"], "storyboard": "look/storyboard.vtt",
        "waveform": "look/waveform.json", "shots": "look/shots.json",
    }  # fmt: skip
    assert all((out / name).is_file() for name in (*look["sheets"], *list(look.values())[1:]))
    wave = json.loads((out / "look/waveform.json").read_text())
    assert wave["length"] == len(wave["data"]) // 2 == 2000
    assert max(wave["data"]) > 10
    shots = json.loads((out / "look/shots.json").read_text())
    assert shots["shots"] == [{"start_ms": 0, "end_ms": 20_000}]

    exported = command.run("export", out, "--format", "edl", "-o", tmp_path / "list.edl")
    assert exported.returncode == 0, exported.stderr
    edl = (tmp_path / "list.edl").read_text()
    clip = value["clips"][0]
    first = -(-clip["start_ms"] * 25 // 1000)
    assert f" 09:00:{first // 25:02}:{first % 25:02} " in edl

    again = command.run(*arguments, "--look", "--top", "1")
    assert again.returncode == 0, again.stderr
    assert manifest(out)["stages"][-1]["reused"] == 3
    plain = command.run(*arguments)
    assert plain.returncode == 0, plain.stderr
    assert manifest(out)["look"] is None
    assert not list((out / "look").glob("*"))
    assert not command.survivors()
