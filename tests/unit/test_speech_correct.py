"""Corrections change what was heard, never when."""

from __future__ import annotations

import pytest

from videoclip.errors import UsageError
from videoclip.schemas import Engine, Sentence, Transcript, Word
from videoclip.speech.correct import correct


def transcript(language: str = "zh") -> Transcript:
    words = [
        Word(id=0, text="你", start_ms=0, end_ms=90, confidence=0.9, speaker="S1"),
        Word(id=1, text="号，", start_ms=100, end_ms=190, confidence=0.2, speaker="S1"),
        Word(id=2, text="Ray", start_ms=200, end_ms=290, speaker="S2"),
    ]
    return Transcript(
        language=language, duration_ms=1000, engine=Engine(name="test"),
        sentences=[Sentence(id=0, text="你号，Ray", start_ms=0, end_ms=290, words=words)],
    )  # fmt: skip


def test_a_word_gets_another_text_and_keeps_its_time() -> None:
    before = transcript()
    after = correct(before, words={1: " 好， "})
    assert after.sentences[0].text == "你好，Ray"
    assert after.words[1] == before.words[1].model_copy(update={"text": "好，", "confidence": None})
    assert after.words[0] == before.words[0]
    assert before.sentences[0].text == "你号，Ray", "the version before stays as it is"


def test_the_same_text_is_no_correction() -> None:
    assert correct(transcript(), words={1: "号，"}) == transcript()


def test_speakers_are_renamed_everywhere_and_a_sentence_can_have_one() -> None:
    after = correct(transcript(), speakers={"S1": "安", "S2": "安"})
    assert {word.speaker for word in after.words} == {"安"}
    assert after.sentences[0].speaker == "安"
    swapped = correct(transcript(), speakers={"S1": "S2", "S2": "S1"})
    assert [word.speaker for word in swapped.words] == ["S2", "S2", "S1"]
    one = correct(transcript(), speakers={"S1": "安"}, sentence_speakers={0: "Bo"})
    assert one.sentences[0].speaker == "Bo"
    nobody = correct(transcript(), sentence_speakers={0: None})
    assert [word.speaker for word in nobody.words] == [None] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": {3: "x"}},
        {"words": {0: " "}},
        {"words": {0: "a\nb"}},
        {"speakers": {"S3": "x"}},
        {"speakers": {"S1": ""}},
        {"sentence_speakers": {1: "x"}},
        {"sentence_speakers": {0: "\x00"}},
    ],
)
def test_what_cannot_be_corrected_is_told(wrong: dict[str, dict[object, str]]) -> None:
    with pytest.raises(UsageError):
        correct(transcript(), **wrong)  # type: ignore[arg-type]
