"""The command where only its part for servers is installed (`video-clip[cli]`): the commands against a server."""

from __future__ import annotations

import typer

from videoclip import __version__
from videoclip.cli.remote.commands import AsJson, Debug, Server, commands

__all__ = ["NAMES", "app"]

app = typer.Typer(
    help="Long videos in, finished clips out: at a server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(commands)


@app.command()
def version() -> int:
    """Print the version."""
    typer.echo(f"video-clip {__version__}")
    return 0


@app.command()
def status(server: Server = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Tell how a server does, as far as one may see."""
    from videoclip.cli.remote.status import run_status

    return run_status(server, as_json=as_json)


def _names() -> frozenset[str]:
    told = [
        command.name or getattr(command.callback, "__name__", "")
        for command in commands.registered_commands
    ]
    return frozenset(
        [*told, *(str(group.name) for group in commands.registered_groups), "status", "version"]
    )


NAMES = _names()
"""What it can be asked for."""
