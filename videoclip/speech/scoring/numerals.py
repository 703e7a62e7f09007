"""Spelled numbers as digits, in English and in Chinese, so that "thirty-five" and "35" are the same word."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["english_numbers", "spell_out_chinese"]

_TO_NINETEEN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TO_NINETY = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: value for value, word in enumerate(_TO_NINETEEN.split())}
_TENS = {word: value * 10 for value, word in enumerate(_TO_NINETY.split(), 2)}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_ORDINALS = {
    "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight",
    "ninth": "nine", "twelfth": "twelve",
} | {
    word + "th": word for word in [*_ONES, *_SCALES, "hundred"]
    if word not in {"zero", "one", "two", "three", "five", "eight", "nine", "twelve"}
} | {word[:-1] + "ieth": word for word in _TENS}  # fmt: skip
_HUNDRED = "hundred"


def english_numbers(words: Sequence[str]) -> list[str]:
    """Runs of number words as digits; everything else stays as it is.

    "two hundred and five" is 205, "a thousand" 1000, "nineteen ninety nine" 1999, "three point five" 3.5, "twenty first" 21st;
    digits that are said one after the other stay apart. Words are lower case, hyphens already split.
    """
    after = [*words[1:], ""]
    words = [
        "one" if word == "a" and _kind(after[i]) in {"hundred", "scale"} else word
        for i, word in enumerate(words)
    ]
    found: list[str] = []
    at = 0
    while at < len(words):
        number, used = _number(words, at)
        if used:
            found.append(number)
            at += used
        else:
            found.append(words[at])
            at += 1
    return found


def _number(words: Sequence[str], at: int) -> tuple[str, int]:
    """The number that begins at ``at`` and how many words it has; 0 where none does."""
    value, used, ordinal = _whole(words, at)
    if not used:
        return "", 0
    if ordinal:
        return f"{value}{_suffix(value)}", used
    # A year, said as two pairs.
    if used <= 2 and 10 <= value <= 99:
        later, more, ordinal = _whole(words, at + used)
        if more and not ordinal and more <= 2 and 10 <= later <= 99:
            return f"{value}{later}", used + more
    digits = ""
    after = at + used + 1
    if at + used < len(words) and words[at + used] == "point":
        while after < len(words) and _ONES.get(words[after], 10) < 10:
            digits += str(_ONES[words[after]])
            after += 1
    return (f"{value}.{digits}", after - at) if digits else (str(value), used)


def _whole(words: Sequence[str], at: int) -> tuple[int, int, bool]:
    """``(value, words used, ordinal)`` of a whole number, 0 words where none begins."""
    total, group, used, last = 0, 0, 0, ""
    ordinal = False
    while at + used < len(words) and not ordinal:
        word = words[at + used]
        skipped = 0
        if word == "and" and last in {_HUNDRED, *_SCALES} and at + used + 1 < len(words):
            word, skipped = words[at + used + 1], 1
            if _kind(_ORDINALS.get(word, word)) not in {"one", "ten"}:
                break
        # "second" and "third" alone are as often no numbers, but both sides are treated alike.
        base = _ORDINALS.get(word, word)
        kind, before = _kind(base), _kind(last)
        opens = not last or before in {"hundred", "scale"}
        if kind in {"one", "ten"} and (
            opens or (kind == "one" and before == "ten" and 0 < _ONES[base] < 10)
        ):
            group += _ONES.get(base, 0) + _TENS.get(base, 0)
        elif kind == "hundred" and last and before in {"one", "ten"} and 0 < group < 100:
            group *= 100
        elif kind == "scale" and last and before != "scale" and group:
            total += group * _SCALES[base]
            group = 0
        else:
            break
        ordinal = word in _ORDINALS
        last = base
        used += 1 + skipped
    return total + group, used, ordinal


def _kind(word: str) -> str:
    if word in _ONES:
        return "one"
    if word in _TENS:
        return "ten"
    if word == _HUNDRED:
        return "hundred"
    return "scale" if word in _SCALES else ""


def _suffix(value: int) -> str:
    if value % 100 in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


_HAN_DIGITS = "零一二三四五六七八九"
_HAN_UNITS = ((10**8, "亿"), (10**4, "万"))
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?(%)?(年|(?!\d))")
_LONGEST = 12  # digits; longer ones are codes, which are read one by one


def spell_out_chinese(text: str) -> str:
    """Digits as they are said in Chinese: 35 三十五, 2026年 二零二六年, 3.5 三点五, 50% 百分之五十.

    Digits are spelled out and not the other way round, because 一 and 十 stand in many words that are no numbers.
    〇, 两 before a unit and a 一 that may be left out are made alike.
    """
    spelled = _NUMBER.sub(_spell, text)
    spelled = spelled.replace("〇", "零").replace("○", "零")
    spelled = re.sub(r"两(?=[百千万亿])", "二", spelled)
    return re.sub(r"(?<![零一二三四五六七八九百千])一十", "十", spelled)


def _spell(found: re.Match[str]) -> str:
    whole, part, percent, year = found.groups()
    if len(whole) > _LONGEST or (len(whole) > 1 and whole[0] == "0") or (year and len(whole) == 4):
        said = "".join(_HAN_DIGITS[int(digit)] for digit in whole)
    else:
        said = _cardinal(int(whole))
    if part:
        said += "点" + "".join(_HAN_DIGITS[int(digit)] for digit in part)
    return ("百分之" if percent else "") + said + (year or "")


def _cardinal(value: int) -> str:
    for unit, name in _HAN_UNITS:
        if value >= unit:
            rest = value % unit
            gap = "零" if 0 < rest < unit // 10 else ""
            return _cardinal(value // unit) + name + gap + (_cardinal(rest) if rest else "")
    said, skipped = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            said += ("零" if skipped and said else "") + _HAN_DIGITS[digit] + name
            skipped = False
        else:
            skipped = True
    return said or "零"
