"""Text as terms: the same for what is searched and for what is asked, on every database.

Chinese and Japanese are cut into characters, and a word of them is found as characters in a row: so a word that
no dictionary knows, or that a recogniser cut otherwise, is found too. What is asked is cut into words first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Phrase", "asked", "located", "terms"]

_CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TERM = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[^\W_])+")
_PIECE = re.compile(rf'"([^"]*)"|([{_CJK}]+)|([^\s"{_CJK}]+)')
_APOSTROPHES = re.compile("(?<=\\w)['\u2019\u02bc](?=\\w)")
_IS_CJK = re.compile(f"[{_CJK}]")
_LONGEST_TERM = 64
_MOST_PHRASES = 12
_PREFIX_FROM = 3
# Words that say nothing about what is looked for; they are left out when others remain.
_EMPTY = frozenset("的了着过吗呢吧啊呀嘛是在和与也都就") | {
    "the",
    "a",
    "an",
    "of",
    "to",
    "and",
    "or",
    "in",
    "is",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that must stand in a row."""

    terms: tuple[str, ...]
    prefix: bool = False
    """The last term may go on: `ship` finds `shipping`."""


def terms(text: str) -> list[str]:
    """Terms of a text in order."""
    return [term for term, _, _ in located(text)]


def located(text: str) -> list[tuple[str, int, int]]:
    """Terms of a text, and the characters of it that each one stands for (the last is beyond)."""
    folded, places = _fold(text)
    return [
        (found[0][:_LONGEST_TERM], places[found.start()], places[found.end() - 1] + 1)
        for found in _TERM.finditer(folded)
    ]


def asked(query: str) -> list[Phrase]:
    """What a query asks for: phrases that must all be there. Quotation marks hold words together."""
    found: list[Phrase] = []
    for piece in _PIECE.finditer(
        unicodedata.normalize("NFKC", query).replace("“", '"').replace("”", '"')
    ):
        quoted, chinese, plain = piece.groups()
        if quoted is not None:
            found.append(Phrase(tuple(terms(quoted))))
        elif chinese is not None:
            found += [Phrase(tuple(terms(word))) for word in _words(chinese)]
        else:
            parts = tuple(terms(plain))
            found.append(Phrase(parts, prefix=bool(parts) and len(parts[-1]) >= _PREFIX_FROM))
    whole = list(dict.fromkeys(phrase for phrase in found if phrase.terms))
    telling = [phrase for phrase in whole if "".join(phrase.terms) not in _EMPTY]
    return (telling or whole)[:_MOST_PHRASES]


def _words(text: str) -> list[str]:
    if len(text) < 3:
        return [text]
    return [str(word) for word in _segmenter().cut(text)]


@cache
def _segmenter() -> Any:
    import rjieba

    return rjieba


def _fold(text: str) -> tuple[str, list[int]]:
    """Lower case without accents, full-width forms and apostrophes; and where each character came from."""
    gone = {found.start() for found in _APOSTROPHES.finditer(text)}
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if place in gone:
            continue
        plain = unicodedata.normalize("NFKC", character)
        if not _IS_CJK.match(plain):
            bare = unicodedata.normalize("NFKD", plain)
            bare = "".join(part for part in bare if not unicodedata.combining(part))
            plain = unicodedata.normalize("NFC", bare).casefold()
        folded.extend(plain)
        places.extend([place] * len(plain))
    return "".join(folded), places
