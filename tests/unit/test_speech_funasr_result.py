"""FunASR's answers, in the shapes that it gives, become words with times."""

from __future__ import annotations

from itertools import pairwise

import pytest

from videoclip.speech.funasr_engine import hotword_text
from videoclip.speech.funasr_result import NoWordTimes, normalise


def pairs(count: int, step: int = 200) -> list[list[int]]:
    return [[i * step, i * step + step - 20] for i in range(count)]


def texts(result: dict[str, object]) -> list[str]:
    return [word.text for word in normalise(result).words]


def test_chinese_with_punctuation() -> None:
    heard = normalise(
        {
            "key": "k",
            "text": "欢迎大家，来到live直播间。",
            "raw_text": "欢 迎 大 家 来 到 live 直 播 间",
            "timestamp": pairs(10),
        }
    )
    assert [w.text for w in heard.words] == [*"欢迎大", "家，", *"来到", "live", *"直播", "间。"]
    assert (heard.words[6].start_ms, heard.words[6].end_ms) == (1_200, 1_380)
    assert heard.punctuated
    assert heard.language == "zh"


def test_english_with_punctuation_and_capitals() -> None:
    heard = normalise(
        {
            "text": "Hello world. It's fine, really!",
            "raw_text": "hello world it's fine really",
            "timestamp": pairs(5),
        },
        "en",
    )
    assert [w.text for w in heard.words] == ["Hello", "world.", "It's", "fine,", "really!"]
    assert heard.punctuated


def test_pieces_become_words() -> None:
    heard = normalise({"text": "hel@@ lo wor@@ ld a@@ g@@ ain now", "timestamp": pairs(8)})
    assert [w.text for w in heard.words] == ["hello", "world", "again", "now"]
    assert [(w.start_ms, w.end_ms) for w in heard.words] == [
        (0, 380),
        (400, 780),
        (800, 1_380),
        (1_400, 1_580),
    ]
    assert not heard.punctuated


def test_sentence_pieces_become_words() -> None:
    result = {"text": "Hello again.", "words": ["▁hel", "lo", "▁again"], "timestamp": pairs(3)}
    heard = normalise(result)
    assert [(w.text, w.start_ms, w.end_ms) for w in heard.words] == [
        ("Hello", 0, 380),
        ("again.", 400, 580),
    ]


def test_times_from_sentences_when_the_result_has_none() -> None:
    result = {
        "text": "你好。再见。",
        "sentence_info": [
            {"text": "你好。", "start": 0, "end": 400, "timestamp": pairs(2)},
            {
                "text": "再见。",
                "start": 900,
                "end": 1_300,
                "timestamp": [[900, 1_080], [1_100, 1_300]],
            },
        ],
    }
    heard = normalise(result)
    assert [(w.text, w.start_ms) for w in heard.words] == [
        ("你", 0),
        ("好。", 200),
        ("再", 900),
        ("见。", 1_100),
    ]


def test_a_decimal_point_is_no_punctuation() -> None:
    heard = normalise({"text": "价 格 99.5 元", "timestamp": pairs(4)})
    assert [w.text for w in heard.words] == ["价", "格", "99.5", "元"]
    assert not heard.punctuated


@pytest.mark.parametrize("text", ["", "  ", None])
def test_nothing_said_is_no_word(text: str | None) -> None:
    assert normalise({"text": text, "timestamp": []}).words == ()
    assert normalise({}).words == ()


def test_text_without_times_is_refused() -> None:
    with pytest.raises(NoWordTimes):
        normalise({"text": "hello world"})
    with pytest.raises(NoWordTimes):
        normalise({"text": "hello world", "timestamp": []})


@pytest.mark.parametrize("count", [3, 4, 6, 9])
def test_a_wrong_number_of_times_still_gives_ordered_times(count: int) -> None:
    heard = normalise({"text": "one two three four five", "timestamp": pairs(count)})
    assert [w.text for w in heard.words] == ["one", "two", "three", "four", "five"]
    spans = [(w.start_ms, w.end_ms) for w in heard.words]
    assert all(start < end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert spans[-1][1] <= count * 200


def test_punctuation_that_does_not_fit_the_words_is_left_out() -> None:
    heard = normalise(
        {"text": "something else entirely.", "raw_text": "hello world", "timestamp": pairs(2)}
    )
    assert [w.text for w in heard.words] == ["hello", "world"]
    assert not heard.punctuated


def test_special_tokens_never_show() -> None:
    assert texts({"text": "<s> hello <unk> world </s>", "timestamp": pairs(2)}) == [
        "hello",
        "world",
    ]


def test_hotwords_can_neither_name_a_file_nor_an_address() -> None:
    assert hotword_text(
        ["Acme Pro", "https://inside.example/x", "/etc/secret.txt", "拿铁"]
    ).split() == [
        "Acme",
        "Pro",
        "拿铁",
    ]
    assert not hotword_text(["http proxy"]).startswith("http")
    assert hotword_text([]) == ""
