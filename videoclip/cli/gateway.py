"""`videoclip gateway` and `videoclip admin-link`: the API on this machine, and the first way into it."""

from __future__ import annotations

import asyncio

import typer

from videoclip.cli.server_parts import load
from videoclip.settings import Settings

__all__ = ["first_link", "make_admin_link", "serve_gateway"]


def serve_gateway(settings: Settings, *, host: str | None, port: int | None) -> int:
    """Serve the API until the process is told to end."""
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    gateway = settings.gateway.model_copy(update=changes)
    status: int = load("serve_apps.gateway.server").run(
        settings.model_copy(update={"gateway": gateway})
    )
    return status


def make_admin_link(settings: Settings, *, hours: int) -> int:
    """Print a link that makes, once, an account that administers the installation."""
    gateway = settings.gateway
    word = asyncio.run(_invite(settings, hours, only_first=False))
    typer.echo(f"Valid once, for {hours} h; earlier links are no longer valid.", err=True)
    typer.echo(
        "Without a browser: docs/api.md says how to use the word after the last slash.", err=True
    )
    typer.echo(_link(settings, f"http://{gateway.host}:{gateway.port}", word))
    return 0


def first_link(settings: Settings, base: str, *, hours: int) -> str | None:
    """Such a link while nobody administers the installation; None: somebody does.

    Args:
        settings: of the database.
        base: where the API is served, unless the settings name a public address.
        hours: how long it is valid; earlier ones end.
    """
    word = asyncio.run(_invite(settings, hours, only_first=True))
    return _link(settings, base, word) if word else None


async def _invite(settings: Settings, hours: int, *, only_first: bool) -> str:
    """The word of a new invitation; empty: there is an administrator, and only a first one was wanted."""
    from videoclip.store.accounts import Accounts
    from videoclip.store.audit import Actor
    from videoclip.store.database import Database
    from videoclip.store.invitations import Invitations

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings)
    try:
        await database.open()
        async with database.session() as session:
            if only_first and await Accounts(session).has_admin():
                return ""
            _, word = await Invitations(session, None).create("owner", None, hours, Actor())
    finally:
        await database.close()
    return word


def _link(settings: Settings, base: str, word: str) -> str:
    # After the #, so that neither a server nor a log on the way sees it.
    return f"{settings.gateway.public_url.rstrip('/') or base}/#/invitation/{word}"
