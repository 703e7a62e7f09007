"""The parts under the ranker: text, cues, genre, topic borders, windows, prompts, resolving."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise

import pytest

from tests.support.shows import TUNING, make_show
from tests.support.speeches import SPEECHES
from videoclip.errors import EngineUnavailable
from videoclip.highlights.answer import ANSWER_CRITERIA, answer_shape
from videoclip.highlights.cues import CHAT, GENRE_CRITERIA, OPENERS
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.features import analyse
from videoclip.highlights.llm import LlmHighlighter
from videoclip.highlights.messages import sentence_line
from videoclip.highlights.prompts import load_part, load_prompt, prompts_version
from videoclip.highlights.protocol import Brief, Proposal, Window
from videoclip.highlights.resolve import build_highlighter, resolve_highlighter
from videoclip.highlights.text import clean_text, is_chinese, normalise, numbers_in, terms
from videoclip.highlights.tokens import estimate_tokens
from videoclip.highlights.topics import split_topics
from videoclip.highlights.windows import merge_proposals, plan_windows
from videoclip.schemas import Genre, HighlighterName
from videoclip.settings import LlmSettings, Settings

# ------------------------------------------------------------------ text


def test_terms_are_stems_without_stop_words_and_numbers() -> None:
    assert terms("The two vacuums were cleaning ninety nine carpets") == [
        "vacuum",
        "clean",
        "carpet",
    ]
    assert terms("我们的无线吸尘器只要九十九块钱")[:2] == ["无线", "吸尘器"]


def test_recognisers_that_put_spaces_between_han_characters_make_no_difference() -> None:
    assert normalise("无 线 吸 尘 器") == "无线吸尘器"
    assert terms("无 线 吸 尘 器") == terms("无线吸尘器")


def test_language_and_numbers() -> None:
    assert is_chinese("这台 iPhone 很好用吗")
    assert not is_chinese("the word 好 means good")
    assert numbers_in("ninety nine dollars or $99.50") == ["ninety nine", "$99.50"]


def test_clean_text_is_one_printable_line_cut_at_a_word() -> None:
    assert clean_text("a\nb\x00\u202ec", 80) == "a b c"
    assert clean_text("one two three four", 12) == "one two…"


# ------------------------------------------------------------------ cues


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        ("offer", "with us it is ninety nine dollars"),
        ("offer", "今天直播间只要八十九块钱"),
        ("offer", "you get thirty percent off"),
        ("benefit", "the battery lasts all day"),
        ("benefit", "这款面料又柔软又透气"),
        ("proof", "ten thousand customers gave it five stars"),
        ("proof", "有国家的检测报告"),
        ("action", "order now before it is gone"),
        ("action", "赶紧点击链接下单"),
    ],
)
def test_selling_cues(criterion: str, text: str) -> None:
    cues = {c.name: c.cues for c in GENRE_CRITERIA[Genre.COMMERCE]}
    assert cues[criterion].hits(text)


def test_cues_are_whole_words() -> None:
    cues = {c.name: c.cues for c in GENRE_CRITERIA[Genre.COMMERCE]}
    assert not cues["offer"].hits("the dealer stood idealistically by")


@pytest.mark.parametrize(
    "text",
    [
        "our second product today is the vacuum",
        "next up a pan",
        "moving on",
        "接下来看看这个",
        "下一款是面膜",
    ],
)
def test_openers_are_strong(text: str) -> None:
    assert OPENERS.strength(text) == 1.0


def test_the_middle_of_a_subject_opens_nothing() -> None:
    assert OPENERS.strength("the brush turns in every direction") == 0.0
    assert OPENERS.strength("吸力非常强劲") == 0.0


@pytest.mark.parametrize(
    "text", ["thank you for watching", "hello everyone", "大家好", "谢谢大家的陪伴"]
)
def test_small_talk_is_recognised(text: str) -> None:
    assert CHAT.hits(text)


# ------------------------------------------------------------------ genre and topics


@pytest.mark.parametrize(
    ("script", "genre"),
    [
        (TUNING["kitchen"], Genre.COMMERCE),
        (TUNING["live"], Genre.COMMERCE),
        (SPEECHES["talk"], Genre.TALK),
        (SPEECHES["course"], Genre.COURSE),
    ],
)
def test_the_genre_is_heard(script: tuple[str, str], genre: Genre) -> None:
    show = make_show(script[0], language=script[1])
    assert analyse(show.transcript.sentences, (), Genre.AUTO).genre is genre


@pytest.mark.parametrize("name", TUNING)
def test_topics_partition_the_transcript_and_start_where_products_start(name: str) -> None:
    script, language = TUNING[name]
    show = make_show(script, language=language)
    features = analyse(show.transcript.sentences, (), Genre.COMMERCE)
    topics = split_topics(features)
    assert [i for t in topics for i in range(t.first, t.last + 1)] == list(
        range(len(features.sentences))
    )
    starts = {features.sentences[topic.first].start_ms for topic in topics}
    assert all(start in starts for start, _ in show.subjects.values())


# ------------------------------------------------------------------ windows


def test_without_a_limit_there_is_one_window_with_everything() -> None:
    transcript = make_show(TUNING["kitchen"][0], language="en").transcript
    energy = [-20.0] * len(transcript.sentences)
    (window,) = plan_windows(transcript, energy=energy, max_tokens=0, overlap_ms=0)
    assert list(window.sentences) == transcript.sentences
    assert window.energy == tuple(energy)


@pytest.mark.parametrize("overlap_ms", [0, 15_000, 3_600_000])
@pytest.mark.parametrize("max_tokens", [1, 120, 700])
@pytest.mark.parametrize("name", ["kitchen", "live"])
def test_windows_cover_everything_in_order_within_the_limit(
    name: str, max_tokens: int, overlap_ms: int
) -> None:
    transcript = make_show(TUNING[name][0], language=TUNING[name][1]).transcript
    windows = plan_windows(transcript, energy=(), max_tokens=max_tokens, overlap_ms=overlap_ms)
    assert {s.id for w in windows for s in w.sentences} == {s.id for s in transcript.sentences}
    assert [w.index for w in windows] == list(range(len(windows)))
    for window in windows:
        lines = "\n".join(map(sentence_line, window.sentences))
        assert len(window.sentences) == 1 or estimate_tokens(lines) <= max_tokens
    for one, other in pairwise(windows):
        shared = [s for s in one.sentences if s.id >= other.sentences[0].id]
        assert not shared or shared[-1].end_ms - shared[0].start_ms <= overlap_ms
        assert other.sentences[0].id <= one.sentences[-1].id + 1
        assert other.sentences[0].id > one.sentences[0].id
    if overlap_ms == 15_000 and max_tokens == 700:
        assert all(b.sentences[0].id <= a.sentences[-1].id for a, b in pairwise(windows))


def test_tokens_are_estimated_rather_too_high() -> None:
    english = "we have only three hundred vacuums so order now before they are gone"
    assert 13 <= estimate_tokens(english) <= 26  # 13 common words, a token or two each
    chinese = "这台吸尘器只有一点二公斤老人也拿得动"
    assert len(chinese) <= estimate_tokens(chinese) <= 1.5 * len(chinese)
    assert estimate_tokens("") == 0
    assert estimate_tokens("[128] (4.5 s) ") >= 11  # each digit and mark may be a token


def proposal(first: int, last: int, score: float = 0.5) -> Proposal:
    return Proposal(first, last, f"{first}-{last}", "", "", score)


def test_what_two_windows_propose_on_their_overlap_comes_once() -> None:
    sentences = make_show(TUNING["kitchen"][0], language="en").transcript.sentences
    windows = [Window(0, tuple(sentences[0:30])), Window(1, tuple(sentences[20:50]))]
    merged = merge_proposals(
        windows,
        [
            [proposal(2, 9), proposal(21, 28, 0.6), proposal(24, 29, 0.9)],
            [proposal(21, 29, 0.7), proposal(26, 36, 0.8), proposal(40, 45)],
        ],
    )
    assert {(p.first_sentence, p.last_sentence) for p in merged} == {
        (2, 9),
        (21, 29),  # better than 21-28, which it nearly equals
        (26, 36),  # whole, unlike 24-29, which the first window's end has cut off
        (40, 45),
    }


def test_energy_must_fit_the_transcript() -> None:
    transcript = make_show(TUNING["kitchen"][0], language="en").transcript
    with pytest.raises(ValueError, match="one value a sentence"):
        plan_windows(transcript, energy=[-20.0], max_tokens=0, overlap_ms=0)


# ------------------------------------------------------------------ prompts


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("genre", list(Genre))
def test_every_genre_has_a_prompt_that_names_its_criteria_and_guards_the_transcript(
    genre: Genre, language: str
) -> None:
    prompt = load_prompt(genre, language)
    shape = json.dumps(answer_shape(Brief(genre, "", language, 5, 15_000, 90_000)))
    text = prompt.fill(min_seconds=15, max_seconds=90, count=7, shape=shape)
    assert prompt.version >= 1
    assert prompt.name == f"{genre.value}.{language[:2]}"
    assert all(f"- {name}" in text and f'"{name}"' in text for name in ANSWER_CRITERIA[genre])
    assert "15" in text
    assert "90" in text
    assert "$" not in text
    assert "</transcript>" in text
    assert "hook" in text
    assert f"{prompt.name}={prompt.version}" in prompts_version()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_products_and_posts_have_prompts_too(language: str) -> None:
    assert "<products>" in load_part("products", language).body
    filled = load_part("posts", language).fill(limits="LIMITS", shape="SHAPE")
    assert "LIMITS" in filled
    assert "SHAPE" in filled
    assert "$" not in filled


# ------------------------------------------------------------------ resolving

KEY = "sk-very-secret"


def settings(base_url: str = "", model: str = "qwen", *, offline: bool = False) -> Settings:
    return Settings(offline=offline, llm=LlmSettings(base_url=base_url, model=model, api_key=KEY))


def test_auto_takes_the_model_where_there_is_one() -> None:
    spec, notices = resolve_highlighter(HighlighterName.AUTO, settings("https://llm.example/v1"))
    assert (spec.engine, spec.model, notices) == ("llm", "qwen", [])
    assert isinstance(build_highlighter(spec, settings("https://llm.example/v1")), LlmHighlighter)


@pytest.mark.parametrize("config", [settings(), settings("http://127.0.0.1:1/v1", model="")])
def test_auto_without_an_endpoint_says_how_to_get_better(config: Settings) -> None:
    spec, notices = resolve_highlighter(HighlighterName.AUTO, config)
    assert isinstance(build_highlighter(spec, config), ExtractiveHighlighter)
    assert "VIDEOCLIP_LLM__BASE_URL" in notices[0].remedy


def test_llm_by_name_without_an_endpoint_is_an_error_that_names_the_variables() -> None:
    with pytest.raises(EngineUnavailable) as caught:
        resolve_highlighter(HighlighterName.LLM, settings())
    for variable in ("VIDEOCLIP_LLM__BASE_URL", "VIDEOCLIP_LLM__MODEL", "VIDEOCLIP_LLM__API_KEY"):
        assert variable in caught.value.remedy


def test_offline_keeps_to_this_machine() -> None:
    away, here = (
        settings("https://llm.example/v1", offline=True),
        settings("http://[::1]:9/v1", offline=True),
    )
    with pytest.raises(EngineUnavailable):
        resolve_highlighter(HighlighterName.LLM, away)
    spec, notices = resolve_highlighter(HighlighterName.AUTO, away)
    assert (spec.engine, len(notices)) == ("extractive", 1)
    assert resolve_highlighter(HighlighterName.LLM, here)[0].engine == "llm"
    disguised = settings("https://127.0.0.1.evil.example/v1", offline=True)
    assert resolve_highlighter(HighlighterName.AUTO, disguised)[0].engine == "extractive"


def test_extractive_by_name_needs_no_notice() -> None:
    spec, notices = resolve_highlighter(
        HighlighterName.EXTRACTIVE, settings("https://llm.example/v1")
    )
    assert (spec.engine, notices) == ("extractive", [])


def test_a_spec_travels_without_the_secret() -> None:
    config = settings(f"https://user:{KEY}@llm.example/v1")
    spec, _ = resolve_highlighter(HighlighterName.LLM, config)
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert KEY not in repr(spec)
    assert KEY.encode() not in pickle.dumps(spec)


def test_the_inputs_are_the_request_and_know_neither_key_nor_address() -> None:
    config = settings("https://llm.example/v1")
    transcript = make_show(TUNING["kitchen"][0], language="en").transcript
    window = Window(0, tuple(transcript.sentences[:20]))
    brief = Brief(Genre.COMMERCE, "", "en", 3, 15_000, 90_000)
    inputs = LlmHighlighter(config.llm).inputs(window, brief)
    assert inputs["request"]["model"] == "qwen"
    assert "live commerce" in inputs["request"]["messages"][0]["content"]
    assert inputs["request"]["temperature"] == 0.0
    assert KEY not in repr(inputs)
    assert "llm.example" not in repr(inputs)
    json.dumps(inputs)  # plain values, as fingerprints need them
    assert ExtractiveHighlighter().inputs(window, brief)["engine"] == "extractive"


def test_another_number_of_clips_is_the_same_question_to_a_model() -> None:
    highlighter = LlmHighlighter(settings("https://llm.example/v1").llm)
    transcript = make_show(TUNING["kitchen"][0], language="en").transcript
    window = Window(0, tuple(transcript.sentences[:20]))
    asked = [
        highlighter.inputs(window, Brief(Genre.COMMERCE, "", "en", top, 15_000, 90_000))
        for top in (1, 3, 5, 6, 7)
    ]
    assert asked[0] == asked[1] == asked[2] == asked[3] != asked[4]


def test_windows_get_what_the_context_leaves() -> None:
    config = settings("https://llm.example/v1").llm
    brief = Brief(Genre.COMMERCE, "", "en", 3, 15_000, 90_000)
    room = {
        context: LlmHighlighter(config, context_tokens=context).window_tokens(brief)
        for context in (2_048, 4_096, 16_384, 131_072)
    }
    assert 100 <= room[2_048] < room[4_096] < room[16_384] <= room[131_072] == config.window_tokens
    assert room[4_096] + 4_096 // 3 < 4_096
