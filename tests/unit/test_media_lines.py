"""Titles break where a reader expects it; two languages become one subtitle; widths are the font's."""

from __future__ import annotations

import pytest

from videoclip.media.captions import Cue
from videoclip.media.lettering import plain_quotes, text_width
from videoclip.media.lines import bilingual, break_lines


def test_a_line_that_fits_stays_one() -> None:
    assert break_lines("One short title", lambda line: len(line) < 30) == ["One short title"]


def test_lines_are_about_equally_long() -> None:
    lines = break_lines("Why nobody tells you the truth about lamps", lambda line: len(line) <= 36)
    assert lines == ["Why nobody tells you", "the truth about lamps"]


def test_chinese_breaks_anywhere_but_before_closing_or_after_opening_marks() -> None:
    text = "三个细节，没人告诉你（真的），就在这里。"
    for limit in (*range(4, 12), 16):
        lines = break_lines(text, lambda line, limit=limit: len(line) <= limit)
        assert "".join(lines) == text
        assert not any(line[0] in "，。）" or line[-1] == "（" for line in lines)


def test_a_chinese_title_breaks_between_its_clauses() -> None:
    title = "九块九的小灯为什么能卖爆：三个没人告诉你的细节"
    lines = ["九块九的小灯为什么能卖爆：", "三个没人告诉你的细节"]
    assert break_lines(title, lambda line: len(line) <= 14) == lines


def test_latin_words_inside_chinese_stay_whole() -> None:
    lines = break_lines("今晚iPhone只要九块九", lambda line: len(line) <= 8)
    assert any("iPhone" in line for line in lines)
    assert "".join(lines) == "今晚iPhone只要九块九"


def test_each_cue_takes_the_translation_that_lies_in_it() -> None:
    first = [Cue(0, 2_000, "你好\n世界"), Cue(2_000, 4_000, "再见"), Cue(9_000, 10_000, "独")]
    second = [
        Cue(0, 1_900, "Hello\nworld"),
        Cue(2_100, 4_200, "Goodbye"),
        Cue(6_000, 7_000, "Alone"),
    ]
    both = bilingual(first, second)
    assert [cue.text for cue in both] == ["你好 世界\nHello world", "再见\nGoodbye", "Alone", "独"]
    assert [cue.start_ms for cue in both] == [0, 2_000, 6_000, 9_000]
    assert bilingual(first, []) == first


def test_one_long_translation_stands_below_all_that_it_covers() -> None:
    first = [Cue(0, 1_000, "一"), Cue(1_000, 2_000, "二"), Cue(2_000, 3_000, "三")]
    both = bilingual(first, [Cue(0, 3_000, "One two three")])
    assert all(cue.text.endswith("\nOne two three") for cue in both)


def test_curly_quotes_are_straight_in_latin_text_only() -> None:
    assert plain_quotes("don’t “go”…") == 'don\'t "go"...'
    assert plain_quotes("他说“好”，it’s fine…") == "他说“好”，it's fine…"


def test_widths_are_those_of_the_font() -> None:
    assert text_width("永", 1448) == 1000
    assert text_width("W", 1448) == 915
    assert text_width("e\u0301", 1448) == pytest.approx(text_width("e", 1448))
