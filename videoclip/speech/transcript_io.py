"""Transcripts as files: reading somebody's subtitles or our own JSON, writing JSON, SRT and VTT."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from videoclip.errors import OutputUnwritable, StorageFull, UsageError
from videoclip.schemas import Engine, TimeRange, Transcript
from videoclip.speech.protocol import TimedWord
from videoclip.speech.sentences import build_sentences, number_sentences
from videoclip.speech.subtitles import Cue, cue_words, parse_subtitles, to_srt, to_vtt
from videoclip.speech.text import ends_sentence, guess_language, is_spaced

__all__ = ["MAX_TRANSCRIPT_BYTES", "SUBTITLES", "read_transcript", "write_transcript"]

MAX_TRANSCRIPT_BYTES = 20 * 1024 * 1024
"""A day of dense subtitles needs about 5 MB."""
_MAX_WORDS = 500_000
"""A day of talk without a pause."""

SUBTITLES = "transcript"
"""Name of the engine of a transcript from subtitles: the times of its words are shared out, not heard."""
_KINDS = {".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ass", ".json": "json"}
_NO_SPACE = 28  # errno ENOSPC


def read_transcript(path: Path, *, duration_ms: int) -> Transcript:
    """A transcript from SubRip, WebVTT, ASS or this program's JSON.

    Words of a subtitle share its time by length. Sentences end at punctuation and may run over several
    subtitles; in subtitles without punctuation each one is a sentence. What lies beyond ``duration_ms`` is
    dropped, what reaches over it is cut there.

    Args:
        path: the file; its encoding may be UTF-8, UTF-16 or GB 18030.
        duration_ms: length of the video.

    Raises:
        UsageError: the file is missing, too large, of another format, or nothing in it is in the video.
    """
    content = _decode(_read(path), path.name)
    kind = _KINDS.get(path.suffix.lower()) or _sniff(content)
    if kind == "json":
        return _from_json(content, path.name, duration_ms)
    cues = parse_subtitles(content, kind)
    if not cues:
        raise UsageError(
            f"{path.name} has no subtitle with text in it",
            "Give an SRT, VTT or ASS file, or a transcript.json of this program",
        )
    inside = [
        Cue(cue.start_ms, min(cue.end_ms, duration_ms), cue.text)
        for cue in cues
        if cue.start_ms < duration_ms
    ]
    if not inside:
        raise _beyond(path.name, duration_ms)
    language = guess_language(" ".join(cue.text for cue in inside))
    spoken = [cue_words(cue) for cue in inside]
    count = sum(map(len, spoken))
    if count > _MAX_WORDS:
        raise UsageError(
            f"{path.name} has {count} words; {_MAX_WORDS} is the most",
            "Give the subtitles of one video",
        )
    runs = _in_order(spoken, duration_ms)
    words = [word for run in runs for word in run]
    if _punctuated(words, language):
        sentences = build_sentences(words, language, punctuated=True)
    else:
        sentences = number_sentences(runs, language)
    if not sentences:
        raise UsageError(
            f"{path.name} has no words in it", "Give the subtitles of this video, with text in them"
        )
    return Transcript(
        language=language,
        duration_ms=duration_ms,
        engine=Engine(name=SUBTITLES, model=path.name),
        sentences=sentences,
    )


def write_transcript(transcript: Transcript, folder: Path) -> dict[str, Path]:
    """Write ``transcript.json``, ``.srt`` and ``.vtt`` into an existing folder.

    Returns:
        The files by kind: json, srt, vtt.

    Raises:
        OutputUnwritable: the folder refuses.
        StorageFull: no space is left.
    """
    language = transcript.language
    contents = {
        "json": transcript.model_dump_json(indent=1) + "\n",
        "srt": to_srt(transcript.sentences, language),
        "vtt": to_vtt(transcript.sentences, language),
    }
    files: dict[str, Path] = {}
    for kind, content in contents.items():
        path = folder / f"transcript.{kind}"
        part = folder / f".transcript.{kind}.part"
        try:
            part.write_bytes(content.encode("utf-8", "backslashreplace"))
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            if error.errno == _NO_SPACE:
                raise StorageFull(
                    f"no space left for {path.name}", "Free some space and run the command again"
                ) from error
            raise OutputUnwritable(
                f"{path.name} cannot be written: {error.strerror}",
                "Choose a folder that you may write",
            ) from error
        files[kind] = path
    return files


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise UsageError(
                f"there is no transcript file {path.name}",
                "Check the path after --transcript or --translation",
            )
        with path.open("rb") as stream:
            content = stream.read(MAX_TRANSCRIPT_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"the transcript {path.name} cannot be read: {error.strerror}", "Check its permissions"
        ) from error
    if len(content) > MAX_TRANSCRIPT_BYTES:
        raise UsageError(
            f"the transcript {path.name} is larger than {MAX_TRANSCRIPT_BYTES // 1024**2} MB",
            "Give the subtitles of one video",
        )
    return content


def _decode(content: bytes, name: str) -> str:
    """Text by byte order mark, else UTF-8, else UTF-16 where every other byte is zero, else GB 18030."""
    attempts: Sequence[str]
    if content.startswith(codecs.BOM_UTF8):
        attempts = ["utf-8-sig"]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        attempts = ["utf-16"]
    else:
        head = content[:4096]
        wide = ["utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"]
        zeros = head.count(0) * 5 > len(head)
        attempts = [*(wide if zeros else []), "utf-8", "gb18030"]
    for encoding in attempts:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(
        f"the transcript {name} is not text in UTF-8, UTF-16 or GB 18030", "Save it as UTF-8"
    )


def _sniff(content: str) -> str:
    """The format by its first line, for files with another extension."""
    head = content.lstrip("\ufeff \t\r\n")[:4096]
    if head.startswith("WEBVTT"):
        return "vtt"
    if head.startswith("{"):
        return "json"
    return "ass" if "[Script Info]" in head or "[Events]" in head else "srt"


def _from_json(content: str, name: str, duration_ms: int) -> Transcript:
    try:
        given = Transcript.model_validate_json(content.lstrip("\ufeff"))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise UsageError(
            f"{name} is not a transcript of this program: {where}: {fault['msg']}",
            "Give an SRT, VTT or ASS file, or a transcript.json that this program wrote",
        ) from error
    runs = [
        [
            TimedWord(word.text, word.start_ms, word.end_ms, word.confidence, word.speaker)
            for word in sentence.words
        ]
        for sentence in sorted(given.sentences, key=lambda sentence: sentence.words[0].start_ms)
    ]
    kept = _in_order(runs, duration_ms)
    if runs and not any(kept):
        raise _beyond(name, duration_ms)
    return Transcript(
        language=given.language,
        duration_ms=duration_ms,
        engine=given.engine,
        sentences=number_sentences(kept, given.language),
        untranscribed=[
            TimeRange(start_ms=span.start_ms, end_ms=min(span.end_ms, duration_ms))
            for span in given.untranscribed
            if span.start_ms < duration_ms
        ],
    )


def _in_order(runs: Sequence[Sequence[TimedWord]], duration_ms: int) -> list[list[TimedWord]]:
    """Words that neither overlap nor leave the video; of overlapping ones the later gives way."""
    floor = 0
    kept: list[list[TimedWord]] = []
    for run in runs:
        row: list[TimedWord] = []
        for word in run:
            start = max(word.start_ms, floor)
            end = min(max(word.end_ms, start + 1), duration_ms)
            if end > start:
                row.append(TimedWord(word.text, start, end, word.confidence, word.speaker))
                floor = end
        kept.append(row)
    return [row for row in kept if row]


def _punctuated(words: Sequence[TimedWord], language: str) -> bool:
    """Whether sentence marks come often enough to build sentences from them."""
    usual = 40 if is_spaced(language) else 80
    return sum(ends_sentence(word.text) for word in words) * usual >= len(words) > 0


def _beyond(name: str, duration_ms: int) -> UsageError:
    return UsageError(
        f"everything in {name} lies beyond the end of the video ({duration_ms / 1000:.3f} s)",
        "Give the subtitles of this video",
    )
