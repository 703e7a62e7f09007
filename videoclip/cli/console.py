"""Progress and results in the terminal, or as one JSON line an event."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from videoclip.errors import VideoClipError
from videoclip.progress import Event
from videoclip.schemas import Manifest
from videoclip.sizes import size_text
from videoclip.timecode import format_ms

__all__ = [
    "JsonReporter",
    "QuietReporter",
    "Reporter",
    "TerminalReporter",
    "new_console",
    "print_table",
    "reporter",
]

_PIPED_WIDTH = 1000
_LABELS = {
    "read": "Reading the source",
    "audio": "Extracting audio",
    "recognise": "Recognising speech",
    "highlight": "Picking highlights",
    "render": "Rendering clips",
    "look": "Looking through the source",
}


def new_console() -> Console:
    """Standard output; where it is no terminal, lines are as long as what they say."""
    console = Console(stderr=False, highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def print_table(console: Console, table: Table) -> None:
    """Print it, without blanks at the ends of lines where it goes into a file or a pipe."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines())
    console.out(text, highlight=False)


class Reporter(AbstractContextManager["Reporter"]):
    """Hears events; shows results and errors. This base shows nothing but errors."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to clean up."""

    def event(self, event: Event) -> None:
        """One event of a job."""

    def result(self, manifest: Manifest, out: str) -> None:
        """A job ended and its files are in ``out``."""

    def failure(self, error: VideoClipError, source: str = "") -> None:
        """A job, or the command, failed."""
        where = f"{source}: " if source else ""
        sys.stderr.write(f"error: {where}{error.cause}\n  what to do: {error.remedy}\n")


class QuietReporter(Reporter):
    """Errors only."""


class JsonReporter(Reporter):
    """One JSON object a line on standard output; errors on standard error as well."""

    def event(self, event: Event) -> None:
        """Print it."""
        self._line(event.to_json())

    def result(self, manifest: Manifest, out: str) -> None:
        """Print the outcome."""
        self._line(
            {
                "event": "job_finished",
                "job": manifest.job,
                "source": manifest.source.name,
                "status": manifest.status,
                "clips": [clip.file for clip in manifest.clips],
                "out": out,
            }
        )

    def failure(self, error: VideoClipError, source: str = "") -> None:
        """Print it as an event too."""
        self._line(
            {
                "event": "error",
                "source": source,
                "code": error.code,
                "cause": error.cause,
                "remedy": error.remedy,
                "exit_status": error.exit_status,
            }
        )
        super().failure(error, source)

    @staticmethod
    def _line(value: object) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


class TerminalReporter(Reporter):
    """A bar a stage with done/total, rate and remaining time; plain lines where there is no terminal."""

    def __init__(self) -> None:
        self._console = new_console()
        self._bars = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> TerminalReporter:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def event(self, event: Event) -> None:
        """Draw it."""
        if event.event == "job_started" and event.source:
            self._console.print(f"[bold]{escape(event.source)}[/]")
            self._bars.start()  # a result before this one has stopped them
        elif event.event == "notice":
            self._console.print(
                f"[yellow]note[/] {escape(str(event.data.get('message', '')))}", soft_wrap=True
            )
            if event.data.get("remedy"):
                self._console.print(
                    f"     [dim]{escape(str(event.data['remedy']))}[/]", soft_wrap=True
                )
        elif event.event == "error":
            self._console.print(
                f"[red]failed[/] {event.stage} {escape(str(event.data.get('unit', '')))}: "
                f"{escape(str(event.data.get('cause', '')))}"
            )
        elif event.stage:
            self._stage(event)

    def _stage(self, event: Event) -> None:
        label = _LABELS.get(event.stage, event.stage)
        if event.event == "stage_started":
            self._task = self._bars.add_task(label, total=max(event.total, 1e-9), note="")
        if self._task is not None:
            self._bars.update(self._task, completed=event.done, note=_note(event))
        if event.event == "stage_finished":
            self._task = None
            if not self._console.is_terminal:
                self._console.print(f"{label:<20} {_note(event)}")

    def result(self, manifest: Manifest, out: str) -> None:
        """Show the clips, or why there are none."""
        self._bars.stop()
        if manifest.clips:
            print_table(self._console, _clip_table(manifest))
        elif manifest.candidates:
            print_table(self._console, _candidate_table(manifest))
        for failure in manifest.failures:
            self._console.print(
                f"[red]failed[/] {failure.stage} {failure.unit}: {escape(failure.cause)}"
            )
            self._console.print(f"       [dim]{escape(failure.remedy)}[/]")
        count = len(manifest.clips)
        if not count and manifest.status == "nothing_selected":
            self._console.print("[yellow]No clip was made:[/] nothing passed")
        what = f"{count} clip{'' if count == 1 else 's'}" if count else "Results"
        self._console.print(f"{what} in [bold]{escape(out)}[/]", soft_wrap=True)


def _note(event: Event) -> str:
    if event.total == 0:
        return "nothing to do"
    if event.unit == "bytes":
        counted = f"{size_text(event.done)} of {size_text(event.total)}"
    elif event.unit == "s":
        counted = f"{_clock(event.done)}/{_clock(event.total)} of audio"
    else:
        counted = f"{event.done:.0f}/{event.total:.0f} {event.unit}"
    parts = [counted]
    if event.reused and event.reused >= int(event.total):
        parts.append("from an earlier run")
    elif event.rate:
        parts.append(f"{event.rate:.1f}x" if event.unit == "s" else "")
    if event.event == "stage_finished":
        parts.append(f"in {event.elapsed_s or 0:.1f} s")
    elif event.eta_s is not None:
        parts.append(f"about {_clock(event.eta_s)} left")
    return " · ".join(part for part in parts if part)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _clip_table(manifest: Manifest) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("#", justify="right")
    table.add_column("from", justify="right")
    table.add_column("to", justify="right")
    table.add_column("length", justify="right")
    table.add_column("score", justify="right")
    table.add_column("clip", overflow="fold")
    for number, clip in enumerate(manifest.clips, start=1):
        table.add_row(
            str(number),
            format_ms(clip.start_ms)[:-4],
            format_ms(clip.end_ms)[:-4],
            f"{clip.duration_ms / 1000:.1f} s",
            "" if clip.score is None else f"{clip.score:.2f}",
            escape(clip.title) + (f"\n[dim]{escape(clip.reason)}[/]" if clip.reason else ""),
        )
    return table


def _candidate_table(manifest: Manifest) -> Table:
    table = Table(title="No clip passed. The candidates were:", box=None, header_style="dim")
    for name in ("from", "to", "score", "candidate"):
        table.add_column(name, overflow="fold")
    for candidate in manifest.candidates[:20]:
        table.add_row(
            format_ms(candidate.start_ms)[:-4],
            format_ms(candidate.end_ms)[:-4],
            f"{candidate.score:.2f}",
            escape(candidate.title)
            + (f"\n[dim]dropped: {escape(candidate.dropped)}[/]" if candidate.dropped else ""),
        )
    return table


def reporter(*, as_json: bool, quiet: bool) -> Reporter:
    """The reporter that the options ask for."""
    if as_json:
        return JsonReporter()
    return QuietReporter() if quiet else TerminalReporter()
