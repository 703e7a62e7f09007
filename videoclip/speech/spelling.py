"""Text as it is compared in error rates: case, width, punctuation, numbers and contractions made alike."""

from __future__ import annotations

import re
import unicodedata

from videoclip.speech.text import is_cjk

__all__ = ["characters", "spell_english", "words_of"]

_SMALL = {
    name: value
    for value, name in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    name: 10 * (place + 2)
    for place, name in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    )
}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_CONTRACTIONS = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "let's": "let us",
    "it's": "it is",
    "that's": "that is",
    "there's": "there is",
    "what's": "what is",
    "he's": "he is",
    "she's": "she is",
    "who's": "who is",
    "here's": "here is",
}
_ENDINGS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will", "'m": "am", "'d": "would"}
_SAME = {"ok": "okay", "favourite": "favorite", "colour": "color", "grey": "gray", "mr": "mister"}
_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MONEY = re.compile(r"\$\s*(\d+(?:\.\d+)?)")
_PERCENT = re.compile(r"(?<=\d)\s*%")

_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1_000}
_ZH_LARGE = {"万": 10_000, "亿": 100_000_000}
_ZH_NUMBER = re.compile("[" + "".join((*_ZH_DIGITS, *_ZH_UNITS, *_ZH_LARGE)) + "]+")


def words_of(text: str) -> list[str]:
    """English words as they are counted: ``Twenty-one dollars, it's`` is ``21 dollars it is``."""
    plain = (
        unicodedata.normalize("NFKC", text).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    plain = _MONEY.sub(r"\1 dollars", _THOUSANDS.sub("", plain))
    plain = _PERCENT.sub(" percent", plain)
    spelled: list[str] = []
    for word in _WORD.findall(plain):
        spelled += _expand(word)
    return spell_english(spelled)


def _expand(word: str) -> list[str]:
    if word in _CONTRACTIONS:
        return _CONTRACTIONS[word].split()
    for ending, full in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending):
            return [word.removesuffix(ending), full]
    return [_SAME.get(word, word)]


def spell_english(words: list[str]) -> list[str]:
    """Number words as digits: ``two hundred and five`` is ``205``, ``nineteen ninety nine`` is ``19 99``."""
    out: list[str] = []
    total, current, open_ = 0, 0, False
    for i, word in enumerate(words):
        follows = words[i + 1] if i + 1 < len(words) else ""
        if word in _SMALL and not (open_ and current % 100 and not _completes(current, word)):
            current, open_ = current + _SMALL[word], True
        elif word in _TENS and not (open_ and current % 100):
            current, open_ = current + _TENS[word], True
        elif word == "hundred" and open_ and 0 < current < 100:
            current *= 100
        elif word in _SCALES and open_ and current:
            total, current = total + current * _SCALES[word], 0
        elif word == "and" and open_ and _after_hundred(words, i) and _is_number(follows):
            continue
        else:
            if open_:
                out.append(str(total + current))
                total, current, open_ = 0, 0, False
            if word in _SMALL or word in _TENS:
                current, open_ = _SMALL.get(word, _TENS.get(word, 0)), True
            else:
                out.append(word)
    return [*out, str(total + current)] if open_ else out


def _completes(current: int, word: str) -> bool:
    """``twenty`` and ``one`` are one number, ``one`` and ``two`` are two."""
    return current % 100 >= 20 and current % 10 == 0 and 0 < _SMALL[word] < 10


def _after_hundred(words: list[str], i: int) -> bool:
    return i > 0 and (words[i - 1] == "hundred" or words[i - 1] in _SCALES)


def _is_number(word: str) -> bool:
    return word in _SMALL or word in _TENS


def characters(text: str) -> list[str]:
    """What is counted in Chinese: each character, each Latin word, each number in digits.

    Full width becomes half width, punctuation goes, ``二十三`` becomes ``23`` and counts as its digits.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = _THOUSANDS.sub("", plain)
    plain = _ZH_NUMBER.sub(lambda found: _chinese_number(found[0]), plain)
    out: list[str] = []
    for piece in re.findall(r"\d|[^\W\d_]+", plain):
        out += list(piece) if is_cjk(piece) else [piece]
    return out


def _chinese_number(text: str) -> str:
    """``三百零五`` as ``305``, ``二零二四`` as ``2024``; a single character, which may be no number, as it is."""
    if len(text) == 1:
        return text
    if all(c in _ZH_DIGITS for c in text):
        return "".join(str(_ZH_DIGITS[c]) for c in text)
    total = section = digit = 0
    for character in text:
        if character in _ZH_DIGITS:
            digit = _ZH_DIGITS[character]
        elif character in _ZH_UNITS:
            section += (digit or 1) * _ZH_UNITS[character]
            digit = 0
        else:
            total = (total + section + digit or 1) * _ZH_LARGE[character]
            section = digit = 0
    return str(total + section + digit)
