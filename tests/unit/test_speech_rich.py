"""Answers of SenseVoice and of speaker models: tags, pieces, confidences, who speaks."""

from __future__ import annotations

import json
import random

import pytest

from videoclip.speech.funasr_result import normalise, read_tags
from videoclip.speech.protocol import Hypothesis, Shard, TimedWord, Voice
from videoclip.speech.recognise import ShardResult, shard_result
from videoclip.speech.speakers import name_speakers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|en|><|HAPPY|><|Speech|><|withitn|>Hello there.", ("Hello there.", "en", False)),
        ("<|yue|><|EMO_UNKNOWN|><|BGM|><|woitn|>你好", ("你好", "yue", False)),
        ("<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|>", ("", "", True)),
        ("<|zh|><|NEUTRAL|><|Speech|>一 <|zh|><|SAD|>二", ("一 二", "zh", False)),
        ("a < b |> c", ("a < b |> c", "", False)),
    ],
)
def test_tags_are_taken_off(text: str, expected: tuple[str, str, bool]) -> None:
    rich = read_tags(text)
    assert (rich.text, rich.language, rich.silent) == expected


def test_pieces_spell_the_words_that_are_shown() -> None:
    heard = normalise(
        {
            "text": "Hello world, it's 你好。",
            "words": ["▁Hel", "lo", "world", ",", "it", "'", "s", "你", "好", "。"],
            "timestamp": [
                [0, 100],
                [100, 200],
                [200, 500],
                [500, 510],
                [600, 700],
                [700, 710],
                [710, 760],
                [800, 900],
                [900, 1000],
                [1000, 1010],
            ],
            "language": "en",
        }
    )
    assert heard == Hypothesis(
        (
            TimedWord("Hello", 0, 200),
            TimedWord("world,", 200, 500),
            TimedWord("it's", 600, 760),
            TimedWord("你", 800, 900),
            TimedWord("好。", 900, 1000),
        ),
        language="en",
        punctuated=True,
    )


def test_confidence_comes_with_each_word_or_not_at_all() -> None:
    result = {"text": "hello world", "timestamp": [[0, 10], [10, 20]], "confidence": [0.91234, 1.2]}
    assert [word.confidence for word in normalise(result, "en").words] == [0.912, 1.0]
    result["confidence"] = [0.5]
    assert [word.confidence for word in normalise(result, "en").words] == [None, None]


def talk(turns: str) -> tuple[list[TimedWord], list[Voice]]:
    """Two words a second and a voice each 750 ms; a letter is a second of a speaker, a dot one of silence."""
    rng = random.Random(4)
    axes = {"a": (1.0, 0.0, 0.0), "b": (0.0, 1.0, 0.0), "c": (0.0, 0.0, 1.0)}
    words = [
        TimedWord(f"w{i}{half}", i * 1000 + half * 500, i * 1000 + half * 500 + 480)
        for i, who in enumerate(turns)
        if who != "."
        for half in (0, 1)
    ]
    voices = []
    for start in range(0, len(turns) * 1000 - 750, 750):
        who = turns[min(len(turns) - 1, (start + 750) // 1000)]
        if who != ".":
            noisy = tuple(value + rng.uniform(-0.2, 0.2) for value in axes[who])
            voices.append(Voice(start, start + 1_500, noisy))
    return words, voices


def test_speakers_are_the_same_all_through_the_recording() -> None:
    turns = "aaaaaa.bbbbbb.aaaaaa.cccccc.bbbbbb"
    words, voices = talk(turns)
    named = name_speakers(words, voices)
    who = {"a": "S1", "b": "S2", "c": "S3"}
    right = [word.speaker == who[turns[word.start_ms // 1000]] for word in named]
    assert sum(right) >= 0.95 * len(right)
    assert {word.speaker for word in named} == {"S1", "S2", "S3"}


def test_one_voice_is_one_speaker_and_no_voice_is_none() -> None:
    words, voices = talk("aaaaaaaa")
    assert {word.speaker for word in name_speakers(words, voices)} == {"S1"}
    assert name_speakers(words, []) == words
    assert name_speakers([], voices) == []


def test_nobody_takes_over_for_half_a_second() -> None:
    words, voices = talk("aaaaaaaaaa")
    later, others = talk("..........bbbbbb")
    voices[5] = Voice(voices[5].start_ms, voices[5].end_ms, (0.0, 1.0, 0.0))
    named = name_speakers([*words, *later], [*voices, *others])
    assert {word.speaker for word in named[: len(words)]} == {"S1"}
    assert {word.speaker for word in named[len(words) :]} == {"S2"}


def test_voices_survive_being_kept_as_json() -> None:
    heard = Hypothesis((TimedWord("a", 0, 10),), "en", False, (Voice(0, 1_500, (0.6, 0.8)),))
    result = shard_result(heard, Shard(3, 16_000, 48_000), 32_000)
    assert result.voices == (Voice(1_000, 2_500, (0.6, 0.8)),)
    assert ShardResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    old = {"index": 0, "words": [], "language": "", "punctuated": False}
    assert ShardResult.from_json(old) == ShardResult(0)
