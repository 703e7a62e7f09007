"""Merging shards and forming sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from videoclip.schemas import Engine, Transcript
from videoclip.speech.merge import merge
from videoclip.speech.protocol import Hypothesis, Pcm, Shard, TimedWord
from videoclip.speech.recognise import ShardResult, recognise_shard
from videoclip.speech.sentences import build_sentences, sentence_gap_ms
from videoclip.speech.shards import ShardPlan

ENGINE = Engine(name="test")


def words(
    text: str, start: int = 0, *, step: int = 300, length: int = 250
) -> tuple[TimedWord, ...]:
    return tuple(
        TimedWord(word, start + i * step, start + i * step + length)
        for i, word in enumerate(text.split())
    )


def plan(*shards: Shard, pauses: Sequence[tuple[int, int]] = ()) -> ShardPlan:
    samples = tuple((start * 16, end * 16) for start, end in pauses)
    return ShardPlan(shards, (), samples, shards[-1].end_sample if shards else 0)


def joined(
    results: Sequence[ShardResult], of: ShardPlan, duration_ms: int = 60_000, language: str = "en"
) -> Transcript:
    return merge(results, of, duration_ms=duration_ms, engine=ENGINE, language=language, failed=[])


def test_results_merge_in_any_order() -> None:
    of = plan(Shard(0, 0, 160_000), Shard(1, 160_000, 320_000))
    results = [ShardResult(1, words("good bye", 10_500)), ShardResult(0, words("hello there", 500))]
    transcript = joined(results, of)
    assert [word.text for word in transcript.words] == ["Hello", "there.", "Good", "bye."]
    assert [word.id for word in transcript.words] == [0, 1, 2, 3]
    assert [sentence.id for sentence in transcript.sentences] == [0, 1]


def test_words_of_an_overlap_come_once() -> None:
    # Both shards hold 8.5 to 10 s; each hears the word at its own edge wrongly.
    of = plan(Shard(0, 0, 160_000), Shard(1, 136_000, 320_000, 24_000))
    first = words("we sell fresh coffee hot cof", 8_000, step=330)
    second = words("ash coffee hot coffee every day", 8_660, step=330)
    transcript = joined([ShardResult(0, first), ShardResult(1, second)], of)
    text = " ".join(word.text for word in transcript.words).lower()
    assert text == "we sell fresh coffee hot coffee every day."


def test_an_overlap_without_common_word_changes_over_in_the_middle() -> None:
    of = plan(Shard(0, 0, 160_000), Shard(1, 136_000, 320_000, 24_000))
    first = (TimedWord("alpha", 8_600, 8_900), TimedWord("beta", 9_500, 9_900))
    second = (TimedWord("gamma", 8_600, 8_900), TimedWord("delta", 9_500, 9_900))
    transcript = joined([ShardResult(0, first), ShardResult(1, second)], of)
    assert [word.text.lower().strip(".") for word in transcript.words] == ["alpha", "delta"]


def test_a_repeated_word_outside_of_an_overlap_stays() -> None:
    of = plan(Shard(0, 0, 160_000), Shard(1, 160_000, 320_000))
    results = [ShardResult(0, words("very", 9_600)), ShardResult(1, words("very good", 10_000))]
    assert [word.text for word in joined(results, of).words] == ["Very", "very", "good."]


def test_times_are_ordered_and_inside_the_source() -> None:
    of = plan(Shard(0, 0, 160_000))
    heard = (
        TimedWord("one", 100, 600),
        TimedWord("two", 500, 500),
        TimedWord("three", 550, 900),
        TimedWord("four", 980, 2_000),
        TimedWord("five", 1_500, 1_700),
    )
    transcript = joined([ShardResult(0, heard)], of, duration_ms=1_000)
    spans = [(word.start_ms, word.end_ms) for word in transcript.words]
    assert [word.text.lower().strip(".") for word in transcript.words] == [
        "one",
        "two",
        "three",
        "four",
    ]
    assert all(start < end <= 1_000 for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_words_end_where_the_sound_ends() -> None:
    heard = (
        TimedWord("stop", 1_000, 2_400),  # stretched over the pause behind it
        TimedWord("go", 2_400, 3_300),  # and this one over the rest of it
        TimedWord("on", 3_300, 3_500),
        TimedWord("whisper", 5_100, 5_400),  # too soft for the pause finder
    )
    pauses = [(1_260, 2_960), (5_000, 6_000)]
    transcript = joined([ShardResult(0, heard)], plan(Shard(0, 0, 160_000), pauses=pauses))
    spans = [(word.start_ms, word.end_ms) for word in transcript.words]
    assert spans == [(1_000, 1_300), (2_920, 3_300), (3_300, 3_500), (5_100, 5_400)]


def test_failed_shards_become_untranscribed_ranges() -> None:
    shards = (Shard(0, 0, 160_000), Shard(1, 160_000, 320_000), Shard(2, 320_000, 480_000))
    transcript = merge(
        [ShardResult(0, words("hello"))],
        plan(*shards),
        duration_ms=25_000,
        engine=ENGINE,
        language="en",
        failed=[shards[2], shards[1]],
    )
    assert [(span.start_ms, span.end_ms) for span in transcript.untranscribed] == [(10_000, 25_000)]


def test_no_speech_is_a_legal_transcript() -> None:
    transcript = joined([], plan(), language="auto")
    assert transcript.sentences == []
    assert transcript.language == "und"


def test_the_language_is_what_most_words_are_in() -> None:
    of = plan(Shard(0, 0, 160_000), Shard(1, 160_000, 320_000))
    results = [
        ShardResult(0, words("hello"), "en", punctuated=True),
        ShardResult(1, words("欢 迎 大 家。", 10_000), "zh", punctuated=True),
    ]
    transcript = joined(results, of, language="auto")
    assert transcript.language == "zh"
    assert transcript.sentences[-1].text == "欢迎大家。"


def test_sentences_by_punctuation() -> None:
    heard = words("Hello, Mr. Smith. How are you? Fine")
    found = build_sentences(heard, "en", punctuated=True)
    assert [sentence.text for sentence in found] == ["Hello, Mr. Smith.", "How are you?", "Fine"]


def test_chinese_is_joined_without_spaces() -> None:
    heard = words("今 天 的 价 格， 只 要 九 十 九。 快 来 live 下 单。")
    found = build_sentences(heard, "zh", punctuated=True)
    assert [sentence.text for sentence in found] == ["今天的价格，只要九十九。", "快来live下单。"]


def spoken(gaps: dict[int, int], count: int, *, usual: int = 20) -> list[TimedWord]:
    """Words with a gap of ``gaps[i]`` ms behind word i."""
    at, made = 0, []
    for i in range(count):
        made.append(TimedWord(f"w{i}", at, at + 250))
        at += 250 + gaps.get(i, usual)
    return made


def test_sentences_by_pauses_tell_commas_from_stops() -> None:
    gaps = {3: 180, 7: 560, 11: 150, 15: 500, 19: 220, 23: 640, 27: 200, 31: 480, 35: 170}
    found = build_sentences(spoken(gaps, 40), "en", punctuated=False)
    assert [sentence.words[-1].id for sentence in found] == [7, 15, 23, 31, 39]
    assert found[0].text == "W0 w1 w2 w3 w4 w5 w6 w7."


def test_the_threshold_adapts_to_the_speaker() -> None:
    calm = [200, 220, 250, 240, 900, 950, 1_000, 870, 230, 210, 990]
    hurried = [80, 90, 70, 100, 330, 350, 300, 310, 85, 95, 340]
    assert 250 < sentence_gap_ms(hurried) < 300 < sentence_gap_ms(calm) <= 700
    assert sentence_gap_ms([]) == 400
    assert 260 <= sentence_gap_ms([600, 620, 580, 640, 610, 590]) <= 580


def test_silence_in_the_signal_counts_where_words_are_stretched_over_it() -> None:
    # The engine leaves no gap at all: words 3 and 7 last on through the silence behind them.
    lengths = [250] * 12
    lengths[3] = lengths[7] = 750
    starts = [sum(lengths[:i]) for i in range(12)]
    heard = [TimedWord(f"w{i}", starts[i], starts[i] + lengths[i]) for i in range(12)]
    pauses = [(1_020, 1_490), (2_520, 2_990)]
    found = build_sentences(heard, "en", punctuated=False, pauses_ms=pauses)
    assert [len(sentence.words) for sentence in found] == [4, 4, 4]


def test_endless_sentences_split_at_their_biggest_gap() -> None:
    found = build_sentences(spoken({20: 90, 41: 120}, 60), "en", punctuated=False)
    assert all(len(sentence.words) <= 25 for sentence in found)
    assert {20, 41} <= {sentence.words[-1].id for sentence in found}
    assert sum(len(sentence.words) for sentence in found) == 60


def test_bare_english_gets_the_looks_of_a_sentence() -> None:
    found = build_sentences(words("so i think i'm right on friday"), "en", punctuated=False)
    assert found[0].text == "So I think I'm right on Friday."


def test_speakers_do_not_share_a_sentence() -> None:
    heard = [
        TimedWord("hello", 0, 200, speaker="a"),
        TimedWord("there", 220, 400, speaker="a"),
        TimedWord("hi", 420, 600, speaker="b"),
    ]
    found = build_sentences(heard, "en", punctuated=False)
    assert [sentence.speaker for sentence in found] == ["a", "b"]


class Echo:
    """Answers fixed words, some of them outside of the samples."""

    engine = ENGINE

    def recognise(self, pcm: Pcm) -> Hypothesis:
        end = len(pcm) // 16
        return Hypothesis(
            (
                TimedWord("late", end - 10, end + 500),
                TimedWord("early", -50, 100, 0.5, "s1"),
                TimedWord(" ", 200, 300),
            ),
            "en",
        )


def test_shard_results_are_absolute_ordered_and_survive_json(tmp_path: Path) -> None:
    np.zeros(64_000, "<i2").tofile(tmp_path / "a.pcm")
    result = recognise_shard(Echo(), tmp_path / "a.pcm", Shard(3, 16_000, 48_000))
    assert result.words == (
        TimedWord("early", 1_000, 1_100, 0.5, "s1"),
        TimedWord("late", 2_990, 3_000),
    )
    assert ShardResult.from_json(json.loads(json.dumps(result.to_json()))) == result
