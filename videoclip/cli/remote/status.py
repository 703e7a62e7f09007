"""`videoclip status --server`: how the server does, as far as one may see."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from videoclip.cli.console import new_console, print_table
from videoclip.cli.remote.session import connected
from videoclip.cli.remote.text import plain
from videoclip.client import NotAllowed
from videoclip.schemas.api.admin import StatusOut
from videoclip.sizes import size_text

__all__ = ["run_status"]

T = TypeVar("T")


def run_status(server: str | None, *, as_json: bool) -> int:
    """Tell whether it works, what the workspace has and may; administrators hear of the whole installation."""
    with connected(server) as client:
        told: dict[str, Any] = {"server": client.base_url, "ready": client.health.ready().status}
        for name, ask in (("workspace", client.workspace.get), ("usage", client.audit.quota)):
            found = _allowed(ask)
            told[name] = found and found.model_dump(mode="json")
        installation = _allowed(client.admin.status)
    if as_json:
        told["installation"] = installation and installation.model_dump(mode="json")
        typer.echo(json.dumps(told))
        return 0
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _facts(told, installation):
        table.add_row(name, escape(value))
    print_table(new_console(), table)
    return 0


def _allowed(ask: Callable[[], T]) -> T | None:
    """What is told, or None where the key or the role does not include it."""
    try:
        return ask()
    except NotAllowed:
        return None


def _facts(told: dict[str, Any], installation: StatusOut | None) -> list[tuple[str, str]]:
    facts = [("server", f"{told['server']}: {plain(told['ready'])}")]
    if told["workspace"] is not None:
        facts.append(("workspace", plain(told["workspace"]["name"])))
    if (usage := told["usage"]) is not None:
        stored = usage["asset_bytes"] + usage["upload_bytes"] + usage["result_bytes"]
        facts.append(("keeps", _of(size_text(stored), usage["limits"]["max_bytes"], size_text)))
    if installation is None:
        return facts
    facts.append(("version", plain(installation.version)))
    jobs = ", ".join(f"{count} {state}" for state, count in installation.jobs.items())
    facts.append(("jobs", jobs or "none"))
    for one in installation.dispatchers:
        state = " (ends)" if one.draining else ""
        facts.append(("dispatcher", f"{plain(one.id)}: {one.running} of {one.slots}{state}"))
    if not installation.dispatchers:
        facts.append(("dispatcher", "none: jobs wait (videoclip up, or videoclip dispatch)"))
    free, whole = size_text(installation.disk_free_bytes), size_text(installation.disk_bytes)
    facts.append(("disk", f"{free} free of {whole}"))
    for app in installation.cluster.deployments if installation.cluster else []:
        facts.append((plain(app.app), f"{plain(app.name)} {plain(app.status)}"))  # noqa: PERF401
    return facts


def _of(used: str, limit: int | None, text: Callable[[int], str]) -> str:
    return used if limit is None else f"{used} of {text(limit)}"
