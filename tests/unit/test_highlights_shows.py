"""The extractive ranker finds whole subjects, in English and Chinese, with a recogniser's mistakes."""

from __future__ import annotations

from functools import cache

import pytest

from tests.support.shows import HELD_OUT, TUNING, Show, iou, make_show
from tests.support.speeches import SPEECHES
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.protocol import Brief, Proposals
from videoclip.highlights.selection import DEFAULT_THRESHOLD, select
from videoclip.highlights.windows import plan_windows
from videoclip.schemas import Candidate, Engine, Genre, Transcript

EVERY = TUNING | HELD_OUT | SPEECHES


def brief_for(language: str, **changes: object) -> Brief:
    values = {
        "genre": Genre.AUTO,
        "prompt": "",
        "language": language,
        "top": 3,
        "min_ms": 15_000,
        "max_ms": 90_000,
    }
    return Brief(**(values | changes))


@cache
def show_of(
    name: str, *, pauses: bool = True, seed: int = 1, word_errors: float = 0.0, merged: float = 0.0
) -> Show:
    script, language = EVERY[name]
    return make_show(
        script, language=language, pauses=pauses, seed=seed, word_errors=word_errors, merged=merged
    )


@cache
def ranked(name: str) -> list[Candidate]:
    """Candidates of a show as it is, with room for all of them."""
    return choose(show_of(name), brief_for(EVERY[name][1], top=10))


def propose(show: Show, brief: Brief) -> Proposals:
    (window,) = plan_windows(show.transcript, energy=(), max_tokens=0, overlap_ms=0)
    return ExtractiveHighlighter().propose(window, brief)


def choose(show: Show, brief: Brief) -> list[Candidate]:
    return select(
        propose(show, brief).proposals,
        show.transcript,
        brief,
        pauses_ms=(),
        duration_ms=show.transcript.duration_ms,
        threshold=DEFAULT_THRESHOLD,
    )


def coverage(show: Show, brief: Brief) -> dict[str, float]:
    clips = [(c.start_ms, c.end_ms) for c in choose(show, brief) if c.selected]
    return {
        name: max((iou(clip, window) for clip in clips), default=0.0)
        for name, window in show.subjects.items()
    }


@pytest.mark.parametrize("pauses", [True, False], ids=["pauses", "even"])
@pytest.mark.parametrize("name", TUNING | SPEECHES)
def test_the_top_three_cover_every_subject(name: str, pauses: bool) -> None:
    covered = coverage(show_of(name, pauses=pauses), brief_for(EVERY[name][1]))
    assert min(covered.values()) >= 0.5, covered


@pytest.mark.parametrize("pauses", [True, False], ids=["pauses", "even"])
def test_of_shows_that_nothing_was_tuned_on_nine_of_ten_products_are_covered(pauses: bool) -> None:
    covered = [
        share
        for name, (_, language) in HELD_OUT.items()
        for share in coverage(show_of(name, pauses=pauses), brief_for(language)).values()
    ]
    assert len(covered) == 12
    assert sum(share >= 0.5 for share in covered) >= 0.9 * len(covered), covered


@pytest.mark.parametrize("name", TUNING | SPEECHES)
def test_a_clip_is_one_continuous_subject(name: str) -> None:
    show = show_of(name)
    for clip in ranked(name):
        touched = [w for w in show.subjects.values() if clip.start_ms < w[1] and clip.end_ms > w[0]]
        assert not clip.selected or len(touched) == 1, clip.title


def test_five_percent_wrong_words_and_joined_sentences_cost_at_most_one_product_in_twenty() -> None:
    covered = [
        share
        for name, (_, language) in TUNING.items()
        for seed in (1, 2, 3)
        for share in coverage(
            show_of(name, seed=seed, word_errors=0.05, merged=0.2), brief_for(language)
        ).values()
    ]
    assert len(covered) == 36
    assert sum(share >= 0.5 for share in covered) >= 0.95 * len(covered), covered


@pytest.mark.parametrize("name", TUNING | HELD_OUT)
def test_small_talk_stays_under_the_threshold_and_products_above(name: str) -> None:
    show, clips = show_of(name), ranked(name)
    for window in show.subjects.values():
        best = max(c.score for c in clips if iou((c.start_ms, c.end_ms), window) >= 0.5)
        assert best > (0.5 if name in TUNING else DEFAULT_THRESHOLD)
    for clip in clips:
        if not any(clip.start_ms < w[1] and clip.end_ms > w[0] for w in show.subjects.values()):
            assert clip.dropped == f"under the threshold {DEFAULT_THRESHOLD:.2f}", clip.title


def test_titles_reasons_and_quotes_are_for_people() -> None:
    show = show_of("kitchen")
    clips = {clip.title: clip for clip in ranked("kitchen")}
    clip = clips["Wireless vacuum: ninety nine dollars"]
    assert "names a price or an offer" in clip.reason.lower()
    assert clip.reason.endswith(".")
    said = {s.text for s in show.transcript.sentences[clip.first_sentence : clip.last_sentence + 1]}
    assert clip.quote in said
    assert clip.hashtags == ["WirelessVacuum"]
    assert all(0.0 <= value <= 1.0 for value in clip.scores.values())


def test_chinese_shows_get_chinese_titles_and_reasons() -> None:
    clips = {clip.title: clip for clip in ranked("live")}
    assert "无线吸尘器：两百九十九" in clips
    assert "价格" in clips["无线吸尘器：两百九十九"].reason


@pytest.mark.parametrize(
    ("name", "prompt", "subject"),
    [
        ("kitchen", "find the best moments about the frying pan", "pan"),
        ("garden", "anything with gloves", "gloves"),
        ("live", "请找出关于面膜的片段", "面膜"),
    ],
)
def test_what_the_user_asks_for_comes_first(name: str, prompt: str, subject: str) -> None:
    show = show_of(name)
    first = choose(show, brief_for(EVERY[name][1], prompt=prompt))[0]
    assert iou((first.start_ms, first.end_ms), show.subjects[subject]) > 0.5
    assert first.scores["prompt"] > 0


def test_a_prompt_without_any_spoken_word_is_reported() -> None:
    show = show_of("kitchen")
    proposals = propose(show, brief_for("en", prompt="dinosaurs"))
    assert [notice.code for notice in proposals.notices] == ["prompt_not_matched"]
    assert proposals.proposals == propose(show, brief_for("en")).proposals


def test_the_same_transcript_gives_the_same_proposals() -> None:
    show = show_of("live")
    assert propose(show, brief_for("zh")) == propose(show, brief_for("zh"))


def test_an_empty_transcript_gives_nothing() -> None:
    empty = Transcript(language="en", duration_ms=60_000, engine=Engine(name="made"))
    assert plan_windows(empty, energy=(), max_tokens=0, overlap_ms=0) == []
    assert select([], empty, brief_for("en"), pauses_ms=(), duration_ms=60_000) == []
