"""``python -m pipelines.eval_asr DIR``: how well a recogniser does on recordings whose words are known.

Beside each recording lies what is said in it, under the same name: ``.json`` (a transcript of this program:
words with times, perhaps speakers), ``.srt``, ``.vtt`` or ``.txt`` (text only), and ``.rttm`` (who speaks when).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videoclip.errors import RecognitionFailed, UsageError, VideoClipError
from videoclip.media.audio import extract_audio
from videoclip.media.probe import probe
from videoclip.schemas import RecogniserName, Transcript
from videoclip.settings import Settings, load_settings
from videoclip.speech.audio import samples_to_ms, total_samples
from videoclip.speech.merge import merge
from videoclip.speech.metrics import (
    Edits,
    TimedToken,
    Turn,
    diarization_error,
    edits,
    percentile,
    time_errors,
)
from videoclip.speech.protocol import Recogniser, RecogniserSpec
from videoclip.speech.recognise import recognise_shard
from videoclip.speech.resolve import build_recogniser, resolve_recogniser
from videoclip.speech.shards import plan_shards
from videoclip.speech.text import is_spaced
from videoclip.speech.transcript_io import read_transcript

__all__ = ["Reference", "Row", "evaluate", "find_cases", "main", "read_reference", "summarise"]

_REFERENCES = (".json", ".srt", ".vtt", ".txt")


@dataclass(frozen=True, slots=True)
class Reference:
    """What is said in a recording; words and turns are empty where it does not tell."""

    text: str = ""
    words: tuple[TimedToken, ...] = ()
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One recording. Rates from 0; times in ms; ``rtf`` is seconds of work for a second of sound."""

    name: str
    duration_ms: int
    by_characters: bool
    edits: Edits | None
    time_errors: tuple[int, ...] = field(default=(), repr=False)
    der: float | None = None
    wall_s: float = 0.0
    failed_shards: int = 0

    @property
    def rtf(self) -> float:
        """Real-time factor."""
        return self.wall_s * 1000 / max(1, self.duration_ms)


def find_cases(folder: Path) -> list[tuple[Path, Reference]]:
    """Recordings in ``folder`` that have a reference, by name.

    Raises:
        UsageError: there is none.
    """
    cases: list[tuple[Path, Reference]] = []
    ours = {*_REFERENCES, ".rttm"}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in ours or not path.is_file() or path.name.startswith("."):
            continue
        beside = [path.with_suffix(suffix) for suffix in (*_REFERENCES, ".rttm")]
        if any(other.is_file() for other in beside):
            cases.append((path, read_reference(path)))
    if not cases:
        raise UsageError(
            f"{folder} has no recording with a reference beside it",
            "Put talk.mp4 and talk.txt (or .srt, .json, .rttm) into one folder",
        )
    return cases


def read_reference(recording: Path) -> Reference:
    """What lies beside the recording, the richest file first.

    Raises:
        UsageError: a file cannot be read.
    """
    text, words, turns = "", (), ()  # type: str, tuple[TimedToken, ...], tuple[Turn, ...]
    path = next((p for s in _REFERENCES if (p := recording.with_suffix(s)).is_file()), None)
    if path is not None and path.suffix == ".txt":
        text = path.read_text(encoding="utf-8-sig")
    elif path is not None:
        transcript = read_transcript(path, duration_ms=24 * 3_600_000)
        text = " ".join(sentence.text for sentence in transcript.sentences)
        if path.suffix == ".json":  # subtitles tell when lines are shown, not when words are said
            words, turns = _words(transcript), _turns(transcript)
    rttm = recording.with_suffix(".rttm")
    if rttm.is_file():
        turns = _read_rttm(rttm)
    return Reference(text, words, turns)


def _read_rttm(path: Path) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        try:
            start = round(float(fields[3]) * 1000)
            turns.append(Turn(fields[7], start, start + round(float(fields[4]) * 1000)))
        except (IndexError, ValueError) as error:
            raise UsageError(
                f"{path.name}, line {number} is no RTTM",
                "A line is: SPEAKER file 1 START_S LENGTH_S <NA> <NA> NAME <NA> <NA>",
            ) from error
    return tuple(turns)


def _words(transcript: Transcript) -> tuple[TimedToken, ...]:
    return tuple(
        TimedToken(word.text, word.start_ms, word.end_ms)
        for sentence in transcript.sentences
        for word in sentence.words
    )


def _turns(transcript: Transcript) -> tuple[Turn, ...]:
    """Words of one speaker that follow each other within half a second are one turn."""
    turns: list[Turn] = []
    for sentence in transcript.sentences:
        for word in sentence.words:
            if word.speaker is None:
                continue
            last = turns[-1] if turns else None
            if last and last.speaker == word.speaker and word.start_ms - last.end_ms < 500:
                turns[-1] = dataclasses.replace(last, end_ms=word.end_ms)
            else:
                turns.append(Turn(word.speaker, word.start_ms, word.end_ms))
    return tuple(turns)


def evaluate(
    recording: Path,
    reference: Reference,
    spec: RecogniserSpec,
    engine: Recogniser,
    settings: Settings,
) -> Row:
    """Recognise one recording in this process and compare.

    Raises:
        SourceError, MediaToolFailed: the recording cannot be read.
    """
    media = probe(recording, settings.media)
    with tempfile.TemporaryDirectory(prefix="videoclip-eval-") as folder:
        pcm = Path(folder) / "audio.s16le"
        extract_audio(recording, media, pcm, settings.media)
        duration_ms = samples_to_ms(total_samples(pcm))
        speech = settings.speech
        began = time.perf_counter()
        plan = plan_shards(pcm, target_ms=speech.shard_target_ms, max_ms=speech.shard_max_ms)
        results, failed = [], []  # type: list[Any], list[Shard]
        for shard in plan.shards:
            try:
                results.append(recognise_shard(engine, pcm, shard))
            except RecognitionFailed:
                failed.append(shard)
        transcript = merge(
            results,
            plan,
            duration_ms=duration_ms,
            engine=engine.engine,
            language=spec.language,
            failed=failed,
            speaker_distance=speech.speaker_distance,
        )
        wall_s = time.perf_counter() - began
    by_characters = not is_spaced(transcript.language)
    heard = " ".join(sentence.text for sentence in transcript.sentences)
    ours = _turns(transcript)
    return Row(
        name=recording.name,
        duration_ms=duration_ms,
        by_characters=by_characters,
        edits=edits(reference.text, heard, by_characters=by_characters) if reference.text else None,
        time_errors=tuple(time_errors(reference.words, _words(transcript))),
        der=diarization_error(reference.turns, ours) if reference.turns and ours else None,
        wall_s=wall_s,
        failed_shards=len(failed),
    )


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Totals over all recordings; rates weigh each by its length."""
    total: dict[str, Any] = {"recordings": len(rows)}
    for key, by_characters in (("wer", False), ("cer", True)):
        own = [row.edits for row in rows if row.edits and row.by_characters == by_characters]
        total[key] = round(sum(own, Edits()).rate, 4) if own else None
    errors = [error for row in rows for error in row.time_errors]
    total["word_time_error_median_ms"] = percentile(errors, 0.5)
    total["word_time_error_p95_ms"] = percentile(errors, 0.95)
    told = [row for row in rows if row.der is not None]
    length = sum(row.duration_ms for row in told)
    total["der"] = (
        round(sum((row.der or 0.0) * row.duration_ms for row in told) / length, 4) if told else None
    )
    duration = sum(row.duration_ms for row in rows)
    total["rtf"] = round(sum(row.wall_s for row in rows) * 1000 / max(1, duration), 4)
    total["failed_shards"] = sum(row.failed_shards for row in rows)
    return total


def _as_json(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "duration_ms": row.duration_ms,
        **{k: v for k, v in summarise([row]).items() if k != "recordings"},
        "edits": dataclasses.asdict(row.edits) if row.edits else None,
    }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    heads = (
        "name",
        "wer",
        "cer",
        "word_time_error_median_ms",
        "word_time_error_p95_ms",
        "der",
        "rtf",
    )
    shown = ("recording", "WER", "CER", "time ms (median)", "time ms (p95)", "DER", "RTF")
    cells = [list(shown)]
    for row in rows:
        line = []
        for head in heads:
            value = row.get(head)
            if value is None:
                line.append("-")
            elif head in {"wer", "cer", "der"}:
                line.append(f"{value * 100:.1f} %")
            elif isinstance(value, float):
                line.append(f"{value:.0f}" if head.endswith("_ms") else f"{value:.3f}")
            else:
                line.append(str(value))
        cells.append(line)
    widths = [max(len(line[i]) for line in cells) for i in range(len(shown))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when all went well, else the error's exit code."""
    parser = argparse.ArgumentParser(prog="eval-asr", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--recogniser", choices=[name.value for name in RecogniserName], default="auto"
    )
    parser.add_argument("--language", default="auto", help="BCP 47 or auto")
    parser.add_argument("--hotwords", default="", help="separated by commas")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures as JSON")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        cases = find_cases(given.folder)
        spec, notices = resolve_recogniser(
            RecogniserName(given.recogniser), given.language, given.hotwords.split(","), settings
        )
        for notice in notices:
            sys.stderr.write(f"{notice.message} {notice.remedy}\n")
        engine = build_recogniser(spec)
        rows = [evaluate(path, reference, spec, engine, settings) for path, reference in cases]
    except VideoClipError as error:
        sys.stderr.write(f"{error.cause}\n{error.remedy}\n")
        return error.exit_status
    total = {"name": "all", **summarise(rows)}
    sys.stdout.write(_table([*(_as_json(row) for row in rows), total]) + "\n")
    if given.json:
        content = {
            "engine": engine.engine.model_dump(),
            "language": spec.language,
            "all": total,
            "recordings": [_as_json(row) for row in rows],
        }
        given.json.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
