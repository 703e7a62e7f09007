"""What was really said: references beside a recording, as text, subtitles, our transcript or RTTM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoclip.errors import UsageError
from videoclip.schemas import Transcript
from videoclip.speech.scoring.metrics import Spoken, Turn, turns_of
from videoclip.speech.text import guess_language, join_words, units
from videoclip.speech.transcript_io import SUBTITLES, read_transcript

__all__ = ["REFERENCES", "Reference", "parse_rttm", "read_reference", "spoken_words"]

REFERENCES = (".json", ".srt", ".vtt", ".ass", ".txt")
"""Endings of references, the one that knows most first; .rttm comes beside any of them, or alone."""
_FIELDS = 8  # of an RTTM line: type file channel start duration orthography subtype name …


@dataclass(frozen=True, slots=True)
class Reference:
    """What is known of one recording."""

    text: str | None
    """None where only the speakers are known."""
    words: tuple[Spoken, ...]
    """With the times that are known: all of our own transcripts, the borders of subtitles and of sentences."""
    turns: tuple[Turn, ...]
    """Empty where the speakers are not known."""
    language: str


def read_reference(media: Path, *, duration_ms: int) -> Reference | None:
    """The reference beside a recording; None where there is none.

    ``talk.mp4`` takes the first of ``talk.json``, ``.srt``, ``.vtt``, ``.ass``, ``.txt``, and ``talk.rttm`` for
    the speakers. A JSON file is a transcript of ours, or ``{"language": …, "sentences": [{"text", "start_ms",
    "end_ms", "speaker"}, …]}`` from somebody who has marked sentences only.

    Raises:
        UsageError: a reference cannot be read.
    """
    found = next(
        (
            path
            for end in REFERENCES
            if (path := media.with_suffix(end)).is_file() and path != media
        ),
        None,
    )
    speakers = media.with_suffix(".rttm")
    turns = tuple(parse_rttm(_read(speakers), speakers.name)) if speakers.is_file() else ()
    if found is None:
        return Reference(None, (), turns, "und") if turns else None
    reference = _from_file(found, duration_ms)
    return Reference(reference.text, reference.words, turns or reference.turns, reference.language)


def _from_file(path: Path, duration_ms: int) -> Reference:
    if path.suffix.lower() == ".txt":
        text = " ".join(_read(path).split())
        words = tuple(Spoken(word, None, None) for word in units(text))
        return Reference(text, words, (), guess_language(text))
    if path.suffix.lower() == ".json":
        marked = _marked(path)
        if marked is not None:
            return marked
    transcript = read_transcript(path, duration_ms=duration_ms)
    return _from_transcript(transcript)


def _from_transcript(transcript: Transcript) -> Reference:
    words = spoken_words(transcript)
    text = join_words([word.text for word in words], transcript.language) if words else ""
    if transcript.engine.name == SUBTITLES:
        # Times inside of a subtitle are shared out by length, so they prove nothing.
        words = [
            Spoken(
                word.text,
                word.start_ms if i == 0 else None,
                word.end_ms if i == len(sentence.words) - 1 else None,
                word.speaker,
            )
            for sentence in transcript.sentences
            for i, word in enumerate(sentence.words)
        ]
        return Reference(text, tuple(words), (), transcript.language)
    return Reference(text, tuple(words), tuple(turns_of(words)), transcript.language)


def spoken_words(transcript: Transcript) -> list[Spoken]:
    """The words of a transcript as the figures take them."""
    return [
        Spoken(word.text, word.start_ms, word.end_ms, word.speaker) for word in transcript.words
    ]


def _marked(path: Path) -> Reference | None:
    """A reference of sentences without words; None where it is something else."""
    try:
        content = json.loads(_read(path))
    except ValueError as error:
        raise UsageError(f"{path.name} is not JSON: {error}", "Mend the file") from error
    rows = content.get("sentences") if isinstance(content, Mapping) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        return None
    if any("words" in row for row in rows):
        return None
    return _sentences(rows, content.get("language"), path.name)


def _sentences(rows: Iterable[Mapping[str, Any]], language: object, name: str) -> Reference:
    words: list[Spoken] = []
    turns: list[Spoken] = []
    for number, row in enumerate(rows):
        try:
            text, start, end = str(row["text"]), int(row["start_ms"]), int(row["end_ms"])
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"sentence {number} of {name} is incomplete: {error}",
                "A sentence needs text, start_ms and end_ms",
            ) from error
        speaker = row.get("speaker") or row.get("voice")
        shown = units(text)
        words += [
            Spoken(word, start if i == 0 else None, end if i == len(shown) - 1 else None)
            for i, word in enumerate(shown)
        ]
        turns.append(Spoken(text, start, end, str(speaker) if speaker else None))
    joined = " ".join(turn.text for turn in turns)
    spoken = language if isinstance(language, str) and language else guess_language(joined)
    return Reference(joined, tuple(words), tuple(turns_of(turns)), spoken)


def parse_rttm(content: str, name: str = "the RTTM file") -> list[Turn]:
    """Turns of an RTTM file (NIST): ``SPEAKER file 1 12.30 4.56 <NA> <NA> name <NA>``, seconds.

    Raises:
        UsageError: a line is not RTTM.
    """
    turns: list[Turn] = []
    for number, line in enumerate(content.splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":  # comments, SPKR-INFO, NON-SPEECH …
            continue
        try:
            start, length = (round(float(field) * 1000) for field in fields[3:5])
            speaker = fields[_FIELDS - 1]
        except (ValueError, IndexError) as error:
            raise UsageError(
                f"line {number} of {name} is not RTTM",
                "A line is: SPEAKER file channel start duration <NA> <NA> name <NA>, in seconds",
            ) from error
        if length > 0:
            turns.append(Turn(speaker, start, start + length))
    return turns


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path.name} cannot be read: {error}", "Save it as readable UTF-8"
        ) from error
