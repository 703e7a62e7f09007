"""Score a recogniser over recordings with references: ``python -m pipelines.eval_asr DIR``; docs/speech-quality.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from importlib import metadata
from operator import add
from pathlib import Path
from typing import Any

from videoclip.errors import OutputUnwritable, RecognitionFailed, UsageError, VideoClipError
from videoclip.media.audio import extract_audio
from videoclip.media.probe import probe
from videoclip.schemas import Engine, RecogniserName, Transcript
from videoclip.settings import Settings, load_settings
from videoclip.speech.merge import merge
from videoclip.speech.protocol import Recogniser, RecogniserSpec, Shard
from videoclip.speech.recognise import ShardResult, recognise_shard
from videoclip.speech.resolve import build_recogniser, prefetch, resolve_recogniser
from videoclip.speech.scoring.metrics import (
    Diarization,
    TextErrors,
    TimeErrors,
    diarization_errors,
    text_errors,
    time_errors,
    turns_of,
)
from videoclip.speech.scoring.references import REFERENCES, Reference, read_reference, spoken_words
from videoclip.speech.shards import plan_shards
from videoclip.speech.text import is_spaced
from videoclip.speech.transcript_io import read_transcript

__all__ = ["FileScore", "Report", "evaluate", "main", "score", "table"]

_NOT_MEDIA = {*REFERENCES, ".rttm", ".md", ".ssa"}


@dataclass(frozen=True, slots=True)
class FileScore:
    """One recording; adds up."""

    unit: str
    """``word`` or ``character``: what the error rate counts."""
    text: TextErrors | None
    times: TimeErrors
    speakers: Diarization | None
    """None where the reference or the recogniser names no speakers."""
    audio_ms: int
    work_ms: int
    failed_shards: int = 0

    @property
    def rtf(self) -> float | None:
        """Time of recognition by time of sound, without loading; None where nothing was recognised here."""
        return self.work_ms / self.audio_ms if self.work_ms and self.audio_ms else None

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        text, speakers = self.text, self.speakers
        return {
            "unit": self.unit,
            "error_rate": None if text is None else text.rate,
            "substitutions": text and text.substitutions,
            "deletions": text and text.deletions,
            "insertions": text and text.insertions,
            "reference_tokens": text and text.reference,
            "time_median_ms": self.times.median_ms,
            "time_p95_ms": self.times.p95_ms,
            "timed_edges": len(self.times.errors_ms),
            "der": None if speakers is None else speakers.rate,
            "der_missed_ms": speakers and speakers.missed_ms,
            "der_false_alarm_ms": speakers and speakers.false_alarm_ms,
            "der_confused_ms": speakers and speakers.confused_ms,
            "audio_ms": self.audio_ms,
            "work_ms": self.work_ms,
            "rtf": self.rtf,
            "failed_shards": self.failed_shards,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Scores by file and together, words and characters apart."""

    engine: Engine
    files: dict[str, FileScore]

    def together(self) -> dict[str, FileScore]:
        """Sums over the files of each unit."""
        found: dict[str, FileScore] = {}
        for unit in sorted({score.unit for score in self.files.values()}):
            scores = [score for score in self.files.values() if score.unit == unit]
            texts = [score.text for score in scores if score.text is not None]
            speakers = [score.speakers for score in scores if score.speakers is not None]
            found[unit] = FileScore(
                unit,
                reduce(add, texts) if texts else None,
                reduce(add, (score.times for score in scores)),
                reduce(add, speakers) if speakers else None,
                sum(score.audio_ms for score in scores),
                sum(score.work_ms for score in scores),
                sum(score.failed_shards for score in scores),
            )
        return found

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "engine": self.engine.model_dump(),
            "together": {unit: score.plain() for unit, score in self.together().items()},
            "files": {name: score.plain() for name, score in self.files.items()},
        }


def score(
    reference: Reference,
    transcript: Transcript,
    *,
    audio_ms: int,
    work_ms: int = 0,
    failed_shards: int = 0,
    collar_ms: int = 250,
) -> FileScore:
    """Compare a transcript with what was said. The reference's language decides what is counted."""
    language = reference.language if reference.language != "und" else transcript.language
    heard = spoken_words(transcript)
    text = " ".join(sentence.text for sentence in transcript.sentences)
    turns = turns_of(heard)
    return FileScore(
        "word" if is_spaced(language) else "character",
        None if reference.text is None else text_errors(reference.text, text, language),
        time_errors(reference.words, heard, language),
        diarization_errors(reference.turns, turns, collar_ms=collar_ms)
        if reference.turns and turns
        else None,
        audio_ms,
        work_ms,
        failed_shards,
    )


def evaluate(
    folder: Path,
    settings: Settings,
    *,
    choice: RecogniserName = RecogniserName.AUTO,
    language: str = "auto",
    hotwords: Sequence[str] = (),
    hypotheses: Path | None = None,
    collar_ms: int = 250,
) -> Report:
    """Recognise every recording of a folder that has a reference, and compare.

    Args:
        folder: recordings with references beside them.
        settings: models, device, limits.
        choice: which recogniser.
        language: BCP 47 or auto.
        hotwords: names and terms to expect.
        hypotheses: score the transcripts of this folder (``NAME.json`` and so on) instead of recognising.
        collar_ms: for the diarization error rate.

    Raises:
        UsageError: nothing to score, or a reference cannot be read.
        EngineUnavailable: the recogniser cannot be had.
    """
    media = _recordings(folder)
    files: dict[str, FileScore] = {}
    engine: Engine | None = None
    loaded: tuple[Recogniser, RecogniserSpec] | None = None
    for path in media:
        info = probe(path, settings.media)
        reference = read_reference(path, duration_ms=info.duration_ms)
        if reference is None:
            continue
        if hypotheses is not None:
            transcript = _given(hypotheses, path, info.duration_ms)
            work_ms = failed = 0
        else:
            if loaded is None:
                spec, notices = resolve_recogniser(choice, language, hotwords, settings)
                for notice in notices:
                    sys.stderr.write(f"note: {notice.message}\n")
                prefetch(spec)
                loaded = build_recogniser(spec), spec
            transcript, work_ms, failed = _recognise(path, *loaded, settings)
        engine = engine or transcript.engine
        files[path.name] = score(
            reference,
            transcript,
            audio_ms=info.duration_ms,
            work_ms=work_ms,
            failed_shards=failed,
            collar_ms=collar_ms,
        )
    if engine is None:
        raise UsageError(
            f"{folder} has no recording with a reference beside it",
            "Put NAME.txt, .srt, .vtt, .ass, .json or .rttm beside NAME.wav or NAME.mp4",
        )
    return Report(engine, files)


def _recordings(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "Give a folder of recordings with references")
    named = [path for path in sorted(folder.iterdir()) if path.is_file()]
    return [
        path
        for path in named
        if path.suffix.lower() not in _NOT_MEDIA
        and any(path.with_suffix(end).is_file() for end in (*REFERENCES, ".rttm"))
    ]


def _given(folder: Path, media: Path, duration_ms: int) -> Transcript:
    for end in REFERENCES:
        path = folder / (media.stem + end)
        if end != ".txt" and path.is_file():
            return read_transcript(path, duration_ms=duration_ms)
    raise UsageError(
        f"{folder} has no transcript of {media.name}", f"Put {media.stem}.json or .srt there"
    )


def _recognise(
    path: Path, recogniser: Recogniser, spec: RecogniserSpec, settings: Settings
) -> tuple[Transcript, int, int]:
    """The transcript, ms of recognition and the shards that failed; the way of the pipeline, in one process."""
    info = probe(path, settings.media)
    speech = settings.speech
    results: list[ShardResult] = []
    failed: list[Shard] = []
    with tempfile.TemporaryDirectory(prefix="videoclip-eval-") as folder:
        pcm = Path(folder) / "audio.pcm"
        extract_audio(path, info, pcm, settings.media)
        plan = plan_shards(pcm, target_ms=speech.shard_target_ms, max_ms=speech.shard_max_ms)
        started = time.perf_counter_ns()
        for shard in plan.shards:
            try:
                results.append(recognise_shard(recogniser, pcm, shard))
            except RecognitionFailed as error:
                sys.stderr.write(f"note: {path.name}, shard {shard.index}: {error.cause}\n")
                failed.append(shard)
        work_ms = (time.perf_counter_ns() - started) // 1_000_000
    engine = Engine(
        name=spec.engine,
        version=metadata.version(spec.engine),
        model=spec.model,
        device=spec.device,
    )
    transcript = merge(
        results,
        plan,
        duration_ms=info.duration_ms,
        engine=engine,
        language=spec.language,
        failed=failed,
        speaker_distance=settings.speech.speaker_distance,
    )
    return transcript, work_ms, len(failed)


def table(report: Report) -> str:
    """The report for people."""
    rows = [("file", "error", "sub/del/ins", "of", "time ms", "p95 ms", "DER", "RTF")]
    scores = [*report.files.items()]
    scores += [(f"all, {unit}s", score) for unit, score in report.together().items()]
    for name, one in scores:
        text = one.text
        rows.append(
            (
                name,
                "-" if text is None else _percent(text.rate),
                "-" if text is None else f"{text.substitutions}/{text.deletions}/{text.insertions}",
                "-" if text is None else f"{text.reference} {one.unit}s",
                "-" if one.times.median_ms is None else str(one.times.median_ms),
                "-" if one.times.p95_ms is None else str(one.times.p95_ms),
                "-" if one.speakers is None else _percent(one.speakers.rate),
                "-" if one.rtf is None else f"{one.rtf:.3f}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate * 100:.1f} %"


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise OutputUnwritable(
            f"{path} cannot be written: {error.strerror}", "Choose a file that you may write"
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.eval_asr",
        description="Score a recogniser over recordings with references beside them.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--recogniser", choices=[n.value for n in RecogniserName], default="auto")
    parser.add_argument("--language", default="auto", help="BCP 47, such as zh or en")
    parser.add_argument("--hotword", action="append", default=[], help="may be given several times")
    parser.add_argument(
        "--hypotheses", type=Path, metavar="DIR", help="score these transcripts, recognise nothing"
    )
    parser.add_argument("--collar", type=int, default=250, metavar="MS", help="for DER, each side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    given = parser.parse_args(arguments)
    try:
        report = evaluate(
            given.folder,
            load_settings(),
            choice=RecogniserName(given.recogniser),
            language=given.language,
            hotwords=given.hotword,
            hypotheses=given.hypotheses,
            collar_ms=given.collar,
        )
        if given.json:
            _write(given.json, json.dumps(report.plain(), indent=2) + "\n")
    except VideoClipError as error:
        sys.stderr.write(f"error: {error.cause}\n  what to do: {error.remedy}\n")
        return error.exit_status
    engine = report.engine
    sys.stdout.write(f"{engine.name} {engine.version} {engine.model}".rstrip() + "\n")
    sys.stdout.write(table(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
