"""`videoclip audit-export`: who did what, for those who keep or search it elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

import typer

from videoclip.cli.sources import show
from videoclip.errors import OutputUnwritable, UsageError
from videoclip.settings import Settings
from videoclip.store.audit import everything
from videoclip.store.database import Database

__all__ = ["export_audit"]


def export_audit(settings: Settings, file: Path, since: str) -> int:
    """Write all records, oldest first; the file appears whole, readable by its owner only.

    Raises:
        UsageError: ``since`` is no date.
        OutputUnwritable: the file cannot be written.
    """
    try:
        first = datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise UsageError(f"--since {since!r} is not a date", "Write it as 2026-01-31") from error
    part = file.with_name(f".videoclip-part-{os.getpid()}-{file.name}"[:200])
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            count = asyncio.run(_write(settings, out, round(first.timestamp() * 1000)))
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise OutputUnwritable(
            f"{show(file)} cannot be written: {error.strerror or error}",
            "Name a file in a folder that exists and can be written",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"{count} records", err=True)
    return 0


async def _write(settings: Settings, out: IO[str], since_ms: int) -> int:
    count = 0
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings)
    try:
        await database.open()
        async with database.snapshot() as connection:
            async for record in everything(connection, since_ms):
                out.write(json.dumps(record, ensure_ascii=True) + "\n")
                count += 1
    finally:
        await database.close()
    return count
