"""Entry of the command: every error becomes one line of cause, one of remedy, and an exit status."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from videoclip.errors import Cancelled, VideoClipError

__all__ = ["main"]

_INTERNAL = 1
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (see ``docs/cli.md``)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a title must not fail in a C or Latin-1 locale
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(arguments)
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


def _run(arguments: Sequence[str]) -> int:
    try:
        from videoclip.cli.app import app
    except ModuleNotFoundError as error:
        return _tell(
            f"the command needs {error.name}, which is not installed",
            'Install the server part: pip install "video-clip[server]"',
            _USAGE,
        )
    import typer
    from typer.exceptions import TyperException

    try:
        status = app(arguments, standalone_mode=False, prog_name="videoclip")
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except TyperException as error:  # wrong usage, found by the parser
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "videoclip"
        told = getattr(error, "format_message", error.__str__)()
        if not told:  # no command was given, and the help is on the screen
            return _USAGE
        return _tell(told.replace("Value error, ", ""), f"See {command} --help", _USAGE)
    return status if isinstance(status, int) else 0


def _tell(cause: str, remedy: str, status: int) -> int:
    flat = " ".join(cause.split())
    sys.stderr.write(f"error: {flat}\n  what to do: {remedy}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
