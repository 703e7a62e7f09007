"""`videoclip up` and `videoclip down`: progress on standard error, what to export on standard output."""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path

import typer

from videoclip.cli.server_parts import load
from videoclip.settings import Settings

__all__ = ["start_cluster", "stop_cluster"]


def start_cluster(settings: Settings, *, config: Path | None, models: bool) -> int:
    """Start Ray and the served models; `eval "$(videoclip up)"` makes a shell use them.

    Raises:
        VideoClipError: the serving file is wrong, the models do not fit, or one does not start.
    """
    if config is not None:
        named = settings.serve.model_copy(update={"config": str(config.absolute())})
        settings = settings.model_copy(update={"serve": named})
    # Libraries write to standard output as they load; a shell would take that for commands.
    with contextlib.redirect_stdout(sys.stderr):
        served = load("cluster.serving").up(
            settings, models=models, say=lambda line: typer.echo(line, err=True)
        )
    if models and served.plan.llm is None:
        typer.echo(
            "No language model is served: there is no GPU, or llm.engine is none (docs/serving.md)",
            err=True,
        )
    typer.echo("To use it in this shell:", err=True)
    for name, value in served.variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    return 0


def stop_cluster(settings: Settings) -> int:
    """End Ray and all that is served on it."""
    stopped = load("cluster.serving").down(settings)
    typer.echo("Ray is down." if stopped else "No Ray was running.")
    return 0
