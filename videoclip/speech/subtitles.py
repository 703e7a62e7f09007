"""Subtitle text in and out: SubRip, WebVTT and ASS to timed words, sentences to SubRip and WebVTT."""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pysubs2

from videoclip.errors import UsageError
from videoclip.schemas import Sentence, Word
from videoclip.speech.protocol import TimedWord
from videoclip.speech.text import is_cjk, is_spaced, join_words, units
from videoclip.timecode import format_stamp

__all__ = ["Cue", "cue_words", "parse_subtitles", "to_srt", "to_vtt"]

_TAG = re.compile(r"<[^<>]{0,400}>|\{[^{}]{0,2000}\}")
_BRACE = re.compile(r"(\{[^{}]{0,2000}\})|\{")
_ASS_BREAK = re.compile(r"\\[Nnh]")
_MAX_CUES = 60_000
"""A day of dense subtitles."""
_MAX_CUE_TEXT = 10_000
"""Characters of one subtitle, markup included."""
_OPENING = str.maketrans({"<": "\ue000", "{": "\ue001"})
_CLOSING = str.maketrans({"\ue000": "<", "\ue001": "{"})
_LINE_SPACED, _LINE_UNSPACED = 42, 18  # characters of a line
_LINES = 2
_MAX_CUE_MS = 7_000
_MIN_CUE_MS = 700


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle: plain text and its time in ms."""

    start_ms: int
    end_ms: int
    text: str


def parse_subtitles(content: str, kind: str) -> list[Cue]:
    """Cues in order of time, formatting, drawings, comments and empty ones removed.

    Args:
        content: the file's text.
        kind: srt, vtt or ass.

    Raises:
        UsageError: it is not that format.
    """
    content = _bounded(content, kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about fields that nobody reads here
            parsed = pysubs2.SSAFile.from_string(content, format_=kind)
    except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, AttributeError) as error:
        raise UsageError(
            f"the transcript is not valid {kind.upper()}: {error}",
            "Give an SRT, VTT or ASS file, or a transcript.json of this program",
        ) from error
    longest = max((len(event.text) for event in parsed.events), default=0)
    if longest > _MAX_CUE_TEXT:
        raise UsageError(
            f"a subtitle of the transcript has {longest} characters; {_MAX_CUE_TEXT} is the most",
            "Give subtitles with times, or a transcript.json of this program",
        )
    cues: list[Cue] = []
    for event in sorted(parsed.events, key=lambda event: (event.start, event.end)):
        if event.is_comment or event.is_drawing:
            continue
        text = _plain(event.text)
        start, end = max(0, int(event.start)), int(event.end)
        # Karaoke and layered ASS repeat a line at the same time; once is enough.
        if text and end > start and (not cues or (start, end, text) != _key(cues[-1])):
            cues.append(Cue(start, end, text))
    return cues


def _bounded(content: str, kind: str) -> str:
    """The file without what makes the parser slow: each bracket that nothing closes costs it a search to the end.

    Raises:
        UsageError: more cues than anybody reads.
    """
    cues = content.count("\nDialogue:" if kind == "ass" else "-->")
    if cues > _MAX_CUES:
        raise UsageError(
            f"the transcript has {cues} cues; {_MAX_CUES} is the most",
            "Split the video and its subtitles into parts",
        )
    if kind == "ass":  # its overrides say what is a drawing
        return _BRACE.sub(lambda found: found[1] or "\ue001", content)
    return _TAG.sub("", content).translate(_OPENING)


def _key(cue: Cue) -> tuple[int, int, str]:
    return cue.start_ms, cue.end_ms, cue.text


def _plain(text: str) -> str:
    """Text without tags, overrides, entities and control characters, on one line."""
    bare = html.unescape(_TAG.sub("", _ASS_BREAK.sub(" ", text)))
    bare = _TAG.sub("", bare).translate(_CLOSING)  # a tag may be written with entities
    return " ".join("".join(c if c.isprintable() else " " for c in bare).split())


def cue_words(cue: Cue) -> list[TimedWord]:
    """The cue's words, its time shared out by their length (a Chinese character counts as two letters)."""
    shown = units(cue.text)
    weights = [sum(2 if is_cjk(c) else 1 for c in word) + 1 for word in shown]
    total, span, passed = sum(weights), cue.end_ms - cue.start_ms, 0
    words: list[TimedWord] = []
    for word, weight in zip(shown, weights, strict=True):
        start = cue.start_ms + span * passed // total
        passed += weight
        end = cue.start_ms + span * passed // total
        words.append(TimedWord(word, start, max(end, start + 1)))
    return words


def to_srt(sentences: Iterable[Sentence], language: str) -> str:
    """SubRip of the sentences, long ones over several cues."""
    blocks = [
        f"{number}\n{format_stamp(cue.start_ms)} --> {format_stamp(cue.end_ms)}\n{cue.text}\n"
        for number, cue in enumerate(_cues(sentences, language), start=1)
    ]
    return "\n".join(blocks)


def to_vtt(sentences: Iterable[Sentence], language: str) -> str:
    """WebVTT of the sentences, long ones over several cues."""
    blocks = [
        f"{format_stamp(cue.start_ms, '.')} --> {format_stamp(cue.end_ms, '.')}\n"
        f"{html.escape(cue.text, quote=False)}\n"
        for cue in _cues(sentences, language)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _cues(sentences: Iterable[Sentence], language: str) -> Iterator[Cue]:
    for sentence in sentences:
        for run in _portions(sentence.words, language):
            lines = _lines([word.text for word in run], language)
            text = "\n".join(lines).replace("-->", "→")
            yield Cue(run[0].start_ms, run[-1].end_ms, text)


def _portions(words: Sequence[Word], language: str) -> list[list[Word]]:
    """Equal shares of the words, so many that each fits two lines and seven seconds."""
    width = _LINE_SPACED if is_spaced(language) else _LINE_UNSPACED
    length = len(join_words([word.text for word in words], language))
    spoken = words[-1].end_ms - words[0].start_ms
    count = max(-(-length // (width * _LINES)), -(-spoken // _MAX_CUE_MS), 1)
    count = min(count, max(1, spoken // _MIN_CUE_MS), len(words))
    return [
        list(words[len(words) * i // count : len(words) * (i + 1) // count]) for i in range(count)
    ]


def _lines(words: Sequence[str], language: str) -> list[str]:
    """One line, or two of about equal length."""
    whole = join_words(words, language)
    width = _LINE_SPACED if is_spaced(language) else _LINE_UNSPACED
    if len(whole) <= width or len(words) < 2:
        return [whole]
    splits = (
        (join_words(words[:i], language), join_words(words[i:], language))
        for i in range(1, len(words))
    )
    return list(min(splits, key=lambda pair: max(map(len, pair))))
