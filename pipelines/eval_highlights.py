"""Score a highlighter over a folder of labelled shows: ``python -m pipelines.eval_highlights DIR``.

A show is ``NAME.labels.json`` beside ``NAME.transcript.json`` (a transcript of ours) or beside a video or sound
file ``NAME.*``, which is then recognised first. Labels::

    {"genre": "commerce", "windows": [{"name": "kettle", "start_ms": 21000, "end_ms": 64000}], "products": ["kettle"]}
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videoclip.errors import UsageError, VideoClipError
from videoclip.highlights.llm import LlmHighlighter
from videoclip.highlights.protocol import Brief, Highlighter
from videoclip.highlights.resolve import build_highlighter, measured, resolve_highlighter
from videoclip.highlights.scoring import Score, Span, score_clips, score_together
from videoclip.highlights.selection import select
from videoclip.highlights.windows import merge_proposals, plan_windows
from videoclip.schemas import Genre, HighlighterName, Product, TranscribeRequest, Transcript
from videoclip.settings import Settings, load_settings

__all__ = ["Labels", "Report", "ShowClips", "clips_of", "evaluate", "main"]

_LABELS = ".labels.json"
_TRANSCRIPT = ".transcript.json"


class _Label(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    start_ms: int = Field(ge=0)
    end_ms: int = Field(gt=0)


class Labels(BaseModel):
    """What somebody has marked in a show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    windows: list[_Label] = Field(min_length=1)
    genre: Genre = Genre.AUTO
    language: str = "auto"
    products: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ShowClips:
    """A show's clips, best first, and its labelled windows."""

    name: str
    clips: tuple[Span, ...]
    windows: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Scores by show and together."""

    engine: str
    shows: dict[str, Score]
    together: Score

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "engine": self.engine,
            "together": self.together.plain(),
            "shows": {name: score.plain() for name, score in self.shows.items()},
        }


def clips_of(
    highlighter: Highlighter, transcript: Transcript, brief: Brief
) -> tuple[tuple[Span, ...], list[str]]:
    """Chosen clips by falling score, and the codes of the notices."""
    by_model = isinstance(highlighter, LlmHighlighter)
    windows = plan_windows(
        transcript,
        energy=(),
        max_tokens=highlighter.window_tokens(brief)
        if isinstance(highlighter, LlmHighlighter)
        else 0,
        overlap_ms=brief.max_ms if by_model else 0,
    )
    answers = [highlighter.propose(window, brief) for window in windows]
    candidates = select(
        merge_proposals(windows, [answer.proposals for answer in answers]),
        transcript,
        brief,
        pauses_ms=(),
        duration_ms=transcript.duration_ms,
    )
    chosen = tuple((c.start_ms, c.end_ms) for c in candidates if c.selected)
    return chosen, sorted({notice.code for answer in answers for notice in answer.notices})


def evaluate(
    folder: Path,
    settings: Settings,
    *,
    choice: HighlighterName = HighlighterName.EXTRACTIVE,
    k: int = 5,
    least_iou: float = 0.5,
    only: str = "*",
    with_products: bool = False,
    told_genre: bool = False,
) -> Report:
    """Score every show of a folder whose name matches ``only``.

    Args:
        folder: Where the shows are.
        settings: Endpoint and model, where one is to be scored.
        choice: Which highlighter.
        k: Clips that count in each show.
        least_iou: Overlap over union at which a window is found.
        only: Pattern of names, such as ``dev-*``.
        with_products: Give the highlighter the product list of the labels.
        told_genre: Give it the genre; else it has to find out.

    Raises:
        UsageError: no show is there, or one cannot be read.
    """
    spec, _ = resolve_highlighter(choice, settings)
    spec = measured(spec, settings)
    highlighter = build_highlighter(spec, settings)
    found = []
    for file in sorted(folder.glob(f"*{_LABELS}")):
        name = file.name.removesuffix(_LABELS)
        if fnmatch(name, only):
            labels = _labels(file)
            transcript = _transcript(folder, name, labels, settings)
            brief = Brief(
                genre=labels.genre if told_genre else Genre.AUTO,
                prompt="",
                language=transcript.language,
                top=k,
                min_ms=15_000,
                max_ms=90_000,
                products=tuple(Product(name=p) for p in labels.products) if with_products else (),
            )
            clips, _ = clips_of(highlighter, transcript, brief)
            windows = tuple((label.start_ms, label.end_ms) for label in labels.windows)
            found.append(ShowClips(name, clips, windows))
    if not found:
        raise UsageError(
            f"{folder} has no show that matches {only!r}",
            f"A show is NAME{_LABELS} and a transcript",
        )
    pairs = [(show.clips, show.windows) for show in found]
    return Report(
        highlighter.engine.name,
        {s.name: score_clips(s.clips, s.windows, k=k, least_iou=least_iou) for s in found},
        score_together(pairs, k=k, least_iou=least_iou),
    )


def _labels(file: Path) -> Labels:
    try:
        return Labels.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", "It needs windows with name, start_ms and end_ms"
        ) from error


def _transcript(folder: Path, name: str, labels: Labels, settings: Settings) -> Transcript:
    file = folder / f"{name}{_TRANSCRIPT}"
    if file.is_file():
        try:
            return Transcript.model_validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise UsageError(f"{file} cannot be read: {error}", "Make it anew") from error
    media = [
        path
        for path in sorted(folder.glob(f"{name}.*"))
        if path.suffix.lower() not in {".json", ".txt", ".srt", ".vtt"}
    ]
    if not media:
        raise UsageError(
            f"{folder / name} has labels and neither transcript nor video", f"Add {file.name}"
        )
    return _recognised(media[0], labels.language, settings)


def _recognised(path: Path, language: str, settings: Settings) -> Transcript:
    """What is said in a video; recognised once, then from the store."""
    from pipelines.jobs import run_job, submit
    from pipelines.ray_runtime import RayRuntime
    from videoclip.store import Store

    request = TranscribeRequest(source=str(path.absolute()), language=language)
    with Store(settings) as store, RayRuntime(settings.ray) as ray:
        job = submit(store, request)
        result = run_job(job.id, store=store, settings=settings, ray=ray, cancel=threading.Event())
        return Transcript.model_validate_json(
            store.objects.path(result.files["transcript.json"]).read_bytes()
        )


def table(report: Report) -> str:
    """The report for people."""
    rows = [("show", "windows", "found", "recall", "mean IoU", "border ms", "precise", "redundant")]
    for name, s in [*report.shows.items(), ("together", report.together)]:
        rows.append(
            (
                name,
                str(s.windows),
                str(s.found),
                f"{s.recall:.2f}",
                f"{s.mean_iou:.2f}",
                "-" if s.boundary_ms is None else str(s.boundary_ms),
                f"{s.precise:.2f}",
                f"{s.redundancy:.2f}",
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.eval_highlights",
        description="Score a highlighter over labelled shows.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--highlighter", choices=[n.value for n in HighlighterName], default="extractive"
    )
    parser.add_argument("--k", type=int, default=5, help="clips that count in each show")
    parser.add_argument("--iou", type=float, default=0.5, help="overlap at which a window is found")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names, such as 'dev-*'")
    parser.add_argument("--products", action="store_true", help="give it the labels' product list")
    parser.add_argument("--genre", action="store_true", help="tell it the genre of the labels")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    given = parser.parse_args(arguments)
    try:
        report = evaluate(
            given.folder,
            load_settings(),
            choice=HighlighterName(given.highlighter),
            k=given.k,
            least_iou=given.iou,
            only=given.only,
            with_products=given.products,
            told_genre=given.genre,
        )
        if given.json:
            given.json.write_text(json.dumps(report.plain(), indent=2) + "\n", encoding="utf-8")
    except VideoClipError as error:
        sys.stderr.write(f"error: {error.cause}\n  what to do: {error.remedy}\n")
        return error.exit_status
    sys.stdout.write(f"{report.engine}, best {given.k} clips, IoU {given.iou:g}\n{table(report)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
