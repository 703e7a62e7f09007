"""Restore a backup: rows in one transaction, objects each proved by its digest; on an error nothing has changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from videoclip.errors import BackupDamaged, SourceMissing, WrongState
from videoclip.settings import Settings
from videoclip.store.backup.archive import ArchiveReader, Member, damaged, rows_in
from videoclip.store.backup.rows import Importer, tables
from videoclip.store.backup.seal import Unseal
from videoclip.store.backup.write import FORMAT
from videoclip.store.database import Database
from videoclip.store.models import SCHEMA_VERSION, Base
from videoclip.store.objects import ObjectRef, Objects, disk_errors, open_objects
from videoclip.store.secrets import KEY_FILE

__all__ = ["Restored", "restore"]

_MOST_TOLD = 20
_BATCH = 500


@dataclass
class Restored:
    """What came back."""

    rows: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    """Digests of objects that rows refer to and that are neither in the backup nor in the store."""
    missing_count: int = 0
    key: bool = False
    """Whether keys of secrets were put back."""


def restore(
    settings: Settings,
    path: Path,
    *,
    unseal: Unseal | None = None,
    force: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Put everything back. Nothing else may use the store meanwhile.

    Args:
        settings: of the store, which is empty: either database, whatever the backup was made on.
        path: the backup.
        unseal: what opens it, if it is encrypted.
        force: the store need not be empty; its rows go.
        told: hears of bytes that were read.

    Raises:
        WrongState: the database is not empty.
        BackupDamaged: the backup is not what was written; the database is as it was.
        UsageError: the backup is encrypted, and its key is not here.
        StorageFull: no space is left.
    """
    with disk_errors(path.parent):
        try:
            stream = path.open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise SourceMissing(f"there is no backup {path}", "Check the path") from error
    with stream, (unseal or Unseal()).reading(stream) as (plain, encrypted):
        reader = _Reader(settings, plain, told)
        return asyncio.run(reader.read(force=force, encrypted=encrypted))


class _Reader:
    def __init__(self, settings: Settings, stream: IO[bytes], told: Callable[[int], None]) -> None:
        self._settings = settings
        self._archive = ArchiveReader(stream, self._read)
        self._told = told
        self._done = Restored()
        self._store: Objects = open_objects(settings)
        self._staging = self._store.root
        self._begin: dict[str, Any] | None = None
        self._listed: dict[str, int] = {}
        self._key: bytes | None = None
        self._tables = {table.name: table for table in tables()}
        # Of rows that refer to rows of their own table: kept in a file, however many they are.
        self._parents: dict[str, IO[str]] = {}
        self._postgresql = False

    async def read(self, *, force: bool, encrypted: bool) -> Restored:
        self._settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._staging.mkdir(parents=True, exist_ok=True)
        database = Database(self._settings)
        try:
            await database.open()
            async with database.patient() as connection:
                self._postgresql = connection.dialect.name == "postgresql"
                await self._make_empty(connection, force=force)
                for member in self._archive.members():
                    await self._member(connection, member)
                self._check_end()
                await self._finish_parents(connection)
                await self._continue_numbers(connection)
                await self._find_missing(connection)
                if self._key is not None and encrypted:
                    self._done.key = _put_key(self._settings.data_dir / KEY_FILE, self._key)
        finally:
            for spool in self._parents.values():
                spool.close()
            await database.close()
        return self._done

    def _read(self, size: int) -> None:
        self._done.bytes += size
        self._told(self._done.bytes)

    # ------------------------------------------------------------------ rows

    async def _make_empty(self, connection: AsyncConnection, *, force: bool) -> None:
        whole = [t for t in Base.metadata.sorted_tables if t.name != "schema_version"]
        for table in reversed(whole):
            if not force and await connection.scalar(select(select(table).exists())):
                raise WrongState(
                    f"the database is not empty: there are rows in {table.name}",
                    "Restore into a new data folder or database, or use --force, which removes them",
                )
            if force:
                await connection.execute(delete(table))

    async def _member(self, connection: AsyncConnection, member: Member) -> None:
        first, _, rest = member.name.partition("/")
        if member.name == "begin.json":
            self._start(member)
        elif self._begin is None:
            raise damaged("its beginning is missing")
        elif member.name == KEY_FILE:
            self._key = member.whole(64 * 1024)
        elif first == "tables" and rest.count("/") == 1:
            await self._rows(connection, rest.partition("/")[0], member)
        elif first == "objects" and rest.startswith("sha256/"):
            self._object(member, rest.rpartition("/")[2])
        elif first == "objects":
            for sha256, size in rows_in(member):
                self._list(str(sha256), int(size))
        # What a later release added is proved, and passed over.

    def _start(self, member: Member) -> None:
        try:
            begin: dict[str, Any] = json.loads(member.whole(2**20))
            known = (int(begin["format"]), int(begin["schema"]))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged("its beginning cannot be read") from error
        if known[0] != FORMAT or known[1] > SCHEMA_VERSION:
            raise BackupDamaged(
                f"the backup has format {known[0]} and schema {known[1]}, which this release does not read",
                f"Use the release that made it: {begin.get('release')}",
            )
        self._begin = begin

    async def _rows(self, connection: AsyncConnection, name: str, member: Member) -> None:
        table = self._tables.get(name)
        if table is None:
            raise BackupDamaged(
                f"there is no table {name}", "Restore with the release that made the backup"
            )
        lines = rows_in(member)
        importer = Importer(table, next(lines, []), postgresql=self._postgresql)
        rows = [importer.row(values) for values in lines]
        if importer.parent is not None:
            self._keep_parents(table, importer.parent, rows)
        if rows:
            await connection.execute(importer.statement, rows)
        self._done.rows[name] = self._done.rows.get(name, 0) + len(rows)

    def _keep_parents(self, table: Table, column: str, rows: list[dict[str, Any]]) -> None:
        spool = self._parents.get(table.name)
        if spool is None:
            spool = self._parents[table.name] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        for row in rows:
            if row[column] is not None:
                spool.write(json.dumps([column, row["id"], row[column]]) + "\n")
                row[column] = None

    async def _finish_parents(self, connection: AsyncConnection) -> None:
        for name, spool in self._parents.items():
            table = self._tables[name]
            # Also what would change by itself on an update stays as it was.
            same = {column.name: column for column in table.columns if column.onupdate is not None}
            spool.seek(0)
            while lines := list(islice(spool, _BATCH)):
                known = [json.loads(line) for line in lines]
                statement = (
                    update(table)
                    .where(table.c.id == bindparam("this"))
                    .values({**same, known[0][0]: bindparam("parent")})
                )
                await connection.execute(
                    statement,
                    [{"this": identity, "parent": parent} for _, identity, parent in known],
                )

    async def _continue_numbers(self, connection: AsyncConnection) -> None:
        """PostgreSQL counts on from what was given out; SQLite looks by itself."""
        if not self._postgresql:
            return
        for table in self._tables.values():
            column = table.autoincrement_column
            if column is None:
                continue
            last = await connection.scalar(select(func.max(column)))
            if last is not None:
                await connection.execute(
                    text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"),
                    {"table": table.name, "column": column.name, "last": last},
                )

    # ------------------------------------------------------------------ objects

    def _list(self, sha256: str, size: int) -> None:
        self._listed[sha256] = size
        self._done.objects += 1

    def _object(self, member: Member, sha256: str) -> None:
        """Store an object, if it is what its name says."""
        ref = ObjectRef(sha256, member.size)
        if self._store.has(ref):
            return
        with disk_errors(self._staging):
            handle, name = tempfile.mkstemp(prefix=".restoring-", dir=self._staging)
            try:
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as stream:
                    for piece in member.pieces():
                        digest.update(piece)
                        stream.write(piece)
                    stream.flush()
                    os.fsync(stream.fileno())
                if digest.hexdigest() == sha256:
                    self._store.adopt(Path(name), ref)
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()

    def _check_end(self) -> None:
        if self._begin is None:
            raise damaged("its beginning is missing")
        rows = {name: count for name, count in self._archive.end.get("rows", {}).items() if count}
        if rows != self._done.rows:
            raise damaged("it does not hold the rows that it should")

    async def _find_missing(self, connection: AsyncConnection) -> None:
        """Prove that every object that a row refers to is here, in its full size."""
        asset, file, artifact = (self._tables[name] for name in ("asset", "asset_file", "artifact"))
        for query in (select(asset.c.sha256, asset.c.size), select(file.c.sha256, file.c.size)):
            async with connection.stream(query) as found:
                async for sha256, size in found:
                    self._need(ObjectRef(sha256, size))
        async with connection.stream(select(artifact.c.objects)) as found:
            async for (objects,) in found:
                for ref in (objects or {}).values():
                    self._need(ObjectRef(str(ref["sha256"]), int(ref["size"])))

    def _need(self, ref: ObjectRef) -> None:
        if not self._store.has(ref):
            self._done.missing_count += 1
            if len(self._done.missing) < _MOST_TOLD:
                self._done.missing.append(ref.sha256)


def _put_key(path: Path, content: bytes) -> bool:
    """Put keys back beside those that are there; the first one here goes on sealing."""
    try:
        mine = path.read_bytes().split()
    except FileNotFoundError:
        mine = []
    both = [*mine, *(key for key in content.split() if key not in mine)]
    staged = path.with_name(f".{path.name}.restoring")
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(b"\n".join(both) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    staged.replace(path)
    return len(both) > len(mine)
