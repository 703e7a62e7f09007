"""`videoclip up` and `videoclip down`: progress on standard error, what to export on standard output."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.status import Status

from videoclip.cli.gateway import first_link
from videoclip.cli.server_parts import load
from videoclip.settings import Settings

__all__ = ["start_cluster", "stop_cluster"]

_LINK_HOURS = 24


class _Steps:
    """What is done, line by line, and what is waited for: a line that changes in a terminal, else one for each change."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._names: tuple[str, ...] = ()

    def say(self, line: str) -> None:
        """Something is done."""
        self._console.print(line, markup=False)

    def waiting(self, names: Sequence[str], seconds: float) -> None:
        """Something is not done yet."""
        text = f"Waiting for: {', '.join(names)}"
        if not self._console.is_terminal:
            if tuple(names) != self._names:
                self.say(text)
        elif self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(f"{text} · {seconds:.0f} s")
        self._names = tuple(names)

    def end(self) -> None:
        """Nothing is waited for any more."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def start_cluster(
    settings: Settings, *, config: Path | None, models: bool, dispatcher: bool, gateway: bool
) -> int:
    """Start Ray and what is served on it, or find it running; `eval "$(videoclip up)"` makes a shell use it.

    Raises:
        VideoClipError: the serving file is wrong, the models do not fit, or something does not start.
    """
    if config is not None:
        named = settings.serve.model_copy(update={"config": str(config.absolute())})
        settings = settings.model_copy(update={"serve": named})
    steps = _Steps()
    # Libraries write to standard output as they load; a shell would take that for commands.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            served = load("cluster.serving").up(
                settings,
                models=models,
                dispatcher=dispatcher,
                gateway=gateway,
                say=steps.say,
                waiting=steps.waiting,
            )
        finally:
            steps.end()
        link = first_link(settings, served.url, hours=_LINK_HOURS) if served.url else None
    if models and served.plan.llm is None:
        steps.say(
            "No language model is served: there is no GPU, or llm.engine is none (docs/serving.md)"
        )
    if served.outdated:
        steps.say(
            "Settings have changed since it was started: videoclip down, then up, puts them in force"
        )
    steps.say("It runs already." if served.ran else "Video-Clip is up.")
    for name, value in _summary(settings, served.url, link):
        steps.say(f"  {name:<12} {value}")
    steps.say("To use it in this shell:")
    for name, value in served.variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    return 0


def _summary(settings: Settings, url: str, link: str | None) -> list[tuple[str, str]]:
    lines = []
    if url:
        page = "web UI" if settings.ui.enabled else "API"
        lines.append((page, f"{url}/" if settings.ui.enabled else f"{url}/api/v1"))
    lines.append(("data folder", str(settings.data_dir.absolute())))
    if link is not None:
        lines.append(("first account", f"{link}  (once, for {_LINK_HOURS} hours)"))
    return [*lines, ("to end it", "videoclip down")]


def stop_cluster(settings: Settings) -> int:
    """End Ray and all that is served on it."""
    stopped = load("cluster.serving").down(settings)
    typer.echo("Ray is down." if stopped else "No Ray was running.")
    return 0
