"""Workspaces with destinations, and jobs that end, for tests of what is told of them."""

from __future__ import annotations

from typing import Any

from videoclip.net.webhook import new_secret
from videoclip.store.database import Database
from videoclip.store.destinations import DestinationRecord, Destinations
from videoclip.store.models import Workspace
from videoclip.store.secrets import Secrets

__all__ = ["SECRET", "add_webhook", "add_workspaces", "end_job"]

SECRET = new_secret()


async def add_workspaces(database: Database, *names: str) -> None:
    """Workspaces whose ids are their names."""
    async with database.session() as session:
        session.add_all(Workspace(id=name, name=name) for name in names)


async def add_webhook(
    database: Database, secrets: Secrets, workspace: str, url: str, *events: str
) -> DestinationRecord:
    """A webhook that signs with `SECRET`."""
    async with database.session() as session:
        return await Destinations(session, workspace, secrets).create(
            "webhook", "hook", url, "shown", events or ("*",), secret=SECRET
        )


async def end_job(database: Database, workspace: str, state: str = "succeeded", **more: Any) -> str:
    """A job that is asked for, started and ended, each in its own transaction."""
    async with database.queue() as queue:
        job = await queue.enqueue(workspace, "transcribe", {"source": "a"}, **more)
    async with database.queue() as queue:
        claim = await queue.claim("test", lease_ms=60_000)
    assert claim is not None
    assert claim.id == job.id
    async with database.queue() as queue:
        if state == "failed":
            fault = {"code": "source_not_media", "cause": "no video", "remedy": "Give a video"}
            await queue.fail(claim.id, claim.attempt, fault, retryable=False)
        else:
            await queue.finish(claim.id, claim.attempt, state)
    return job.id
