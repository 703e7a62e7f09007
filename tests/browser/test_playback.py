"""Clips play in a browser as they are meant: all frames, at their times, to the end, in every mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Error, Page

from tests.support.browser import Player, find_chromium, open_page
from tests.support.clips import clip_of, ffmpeg, frames_in
from tests.support.frames import Region, fit_inside, read_frame_number
from tests.support.media import make_numbered_video, set_rotation
from tests.support.web import serve_folder
from videoclip.media.captions import Cue
from videoclip.media.render import Rendered
from videoclip.schemas import Aspect, Captions, CutMode, Framing, Quality

MODES = [CutMode.COPY, CutMode.SMART, CutMode.ENCODE]
HIDDEN = {CutMode.COPY: 3}
"""Frames stored behind the end, never shown, which Chromium counts into the length."""

TOTAL = 200
RATE = Fraction(25)
NTSC = Fraction(30_000, 1001)
RANGE = [(2_300, 3_700)]
"""Begins and ends between keyframes, which stand at each full second."""
CUE = (Cue(100, 1_000, "HELLO 你好"),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server serves: sources, and clips in folders."""
    path = tmp_path_factory.mktemp("served")
    make_numbered_video(path / "a.mp4", frames=TOTAL, gop=25, extra=["-bf", "3"])
    (path / "turned.mp4").write_bytes((path / "a.mp4").read_bytes())
    set_rotation(path / "turned.mp4", 90)
    make_numbered_video(path / "ntsc.mp4", frames=TOTAL // 2, fps="30000/1001", extra=["-bf", "2"])
    ffmpeg("-i", path / "a.mp4", "-vn", path / "a.wav")
    return path


@pytest.fixture(scope="module")
def origin(folder: Path) -> Iterator[str]:
    with serve_folder(folder) as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Iterator[Page]:
    with open_page(browser, origin) as opened:
        yield opened


Clip = Callable[..., tuple[Rendered, Player]]


@pytest.fixture
def clip(folder: Path, origin: str, page: Page, tmp_path: Path) -> Clip:
    """Make a clip of a source in the served folder and load it in the browser."""

    def make(name: str, ranges: Sequence[tuple[int, int]] = tuple(RANGE), cues: Sequence[Cue] = (),
             **options: object) -> tuple[Rendered, Player]:  # fmt: skip
        work = folder / tmp_path.name
        done = clip_of(folder / name, ranges, work, cues, **{"loudness": None, **options})
        tag = "video" if done.video.suffix == ".mp4" else "audio"
        return done, Player(page, f"{origin}/{work.name}/{done.video.name}", tag)

    return make


def shows(
    player: Player,
    wanted: Sequence[int],
    rate: Fraction = RATE,
    *,
    hidden: int = 0,
    region: Region | None = None,
    quarters: int = 0,
) -> None:
    """Every frame is found at its time, first and last to the edge; playing reaches the end.

    Args:
        player: with the clip loaded.
        wanted: source frames that it must show.
        rate: frames a second.
        hidden: frames that the player may add to the length.
        region: where the source's picture lies.
        quarters: clockwise quarter turns between the source's picture and what is shown.
    """

    def number(picture: NDArray[np.uint8]) -> int | None:
        return read_frame_number(np.rot90(picture, quarters), region)

    assert number(player.picture()) == wanted[0], "before anything was sought"
    assert -1 <= player.duration * rate - len(wanted) <= 1 + hidden
    middles = [float((index + Fraction(1, 2)) / rate) for index in range(len(wanted))]
    found = {index: number(player.seek(middles[index])) for index in back_and_forth(len(wanted))}
    assert [found[index] for index in range(len(wanted))] == list(wanted)
    assert number(player.seek(0)) == wanted[0]
    end = player.play(rate=2)
    assert -1 <= end * rate - len(wanted) <= 1 + hidden
    assert number(player.picture()) == wanted[-1], "where it ended"
    assert number(player.seek(float(player.duration - 1 / rate / 2))) == wanted[-1]
    assert player.error() is None


def back_and_forth(count: int) -> list[int]:
    """All numbers below ``count``: every third forwards, every third backwards, the rest forwards."""
    return [*range(0, count, 3), *reversed(range(1, count, 3)), *range(2, count, 3)]


@pytest.mark.parametrize("mode", MODES)
def test_every_frame_is_at_its_time(clip: Clip, mode: CutMode) -> None:
    done, player = clip("a.mp4", mode=mode, loudness=-14.0)
    assert done.mode is mode
    assert player.size == (320, 180)
    frames = frames_in(RATE, RANGE, TOTAL)
    shows(player, frames, hidden=HIDDEN.get(mode, 0))
    sound = np.abs(player.sound()[0])
    assert abs(len(sound) - len(frames) * 1_920) <= 1_024
    beep = int(np.flatnonzero(sound > 0.5 * sound.max())[0])
    assert abs(beep - (75 - frames[0]) * 1_920) < 48, "the source beeps at 3 s, on frame 75"


@pytest.mark.parametrize("mode", MODES)
def test_rotation_is_honoured(clip: Clip, mode: CutMode) -> None:
    done, player = clip("turned.mp4", mode=mode)
    assert done.mode is mode
    assert player.size == (180, 320)
    shows(player, frames_in(RATE, RANGE, TOTAL), hidden=HIDDEN.get(mode, 0), quarters=1)


@pytest.mark.parametrize("mode", MODES)
def test_a_clip_with_soft_captions_and_an_uneven_rate_plays(clip: Clip, mode: CutMode) -> None:
    ranges = [(1_234, 2_345)]
    done, player = clip("ntsc.mp4", ranges, CUE, mode=mode, captions=Captions.SOFT)
    assert done.mode is mode
    shows(player, frames_in(NTSC, ranges, TOTAL // 2), NTSC, hidden=HIDDEN.get(mode, 0))


def test_burnt_captions_are_seen_while_they_last(clip: Clip) -> None:
    _, player = clip("a.mp4", RANGE, CUE, captions=Captions.BURN)
    shows(player, frames_in(RATE, RANGE, TOTAL))
    during, after = (player.seek(time)[110:] for time in (0.5, 1.38))
    assert (during.min(axis=2) > 180).sum() > 50, "white letters"
    assert (after.min(axis=2) > 180).sum() == 0


def test_an_upright_clip_of_a_wide_source_plays(clip: Clip) -> None:
    _, player = clip("a.mp4", aspect=Aspect.TALL, framing=Framing.BLUR, quality=Quality.HIGH)
    width, height = player.size
    assert abs(width / height - 9 / 16) < 0.01
    region = fit_inside((320, 180), player.size)
    shows(player, frames_in(RATE, RANGE, TOTAL), region=region)


def test_joined_ranges_play_through(clip: Clip) -> None:
    ranges = [(500, 1_100), (5_900, 6_400), (200, 500)]
    _, player = clip("a.mp4", ranges)
    shows(player, frames_in(RATE, ranges, TOTAL))


def test_a_clip_of_sound_plays(clip: Clip) -> None:
    done, player = clip("a.wav")
    assert done.video.suffix == ".m4a"
    assert player.size == (0, 0)
    assert abs(player.duration - 1.4) <= 0.025
    assert abs(player.play(rate=2) - 1.4) <= 0.025
    assert player.error() is None


def test_a_broken_file_is_told_from_a_good_one(folder: Path, origin: str, page: Page) -> None:
    """What the other tests rely on: an element's error ends a test at once."""
    (folder / "broken.mp4").write_bytes(b"not a video" * 1_000)
    with pytest.raises(Error, match="media error 4"):
        Player(page, f"{origin}/broken.mp4")


def test_without_a_browser_the_tests_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(RuntimeError, match="make test"):
        find_chromium()
