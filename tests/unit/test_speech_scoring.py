"""The figures of the speech harness against cases that were worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from videoclip.errors import UsageError
from videoclip.schemas import Engine
from videoclip.speech.protocol import TimedWord
from videoclip.speech.scoring.metrics import (
    Diarization,
    Spoken,
    TextErrors,
    TimeErrors,
    Turn,
    diarization_errors,
    text_errors,
    time_errors,
    turns_of,
)
from videoclip.speech.scoring.normalise import score_tokens
from videoclip.speech.scoring.references import parse_rttm, read_reference
from videoclip.speech.sentences import build_sentences


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It's thirty-five dollars, isn't it?", "it is $35 is not it"),
        ("He won't, she can't, they cannot.", "he will not she can not they can not"),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s 1,999.50", "it is 1999.50"),
        ("in nineteen ninety-nine", "In 1999"),
        ("twenty twenty six", "2026"),
        ("two hundred and five", "205"),
        ("a thousand and one nights", "1001 nights"),
        ("three million two hundred thousand", "3200000"),
        ("three point one four", "3.14"),
        ("the twenty first, the third and the twelfth", "the 21st the 3rd and the 12th"),
        ("fifty per cent", "50%"),
        ("fifty percent", "50%"),
        ("Um, my favourite colour, you know", "my favorite color you know"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}BC", "abc"),
    ],
)
def test_english_that_sounds_the_same_is_the_same(one: str, other: str) -> None:
    assert score_tokens(one, "en") == score_tokens(other, "en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three", ["1", "2", "3"]),
        ("five and six", ["5", "and", "6"]),
        ("twenty, ten", ["2010"]),
        ("a hundred", ["100"]),
        ("the sister's cup", ["the", "sister's", "cup"]),
        ("we'd say they're I'm", ["we", "would", "say", "they", "are", "i", "am"]),
        ("hundreds of thousands", ["hundreds", "of", "thousands"]),
        ("", []),
        ("?!", []),
    ],
)
def test_english_tokens(text: str, expected: list[str]) -> None:
    assert score_tokens(text, "en-US") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("２０２６年，价格是３５．５元！", "二零二六年价格是三十五点五元"),
        ("优惠50%", "优惠百分之五十"),
        ("两百块", "200块"),
        ("一十二个", "12个"),
        ("一万零五", "10005"),
        ("一百二十三万", "1230000"),
        ("一千零一夜", "1001夜"),
        ("电话是零一零", "电话是010"),
        ("ＡＢＣ", "abc"),
    ],
)
def test_chinese_that_sounds_the_same_is_the_same(one: str, other: str) -> None:
    assert score_tokens(one, "zh-CN") == score_tokens(other, "zh-CN")


def test_chinese_counts_characters_and_leaves_words_with_numerals_alone() -> None:
    assert score_tokens("一些，十分好。OK", "zh") == list("一些十分好ok")


def test_other_languages_count_as_they_are_written() -> None:
    assert score_tokens("Das kostet zwei Euro, ok?", "de") == [
        "das",
        "kostet",
        "zwei",
        "euro",
        "ok",
    ]
    assert score_tokens("こんにちは、世界", "ja") == list("こんにちは世界")
    assert score_tokens("안녕 하세요", "ko") == ["안녕", "하세요"]


def test_word_errors_tell_their_kinds() -> None:
    errors = text_errors("the red cup is here today", "the bed cup here today now", "en")
    assert errors == TextErrors(1, 1, 1, 6)
    assert text_errors("a b c d", "a b x d e", "en").rate == 0.5
    assert text_errors("", "something", "en").rate is None


def test_character_errors_of_chinese() -> None:
    errors = text_errors("今天天气很好。", "今天天汽很好吗", "zh")
    assert errors == TextErrors(1, 0, 1, 6)


def test_rates_over_files_weigh_by_length() -> None:
    total = TextErrors(1, 0, 0, 2) + TextErrors(0, 0, 0, 8)
    assert total.rate == 0.1


def test_times_are_compared_for_words_that_both_have() -> None:
    reference = [Spoken("Red,", 0, 300), Spoken("blue", 400, 700), Spoken("green.", 800, 1200)]
    heard = [Spoken("red", 20, 290), Spoken("glue", 0, 9_000), Spoken("green", 900, 1200)]
    assert sorted(time_errors(reference, heard, "en").errors_ms) == [0, 10, 20, 100]


def test_a_word_too_many_does_not_shift_the_times_of_the_others() -> None:
    reference = [Spoken("one", 0, 100), Spoken("two", 200, 300)]
    heard = [Spoken("one", 0, 100), Spoken("or", 100, 200), Spoken("two", 210, 300)]
    assert sorted(time_errors(reference, heard, "en").errors_ms) == [0, 0, 0, 10]


def test_edges_that_the_reference_does_not_know_are_not_judged() -> None:
    reference = [Spoken("good", 100, None), Spoken("day", None, 900)]
    heard = [Spoken("good", 150, 400), Spoken("day", 500, 880)]
    assert time_errors(reference, heard, "en").errors_ms == (50, 20)


def test_a_word_of_several_characters_has_one_start_and_one_end() -> None:
    reference = [Spoken("你好", 100, 500), Spoken("吗", 500, 700)]
    heard = [Spoken("你", 110, 300), Spoken("好", 300, 530), Spoken("吗", 530, 700)]
    assert time_errors(reference, heard, "zh").errors_ms == (10, 30, 30, 0)


def test_median_and_tail_of_times() -> None:
    errors = TimeErrors((0, 10, 20, 30)) + TimeErrors((1000,))
    assert errors.median_ms == 20
    assert errors.p95_ms == 806  # 30 + 0.8 of the way to 1000
    assert TimeErrors().median_ms is None


def test_names_of_speakers_do_not_matter() -> None:
    real = [Turn("anna", 0, 10_000), Turn("ben", 10_000, 20_000)]
    said = [Turn("S2", 0, 10_000), Turn("S1", 10_000, 20_000)]
    assert diarization_errors(real, said, collar_ms=0) == Diarization(0, 0, 0, 20_000)


def test_every_kind_of_wrong_attribution_is_told_apart() -> None:
    real = [Turn("anna", 0, 10_000), Turn("ben", 10_000, 20_000)]
    said = [Turn("S1", 1_000, 12_000), Turn("S2", 12_000, 21_000)]
    # The first second is missed, 10..12 s is given to anna, 20..21 s is nobody.
    found = diarization_errors(real, said, collar_ms=0)
    assert found == Diarization(1_000, 1_000, 2_000, 20_000)
    assert found.rate == 0.2


def test_the_collar_forgives_what_is_near_a_border() -> None:
    real = [Turn("anna", 0, 10_000), Turn("ben", 10_000, 20_000)]
    said = [Turn("S1", 0, 10_200), Turn("S2", 10_200, 20_000)]
    assert diarization_errors(real, said, collar_ms=250) == Diarization(0, 0, 0, 19_000)
    assert diarization_errors(real, said, collar_ms=0).confused_ms == 200


def test_two_people_at_once_count_twice() -> None:
    real = [Turn("anna", 0, 10_000), Turn("ben", 5_000, 10_000)]
    said = [Turn("S1", 0, 10_000)]
    assert diarization_errors(real, said, collar_ms=0) == Diarization(5_000, 0, 0, 15_000)


def test_one_voice_for_all_maps_to_who_speaks_most() -> None:
    real = [Turn("anna", 0, 7_000), Turn("ben", 7_000, 10_000)]
    found = diarization_errors(real, [Turn("S1", 0, 10_000)], collar_ms=0)
    assert found.confused_ms == 3_000
    assert diarization_errors(real, [], collar_ms=0).rate == 1.0
    assert diarization_errors([], [], collar_ms=0).rate is None


def test_words_become_turns() -> None:
    words = [
        Spoken("a", 0, 100, "S1"),
        Spoken("b", 500, 600, "S1"),
        Spoken("c", 650, 700, "S2"),
        Spoken("d", 1_300, 1_400, "S2"),
        Spoken("e", 1_400, 1_500),
    ]
    assert turns_of(words) == [Turn("S1", 0, 600), Turn("S2", 650, 700), Turn("S2", 1_300, 1_400)]


def test_rttm() -> None:
    lines = (
        ";; a comment\nSPKR-INFO talk 1 <NA> <NA> <NA> unknown anna <NA>\n"
        "SPEAKER talk 1 1.25 2.5 <NA> <NA> anna <NA>\n\nSPEAKER talk 1 4 0 <NA> <NA> ben <NA> <NA>\n"
    )
    assert parse_rttm(lines) == [Turn("anna", 1_250, 3_750)]
    with pytest.raises(UsageError, match="line 2"):
        parse_rttm("SPEAKER t 1 0 1 <NA> <NA> a <NA>\nSPEAKER t 1 zero 1 <NA> <NA> a <NA>\n")


def test_a_reference_of_plain_text_knows_words_and_no_times(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("Hello there,\nthe price is nine dollars.\n")
    reference = read_reference(tmp_path / "talk.wav", duration_ms=9_000)
    assert reference is not None
    assert reference.text == "Hello there, the price is nine dollars."
    assert reference.language == "en"
    assert {word.start_ms for word in reference.words} == {None}


def test_subtitles_know_only_their_borders(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nThe price is good.\n")
    reference = read_reference(tmp_path / "talk.wav", duration_ms=9_000)
    assert reference is not None
    assert [(word.start_ms, word.end_ms) for word in reference.words] == [
        (1_000, None), (None, None), (None, None), (None, 3_000),
    ]  # fmt: skip


def test_our_transcript_knows_words_times_and_speakers(tmp_path: Path) -> None:
    from videoclip.schemas import Transcript

    words = [TimedWord("Hi", 0, 300, speaker="S1"), TimedWord("there.", 300, 800, speaker="S1")]
    transcript = Transcript(
        language="en",
        duration_ms=2_000,
        engine=Engine(name="hand"),
        sentences=build_sentences(words, "en", punctuated=True),
    )
    (tmp_path / "talk.json").write_text(transcript.model_dump_json())
    (tmp_path / "talk.txt").write_text("something else")
    reference = read_reference(tmp_path / "talk.mp4", duration_ms=2_000)
    assert reference is not None
    assert reference.words == (Spoken("Hi", 0, 300, "S1"), Spoken("there.", 300, 800, "S1"))
    assert reference.turns == (Turn("S1", 0, 800),)


def test_sentences_marked_by_hand_and_rttm_over_them(tmp_path: Path) -> None:
    (tmp_path / "talk.json").write_text(
        '{"language": "en", "sentences": ['
        '{"text": "Good day.", "start_ms": 100, "end_ms": 900, "speaker": "anna"},'
        '{"text": "Yes.", "start_ms": 1000, "end_ms": 1300}]}'
    )
    media = tmp_path / "talk.mp4"
    reference = read_reference(media, duration_ms=2_000)
    assert reference is not None
    assert [(word.start_ms, word.end_ms) for word in reference.words] == [
        (100, None), (None, 900), (1_000, 1_300),
    ]  # fmt: skip
    assert reference.turns == (Turn("anna", 100, 900),)
    (tmp_path / "talk.rttm").write_text("SPEAKER talk 1 0.5 1.0 <NA> <NA> ben <NA> <NA>\n")
    again = read_reference(media, duration_ms=2_000)
    assert again is not None
    assert again.turns == (Turn("ben", 500, 1_500),)


def test_a_reference_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    assert read_reference(tmp_path / "talk.mp4", duration_ms=2_000) is None
    (tmp_path / "talk.json").write_text('{"sentences": [{"text": "no times"}]}')
    with pytest.raises(UsageError, match="sentence 0 of talk"):
        read_reference(tmp_path / "talk.mp4", duration_ms=2_000)
    (tmp_path / "talk.json").write_text("{")
    with pytest.raises(UsageError, match="not JSON"):
        read_reference(tmp_path / "talk.mp4", duration_ms=2_000)
