"""Figures of the speech evaluation against cases counted by hand."""

from __future__ import annotations

import pytest

from videoclip.speech.metrics import (
    Edits,
    TimedToken,
    Turn,
    diarization_error,
    edits,
    percentile,
    time_errors,
)
from videoclip.speech.spelling import characters, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello,  WORLD!", "hello world"),
        ("it's  It\N{RIGHT SINGLE QUOTATION MARK}s won't don't", "it is it is will not do not"),
        ("twenty-one dollars", "21 dollars"),
        ("$21", "21 dollars"),
        ("two hundred and five", "205"),
        ("salt and pepper and two", "salt and pepper and 2"),
        ("one two three", "1 2 3"),
        ("nineteen ninety nine", "19 99"),
        ("ten thousand", "10000"),
        ("10,000", "10000"),
        ("five percent, 5 %", "5 percent 5 percent"),
        ("a hundred people", "a hundred people"),
        ("Fullwidth ＡＢＣ１２", "fullwidth abc12"),
        ("", ""),
    ],
)
def test_english_is_spelled_alike(text: str, expected: str) -> None:
    assert " ".join(words_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好，世界！", "你 好 世 界"),
        ("二十三块", "2 3 块"),
        ("23块", "2 3 块"),
        ("三百零五", "3 0 5"),
        ("二零二四年", "2 0 2 4 年"),
        ("一万两千", "1 2 0 0 0"),
        ("十分好", "十 分 好"),
        ("ＯＫ 这个 iPhone", "ok 这 个 iphone"),
    ],
)
def test_chinese_is_counted_by_characters(text: str, expected: str) -> None:
    assert " ".join(characters(text)) == expected


def test_word_errors_by_hand() -> None:
    found = edits("the cat sat on the mat", "so the cat sit on mat", by_characters=False)
    assert (found.substitutions, found.deletions, found.insertions, found.length) == (1, 1, 1, 6)
    assert found.rate == pytest.approx(0.5)
    assert edits("Twenty dollars.", "20 dollars", by_characters=False).rate == 0.0
    assert (found + Edits(0, 0, 0, 6)).rate == pytest.approx(0.25)


def test_character_errors_by_hand() -> None:
    assert edits("今天天气很好", "今天天汽好", by_characters=True).rate == pytest.approx(2 / 6)


def test_time_errors_count_only_words_that_both_have() -> None:
    true = [
        TimedToken("Hello,", 0, 400),
        TimedToken("dear", 400, 600),
        TimedToken("world", 600, 900),
    ]
    ours = [TimedToken("hello", 30, 380), TimedToken("world.", 650, 990)]
    assert time_errors(true, ours) == [30, 20, 50, 90]
    assert percentile([30, 20, 50, 90], 0.5) == pytest.approx(40)
    assert percentile([], 0.5) is None


def test_diarization_errors_by_hand() -> None:
    true = [Turn("anna", 0, 4_000), Turn("ben", 4_000, 10_000)]
    same = [Turn("S2", 0, 4_000), Turn("S1", 4_000, 10_000)]
    assert diarization_error(true, same) == 0.0
    one = [Turn("S1", 0, 10_000)]  # 4 of 10 s are confused
    assert diarization_error(true, one, collar_ms=0) == pytest.approx(0.4)
    late = [Turn("S2", 0, 5_000), Turn("S1", 5_000, 10_000)]
    assert diarization_error(true, late, collar_ms=0) == pytest.approx(0.1)
    assert diarization_error(true, [], collar_ms=0) == 1.0
    # without the collars 250 to 3,750 and 4,250 to 9,750 count; 4,250 to 5,000 is wrong
    assert diarization_error(true, late, collar_ms=250) == pytest.approx(0.75 / 9.0)
