"""Jump cuts take out pauses and fillers and nothing of any other word."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoclip.media.captions import cues_for
from videoclip.media.jumpcuts import JumpCuts, plan_jump_cuts
from videoclip.schemas import JumpCut, Sentence, TimeRange, Word

BOTH = (JumpCut.SILENCE, JumpCut.FILLERS)


def sentence(*words: tuple[str, int, int]) -> Sentence:
    made = [Word(id=n, text=t, start_ms=a, end_ms=b) for n, (t, a, b) in enumerate(words)]
    text = " ".join(word.text for word in made)
    return Sentence(id=0, text=text, start_ms=made[0].start_ms, end_ms=made[-1].end_ms, words=made)


def cut(
    end_ms: int, *words: tuple[str, int, int], wishes: tuple[JumpCut, ...] = BOTH, **more: int
) -> tuple[list[tuple[int, int]], list[str]]:
    found = plan_jump_cuts(TimeRange(start_ms=0, end_ms=end_ms), [sentence(*words)], wishes, **more)  # type: ignore[arg-type]
    return [(r.start_ms, r.end_ms) for r in found.ranges], [word.text for word in found.removed]


def test_a_long_pause_is_shortened_to_a_tenth_of_a_second_on_either_side() -> None:
    words = (("Hello", 100, 500), ("there", 1_900, 2_300))
    assert cut(2_600, *words) == ([(0, 600), (1_800, 2_600)], [])
    assert cut(2_600, *words, wishes=(JumpCut.FILLERS,)) == ([(0, 2_600)], [])


def test_a_pause_of_seven_tenths_stays() -> None:
    assert cut(2_000, ("Hello", 100, 500), ("there", 1_200, 1_600)) == ([(0, 2_000)], [])


def test_a_crossfade_gets_more_of_the_pause() -> None:
    words = (("Hello", 100, 500), ("there", 1_900, 2_300))
    assert cut(2_600, *words, crossfade_ms=200)[0] == [(0, 700), (1_700, 2_600)]


def test_what_could_not_be_transcribed_stays() -> None:
    words = sentence(("Hello", 100, 500), ("there", 9_900, 10_300))
    span, unknown = TimeRange(start_ms=0, end_ms=11_000), TimeRange(start_ms=4_000, end_ms=6_000)
    assert plan_jump_cuts(span, [words], BOTH, kept=[unknown]) == JumpCuts((span,), ())


@pytest.mark.parametrize("filler", ["um", "Uh,", "erm", "Hmm.", "嗯", "呃，"])
def test_a_filler_goes_with_the_hesitation_around_it(filler: str) -> None:
    words = (("Hello", 100, 500), (filler, 900, 1_200), ("there", 1_500, 1_900))
    assert cut(2_000, *words) == ([(0, 600), (1_400, 2_000)], [filler])
    assert cut(2_000, *words, wishes=(JumpCut.SILENCE,)) == ([(0, 2_000)], [])


def test_a_filler_between_words_without_a_pause_goes_alone() -> None:
    words = (("Hello", 100, 500), ("um", 500, 900), ("there", 900, 1_400))
    assert cut(2_000, *words) == ([(0, 500), (860, 2_000)], ["um"])


def test_fillers_at_the_borders_go_too() -> None:
    words = (
        ("Um,", 100, 400),
        ("hello", 600, 1_000),
        ("there", 1_000, 1_400),
        ("uh", 1_800, 2_000),
    )
    assert cut(2_400, *words) == ([(500, 1_500)], ["Um,", "uh"])


@pytest.mark.parametrize(
    ("words", "removed"),
    [
        ((("It", 0, 300), ("is,", 300, 600), ("you", 600, 800), ("know,", 800, 1_000), ("good", 1_000, 1_500)),
         ["you", "know,"]),
        ((("Do", 0, 300), ("you", 300, 600), ("know,", 600, 1_000), ("Bob?", 1_000, 1_500)), []),
        ((("You", 400, 600), ("know", 600, 900), ("the", 900, 1_000), ("answer.", 1_000, 1_500)), []),
        ((("好", 0, 300), ("啊", 300, 600), ("我", 600, 800), ("来", 800, 1_200)), []),
        ((("好", 0, 300), ("啊", 600, 900), ("我", 1_100, 1_300), ("来", 1_300, 1_600)), ["啊"]),
        ((("这", 0, 300), ("那", 600, 750), ("个", 750, 900), ("衣", 1_100, 1_300), ("服", 1_300, 1_600)), ["那", "个"]),
        ((("看", 0, 300), ("那", 300, 400), ("个", 400, 600), ("衣", 600, 800), ("服", 800, 1_200)), []),
        ((("好", 0, 300), ("就", 600, 700), ("是", 700, 800), ("说", 800, 900), ("我", 1_100, 1_300), ("来", 1_300, 1_600)),
         ["就", "是", "说"]),
    ],
)  # fmt: skip
def test_phrases_are_fillers_only_where_they_are_set_off(
    words: tuple[tuple[str, int, int], ...], removed: list[str]
) -> None:
    assert cut(2_000, *words, wishes=(JumpCut.FILLERS,))[1] == removed


def test_a_clip_of_fillers_alone_stays_whole() -> None:
    assert cut(2_000, ("um", 100, 400), ("uh", 1_500, 1_800)) == ([(0, 2_000)], [])
    assert plan_jump_cuts(TimeRange(start_ms=0, end_ms=900), [], BOTH).removed == ()


def test_removed_fillers_are_not_in_the_captions_and_the_rest_moves_up() -> None:
    spoken = sentence(("Hello", 100, 500), ("um", 900, 1_200), ("there.", 1_500, 1_900))
    found = plan_jump_cuts(TimeRange(start_ms=0, end_ms=2_000), [spoken], BOTH)
    words = [
        word
        for cue in cues_for([spoken], found.ranges, width=640, height=360)
        for word in cue.words
    ]
    assert [(word.text, word.start_ms) for word in words] == [("Hello", 100), ("there.", 700)]


@st.composite
def spoken(draw: st.DrawFn) -> tuple[TimeRange, list[Sentence]]:
    texts = st.sampled_from(
        ["um", "uh,", "you", "know,", "the", "price.", "嗯", "那", "个", "啊", "好"]
    )
    at, words = draw(st.integers(0, 2_000)), []
    for number in range(draw(st.integers(1, 25))):
        at += draw(st.one_of(st.integers(-60, 200), st.integers(0, 3_000)))
        at = max(at, words[-1].start_ms if words else 0)
        length = draw(st.integers(0, 700))
        words.append(Word(id=number, text=draw(texts), start_ms=at, end_ms=at + length))
        at += length
    start = draw(st.integers(0, words[0].end_ms))
    end = draw(st.integers(max(start + 1, words[-1].start_ms), words[-1].end_ms + 3_000))
    one = Sentence(id=0, text="x", start_ms=words[0].start_ms, end_ms=words[-1].end_ms, words=words)
    return TimeRange(start_ms=start, end_ms=end), [one]


@given(spoken(), st.sets(st.sampled_from(list(JumpCut))), st.integers(0, 400))
def test_kept_ranges_are_in_order_apart_long_enough_and_hold_every_kept_word_whole(
    talk: tuple[TimeRange, list[Sentence]], wishes: set[JumpCut], crossfade_ms: int
) -> None:
    span, sentences = talk
    found = plan_jump_cuts(span, sentences, wishes, crossfade_ms=crossfade_ms)
    assert found.ranges
    assert span.start_ms <= found.ranges[0].start_ms
    assert found.ranges[-1].end_ms <= span.end_ms
    assert all(a.end_ms < b.start_ms for a, b in pairwise(found.ranges))
    assert len(found.ranges) == 1 or min(r.duration_ms for r in found.ranges) >= 300
    for word in sentences[0].words:
        middle = (word.start_ms + word.end_ms) // 2
        if not span.start_ms <= middle < span.end_ms:
            continue
        holds = [
            r.start_ms <= max(word.start_ms, span.start_ms)
            and min(word.end_ms, span.end_ms) <= r.end_ms
            for r in found.ranges
        ]
        if word in found.removed:
            assert not any(r.start_ms <= middle < r.end_ms for r in found.ranges)
        else:
            assert any(holds)
    if not wishes:
        assert found == JumpCuts((span,), ())
