"""Write a backup: one moment of the database, then the objects, which never change."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from videoclip import __version__
from videoclip.errors import OutputUnwritable, StoreError
from videoclip.settings import Settings
from videoclip.store.audit import BACKUP_MADE, Actor, record
from videoclip.store.backup.archive import ArchiveWriter
from videoclip.store.backup.rows import columns_of, plain, tables
from videoclip.store.backup.seal import Seal
from videoclip.store.database import Database
from videoclip.store.models import HEAD, SCHEMA_VERSION
from videoclip.store.objects import ObjectRef, Objects, disk_errors, open_objects
from videoclip.store.secrets import KEY_FILE

__all__ = ["FORMAT", "BackedUp", "backup"]

FORMAT = 1
_LOG = logging.getLogger("videoclip.backup")
_ROWS = 1000
_ROWS_BYTES = 4 * 2**20
_LIST = 5000


@dataclass
class BackedUp:
    """What a backup holds."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    bytes: int = 0
    """Of the archive, before encryption."""
    has_objects: bool = True
    has_key: bool = False
    damaged: list[str] = field(default_factory=list)
    """Digests of objects that are not what they should be; a restore leaves them out."""


def backup(
    settings: Settings,
    path: Path,
    *,
    seal: Seal | None = None,
    objects: bool = True,
    replace: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> BackedUp:
    """Write everything into one file, which appears when it is whole. Others may go on working.

    Args:
        settings: of the store.
        path: the file; readable by its owner only.
        seal: how it is encrypted; then the keys of secrets are in it too.
        objects: with the objects; else only with a list of them.
        replace: replace a file that is there.
        told: hears of bytes that were written.

    Raises:
        OutputUnwritable: the file is there, or cannot be written.
        StorageFull: no space is left.
        StoreError: the database or the object store refused.
    """
    if path.exists() and not replace:
        raise OutputUnwritable(f"{path} is there already", "Name another file, or use --force")
    staged = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with disk_errors(path.parent):
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                with (seal or Seal()).writing(stream) as inner:
                    writer = _Writer(settings, ArchiveWriter(inner), told)
                    made = asyncio.run(writer.write(path, seal=seal or Seal(), objects=objects))
                stream.flush()
                os.fsync(stream.fileno())
            staged.replace(path)
    except FileNotFoundError as error:
        raise OutputUnwritable(f"there is no folder {path.parent}", "Make it") from error
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)
    try:
        asyncio.run(_recorded(settings, made, encrypted=(seal or Seal()).closed))
    except StoreError as error:  # it is made all the same
        _LOG.warning("that a backup was made is not in the audit: %s", error.cause)
    return made


async def _recorded(settings: Settings, made: BackedUp, *, encrypted: bool) -> None:
    """Everything has left the installation, and the age of the last backup is watched: both are the audit's."""
    database = Database(settings)
    try:
        await database.open()
        async with database.session() as session:
            await record(
                session, Actor(), BACKUP_MADE, workspace_id=None,
                data={"rows": sum(made.rows.values()), "objects": made.objects if made.has_objects else 0,
                      "bytes": made.bytes, "encrypted": encrypted},
            )  # fmt: skip
    finally:
        await database.close()


class _Writer:
    def __init__(
        self, settings: Settings, archive: ArchiveWriter, told: Callable[[int], None]
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._told = told

    async def write(self, path: Path, *, seal: Seal, objects: bool) -> BackedUp:
        made = BackedUp(path, has_objects=objects)
        database = Database(self._settings)
        try:
            await database.open()
            async with database.snapshot() as connection:
                kind = connection.dialect.name
                self._archive.json("begin.json", _begin(kind, objects=objects))
                if seal.closed:
                    made.has_key = self._key()
                for table in tables():
                    made.rows[table.name] = await self._table(connection, table)
        finally:
            await database.close()
        # After the rows: whatever they refer to was stored before them. Never changed, so no snapshot is needed.
        self._objects(open_objects(self._settings), made, content=objects)
        self._archive.finish(rows=made.rows, objects=made.objects, damaged=made.damaged)
        made.bytes = self._archive.size
        return made

    def _key(self) -> bool:
        """The key of secrets, where it is a file; what is in the settings is kept elsewhere."""
        with suppress(FileNotFoundError):
            content = (self._settings.data_dir / KEY_FILE).read_bytes()
            self._archive.small(KEY_FILE, content)
            return True
        return False

    async def _table(self, connection: AsyncConnection, table: Table) -> int:
        count = number = 0
        names = [column.name for column in columns_of(table)]
        async for rows in _batches(connection, table):
            self._archive.lines(f"tables/{table.name}/{number:06d}.jsonl.gz", [names, *rows])
            count += len(rows)
            number += 1
            self._told(self._archive.size)
        return count

    def _objects(self, store: Objects, made: BackedUp, *, content: bool) -> None:
        refs = (ref for ref, _ in store.items())
        number = 0
        while page := list(islice(refs, _LIST)):
            here = [ref for ref in page if not content or self._object(store, ref, made)]
            self._archive.lines(
                f"objects/{number:06d}.jsonl.gz", [[ref.sha256, ref.size] for ref in here]
            )
            made.objects += len(here)
            number += 1
            self._told(self._archive.size)

    def _object(self, store: Objects, ref: ObjectRef, made: BackedUp) -> bool:
        pieces = store.pieces(ref)
        try:
            first = next(pieces, b"")
        except StoreError:
            if store.has(ref):
                raise
            return False  # swept away since it was listed: no row of ours refers to it
        try:
            sha256 = self._archive.stream(f"objects/{ref.key}", ref.size, _chain(first, pieces))
        except ValueError as error:
            raise StoreError(
                f"the object {ref.sha256[:12]} does not have the size that it was listed with",
                "Try again; if it stays, remove the object and make it anew",
            ) from error
        if sha256 != ref.sha256:
            made.damaged.append(ref.sha256)
        self._told(self._archive.size)
        return True


def _begin(kind: str, *, objects: bool) -> dict[str, Any]:
    return {
        "format": FORMAT, "release": __version__, "schema": SCHEMA_VERSION, "revision": HEAD,
        "database": kind, "objects": objects,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }  # fmt: skip


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


async def _batches(connection: AsyncConnection, table: Table) -> AsyncIterator[list[list[Any]]]:
    """Rows in batches that are small enough to hold, whatever is in them."""
    query = select(*columns_of(table)).order_by(*table.primary_key.columns)
    held: list[list[Any]] = []
    size = 0
    async with connection.stream(query.execution_options(yield_per=100)) as result:
        async for row in result:
            values = [plain(value) for value in row]
            held.append(values)
            size += len(json.dumps(values, ensure_ascii=False))
            if len(held) >= _ROWS or size >= _ROWS_BYTES:
                yield held
                held, size = [], 0
    if held:
        yield held
