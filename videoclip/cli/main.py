"""Entry of the command: every error becomes one line of cause, one of remedy, and an exit status."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from videoclip.cli.stopping import leave
from videoclip.errors import Cancelled, VideoClipError

if TYPE_CHECKING:
    import typer

__all__ = ["call", "entry", "guarded", "main"]

_INTERNAL = 1
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (see ``docs/cli.md``)."""
    return guarded(_run, list(sys.argv[1:] if arguments is None else arguments))


def guarded(run: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """The exit status of a command, whose errors are told in two lines."""
    debug = "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a title must not fail in a C or Latin-1 locale
            stream.reconfigure(errors="backslashreplace")
    try:
        return run(arguments)
    except VideoClipError as error:
        if debug:
            raise
        return _tell(error.cause, error.remedy, error.exit_status)
    except KeyboardInterrupt:
        return _tell(
            "cancelled", "Run the same command again to go on from here", Cancelled.exit_status
        )
    except BrokenPipeError:
        return _INTERNAL
    except Exception as error:
        if debug:
            raise
        return _tell(
            f"unexpected {type(error).__name__}: {error}",
            "This is a defect: run again with --debug and report what it prints",
            _INTERNAL,
        )


def entry() -> None:
    """Run the command as a process of its own."""
    sys.exit(leave(main()))


def _run(arguments: Sequence[str]) -> int:
    try:
        from videoclip.cli.app import app
    except ModuleNotFoundError as error:
        part = _part_for_servers(arguments)
        if part is None:
            return _tell(
                f"the command needs {error.name}, which is not installed",
                'Install the server part: pip install "video-clip[server]"; '
                'what speaks to a server needs no more than "video-clip[cli]"',
                _USAGE,
            )
        app = part
    return call(app, arguments, "videoclip")


def call(app: typer.Typer, arguments: Sequence[str], name: str) -> int:
    """Let the parser of a command work; what it finds wrong is told as all errors are."""
    import typer
    from typer.exceptions import TyperException

    try:
        status = app(arguments, standalone_mode=False, prog_name=name)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except TyperException as error:  # wrong usage, found by the parser
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else name
        told = getattr(error, "format_message", error.__str__)()
        if not told:  # no command was given, and the help is on the screen
            return _USAGE
        return _tell(told.replace("Value error, ", ""), f"See {command} --help", _USAGE)
    return status if isinstance(status, int) else 0


def _part_for_servers(arguments: Sequence[str]) -> typer.Typer | None:
    """The commands against a server, which need less, where one of them is meant; None: it is not, or typer is missing."""
    try:
        from videoclip.cli.remote.alone import NAMES, app
    except ModuleNotFoundError:
        return None
    first = arguments[0] if arguments else ""
    return app if not first or first.startswith("-") or first in NAMES else None


def _tell(cause: str, remedy: str, status: int) -> int:
    flat = " ".join(cause.split())
    sys.stderr.write(f"error: {flat}\n  what to do: {remedy}\n")
    return status


if __name__ == "__main__":
    entry()
