"""Scripts, tokens and joining: what differs between languages with and without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = [
    "SENTENCE_END",
    "ends_sentence",
    "guess_language",
    "is_cjk",
    "is_spaced",
    "join_words",
    "strip_punctuation",
    "tokens",
    "units",
]

SENTENCE_END = frozenset(".!?…。！？；;．｡")
"""Marks that close a sentence; the semicolon does in subtitles and in Chinese."""

_CLOSERS = "\"'”’）)】」』》]"
_UNSPACED_LANGUAGES = frozenset({"zh", "ja", "yue", "wuu", "nan", "th", "lo", "km", "my"})
# Han, kana, bopomofo, compatibility and extension planes; Hangul is written with spaces.
_CJK = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_IS_CJK = re.compile(f"[{_CJK}]")
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+(?:['’.,](?=\w)(?:(?![{_CJK}])\w)+)*")
_NUMBER_COMMA = re.compile(r"(?<=\d),(?=\d{3}\b)")
_ABBREVIATIONS = frozenset(
    {
        "mr.",
        "mrs.",
        "ms.",
        "dr.",
        "prof.",
        "st.",
        "vs.",
        "e.g.",
        "i.e.",
        "etc.",
        "no.",
        "jr.",
        "sr.",
    }
)


def is_cjk(text: str) -> bool:
    """Whether the text holds a character of a script without spaces (Han, kana)."""
    return _IS_CJK.search(text) is not None


def is_spaced(language: str) -> bool:
    """Whether the language (BCP 47) is written with spaces between words."""
    return language.replace("_", "-").split("-")[0].lower() not in _UNSPACED_LANGUAGES


def tokens(text: str, language: str = "") -> list[str]:
    """Words for comparison: case folded, without punctuation; one token a Chinese character.

    ``language`` "zh" and the like changes nothing for Latin text inside Chinese: it stays whole words.
    Numbers keep their decimal point and lose their thousands commas.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    if is_spaced(language):
        folded = _NUMBER_COMMA.sub("", folded)
    return [token for found in _TOKEN.findall(folded) for token in _split_comma(found)]


def _split_comma(token: str) -> list[str]:
    return [part for part in token.split(",") if part]


def units(text: str) -> list[str]:
    """Displayed words of a text, punctuation kept on the word before it (opening marks: after).

    Chinese and Japanese characters are one unit each; everything else splits at white space.
    """
    found: list[str] = []
    opening = ""
    for piece in text.split():
        gap = " "  # marks that stand alone keep their distance: "Fish &", "- Hello"
        for part in _pieces(piece):
            if any(c.isalnum() for c in part):
                found.append(opening + part)
                opening, gap = "", ""
            elif found and not opening and not _opens(part):
                found[-1] += gap + part
                gap = ""
            else:
                opening += part
        if opening:
            opening += " "
    if opening and found:
        found[-1] += " " + opening.strip()
    return found


def _pieces(piece: str) -> list[str]:
    """Split where CJK characters stand; Latin runs keep their own punctuation."""
    if not is_cjk(piece):
        return [piece]
    return re.findall(rf"[{_CJK}]|[^\W{_CJK}]+(?:[.'’,:/-][^\W{_CJK}]+)*|[^\w]", piece)


def _opens(mark: str) -> bool:
    return unicodedata.category(mark[0]) in {"Ps", "Pi"}


def ends_sentence(word: str) -> bool:
    """Whether a displayed word closes a sentence: ``store.``, ``了。``, ``really?"``; not ``Mr.``."""
    bare = word.rstrip(_CLOSERS)
    if not bare or bare[-1] not in SENTENCE_END:
        return False
    return bare.lower() not in _ABBREVIATIONS


def strip_punctuation(word: str) -> str:
    """The word without punctuation at its edges, case folded; empty when nothing else is there."""
    left, right = 0, len(word)
    while left < right and not word[left].isalnum():
        left += 1
    while right > left and not word[right - 1].isalnum():
        right -= 1
    return word[left:right].casefold()


def join_words(words: Sequence[str], language: str) -> str:
    """Words as running text: Chinese without spaces, a space round Latin words and numbers."""
    spaced = is_spaced(language)
    joined: list[str] = []
    for word in words:
        if joined and (spaced or not (_borders_cjk(joined[-1][-1]) or _borders_cjk(word[0]))):
            joined.append(" ")
        joined.append(word)
    return "".join(joined)


def _borders_cjk(character: str) -> bool:
    return is_cjk(character) or unicodedata.east_asian_width(character) in {"W", "F"}


_ENGLISH = frozenset(
    [
        "the",
        "and",
        "to",
        "of",
        "a",
        "is",
        "you",
        "that",
        "it",
        "in",
        "we",
        "i",
        "this",
        "for",
        "on",
        "are",
    ]
)


def guess_language(text: str) -> str:
    """zh, ja, ko or en by script and commonest words; ``und`` where neither tells."""
    sample = text[:20_000]
    letters = sum(1 for c in sample if c.isalpha()) or 1
    kana = sum(1 for c in sample if "\u3040" <= c <= "\u30ff")
    hangul = sum(1 for c in sample if "\uac00" <= c <= "\ud7af")
    han = sum(1 for c in sample if is_cjk(c)) - kana
    if hangul * 3 >= letters:
        return "ko"
    if kana * 10 >= letters:
        return "ja"
    # A Han character says as much as four letters, and product names are often Latin.
    if han * 4 >= letters - han:
        return "zh"
    found = tokens(sample)
    common = sum(1 for token in found if token in _ENGLISH)
    return "en" if common * 12 >= len(found) > 0 else "und"
