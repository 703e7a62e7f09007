"""Tokens, units and joining for languages with and without spaces."""

from __future__ import annotations

import pytest

from videoclip.speech.text import (
    ends_sentence,
    guess_language,
    is_cjk,
    join_words,
    strip_punctuation,
    tokens,
    units,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World! It's 9.5 dollars.", ["hello", "world", "it's", "9.5", "dollars"]),
        ("1,250 pieces", ["1250", "pieces"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("欢迎来到live直播间，只要99.5元！", [*"欢迎来到", "live", *"直播间只要", "99.5", "元"]),
        ("ＡＢＣ　全角", ["abc", "全", "角"]),
        ("  \n…!? ", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('So, "yes" - he said.', ["So,", '"yes" -', "he", "said."]),
        ("欢迎，大家！来 live 直播", ["欢", "迎，", "大", "家！", "来", "live", "直", "播"]),
        ("他说：“好。”", ["他", "说：", "“好。”"]),
        ("价格99.5元", ["价", "格", "99.5", "元"]),
        ("- Fish & chips “to go”", ["- Fish &", "chips", "“to", "go”"]),
        ("!!!", []),
    ],
)
def test_units_keep_punctuation_on_its_word(text: str, expected: list[str]) -> None:
    assert units(text) == expected


def test_joining_follows_the_language() -> None:
    assert join_words(["Hello,", "world."], "en") == "Hello, world."
    assert join_words([*"欢迎来", "live", "show", *"直播。"], "zh") == "欢迎来live show直播。"
    assert join_words([], "en") == ""


@pytest.mark.parametrize("word", ["store.", "really?", "了。", "好！”", "end…", "go!)"])
def test_sentence_ends(word: str) -> None:
    assert ends_sentence(word)


@pytest.mark.parametrize("word", ["store", "Mr.", "e.g.", "了，", "9.5", "", "”"])
def test_not_sentence_ends(word: str) -> None:
    assert not ends_sentence(word)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Welcome to the show, this is a test of what we have.", "en"),
        ("欢迎来到直播间，今天推荐 iPhone 手机", "zh"),
        ("これはテストです", "ja"),
        ("안녕하세요 여러분", "ko"),
        ("Guten Abend zusammen, heute zeigen wir Neues.", "und"),
        ("", "und"),
    ],
)
def test_language_by_script_and_common_words(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_small_helpers() -> None:
    assert is_cjk("a中")
    assert not is_cjk("한국 abc")
    assert strip_punctuation("“Hello!”") == "hello"
    assert strip_punctuation("...") == ""
