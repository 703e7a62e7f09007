"""`login`, `logout`, `whoami`: a password or key is asked for, or read from standard input, never an argument."""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress

import typer

from videoclip.cli.remote.credentials import Credentials, SignIn
from videoclip.cli.remote.session import connected, server_of
from videoclip.cli.remote.text import plain
from videoclip.client import VideoClip, VideoClipError
from videoclip.errors import UsageError
from videoclip.schemas.api.auth import MeOut

__all__ = ["run_login", "run_logout", "run_whoami"]

_KEY = "vck_"
_INVITATION = re.compile(r"https?://\S+/#/invitation/\S+")


def run_login(server: str | None, email: str | None) -> int:
    """Sign in as a person, or keep a key.

    Raises:
        UsageError: nothing was given.
        NotSignedIn: the server does not know these.
    """
    credentials = Credentials()
    where = server_of(server, credentials)
    if sys.stdin.isatty():
        typer.echo(f"Sign in at {where}", err=True)
        who = email or typer.prompt("E-mail (leave it empty to give an API key)", "", err=True)
        secret = typer.prompt("Password" if who else "API key", hide_input=True, err=True)
    else:
        who, secret = email or "", sys.stdin.readline().strip("\r\n")
    if not secret:
        raise UsageError(
            "no password and no key was given",
            "Type it, or send it: videoclip login --server URL < key.txt; with --email, a password",
        )
    if (link := _INVITATION.search(secret)) is not None:
        raise UsageError(
            "this is an invitation, and no password and no key",
            f"Open {link.group(0)} in a browser and make the account; then sign in by --email, or with a key",
        )
    if who and not secret.startswith(_KEY):
        with VideoClip(where, "") as client:
            tokens = client.auth.token(who, secret)
        found = SignIn(tokens=tokens)
    else:
        found = SignIn(key=secret.strip())
    with VideoClip(where, found.tokens.access_token if found.tokens else found.key) as client:
        me = client.auth.me()
    with credentials.alone():
        credentials.keep(where, found)
        credentials.choose(where)
    typer.echo(f"Signed in at {where} as {_name(me)}, in the workspace {_place(me)}")
    return 0


def run_logout(server: str | None) -> int:
    """End the sign-in and forget it; a key is forgotten here and stays valid."""
    credentials = Credentials()
    where = server_of(server, credentials)
    known = credentials.find(where)
    if known is None:
        typer.echo(f"Nobody was signed in at {where}")
        return 0
    if known.tokens is not None:
        with suppress(VideoClipError), VideoClip(where, "") as client:
            client.auth.sign_out(known.tokens.refresh_token)
    with credentials.alone():
        credentials.forget(where)
    kept = "; the key stays valid until it is revoked" if known.key else ""
    typer.echo(f"Signed out at {where}{kept}")
    return 0


def run_whoami(server: str | None, *, as_json: bool) -> int:
    """Tell who one is at the server."""
    with connected(server) as client:
        me = client.auth.me()
        where = client.base_url
    if as_json:
        typer.echo(json.dumps({"server": where, **me.model_dump(mode="json")}))
        return 0
    typer.echo(f"{_name(me)} at {where}")
    typer.echo(f"workspace {_place(me)}, as {me.role}")
    if me.user is not None and me.user.is_admin and me.key_id is None:
        typer.echo("administers the installation")
    return 0


def _name(me: MeOut) -> str:
    person = f"{plain(me.user.name)} <{plain(me.user.email)}>" if me.user else "somebody"
    return f"{person} by a key" if me.key_id else person


def _place(me: MeOut) -> str:
    return next((plain(p.name) for p in me.workspaces if p.id == me.workspace_id), me.workspace_id)
