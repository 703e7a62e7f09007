"""What is drawn stands where it was asked for and inside the picture: captions, watermarks, titles."""

from __future__ import annotations

import subprocess
from pathlib import Path

import ffmpeg as graph
import numpy as np
import pytest

from tests.support.clips import ffmpeg
from tests.support.look import box_of, burn, yellow
from videoclip.media.captions import STYLES, Cue, CueWord, cues_for, write_ass
from videoclip.media.watermark import Mark, overlay_image
from videoclip.schemas import Place, Sentence, TimeRange, Word

FONT = "Video-Clip Sans"
SIZES = {"16:9": (640, 360), "9:16": (360, 640), "1:1": (480, 480), "4:5": (400, 500)}
SAFE = {
    # Left, top, right, bottom as shares. 9:16: above the controls, beside the buttons of the apps.
    "16:9": (0.04, 0.62, 0.96, 0.97),
    "9:16": (0.06, 0.50, 0.94, 0.82),
    "1:1": (0.04, 0.55, 0.96, 0.94),
    "4:5": (0.04, 0.55, 0.96, 0.94),
}
ENGLISH = [
    "Honestly,",
    "I",
    "don’t",
    "think",
    "you’ll",
    "find",
    "a",
    "better",
    "lamp",
    "WWWWWWWWWWWWWWWWWWWWWWWW",
    "for",
    "nine",
    "dollars,",
    "and",
    "it",
    "comes",
    "with",
    "a",
    "free",
    "bag",
    "that",
    "lasts.",
]
CHINESE = [
    c + ("，" if c in "九开" else "") for c in "这盏小灯今晚只要九块还送一个每天都能用的袋子因为我们想让大家都开心"
]  # fmt: skip


def said(words: list[str], step: int = 250) -> Sentence:
    timed = [
        Word(id=n, text=text, start_ms=n * step, end_ms=(n + 1) * step - 20)
        for n, text in enumerate(words)
    ]
    return Sentence(id=0, text="x", start_ms=0, end_ms=timed[-1].end_ms, words=timed)


def whole(words: list[str], step: int = 250) -> list[TimeRange]:
    return [TimeRange(start_ms=0, end_ms=len(words) * step + 500)]


@pytest.mark.parametrize("aspect", SIZES)
@pytest.mark.parametrize("style", STYLES)
def test_captions_are_inside_the_safe_area(style: str, aspect: str, tmp_path: Path) -> None:
    width, height = SIZES[aspect]
    left, top, right, bottom = SAFE[aspect]
    look = STYLES[style]
    for name, first, below in (
        ("en", ENGLISH, None),
        ("zh", CHINESE, None),
        ("two", CHINESE, ENGLISH),
    ):
        cues, second = (
            cues_for([said(words)], whole(words), width=width, height=height, style=look, lines=1 if below else 2)
            if words else [] for words in (first, below)
        )  # fmt: skip
        script = tmp_path / f"{name}.ass"
        write_ass(cues, script, width=width, height=height, style=look, font=FONT, second=second)
        # The widest cue is the one that would stick out.
        widest = max(cues, key=lambda cue: max(map(len, cue.text.split("\n"))))
        found = box_of(burn(script, (width, height), widest.end_ms - 10))
        assert found is not None, name
        assert found[0] >= left * width, (name, found)
        assert found[1] >= top * height, (name, found)
        assert found[2] <= right * width, (name, found)
        assert found[3] <= bottom * height, (name, found)


@pytest.mark.parametrize("style", STYLES)
def test_a_line_without_a_place_to_break_is_made_smaller(style: str, tmp_path: Path) -> None:
    script = tmp_path / "a.ass"
    cue = Cue(
        0,
        1_000,
        "W" * 30 + "\n" + "永" * 30,
        (CueWord("W" * 30, 0, 500), CueWord("永" * 30, 500, 1_000)),
    )
    write_ass([cue], script, width=360, height=640, style=STYLES[style], font=FONT)
    found = box_of(burn(script, (360, 640), 990))
    assert found is not None
    assert found[0] >= 0.06 * 360
    assert found[2] <= 0.94 * 360


WORDS = (
    CueWord("early", 1_000, 1_300),
    CueWord("middle", 2_000, 2_300),
    CueWord("late", 2_300, 3_000),
)
SPOKEN = Cue(1_000, 3_000, "early middle late", WORDS)


def test_pop_lights_the_word_that_is_said_and_no_other(tmp_path: Path) -> None:
    script = tmp_path / "a.ass"
    write_ass([SPOKEN], script, width=640, height=360, style=STYLES["pop"], font=FONT)
    lit = {}
    for at in (1_200, 1_900, 2_150, 2_700):
        columns = np.flatnonzero(yellow(burn(script, (640, 360), at)).any(axis=0))
        assert len(columns), at
        lit[at] = (columns[0], columns[-1])
    assert lit[1_200] == lit[1_900]  # through the pause the last word stays lit
    assert lit[1_200][1] < lit[2_150][0]
    assert lit[2_150][1] < lit[2_700][0]


def test_the_popping_word_does_not_push_the_others_about(tmp_path: Path) -> None:
    script = tmp_path / "a.ass"
    write_ass([SPOKEN], script, width=640, height=360, style=STYLES["pop"], font=FONT)
    first, second = (burn(script, (640, 360), at) for at in (1_200, 2_150))
    place = np.flatnonzero(yellow(burn(script, (640, 360), 2_700)).any(axis=0))
    # "late" is white at both times, and in the same pixels.
    late = slice(place[0] + 6, place[-1] - 4)
    assert np.abs(first[:, late].astype(int) - second[:, late]).max() < 40


def test_karaoke_keeps_spoken_words_lit_and_lights_none_early(tmp_path: Path) -> None:
    script = tmp_path / "a.ass"
    write_ass([SPOKEN], script, width=640, height=360, style=STYLES["karaoke"], font=FONT)
    amount = [
        int(yellow(burn(script, (640, 360), at)).sum()) for at in (1_100, 1_950, 2_050, 2_400)
    ]
    assert 0 < amount[0] == amount[1] < amount[2] < amount[3]


def test_the_second_language_stands_below_the_first_and_is_smaller(tmp_path: Path) -> None:
    boxes = []
    for first, second in (("你好世界", ""), ("", "你好世界")):
        script = tmp_path / "a.ass"
        cue, other = Cue(0, 1_000, first or " "), Cue(0, 1_000, second or " ")
        write_ass(
            [cue], script, width=640, height=360, style=STYLES["clean"], font=FONT, second=[other]
        )
        found = box_of(burn(script, (640, 360), 500))
        assert found is not None
        boxes.append(found)
    assert boxes[0][3] <= boxes[1][1] + 3
    assert boxes[1][2] - boxes[1][0] < 0.9 * (boxes[0][2] - boxes[0][0])


# ---------------------------------------------------------------------- watermarks

CORNERS = {
    Place.TOP_LEFT: (0, 0), Place.TOP_RIGHT: (1, 0), Place.BOTTOM_LEFT: (0, 1),
    Place.BOTTOM_RIGHT: (1, 1), Place.CENTRE: (0.5, 0.5),
}  # fmt: skip


@pytest.fixture(scope="module")
def logo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=200x100", "-frames:v", "1", path)
    return path


def with_image(logo: Path, mark: Mark, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    base = graph.input(f"color=0x808080:s={width}x{height}", f="lavfi")["v"].filter(
        "format", "yuv444p"
    )
    stream = overlay_image(base, (logo, "png_pipe"), mark, width=width, height=height)
    args = graph.output(stream, "-", f="rawvideo", pix_fmt="rgb24", vframes=1).get_args()
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", *args], check=True, capture_output=True, timeout=120
    )
    return np.frombuffer(done.stdout, np.uint8).reshape(height, width, 3)


@pytest.mark.parametrize("place", Place)
def test_an_image_stands_exactly_where_asked(place: Place, logo: Path) -> None:
    found = box_of(with_image(logo, Mark(place, 1.0, size=0.2, margin=0.05), (640, 360)))
    assert found is not None
    x = {0: 32, 0.5: 256, 1: 640 - 32 - 128}[CORNERS[place][0]]
    y = {0: 32, 0.5: 148, 1: 360 - 32 - 64}[CORNERS[place][1]]
    assert np.abs(np.array(found) - (x, y, x + 128, y + 64)).max() <= 2


def test_opacity_lets_the_picture_through(logo: Path) -> None:
    solid, half = (
        with_image(logo, Mark(Place.CENTRE, opacity), (320, 180))[90, 160].astype(int)
        for opacity in (1.0, 0.5)
    )
    assert np.abs(half - (solid + 128) / 2).max() < 14


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
@pytest.mark.parametrize("place", Place)
def test_a_text_stands_in_the_asked_corner(
    place: Place, size: tuple[int, int], tmp_path: Path
) -> None:
    width, height = size
    script = tmp_path / "a.ass"
    mark = Mark(place, 1.0, size=0.25, margin=0.05)
    write_ass([], script, width=width, height=height, style=STYLES["clean"], font=FONT,
              watermark="@品牌 Shop", mark=mark, duration_ms=1_000)  # fmt: skip
    found = box_of(burn(script, size, 500))
    assert found is not None
    margin, across, down = 0.05 * width, *CORNERS[place]
    wide, tall = found[2] - found[0], found[3] - found[1]
    assert wide == pytest.approx(0.25 * width, rel=0.12)
    slack = 0.02 * width + 2
    assert found[0] == pytest.approx(
        {0: margin, 0.5: (width - wide) / 2, 1: width - margin - wide}[across], abs=slack
    )
    assert found[1] == pytest.approx(
        {0: margin, 0.5: (height - tall) / 2, 1: height - margin - tall}[down], abs=slack
    )


def test_a_long_text_mark_stays_readable_and_inside(tmp_path: Path) -> None:
    script = tmp_path / "a.ass"
    write_ass([], script, width=360, height=640, style=STYLES["clean"], font=FONT, duration_ms=1_000,
              watermark="A very long line about where this comes from and who may use it for what purpose")  # fmt: skip
    found = box_of(burn(script, (360, 640), 500))
    assert found is not None
    assert found[0] >= 0.02 * 360
    assert found[2] <= 0.98 * 360


# ---------------------------------------------------------------------- titles


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
@pytest.mark.parametrize(
    "title",
    ["九块九的小灯为什么能卖爆：三个没人告诉你的细节", "Why nobody tells you the truth about lamps under ten dollars", "涨价", "W" * 60],
)  # fmt: skip
def test_a_title_is_large_and_fits(title: str, size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    script = tmp_path / "a.ass"
    write_ass([], script, width=width, height=height, style=STYLES["clean"], font=FONT,
              title=(title, 0, 1_000), duration_ms=1_000)  # fmt: skip
    found = box_of(burn(script, size, 500))
    assert found is not None
    assert found[0] >= 0.05 * width
    assert found[2] <= 0.95 * width
    assert 0.2 * height <= found[1] < found[3] <= 0.8 * height
    if len(title) > 4:
        assert found[2] - found[0] > 0.5 * width


def test_the_bundled_font_is_used_and_rare_characters_fall_back(tmp_path: Path) -> None:
    script = tmp_path / "a.ass"
    shown = []
    for font in (FONT, "DejaVu Sans Mono"):
        write_ass(
            [Cue(0, 1_000, "iiii")], script, width=320, height=180, style=STYLES["clean"], font=font
        )
        found = box_of(burn(script, (320, 180), 500))
        assert found is not None
        shown.append(found[2] - found[0])
    assert shown[0] < 0.8 * shown[1]
    write_ass(
        [Cue(0, 1_000, "漢")], script, width=320, height=180, style=STYLES["clean"], font=FONT
    )
    assert box_of(burn(script, (320, 180), 500)) is not None
