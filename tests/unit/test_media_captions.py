"""Captions are readable, stay inside their clip, and carry no commands."""

from __future__ import annotations

from pathlib import Path

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoclip.media.captions import (
    STYLES,
    Cue,
    CueWord,
    cues_for,
    shifted,
    write_ass,
    write_srt,
    write_vtt,
)
from videoclip.schemas import Sentence, TimeRange, Word

HOSTILE = "a{\\an8}b\\N<b>c</b>\x00\x1b[31m --> \u202eend\nWEBVTT"


def sentence(text: str, start: int, step: int, *, cjk: bool = False) -> Sentence:
    parts = list(text) if cjk else text.split()
    words = [
        Word(id=i, text=part, start_ms=start + i * step, end_ms=start + (i + 1) * step - 20)
        for i, part in enumerate(parts)
    ]
    return Sentence(id=0, text=text, start_ms=start, end_ms=words[-1].end_ms, words=words)


LONG = sentence(
    "This little lamp costs nine dollars tonight, and it comes with a free bag that you can use "
    "every single day, because we want you to be happy with what you bought from us.",
    10_000,
    300,
)
CHINESE = sentence(
    "这盏小灯今晚只要九块九，还送一个每天都能用的袋子，因为我们想让大家都开心！你们觉得怎么样？",
    2_000,
    180,
    cjk=True,
)


def width_of(line: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in line)


@pytest.mark.parametrize(
    ("said", "picture", "limit"),
    [
        (LONG, (1920, 1080), 42),
        (CHINESE, (1920, 1080), 40),
        (LONG, (1080, 1920), 32),
        (CHINESE, (1080, 1920), 32),
    ],
)
def test_cues_have_at_most_two_lines_that_fit(
    said: Sentence, picture: tuple[int, int], limit: int
) -> None:
    whole = TimeRange(start_ms=0, end_ms=said.end_ms + 1_000)
    cues = cues_for([said], [whole], width=picture[0], height=picture[1])
    assert len(cues) > 1
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(width_of(line) <= limit for line in lines)
        assert not any(line[0] in "，。！？,.!?" for line in lines)
        assert 1_000 <= cue.end_ms - cue.start_ms <= 8_000


@pytest.mark.parametrize("said", [LONG, CHINESE])
def test_every_word_is_shown_once_and_in_order(said: Sentence) -> None:
    whole = TimeRange(start_ms=0, end_ms=said.end_ms + 1_000)
    cues = cues_for([said], [whole], width=1280, height=720)
    shown = "".join(cue.text for cue in cues).replace("\n", "").replace(" ", "")
    assert shown == said.text.replace(" ", "")


def test_cues_move_to_the_time_line_of_joined_ranges() -> None:
    early, late = sentence("one two", 1_000, 400), sentence("three four", 60_000, 400)
    ranges = [TimeRange(start_ms=59_500, end_ms=61_500), TimeRange(start_ms=500, end_ms=2_500)]
    cues = cues_for([early, late], ranges, width=1280, height=720)
    assert [(cue.text, cue.start_ms) for cue in cues] == [("three four", 500), ("one two", 2_500)]
    assert cues[1].end_ms <= 4_000


def test_words_outside_the_range_are_not_shown() -> None:
    said = sentence("zero one two three four five", 0, 1_000)
    cues = cues_for([said], [TimeRange(start_ms=2_000, end_ms=4_000)], width=1280, height=720)
    assert [cue.text for cue in cues] == ["two three"]


def test_a_pause_ends_a_cue() -> None:
    words = [
        Word(id=0, text="now", start_ms=0, end_ms=300),
        Word(id=1, text="later", start_ms=3_000, end_ms=3_400),
    ]
    said = Sentence(id=0, text="now later", start_ms=0, end_ms=3_400, words=words)
    cues = cues_for([said], [TimeRange(start_ms=0, end_ms=5_000)], width=1280, height=720)
    assert [cue.text for cue in cues] == ["now", "later"]


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=25),
    start=st.integers(0, 5_000),
    step=st.integers(1, 900),
)
def test_any_words_give_ordered_cues_inside_the_clip(
    texts: list[str], start: int, step: int
) -> None:
    words = [
        Word(id=i, text=text, start_ms=i * step, end_ms=(i + 1) * step)
        for i, text in enumerate(texts)
    ]
    said = Sentence(id=0, text="x", start_ms=0, end_ms=words[-1].end_ms, words=words)
    piece = TimeRange(start_ms=start, end_ms=start + 7_000)
    cues = cues_for([said], [piece], width=640, height=360)
    clock = 0
    for cue in cues:
        assert clock <= cue.start_ms < cue.end_ms <= 7_000
        clock = cue.end_ms
        assert cue.text.count("\n") <= 1


def test_shifted_moves_words_too() -> None:
    cue = shifted([Cue(0, 100, "a", (CueWord("a", 10, 90),))], 500)[0]
    assert (cue.start_ms, cue.end_ms, cue.words[0].start_ms) == (500, 600, 510)


def test_hostile_text_cannot_command_libass(tmp_path: Path) -> None:
    path = tmp_path / "a.ass"
    write_ass(
        [Cue(0, 1_000, HOSTILE)],
        path,
        width=1280,
        height=720,
        style=STYLES["clean"],
        font="Evil,Font\nStyle: x",
        watermark="{\\p1}m 0 0 l 9999 9999",
        duration_ms=1_000,
    )
    events = [line for line in path.read_text().splitlines() if line.startswith("Dialogue:")]
    assert len(events) == 2
    for line in events:
        assert "{" not in line
        assert "\\" not in line.replace("\\N", "")
    assert sum(line.startswith("Style:") for line in path.read_text().splitlines()) == 2


def test_srt_and_vtt_stay_well_formed_with_hostile_text(tmp_path: Path) -> None:
    cues = [Cue(0, 1_000, HOSTILE), Cue(1_000, 2_000, "second"), Cue(2_000, 3_000, "\x00")]
    write_srt(cues, tmp_path / "a.srt")
    write_vtt(cues, tmp_path / "a.vtt")
    srt, vtt = (tmp_path / "a.srt").read_text(), (tmp_path / "a.vtt").read_text()
    assert srt.count("-->") == 2
    assert vtt.count("-->") == 2
    assert "<b>" not in srt + vtt
    assert "\x1b" not in srt + vtt
    assert [line.text for line in pysubs2.load(str(tmp_path / "a.srt"))][1] == "second"
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n")


def test_karaoke_lights_words_up_at_their_times(tmp_path: Path) -> None:
    words = (
        CueWord("one", 1_100, 1_500),
        CueWord("two", 1_500, 2_000),
        CueWord("three", 2_000, 3_000),
    )
    cue = Cue(1_000, 3_000, "one two\nthree", words)
    write_ass([cue], tmp_path / "k.ass", width=640, height=360, style=STYLES["karaoke"], font="x")
    event = pysubs2.load(str(tmp_path / "k.ass"))[0]
    assert event.text == "{\\k10}{\\k40}one {\\k50}two\\N{\\k100}three"


def test_captions_scale_with_the_shorter_side_and_sit_higher_in_portrait(tmp_path: Path) -> None:
    def style(width: int, height: int) -> pysubs2.SSAStyle:
        path = tmp_path / "s.ass"
        write_ass(
            [Cue(0, 1, "a")], path, width=width, height=height, style=STYLES["clean"], font="x"
        )
        return pysubs2.load(str(path)).styles["Caption"]

    wide, tall, small = style(1920, 1080), style(1080, 1920), style(640, 360)
    assert wide.fontsize == tall.fontsize == pytest.approx(3 * small.fontsize, abs=2)
    assert tall.marginv / 1920 > 2 * wide.marginv / 1080
