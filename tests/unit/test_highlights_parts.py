"""The parts under the ranker: text, cues, genre, topic borders, windows, prompts, resolving."""

from __future__ import annotations

import pickle
from itertools import pairwise

import pytest

from tests.support.shows import TUNING, make_show
from tests.support.speeches import SPEECHES
from videoclip.errors import EngineUnavailable
from videoclip.highlights.answer import ANSWER_CRITERIA
from videoclip.highlights.cues import CHAT, GENRE_CRITERIA, OPENERS
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.features import analyse
from videoclip.highlights.llm import LlmHighlighter
from videoclip.highlights.prompts import load_prompt, prompts_version
from videoclip.highlights.resolve import build_highlighter, resolve_highlighter
from videoclip.highlights.text import clean_text, is_chinese, normalise, numbers_in, terms
from videoclip.highlights.topics import split_topics
from videoclip.highlights.windows import plan_windows
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


@pytest.mark.parametrize("overlap", [0, 3, 50])
@pytest.mark.parametrize("max_chars", [1, 120, 700])
def test_windows_cover_everything_in_order_within_the_limit(max_chars: int, overlap: int) -> None:
    transcript = make_show(TUNING["kitchen"][0], language="en").transcript
    windows = plan_windows(transcript, energy=(), max_chars=max_chars, overlap_sentences=overlap)
    assert {s.id for w in windows for s in w.sentences} == {s.id for s in transcript.sentences}
    assert [w.index for w in windows] == list(range(len(windows)))
    for window in windows:
        assert len(window.sentences) == 1 or sum(len(s.text) for s in window.sentences) <= max_chars
    for one, other in pairwise(windows):
        shared = {s.id for s in one.sentences} & {s.id for s in other.sentences}
        assert len(shared) <= overlap
        assert other.sentences[0].id <= one.sentences[-1].id + 1
        assert other.sentences[0].id > one.sentences[0].id


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
    text = prompt.fill(min_seconds=15, max_seconds=90, count=7)
    assert prompt.version >= 1
    assert prompt.name == f"{genre.value}.{language[:2]}"
    assert all(f"- {name}" in text and f'"{name}"' in text for name in ANSWER_CRITERIA[genre])
    assert "15" in text
    assert "90" in text
    assert "$" not in text
    assert "</transcript>" in text
    assert f"{prompt.name}={prompt.version}" in prompts_version()


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


def test_the_fingerprint_knows_model_and_prompts_but_neither_key_nor_address() -> None:
    config = settings("https://llm.example/v1")
    highlighter = LlmHighlighter(config.llm)
    inputs = highlighter.fingerprint_inputs()
    spec, _ = resolve_highlighter(HighlighterName.LLM, config)
    assert inputs == spec.fingerprint_inputs()
    assert inputs["model"] == "qwen"
    assert "commerce.en=1" in inputs["prompts"]
    assert KEY not in repr(inputs)
    assert "llm.example" not in repr(inputs)
    assert ExtractiveHighlighter().fingerprint_inputs()["engine"] == "extractive"
