"""Texts made comparable: what is spelled differently and sounds the same becomes the same tokens."""

from __future__ import annotations

import re
import unicodedata

from videoclip.speech.scoring.numerals import english_numbers, spell_out_chinese
from videoclip.speech.text import is_cjk, is_spaced

__all__ = ["score_tokens"]

_FILLER_WORDS = "uh um uhm er erm hm hmm mm mmm mhm"
_FILLERS = frozenset(_FILLER_WORDS.split())
_SPELLINGS = {
    "ok": "okay", "favourite": "favorite", "colour": "color", "grey": "gray", "centre": "center",
    "theatre": "theater", "metre": "meter", "litre": "liter", "neighbour": "neighbor", "honour": "honor",
    "flavour": "flavor", "behaviour": "behavior", "programme": "program", "travelling": "traveling",
    "realise": "realize", "organise": "organize", "recognise": "recognize", "mr": "mister",
    "mrs": "missus", "dr": "doctor", "versus": "vs",
}  # fmt: skip
_WHOLE = {
    "won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not", "let's": "let us",
    "ain't": "is not", "gonna": "going to", "wanna": "want to", "gotta": "got to", "y'all": "you all",
}  # fmt: skip
_ENDINGS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will", "'m": "am", "'d": "would"}
_BEFORE_IS = "it he she that this there here what where who how when why"
_IS = frozenset(_BEFORE_IS.split())
"""After these, 's is a verb; elsewhere it may be a possessive and stays."""
_SIGNS = {"%": " percent ", "&": " and ", "+": " plus ", "@": " at "}
_CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yuan"}
_MONEY = re.compile(r"([$€£¥])\s?(\d+(?:\.\d+)?)")
_PER_CENT = re.compile(r"\bper cent\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORD = re.compile(r"\d+(?:\.\d+)?(?:st|nd|rd|th)?(?![^\W\d_])|[^\W_]+(?:'[^\W_]+)*")
_CHINESE_SIGNS = {"％": "%", "℃": "度"}


def score_tokens(text: str, language: str) -> list[str]:
    """Tokens to score: words for languages with spaces, characters for those without.

    Both: Unicode NFKC (so full-width forms become half-width), case, punctuation. English: contractions are
    written out, number words become digits, currency and percent signs words, fillers are dropped, American
    and British spellings are one. Chinese: digits are spelled out as they are said; Latin words inside are
    characters too. Traditional and simplified characters stay different.

    Args:
        text: as shown.
        language: BCP 47.
    """
    for sign, plain in _CHINESE_SIGNS.items():
        text = text.replace(sign, plain)
    folded = unicodedata.normalize("NFKC", text).casefold()
    for quote in "\u2018\u2019\u02bc\u00b4`":
        folded = folded.replace(quote, "'")
    folded = _THOUSANDS.sub("", folded)
    if is_spaced(language):
        return _words(folded, language.replace("_", "-").split("-")[0].lower())
    if language.lower().startswith(("zh", "yue", "wuu", "nan")):
        folded = spell_out_chinese(folded)
    return [character for character in folded if character.isalnum()]


def _words(folded: str, base: str) -> list[str]:
    if base == "en":
        folded = _MONEY.sub(lambda found: f"{found[2]} {_CURRENCIES[found[1]]}", folded)
        folded = _PER_CENT.sub("percent", folded)
        for sign, word in _SIGNS.items():
            folded = folded.replace(sign, word)
    found: list[str] = []
    for word in _WORD.findall(folded):
        # A Chinese name in an English text still counts by its characters.
        found += list(word) if is_cjk(word) else [word]
    if base != "en":
        return found
    spoken = [part for word in found for part in _expand(word) if part not in _FILLERS]
    return english_numbers([_SPELLINGS.get(word, word) for word in spoken])


def _expand(word: str) -> list[str]:
    if word in _WHOLE:
        return _WHOLE[word].split()
    for ending, full in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending):
            return [word.removesuffix(ending), full]
    if word.endswith("'s") and word[:-2] in _IS:
        return [word[:-2], "is"]
    return [word]
