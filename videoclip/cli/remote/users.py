"""`videoclip users`: people of the workspace and of the installation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import typer
from rich.markup import escape
from rich.table import Table

from videoclip.cli.console import new_console, print_table
from videoclip.cli.remote.session import connected
from videoclip.cli.remote.text import plain, when
from videoclip.client import NotFound, VideoClip
from videoclip.errors import UsageError
from videoclip.schemas.api.admin import AdminUserOut
from videoclip.schemas.api.roles import ROLES, Role

__all__ = ["run_disable", "run_invite", "run_list"]


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    email: str
    name: str
    role: str
    since_ms: int
    state: str = ""


def run_list(server: str | None, *, everybody: bool, as_json: bool) -> int:
    """People of the workspace; or all of the installation, for its administrators."""
    with connected(server) as client:
        found = [_user(one) for one in client.admin.users()] if everybody else _members(client)
    if as_json:
        for person in found:
            told = {"id": person.id, "email": person.email, "name": person.name}
            told |= {"role": person.role, "state": person.state}
            typer.echo(json.dumps(told))
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("e-mail", "name", "role", "since", ""):
        table.add_column(title, overflow="fold")
    for person in found:
        table.add_row(
            escape(plain(person.email)), escape(plain(person.name)), person.role,
            when(person.since_ms), person.state,
        )  # fmt: skip
    print_table(new_console(), table)
    return 0


def _user(one: AdminUserOut) -> _Person:
    role = "administrator" if one.is_admin else ""
    state = "locked out" if one.disabled_ms is not None else ""
    return _Person(one.id, one.email, one.name, role, one.created_ms, state)


def _members(client: VideoClip) -> list[_Person]:
    return [
        _Person(one.user_id, one.email, one.name, one.role, one.created_ms)
        for one in client.workspace.members()
    ]


def run_invite(server: str | None, email: str | None, role: str, *, as_json: bool) -> int:
    """Make an invitation and print its link, once."""
    if role not in ROLES:
        raise UsageError(f"there is no role {role!r}", f"Choose one of {', '.join(ROLES)}")
    with connected(server) as client:
        made = client.workspace.invite(cast("Role", role), email=email)
        # After the #, so that neither a server nor a log on the way sees it.
        link = f"{client.base_url}/#/invitation/{made.token}"
    if as_json:
        typer.echo(json.dumps({"id": made.id, "link": link, "expires_ms": made.expires_ms}))
        return 0
    typer.echo(f"Valid once, until {when(made.expires_ms)}:", err=True)
    typer.echo(link)
    return 0


def run_disable(server: str | None, people: Sequence[str], *, disabled: bool) -> int:
    """Lock people out of the installation, or let them in again."""
    with connected(server) as client:
        known = {key: one for one in client.admin.users() for key in (one.id, one.email.lower())}
        missing = [who for who in people if who.lower() not in known]
        if missing:
            raise NotFound(
                f"there is no user {plain(missing[0])}", "See videoclip users list --all"
            )
        for who in people:
            user = known[who.lower()]
            client.admin.disable_user(user.id, disabled=disabled)
            typer.echo(f"{plain(user.email)} {'locked out' if disabled else 'let in'}")
    return 0
