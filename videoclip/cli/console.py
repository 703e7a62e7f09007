"""Progress and results in the terminal, or as one JSON line an event."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from videoclip.errors import VideoClipError, one_line
from videoclip.progress import Event
from videoclip.schemas import Candidate, Clip, Failure, Manifest
from videoclip.sizes import size_text
from videoclip.timecode import format_ms

__all__ = [
    "JsonReporter",
    "Made",
    "QuietReporter",
    "Reporter",
    "TerminalReporter",
    "candidate_table",
    "clip_table",
    "counted",
    "new_console",
    "print_table",
    "reporter",
]

_PIPED_WIDTH = 1000
_LOG_PAUSE_S = 10.0
_LABELS = {
    "upload": "Uploading",
    "download": "Downloading",
    "read": "Reading the source",
    "audio": "Extracting audio",
    "recognise": "Recognising speech",
    "model_start": "Starting the language model",
    "highlight": "Picking highlights",
    "posts": "Writing posts",
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


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a job, as far as it is shown."""

    job: str
    source: str
    status: str
    clips: Sequence[Clip]
    candidates: Sequence[Candidate]
    failures: Sequence[Failure] = ()


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
        self.made(
            Made(
                manifest.job, manifest.source.name, manifest.status, manifest.clips,
                manifest.candidates, manifest.failures,
            ),
            out,
        )  # fmt: skip

    def made(self, made: Made, out: str) -> None:
        """The same; ``out`` is empty where the files stay at a server."""

    def note(self, text: str) -> None:
        """Something that people want to know, and programs do not."""

    def clear(self) -> None:
        """No stage goes on any more: what comes next is no progress."""

    def failure(self, error: VideoClipError, source: str = "") -> None:
        """A job, or the command, failed."""
        where = f"{source}: " if source else ""
        sys.stderr.write(f"error: {where}{error.cause}\n  what to do: {error.remedy}\n")


class QuietReporter(Reporter):
    """Errors only."""


class JsonReporter(Reporter):
    """One JSON object a line on standard output; errors on standard error as well."""

    def __init__(self) -> None:
        self._out = sys.stdout  # libraries' own output is kept away by putting another in its place

    def event(self, event: Event) -> None:
        """Print it."""
        self._line(event.to_json())

    def made(self, made: Made, out: str) -> None:
        """Print the outcome."""
        self._line(
            {
                "event": "job_finished",
                "job": made.job,
                "source": made.source,
                "status": made.status,
                "clips": [clip.file for clip in made.clips],
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

    def _line(self, value: object) -> None:
        self._out.write(json.dumps(value) + "\n")
        self._out.flush()


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
        self._printed_at = time.monotonic()

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

    def note(self, text: str) -> None:
        """Print it above the bars."""
        self._console.print(f"[dim]{escape(text)}[/]", soft_wrap=True)

    def clear(self) -> None:
        """Leave the bars on the screen as they are; those to come begin below."""
        self._bars.stop()
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._task = None

    def event(self, event: Event) -> None:
        """Draw it."""
        if event.event == "job_started" and event.source:
            self._console.print(f"[bold]{escape(event.source)}[/]")
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
        label = _LABELS.get(event.stage, escape(event.stage))
        if event.event == "stage_started":
            self._bars.start()  # a result before this one has stopped them
            self._task = self._bars.add_task(label, total=max(event.total, 1e-9), note="")
        if self._task is not None:
            self._bars.update(self._task, completed=event.done, note=_note(event))
        if event.event == "stage_finished":
            self._task = None
        if not self._console.is_terminal and self._is_worth_a_line(event):
            self._console.print(f"{label:<20} {_note(event)}")

    def _is_worth_a_line(self, event: Event) -> bool:
        """In a log: the end of a stage, and from time to time how far a long one is."""
        now = time.monotonic()
        worth = event.event == "stage_finished" or now - self._printed_at >= _LOG_PAUSE_S
        if worth:
            self._printed_at = now
        return worth

    def made(self, made: Made, out: str) -> None:
        """Show the clips, or why there are none."""
        self.clear()
        if made.clips:
            print_table(self._console, clip_table(made.clips))
        elif made.candidates:
            print_table(self._console, candidate_table(made.candidates))
        for failure in made.failures:
            self._console.print(
                f"[red]failed[/] {failure.stage} {failure.unit}: {escape(failure.cause)}"
            )
            self._console.print(f"       [dim]{escape(failure.remedy)}[/]")
        if not made.clips and made.status == "nothing_selected":
            self._console.print("[yellow]No clip was made[/]")
        what = counted(len(made.clips), "clip") if made.clips else "Results"
        where = f" in [bold]{escape(out)}[/]" if out else " at the server"
        self._console.print(f"{what}{where}", soft_wrap=True)


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


def counted(number: int, what: str) -> str:
    """``1 clip``, ``2 clips``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def clip_table(clips: Sequence[Clip]) -> Table:
    """Clips, best first."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("#", justify="right")
    table.add_column("from", justify="right")
    table.add_column("to", justify="right")
    table.add_column("length", justify="right")
    table.add_column("score", justify="right")
    table.add_column("clip", overflow="fold")
    for number, clip in enumerate(clips, start=1):
        table.add_row(
            str(number),
            format_ms(clip.start_ms)[:-4],
            format_ms(clip.end_ms)[:-4],
            f"{clip.duration_ms / 1000:.1f} s",
            "" if clip.score is None else f"{clip.score:.2f}",
            _shown(clip.title) + (f"\n[dim]{_shown(clip.reason)}[/]" if clip.reason else ""),
        )
    return table


def candidate_table(candidates: Sequence[Candidate]) -> Table:
    """What was considered where nothing was taken, with the reasons."""
    table = Table(title="No clip passed. The candidates were:", box=None, header_style="dim")
    for name in ("from", "to", "score", "candidate"):
        table.add_column(name, overflow="fold")
    for candidate in candidates[:20]:
        table.add_row(
            format_ms(candidate.start_ms)[:-4],
            format_ms(candidate.end_ms)[:-4],
            f"{candidate.score:.2f}",
            _shown(candidate.title)
            + (f"\n[dim]dropped: {_shown(candidate.dropped)}[/]" if candidate.dropped else ""),
        )
    return table


def _shown(text: str) -> str:
    """A text of others in a table: one line, neither markup nor what would move the cursor."""
    return escape(one_line(text))


def reporter(*, as_json: bool, quiet: bool) -> Reporter:
    """The reporter that the options ask for."""
    if as_json:
        return JsonReporter()
    return QuietReporter() if quiet else TerminalReporter()
