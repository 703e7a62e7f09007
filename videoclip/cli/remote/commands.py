"""The commands against a server, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videoclip.cli.clip_options import ClipWishes, with_wishes
from videoclip.cli.statuses import Shown

__all__ = ["AsJson", "Debug", "Server", "commands"]

commands = typer.Typer()
jobs_commands = typer.Typer(help="Jobs of a server.", no_args_is_help=False)
users_commands = typer.Typer(help="People of a server.", no_args_is_help=True)
commands.add_typer(jobs_commands, name="jobs")
commands.add_typer(users_commands, name="users")

Server = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Address; else VIDEOCLIP_SERVER, the last login, this machine."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, one object a line.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]
JobIds = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.")]
Into = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Bring the files here.")
]


@commands.command()
def login(
    server: Server = None,
    email: Annotated[str | None, typer.Option(help="Sign in as a person, by password.")] = None,
    debug: Debug = False,
) -> int:
    """Sign in at a server: asks for e-mail and password, or takes a key or password from standard input."""
    from videoclip.cli.remote.sign_in import run_login

    return run_login(server, email)


@commands.command()
def logout(server: Server = None, debug: Debug = False) -> int:
    """End the sign-in at a server, and forget its key."""
    from videoclip.cli.remote.sign_in import run_logout

    return run_logout(server)


@commands.command()
def whoami(server: Server = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Tell who one is at a server."""
    from videoclip.cli.remote.sign_in import run_whoami

    return run_whoami(server, as_json=as_json)


@commands.command()
@with_wishes
def submit(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="File, folder or list here; https://, s3://, asset:ID."
        ),
    ],
    wishes: ClipWishes,
    server: Server = None,
    out: Into = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show the jobs until they are over.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Let a server make clips of SOURCE; -o waits and brings them here."""
    from videoclip.cli.remote.submit import run_submit

    return run_submit(
        server, source, wishes, out=out, wait=wait, as_json=as_json, quiet=quiet
    )  # fmt: skip


@commands.command()
@with_wishes
def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of this machine.")],
    wishes: ClipWishes,
    server: Server = None,
    out: Into = None,
    every: Annotated[
        float, typer.Option(metavar="S", min=0.1, help="Pause between two looks.")
    ] = 10.0,
    settle: Annotated[
        float, typer.Option(metavar="S", min=0, help="A file that did not change so long is whole.")
    ] = 30.0,
    once: Annotated[
        bool, typer.Option("--once", help="End when all that is there now is over.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Let a server make clips of each video that comes into FOLDER, until told to end."""
    from videoclip.cli.remote.watch import run_watch

    return run_watch(
        server, folder, wishes, out=out, every_s=every, settle_s=settle, once=once,
        as_json=as_json, quiet=quiet,
    )  # fmt: skip


@commands.command()
def download(
    job: JobId,
    server: Server = None,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where to.")] = Path(),
    archive: Annotated[bool, typer.Option("--zip", help="As one ZIP; -o names it.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Bring what a job made here; goes on where an earlier download was stopped."""
    from videoclip.cli.remote.jobs import run_download

    return run_download(server, job, out=out, archive=archive, as_json=as_json, quiet=quiet)


@commands.command()
def mcp(
    server: Server = None,
    folder: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Agents may upload files that are in it; repeat it."),
    ] = None,
    debug: Debug = False,
) -> int:
    """Offer a server's operations to agents: a Model Context Protocol server on standard input and output."""
    from videoclip.cli.remote.mcp.server import run_mcp

    return run_mcp(server, folder or [])


@jobs_commands.callback(invoke_without_command=True)
def jobs(context: typer.Context) -> None:
    """Jobs of a server: list (which is what comes without a word), show, follow, cancel, retry."""
    if context.invoked_subcommand is None:
        raise typer.Exit(jobs_list())


@jobs_commands.command("list")
def jobs_list(
    server: Server = None,
    state: Annotated[Shown | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """List jobs, newest first."""
    from videoclip.cli.remote.jobs import run_list

    return run_list(server, state=state, kind=kind, limit=limit, as_json=as_json)


@jobs_commands.command("show")
def jobs_show(
    job: JobId, server: Server = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Tell where a job stands and what it made."""
    from videoclip.cli.remote.jobs import run_show

    return run_show(server, job, as_json=as_json)


@jobs_commands.command("follow")
def jobs_follow(
    job: JobIds,
    server: Server = None,
    out: Into = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Show jobs until they are over; the exit status is theirs."""
    from videoclip.cli.remote.jobs import run_follow

    return run_follow(server, job, out=out, as_json=as_json, quiet=quiet)


@jobs_commands.command("cancel")
def jobs_cancel(job: JobIds, server: Server = None, debug: Debug = False) -> int:
    """Cancel jobs."""
    from videoclip.cli.remote.jobs import run_cancel

    return run_cancel(server, job)


@jobs_commands.command("retry")
def jobs_retry(job: JobIds, server: Server = None, debug: Debug = False) -> int:
    """Let jobs run again that failed, were cancelled or are partial; what was finished stays."""
    from videoclip.cli.remote.jobs import run_retry

    return run_retry(server, job)


@users_commands.command("list")
def users_list(
    server: Server = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Of the whole installation; for its administrators.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """List the people of the workspace."""
    from videoclip.cli.remote.users import run_list

    return run_list(server, everybody=everybody, as_json=as_json)


@users_commands.command("invite")
def users_invite(
    email: Annotated[
        str | None, typer.Argument(metavar="[E-MAIL]", help="Who; else whoever has the link.")
    ] = None,
    server: Server = None,
    role: Annotated[str, typer.Option(help="viewer, editor, admin or owner.")] = "editor",
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Print a link that lets somebody into the workspace, once."""
    from videoclip.cli.remote.users import run_invite

    return run_invite(server, email, role, as_json=as_json)


@users_commands.command("disable")
def users_disable(
    who: Annotated[list[str], typer.Argument(metavar="WHO...", help="E-mail addresses or ids.")],
    server: Server = None,
    debug: Debug = False,
) -> int:
    """Lock people out of the installation, at once and with their keys; for its administrators."""
    from videoclip.cli.remote.users import run_disable

    return run_disable(server, who, disabled=True)


@users_commands.command("enable")
def users_enable(
    who: Annotated[list[str], typer.Argument(metavar="WHO...", help="E-mail addresses or ids.")],
    server: Server = None,
    debug: Debug = False,
) -> int:
    """Let people in again."""
    from videoclip.cli.remote.users import run_disable

    return run_disable(server, who, disabled=False)
