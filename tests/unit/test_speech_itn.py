"""Spoken numbers become digits, and every word keeps its time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoclip.schemas import Engine, Transcript
from videoclip.speech.itn import write_numbers
from videoclip.speech.protocol import TimedWord
from videoclip.speech.sentences import number_sentences


def transcript(words: list[str], language: str) -> Transcript:
    run = [
        TimedWord(word, i * 100, i * 100 + 90, 0.5 + i / 200, "S1") for i, word in enumerate(words)
    ]
    return Transcript(
        language=language,
        duration_ms=100_000,
        engine=Engine(name="funasr"),
        sentences=number_sentences([run], language),
    )


ZH = [*"这款今天只要一百九十九元", "，原", "价", *"九十九块九", "。"]


@pytest.mark.parametrize(
    ("words", "language", "text", "spans"),
    [
        (
            ZH,
            "zh-CN",
            "这款今天只要¥199，原价99块9。",
            {"¥199": (600, 1190), "99块9": (1400, 1890)},
        ),
        (
            ["The", "price", "is", "Forty", "nine", "dollars,", "not", "fifty", "percent", "off."],
            "en",
            "The price is $49, not 50% off.",
            {"$49,": (300, 590), "50%": (700, 890)},
        ),
        (["one", "of", "these", "two", "things"], "en", "one of these two things", {}),
        (["vierzig", "Euro"], "de", "vierzig Euro", {}),
    ],
)
def test_numbers_are_written_and_keep_their_times(
    words: list[str], language: str, text: str, spans: dict[str, tuple[int, int]]
) -> None:
    before = transcript(words, language)
    (sentence,) = write_numbers(before).sentences
    assert sentence.text == text
    times = {
        w.text: (w.start_ms, w.end_ms) for w in sentence.words if any(map(str.isdigit, w.text))
    }
    assert times == spans
    assert [word.id for word in sentence.words] == list(range(len(sentence.words)))
    assert (sentence.start_ms, sentence.end_ms) == (0, before.sentences[0].end_ms)
    assert {word.speaker for word in sentence.words} == {"S1"}
    for word in sentence.words:
        assert word.confidence == 0.5 + word.start_ms // 100 / 200


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text("ab 一百零[]\\{}\"'\x00é😀1,.$%", min_size=1, max_size=6), min_size=1, max_size=5
    )
)
def test_no_text_is_lost_whatever_it_is(words: list[str]) -> None:
    for language in ("zh", "en"):
        before = transcript(words, language)
        after = write_numbers(before)
        assert after.sentences[0].start_ms == before.sentences[0].start_ms
        assert after.sentences[0].end_ms == before.sentences[0].end_ms
        kept = [word for word in after.words if word.text in words]
        assert len(kept) + sum(any(map(str.isdigit, w.text)) for w in after.words) >= len(
            after.words
        )
