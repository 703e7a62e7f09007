"""Selection: times from words, lengths, no overlaps, no doubles, and a reason for everything dropped."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.shows import TUNING, make_show
from videoclip.highlights.protocol import Brief, Proposal
from videoclip.highlights.selection import select
from videoclip.schemas import Candidate, Engine, Genre, Sentence, Transcript, Word


def transcript_of(
    lengths: list[int], gaps: list[int], *, texts: list[str] | None = None, tail_ms: int = 1_000
) -> Transcript:
    """Sentences of the given lengths, each of two words, after the given gaps, in ms."""
    at, sentences = 0, []
    for k, (length, gap) in enumerate(zip(lengths, gaps, strict=True)):
        start = at + gap
        middle, at = start + length // 2, start + length
        first, _, second = (texts[k] if texts else f"word{k} thing{k}").partition(" ")
        words = [
            Word(id=2 * k, text=first, start_ms=start, end_ms=middle),
            Word(id=2 * k + 1, text=second or "x", start_ms=middle, end_ms=at),
        ]
        sentences.append(
            Sentence(id=k, text=f"{first} {second}", start_ms=start, end_ms=at, words=words)
        )
    return Transcript(
        language="en", duration_ms=at + tail_ms, engine=Engine(name="made"), sentences=sentences
    )


def proposal(first: int, last: int, score: float = 0.8, **more: object) -> Proposal:
    values = {"title": f"{first}-{last}", "reason": "Good.", "quote": "", "engine": "made"}
    return Proposal(first_sentence=first, last_sentence=last, score=score, **(values | more))


def brief(top: int = 5, min_ms: int = 15_000, max_ms: int = 90_000) -> Brief:
    return Brief(Genre.TALK, "", "en", top, min_ms, max_ms)


def run(
    transcript: Transcript,
    proposals: list[Proposal],
    wanted: Brief | None = None,
    pauses: tuple[tuple[int, int], ...] = (),
    threshold: float = 0.35,
) -> list[Candidate]:
    return select(
        proposals,
        transcript,
        wanted or brief(),
        pauses_ms=pauses,
        duration_ms=transcript.duration_ms,
        threshold=threshold,
    )


TEN = transcript_of([10_000] * 10, [1_000] * 10)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whatever_is_proposed_the_clips_are_sound(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 25))
    lengths = data.draw(st.lists(st.integers(100, 20_000), min_size=count, max_size=count))
    gaps = data.draw(st.lists(st.integers(0, 3_000), min_size=count, max_size=count))
    transcript = transcript_of(lengths, gaps, tail_ms=data.draw(st.integers(0, 2_000)))
    ids = st.integers(-2, count + 2)
    score = st.floats(allow_nan=True, allow_infinity=True)
    proposals = [
        proposal(a, b, s)
        for a, b, s in data.draw(st.lists(st.tuples(ids, ids, score), max_size=12))
    ]
    edges = sorted(
        data.draw(st.lists(st.integers(0, transcript.duration_ms), max_size=20, unique=True))
    )
    pauses = tuple(zip(edges[::2], edges[1::2], strict=False))
    wanted = brief(top=data.draw(st.integers(1, 6)), min_ms=5_000, max_ms=30_000)
    clips = run(transcript, proposals, wanted, pauses)

    assert len(clips) == len(proposals)
    assert [c.id for c in clips] == [f"c{k + 1:02d}" for k in range(len(clips))]
    assert [c.score for c in clips] == sorted((c.score for c in clips), reverse=True)
    assert all((c.dropped is None) == c.selected for c in clips)
    chosen = [c for c in clips if c.selected]
    assert len(chosen) <= wanted.top
    for clip in chosen:
        assert 0 <= clip.start_ms < clip.end_ms <= transcript.duration_ms
        for word in transcript.words:
            assert not word.start_ms < clip.start_ms < word.end_ms
            assert not word.start_ms < clip.end_ms < word.end_ms
        if transcript.duration_ms >= wanted.min_ms:
            assert wanted.min_ms <= clip.end_ms - clip.start_ms <= wanted.max_ms
            first, last = (
                transcript.sentences[i] for i in (clip.first_sentence, clip.last_sentence)
            )
            assert first.start_ms - 200 <= clip.start_ms <= first.start_ms
            assert last.end_ms <= clip.end_ms <= last.end_ms + 300
    by_time = sorted(chosen, key=lambda c: c.start_ms)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(by_time))


def test_margins_reach_into_the_silence_and_no_further() -> None:
    (clip,) = run(TEN, [proposal(2, 4)])
    assert (clip.start_ms, clip.end_ms) == (23_000 - 200, 55_000 + 300)


def test_known_silence_bounds_the_margins() -> None:
    pauses = ((22_900, 23_000), (55_000, 55_100))
    (clip,) = run(TEN, [proposal(2, 4)], pauses=pauses)
    assert (clip.start_ms, clip.end_ms) == (22_900, 55_100)


def test_neighbouring_clips_share_a_short_pause_without_overlap() -> None:
    close = transcript_of([10_000] * 6, [100] * 6)
    one, other = sorted(run(close, [proposal(0, 2), proposal(3, 5, 0.7)]), key=lambda c: c.start_ms)
    assert one.selected
    assert other.selected
    assert one.end_ms <= other.start_ms


def test_too_long_is_cut_at_a_sentence_around_the_quote() -> None:
    (front,) = run(TEN, [proposal(0, 9)], brief(max_ms=35_000))
    assert (front.first_sentence, front.last_sentence) == (0, 2)
    (back,) = run(TEN, [proposal(0, 9, quote="word8 thing8")], brief(max_ms=35_000))
    assert back.first_sentence <= 8 <= back.last_sentence
    assert back.end_ms - back.start_ms <= 35_000


def test_too_short_grows_inside_its_subject_only() -> None:
    show = make_show(TUNING["kitchen"][0], language="en")
    sentences, (start, end) = show.transcript.sentences, show.subjects["vacuum"]
    last = max(s.id for s in sentences if s.end_ms <= end)
    (clip,) = run(show.transcript, [proposal(last, last)])
    assert clip.selected
    assert clip.end_ms - clip.start_ms >= 15_000
    assert clip.start_ms >= start - 200
    assert clip.end_ms <= end + 300
    (stuck,) = run(show.transcript, [proposal(last, last)], brief(min_ms=70_000))
    assert stuck.dropped == "shorter than 70 s and cannot grow inside its subject"


def test_every_dropped_candidate_says_why() -> None:
    clips = run(
        TEN,
        [
            proposal(0, 1, 0.9),
            proposal(0, 1, 0.85),
            proposal(1, 3, 0.8),
            proposal(4, 5, 0.7),
            proposal(6, 7, 0.6),
            proposal(8, 9, 0.2),
            proposal(40, 41, 0.5),
        ],
        brief(top=2),
    )
    assert [c.dropped for c in clips] == [
        None,
        "a duplicate of c01, which scores at least as high",
        "overlaps c01, which scores higher",
        None,
        "not among the best 2",
        "names sentences that do not exist",
        "under the threshold 0.35",
    ]


def test_the_same_words_said_again_make_no_second_clip() -> None:
    again = ["kettle water", "glass handle", "price order"]
    twice = transcript_of(
        [10_000] * 8, [1_000] * 8, texts=[*again, "rain sunny", "chat hello", *again]
    )
    clips = run(twice, [proposal(0, 2, 0.9), proposal(5, 7, 0.8)])
    assert clips[1].dropped == "a duplicate of c01, which scores at least as high"


def test_of_nearly_equal_candidates_the_different_one_is_preferred() -> None:
    texts = [
        "kettle water",
        "glass handle",
        "kettle water",
        "glass lid",
        "garden hose",
        "roses rain",
    ]
    mixed = transcript_of([10_000] * 6, [1_000] * 6, texts=texts)
    clips = run(
        mixed, [proposal(0, 1, 0.80), proposal(2, 3, 0.78), proposal(4, 5, 0.76)], brief(top=2)
    )
    assert [(c.first_sentence, c.selected) for c in clips] == [(0, True), (2, False), (4, True)]


def test_a_short_video_may_be_one_clip_as_a_whole() -> None:
    short = transcript_of([4_000, 3_000], [500, 500])
    clips = run(short, [proposal(0, 0, 0.1), proposal(1, 1, 0.05)])
    assert [c.selected for c in clips] == [True, False]
    assert (clips[0].start_ms, clips[0].end_ms) == (0, short.duration_ms)
    assert (clips[0].first_sentence, clips[0].last_sentence) == (0, 1)
    assert clips[0].reason.startswith("The whole video: it is shorter than 15 s")


def test_hostile_texts_and_numbers_are_tamed() -> None:
    (clip,) = run(
        TEN,
        [proposal(0, 2, 7.0, title="a\n\u202eb" * 100, scores={"x": math.nan, "y": 3.0})],
    )
    assert len(clip.title) <= 80
    assert clip.title.isprintable()
    assert (clip.score, clip.scores) == (1.0, {"y": 1.0})
