"""The commands of the platform: what serves many users, beside the commands for one's own videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videoclip.settings import load_settings

__all__ = ["commands"]

commands = typer.Typer()
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


@commands.command()
def up(
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Serving file; else serve.config.")
    ] = None,
    models: Annotated[bool, typer.Option(help="Serve models.")] = True,
    jobs: Annotated[bool, typer.Option(help="Work on the queue of jobs.")] = True,
    gateway: Annotated[bool, typer.Option(help="Serve the API.")] = True,
    debug: Debug = False,
) -> int:
    """Start all of it on this machine: Ray, models, API, web UI, the queue; or find it running. Prints what to export."""
    from videoclip.cli.cluster import start_cluster

    return start_cluster(
        load_settings(), config=config, models=models, dispatcher=jobs, gateway=gateway
    )


@commands.command()
def down(debug: Debug = False) -> int:
    """End what `up` started."""
    from videoclip.cli.cluster import stop_cluster

    return stop_cluster(load_settings())


@commands.command()
def status(
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Tell of this server instead, as far as one may see."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    debug: Debug = False,
) -> int:
    """Tell what runs on this machine, the queue, the disk, versions and models; exit status 5 if it does not run."""
    if server is not None:
        from videoclip.cli.remote.status import run_status

        return run_status(server, as_json=as_json)
    from videoclip.cli.status import show_status

    return show_status(load_settings(), as_json=as_json)


@commands.command()
def gateway(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else gateway.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0: a free one; else gateway.port.")
    ] = None,
    debug: Debug = False,
) -> int:
    """Serve the HTTP API from this process, without Ray, until it is told to end."""
    from videoclip.cli.gateway import serve_gateway

    return serve_gateway(load_settings(), host=host, port=port)


@commands.command("admin-link")
def admin_link(
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long it is valid.")] = 24,
    debug: Debug = False,
) -> int:
    """Print a link that works once, and makes an account that administers the installation."""
    from videoclip.cli.gateway import make_admin_link

    return make_admin_link(load_settings(), hours=hours)


@commands.command()
def dispatch(debug: Debug = False) -> int:
    """Work on the queue of jobs until told to end; SIGTERM lets running jobs end, a second gives them back."""
    return _stay("actors.dispatcher", "dispatch")


@commands.command()
def sweep(
    once: Annotated[bool, typer.Option("--once", help="One sweep, and end.")] = False,
    debug: Debug = False,
) -> int:
    """Clear away what expired, and what rows and files have without each other, again and again until told to end."""
    return _stay("actors.sweeper", "serve", once=once)


@commands.command()
def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What is written; a folder gets a dated one.")
    ],
    recipient: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Encrypt to a public key of age or SSH; several times."),
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Encrypt with the passphrase in it.")
    ] = None,
    objects: Annotated[bool, typer.Option(help="With the videos and clips themselves.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.")] = False,
    keep: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of a folder: only the last N stay.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell what is in it as JSON.")] = False,
    debug: Debug = False,
) -> int:
    """Write database and objects into one file; others may go on working."""
    from videoclip.cli.backup import run_backup

    return run_backup(
        load_settings(), file, recipients=recipient or [], passphrase_file=passphrase_file,
        objects=objects, force=force, keep=keep, as_json=as_json,
    )  # fmt: skip


@commands.command()
def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Of videoclip backup; of a folder the last one.")
    ],
    identity: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Key of age or SSH that opens it.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Passphrase that opens it.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove what is in the database first.")
    ] = False,
    drill: Annotated[
        bool,
        typer.Option(
            "--drill", help="Only prove that it can be restored: into a place that goes again."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell what came back as JSON.")] = False,
    debug: Debug = False,
) -> int:
    """Put a backup back into an empty store; exit status 5 if objects are missing."""
    from videoclip.cli.backup import run_restore

    return run_restore(
        load_settings(), file, identity=identity, passphrase_file=passphrase_file, force=force,
        drill=drill, as_json=as_json,
    )  # fmt: skip


@commands.command()
def deliver(debug: Debug = False) -> int:
    """Send webhooks and notifications until told to end; several may run side by side."""
    return _stay("actors.deliverer", "serve")


@commands.command("audit-export")
def audit_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that is written.")],
    since: Annotated[
        str, typer.Option(metavar="DATE", help="Of the first record, such as 2026-01-31 (UTC).")
    ] = "1970-01-01",
    debug: Debug = False,
) -> int:
    """Write the audit of the installation and all workspaces into a file, one JSON object a line."""
    from videoclip.cli.audit import export_audit

    return export_audit(load_settings(), file, since)


@commands.command()
def report(
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="Id, or the output folder of clip or cut.")
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="FILE.html or FILE.json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    debug: Debug = False,
) -> int:
    """Tell where a job's time and money went: stages, units, attempts, processors, cards, tokens."""
    from videoclip.cli.report import show_report

    return show_report(load_settings(), job, out, as_json=as_json)


@commands.command()
def replay(
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="Id, or the output folder of clip or cut.")
    ],
    unit: Annotated[str, typer.Argument(metavar="STAGE/KEY", help="As the report names it.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    debug: Debug = False,
) -> int:
    """Do one unit of a job again, here and with the same inputs; exit status 5 if it does not give the same."""
    from videoclip.cli.report import run_replay

    return run_replay(load_settings(), job, unit, as_json=as_json)


def _stay(module: str, function: str, **options: bool) -> int:
    """Run a loop of the server part until it ends."""
    import asyncio

    from videoclip.cli.server_parts import load
    from videoclip.logs import log_to_stderr

    settings = load_settings()
    log_to_stderr(settings.observe)
    asyncio.run(getattr(load(module), function)(settings, **options))
    return 0
