"""FunASR results to words: pieces merged, punctuation attached, times paired.

Paraformer answers ``{"text", "timestamp": [[start_ms, end_ms], ...]}`` with one pair a token: a Chinese
character, or an English word (its byte-pair pieces ``li@@ ve`` already merged, or not). A punctuation
model rewrites ``text`` and leaves the tokens in ``raw_text``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from videoclip.speech.protocol import Hypothesis, TimedWord
from videoclip.speech.text import is_cjk, units

__all__ = ["NoWordTimes", "Rich", "normalise", "read_tags"]

_SPECIAL = frozenset({"<s>", "</s>", "<unk>", "<blank>", "<sil>", "<OOV>"})
_PIECE_END, _PIECE_START = "@@", "▁"

Pair = tuple[int, int]


_TAG = re.compile(r"<\|([^|<>]*)\|>")
_LANGUAGES = frozenset({"zh", "yue", "en", "ja", "ko"})


@dataclass(frozen=True, slots=True)
class Rich:
    """SenseVoice's text without its tags, and what they said; empty where there were none."""

    text: str
    language: str = ""
    silent: bool = False


def read_tags(text: str) -> Rich:
    """Take off ``<|en|><|HAPPY|><|Speech|><|withitn|>``: language, emotion, event, normalisation.

    Tags within the text (SenseVoice sets them where a new stretch begins) go as well; the first language
    counts.
    """
    tags = _TAG.findall(text)
    language = next((tag for tag in tags if tag in _LANGUAGES), "")
    return Rich(" ".join(_TAG.sub(" ", text).split()), language, "nospeech" in tags)


class NoWordTimes(Exception):
    """The result has text but no times for its words."""


def normalise(result: Mapping[str, Any], language: str = "auto") -> Hypothesis:
    """One FunASR result as a hypothesis.

    Args:
        result: an element of what ``AutoModel.generate`` returns.
        language: what was asked for; with "auto" the script of the words decides.

    Raises:
        NoWordTimes: there is text, and no list of times to pair it with.
    """
    text = str(result.get("text") or "").strip()
    if not text:
        return Hypothesis(language="" if language == "auto" else language)
    times = _times(result)
    if not times:
        raise NoWordTimes
    heard = str(result.get("language") or "") or language
    whole = _by_characters(text, result.get("words"), times)
    if whole is not None:
        return Hypothesis(whole, _language(whole, heard), punctuated=_any_mark(whole))
    raw = str(result.get("raw_text") or "").strip()
    tokens = _tokens(result, raw or text)
    words = _merge(tokens, _spread(times, len(tokens)))
    shown = _punctuate([word for word, _ in words], text)
    sure = _confidences(result, len(words))
    named = tuple(
        TimedWord(display, start, end, confidence)
        for display, (_, (start, end)), confidence in zip(
            shown or [word for word, _ in words], words, sure, strict=True
        )
    )
    punctuated = shown is not None and _any_mark(named)
    return Hypothesis(named, language=_language(named, heard), punctuated=punctuated)


def _confidences(result: Mapping[str, Any], count: int) -> list[float | None]:
    """One for each word; nothing where the tokens are not the words."""
    found = result.get("confidence") or ()
    if len(found) != count:
        return [None] * count
    return [round(min(1.0, max(0.0, float(value))), 3) for value in found]


def _by_characters(text: str, listed: Any, times: Sequence[Pair]) -> tuple[TimedWord, ...] | None:
    """Words of ``text`` with the times of the pieces that their letters come from.

    SenseVoice gives pieces (``▁hel``, ``lo``, ``.``) with one pair each. Nothing when the pieces do not
    spell the text.
    """
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) != len(times):
        return None
    letters: list[str] = []
    owners: list[Pair] = []
    for piece, pair in zip(listed, times, strict=True):
        for character in str(piece):
            if character.isalnum():
                letters.append(character.casefold())
                owners.append(pair)
    if "".join(letters) != "".join(c.casefold() for c in text if c.isalnum()):
        return None
    words: list[TimedWord] = []
    at = 0
    for shown in units(text):
        count = sum(c.isalnum() for c in shown)
        spans = owners[at : at + count]
        at += count
        start, end = min(span[0] for span in spans), max(span[1] for span in spans)
        words.append(TimedWord(shown, start, max(start + 1, end)))
    return tuple(words)


def _any_mark(words: Sequence[TimedWord]) -> bool:
    return any(not _plain(word.text) for word in words)


def _times(result: Mapping[str, Any]) -> list[Pair]:
    """Time pairs in ms: ``timestamp`` of the result, else those of its sentences."""
    found = result.get("timestamp") or result.get("timestamps")
    if not found:
        found = [
            pair
            for sentence in result.get("sentence_info") or ()
            for pair in sentence.get("timestamp") or ()
        ]
    pairs: list[Pair] = []
    for item in found or ():
        if isinstance(item, Mapping):  # the form of the large language models: seconds
            if item.get("start_time") is None or item.get("end_time") is None:
                continue
            start, end = (round(float(item[key]) * 1000) for key in ("start_time", "end_time"))
        else:
            start, end = int(item[0]), int(item[1])
        pairs.append((start, max(start + 1, end)))
    return pairs


def _tokens(result: Mapping[str, Any], text: str) -> list[str]:
    """The tokens that the times belong to, without special ones."""
    listed = result.get("words")
    if isinstance(listed, Sequence) and not isinstance(listed, str) and listed:
        found = [str(word) for word in listed]
    else:
        # Tokens come separated by spaces; what has punctuation or unseparated characters is split anew.
        found = text.split()
        if any(len(token) > 1 and is_cjk(token) for token in found):
            found = units(text)
    found = [token for token in found if token not in _SPECIAL]
    return [token for token in found if any(c.isalnum() for c in token)]


def _spread(times: Sequence[Pair], count: int) -> list[Pair]:
    """One pair a token. Where FunASR lost or added some, the list is stretched over the tokens."""
    if len(times) == count or not count:
        return list(times[:count])
    spread: list[Pair] = []
    for i in range(count):
        first = i * len(times) // count
        last = max(first, (i + 1) * len(times) // count - 1)
        start, end = times[first][0], times[last][1]
        sharing = [j for j in range(count) if j * len(times) // count == first]
        if len(sharing) > 1:  # several tokens on one pair: equal parts of it
            width, place = end - start, sharing.index(i)
            start, end = (
                start + width * place // len(sharing),
                start + width * (place + 1) // len(sharing),
            )
        spread.append((start, max(start + 1, end)))
    return spread


def _merge(tokens: Sequence[str], times: Sequence[Pair]) -> list[tuple[str, Pair]]:
    """Byte-pair (``li@@ ve``) and sentence-piece (``▁li ve``) pieces to words."""
    pieces = any(_PIECE_START in token for token in tokens)
    words: list[tuple[str, Pair]] = []
    unfinished = False
    for token, (start, end) in zip(tokens, times, strict=True):
        bare = token.replace(_PIECE_END, "").replace(_PIECE_START, "")
        goes_on = unfinished or (
            pieces and words and not token.startswith(_PIECE_START) and not is_cjk(token)
        )
        unfinished = token.endswith(_PIECE_END)
        if goes_on and words:
            before, (first, _) = words[-1]
            words[-1] = (before + bare, (first, end))
        elif bare:
            words.append((bare, (start, end)))
    return words


def _punctuate(words: Sequence[str], text: str) -> list[str] | None:
    """The words as they stand in the punctuated text; nothing when the two do not match."""
    shown: list[str] = []
    at = 0
    for word in words:
        while at < len(text) and not _matches(text, at, word):
            if text[at].isalnum():
                return None
            if shown and not text[at].isspace():
                shown[-1] += text[at]
            at += 1
        if at >= len(text):
            return None
        shown.append(text[at : at + len(word)])
        at += len(word)
    rest = text[at:].strip()
    if any(c.isalnum() for c in rest):
        return None
    if shown:
        shown[-1] += "".join(rest.split())
    return shown


def _matches(text: str, at: int, word: str) -> bool:
    return text[at : at + len(word)].casefold() == word.casefold()


def _plain(word: str) -> bool:
    """Whether it begins and ends with a letter or digit (``99.5`` is no punctuation)."""
    return word[0].isalnum() and (word[-1].isalnum() or word[-1] in "'’")


def _language(words: Sequence[TimedWord], asked: str) -> str:
    if asked not in {"", "auto"}:
        return asked
    cjk = sum(1 for word in words if is_cjk(word.text))
    return "zh" if cjk * 3 >= len(words) else "en"
