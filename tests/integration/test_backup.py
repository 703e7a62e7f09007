"""What a backup holds comes back: on an empty host, on either database, whole, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import stat
import tarfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pyrage
import pytest
from sqlalchemy import select

from tests.support.filled import content_of, fill
from tests.support.outbox import add_workspaces
from tests.support.postgres import Postgres
from videoclip.cli.main import main
from videoclip.errors import (
    BackupDamaged,
    OutputUnwritable,
    SourceMissing,
    UsageError,
    WrongState,
)
from videoclip.settings import Settings
from videoclip.store import ObjectRef, Objects, Store
from videoclip.store.audit import BACKUP_MADE, AuditLog
from videoclip.store.backup import Seal, Unseal, backup, restore
from videoclip.store.backup.archive import ArchiveWriter
from videoclip.store.backup.write import FORMAT
from videoclip.store.database import Database
from videoclip.store.models import SCHEMA_VERSION, Asset, Workspace
from videoclip.store.objects import open_objects
from videoclip.store.search import Search
from videoclip.store.secrets import Secrets

NewStore = Callable[[str], Settings]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SQLite's file of a store without rows: migrating each anew takes most of these tests' time."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("empty"))
    Store(settings).close()
    return settings.data_dir / "videoclip.db"


@pytest.fixture
def new_store(tmp_path: Path, empty: Path, request: pytest.FixtureRequest) -> NewStore:
    """Makes settings of a new, empty store on a kind of database."""
    count = 0

    def make(kind: str) -> Settings:
        nonlocal count
        count += 1
        url = ""
        if kind == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = asyncio.run(server.new_database())
        folder = tmp_path / f"store{count}"
        if kind == "sqlite":
            folder.mkdir()
            shutil.copyfile(empty, folder / "videoclip.db")
        return Settings(data_dir=folder, database_url=url)

    return make


def put(objects: Objects, folder: Path, content: bytes) -> ObjectRef:
    path = folder / "content"
    path.write_bytes(content)
    return objects.put(path)


def digests(settings: Settings) -> set[str]:
    """Objects that are what their name says."""
    objects = open_objects(settings)
    return {
        ref.sha256
        for ref, _ in objects.items()
        if hashlib.sha256(objects.path(ref).read_bytes()).hexdigest() == ref.sha256
    }


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
def test_everything_comes_back_on_an_empty_host(
    new_store: NewStore, tmp_path: Path, source: str, target: str
) -> None:
    old, new = new_store(source), new_store(target)
    fill(old)
    kept = {
        put(open_objects(old), tmp_path, content).sha256
        for content in (b"a", b"b" * 3_000_000, b"")
    }
    seen: list[int] = []
    before = content_of(old)
    made = backup(old, tmp_path / "all.backup", told=seen.append)
    assert made.rows["job"] == 3
    assert (made.objects, made.damaged) == (3, [])
    assert seen == sorted(seen)
    assert stat.S_IMODE((tmp_path / "all.backup").stat().st_mode) == 0o600
    done = restore(new, tmp_path / "all.backup")
    assert content_of(new) == before
    assert all(before.values()), "a table without a row proves nothing"
    assert digests(new) == kept
    assert done.rows == made.rows
    assert done.objects == 3

    async def goes_on() -> None:
        """New rows get new numbers, and what was said is found."""
        database = Database(new)
        await database.open()
        async with database.queue() as queue:
            workspace = before["workspace"][0][0]
            job = await queue.enqueue(workspace, "clip", {})
            assert [event.kind for event in await queue.events(job.id)] == ["queued"]
        async with database.session() as session:
            hits = await Search(session, workspace).find("手机")
            assert [hit.text for hit in hits] == [row[8] for row in before["search_sentence"][:1]]
        await database.close()

    asyncio.run(goes_on())


@pytest.mark.parametrize("how", ["recipient", "passphrase"])
def test_an_encrypted_backup_opens_with_its_key_only(
    new_store: NewStore, tmp_path: Path, how: str
) -> None:
    old = new_store("sqlite")
    asyncio.run(_workspace(old, "hush-hush"))
    put(open_objects(old), tmp_path, b"secret words " * 100_000)
    sealed = Secrets.of(old).seal("a password", "place")
    key, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    seal = Seal([str(key.to_public())]) if how == "recipient" else Seal(passphrase="correct horse")
    file = tmp_path / "all.age"
    made = backup(old, file, seal=seal)
    assert made.has_key
    assert b"secret words" not in file.read_bytes()
    assert b"hush-hush" not in file.read_bytes()
    new = new_store("sqlite")
    for wrong in (Unseal(), Unseal([str(other)]), Unseal(passphrase="wrong"), Unseal(["nonsense"])):
        with pytest.raises((UsageError, BackupDamaged)):
            restore(new, file, unseal=wrong)
    unseal = (
        Unseal([f"# made today\n{key}\n"])
        if how == "recipient"
        else Unseal(passphrase="correct horse")
    )
    done = restore(new, file, unseal=unseal)
    assert done.key
    assert digests(new) == digests(old)
    assert Secrets.of(new).open(sealed, "place") == "a password"
    assert stat.S_IMODE((new.data_dir / "secret.key").stat().st_mode) == 0o600
    if how == "passphrase":
        return
    # The file is age's own.
    assert pyrage.decrypt(file.read_bytes(), [key])[:10] == b"begin.json"
    whole = file.read_bytes()
    for at in (len(whole) // 3, len(whole) - 5):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BackupDamaged):
            restore(new_store("sqlite"), file, unseal=unseal)


async def _workspace(settings: Settings, name: str) -> None:
    database = Database(settings)
    await database.open()
    await add_workspaces(database, name)
    await database.close()


async def _workspaces(settings: Settings) -> list[str]:
    database = Database(settings)
    await database.open()
    async with database.reading() as session:
        names = list(await session.scalars(select(Workspace.name).order_by(Workspace.name)))
    await database.close()
    return names


async def _said(settings: Settings) -> list[dict[str, Any]]:
    """What the audit knows of backups."""
    database = Database(settings)
    await database.open()
    async with database.reading() as session:
        records = await AuditLog(session, None).page(None, 10, action=BACKUP_MADE)
    await database.close()
    return [record.data for record in records]


def test_a_plain_backup_does_not_hold_the_keys_of_secrets(
    new_store: NewStore, tmp_path: Path
) -> None:
    old = new_store("sqlite")
    Secrets.of(old).seal("x", "y")
    made = backup(old, tmp_path / "plain")
    assert not made.has_key
    key = (old.data_dir / "secret.key").read_bytes().strip()
    assert key not in (tmp_path / "plain").read_bytes()
    with tarfile.open(tmp_path / "plain") as tar:
        assert "secret.key" not in tar.getnames()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_damaged_backup_changes_nothing(new_store: NewStore, tmp_path: Path, kind: str) -> None:
    old, new = new_store("sqlite"), new_store(kind)
    fill(old)
    put(open_objects(old), tmp_path, os.urandom(200_000))
    file = tmp_path / "whole"
    before = content_of(old)
    backup(old, file)
    whole = file.read_bytes()
    asyncio.run(_workspace(new, "here before"))
    with tarfile.open(file) as tar:
        places = [
            member.offset_data + member.size // 2
            for member in tar
            if member.size and member.name != "end.json"
        ]
    cases = [whole[:size] for size in (0, 100, len(whole) // 2, len(whole) - 11_000)]
    cases += [
        whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
        for at in places[:: max(1, len(places) // 5)]
    ]
    cases.append(b"no backup at all" * 1000)
    if kind == "postgresql":  # each takes a while, and only the way back differs
        cases = cases[2::4]
    for number, content in enumerate(cases):
        file.write_bytes(content)
        with pytest.raises(BackupDamaged):
            restore(new, file, force=True)
        assert asyncio.run(_workspaces(new)) == ["here before"], number
    assert list(new.data_dir.rglob(".restoring-*")) == []
    file.write_bytes(whole)
    restore(new, file, force=True)
    assert content_of(new) == before


def test_a_store_with_rows_is_only_replaced_when_told_to(
    new_store: NewStore, tmp_path: Path
) -> None:
    old, new = new_store("sqlite"), new_store("sqlite")
    asyncio.run(_workspace(old, "old"))
    asyncio.run(_workspace(new, "new"))
    backup(old, tmp_path / "b")
    with pytest.raises(OutputUnwritable, match="there already"):
        backup(old, tmp_path / "b")
    backup(old, tmp_path / "b", replace=True)
    with pytest.raises(WrongState, match="not empty"):
        restore(new, tmp_path / "b")
    assert asyncio.run(_workspaces(new)) == ["new"]
    restore(new, tmp_path / "b", force=True)
    assert asyncio.run(_workspaces(new)) == ["old"]
    with pytest.raises(SourceMissing):
        restore(new, tmp_path / "nothing", force=True)
    with pytest.raises(OutputUnwritable):
        backup(old, tmp_path / "no folder" / "b")


def test_without_objects_a_restore_tells_which_are_missing(
    new_store: NewStore, tmp_path: Path
) -> None:
    old = new_store("sqlite")
    asyncio.run(_workspace(old, "w"))
    ref = put(open_objects(old), tmp_path, b"video")
    asyncio.run(_asset(old, ref))
    made = backup(old, tmp_path / "b", objects=False)
    assert (made.objects, made.has_objects) == (1, False)
    elsewhere = new_store("sqlite")
    done = restore(elsewhere, tmp_path / "b")
    assert (done.missing, done.missing_count) == ([ref.sha256], 1)
    there = new_store("sqlite")
    put(open_objects(there), tmp_path, b"video")
    assert restore(there, tmp_path / "b").missing == []


async def _asset(settings: Settings, ref: ObjectRef) -> None:
    database = Database(settings)
    await database.open()
    async with database.session() as session:
        session.add(
            Asset(id="a", workspace_id="w", name="v", sha256=ref.sha256, size=ref.size,
                  duration_ms=1, media={}, state="ready", created_ms=1)
        )  # fmt: skip
    await database.close()


def test_an_object_that_is_damaged_in_the_store_is_told_and_left_out(
    new_store: NewStore, tmp_path: Path
) -> None:
    old, new = new_store("sqlite"), new_store("sqlite")
    ref = put(open_objects(old), tmp_path, b"as it should be")
    asyncio.run(_workspace(old, "w"))
    asyncio.run(_asset(old, ref))
    open_objects(old).path(ref).write_bytes(b"as it shall not!"[: ref.size])
    made = backup(old, tmp_path / "b")
    assert made.damaged == [ref.sha256]
    assert restore(new, tmp_path / "b").missing == [ref.sha256]
    assert digests(new) == set()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_is_one_moment_while_others_go_on_writing(
    new_store: NewStore, tmp_path: Path, kind: str
) -> None:
    old, new = new_store(kind), new_store("sqlite")
    asyncio.run(_workspace(old, "first"))
    stop = threading.Event()
    written = 0

    async def keep_writing() -> None:
        """A job and its event are one transaction."""
        nonlocal written
        database = Database(old)
        await database.open()
        while not stop.is_set():
            async with database.queue() as queue:
                await queue.enqueue("first", "clip", {"n": written})
            written += 1
        await database.close()

    writer = threading.Thread(target=lambda: asyncio.run(keep_writing()))
    writer.start()
    try:
        while written < 20:
            time.sleep(0.01)
        made = backup(old, tmp_path / "b")
        seen = written
        while written < seen + 3:
            time.sleep(0.01)
    finally:
        stop.set()
        writer.join()
    assert made.rows["job"] == made.rows["job_event"] >= 20
    assert made.rows["job"] < written
    restore(new, tmp_path / "b")
    assert len(content_of(new)["job"]) == made.rows["job"]


def test_large_objects_do_not_fill_the_memory(new_store: NewStore, tmp_path: Path) -> None:
    old, new = new_store("sqlite"), new_store("sqlite")
    put(open_objects(old), tmp_path, os.urandom(2**20) * 48)
    (tmp_path / "content").unlink()
    backup(new_store("sqlite"), tmp_path / "warm")  # so that imports do not count
    tracemalloc.start()
    try:
        backup(old, tmp_path / "b")
        restore(new, tmp_path / "b")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert digests(new) == digests(old)
    assert peak < 24 * 2**20


def test_the_commands(
    new_store: NewStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old, new = new_store("sqlite"), new_store("sqlite")
    asyncio.run(_workspace(old, "w"))
    put(open_objects(old), tmp_path, b"x")
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"{key}\n")

    def run(settings: Settings, *words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("VIDEOCLIP_DATA_DIR", str(settings.data_dir))
        status = main(words)
        return status, *capsys.readouterr()

    file, words = str(tmp_path / "b"), str(tmp_path / "key")
    status, out, _ = run(old, "backup", file, "--recipient", str(key.to_public()))
    assert status == 0
    assert "1 objects" in out
    assert run(old, "backup", file)[0] == 2
    status, _, err = run(new, "restore", file)
    assert status == 2
    assert "--identity" in err
    status, out, _ = run(new, "restore", file, "--identity", words, "--json")
    assert status == 0
    assert json.loads(out)["objects"] == 1
    assert digests(new) == digests(old)
    assert run(old, "backup", str(tmp_path / "plain"))[0] == 0
    status, _, err = run(new, "restore", str(tmp_path / "plain"))
    assert status == 2
    assert "--force" in err


def test_a_folder_keeps_the_last_ones_and_a_drill_proves_the_newest(
    new_store: NewStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = new_store("sqlite")
    asyncio.run(_workspace(store, "w"))
    ref = put(open_objects(store), tmp_path, b"x")
    asyncio.run(_asset(store, ref))
    monkeypatch.setenv("VIDEOCLIP_DATA_DIR", str(store.data_dir))

    def run(*words: str) -> tuple[int, str]:
        status = main(words)
        told = capsys.readouterr()
        return status, told.out + told.err

    folder = tmp_path / "backups"
    folder.mkdir()
    assert "has no backup" in run("restore", str(folder))[1]
    for day in ("20260101", "20260102"):
        (folder / f"videoclip-{day}T031500Z.backup").write_bytes(b"old")
    (folder / "notes.txt").write_text("of somebody else")
    status, said = run("backup", str(folder), "--keep", "2")
    assert status == 0, said
    assert "videoclip-20260101T031500Z.backup: removed" in said
    names = sorted(path.name for path in folder.iterdir())
    assert names[:2] == ["notes.txt", "videoclip-20260102T031500Z.backup"]
    assert len(names) == 3
    assert run("backup", str(tmp_path / "file"), "--keep", "2")[0] == 2

    assert asyncio.run(_said(store)) == [
        {"rows": 2, "objects": 1, "bytes": ANY, "encrypted": False}
    ]
    before = digests(store), asyncio.run(_workspaces(store))
    assert run("restore", str(folder), "--drill", "--force")[0] == 2
    status, said = run("restore", str(folder), "--drill", "--json")
    assert status == 0, said
    told = json.loads(said)
    assert (told["path"], told["objects"], told["missing"]) == (str(folder / names[2]), 1, 0)
    assert (digests(store), asyncio.run(_workspaces(store))) == before
    assert not list(store.data_dir.glob(".drill-*"))
    (folder / "videoclip-20991231T000000Z.backup").write_bytes(b"damaged")
    status, said = run("restore", str(folder), "--drill")
    assert status != 0, said
    assert not list(store.data_dir.glob(".drill-*"))
    assert run("backup", str(folder / "bare"), "--no-objects")[0] == 0
    status, said = run("restore", str(folder / "bare"), "--drill")
    assert status == 5
    assert "1 objects are not in it" in said


def test_a_backup_of_an_older_release_gets_the_defaults_of_this_one(
    new_store: NewStore, tmp_path: Path
) -> None:
    new = new_store("sqlite")
    with (tmp_path / "b").open("wb") as stream:
        archive = ArchiveWriter(stream)
        archive.json("begin.json", {"format": FORMAT, "schema": SCHEMA_VERSION - 1})
        archive.lines("tables/workspace/000000.jsonl.gz", [["id", "name"], ["w", "of old"]])
        archive.lines("news/of/later.gz", [])
        archive.finish(rows={"workspace": 1}, objects=0)
    assert restore(new, tmp_path / "b").rows == {"workspace": 1}
    assert asyncio.run(_workspaces(new)) == ["of old"]
    for name, rows in (("unheard_of", [["id"]]), ("job", [["id", "unheard_of"]])):
        with (tmp_path / "b").open("wb") as stream:
            archive = ArchiveWriter(stream)
            archive.json("begin.json", {"format": FORMAT, "schema": SCHEMA_VERSION})
            archive.lines(f"tables/{name}/000000.jsonl.gz", rows)
            archive.finish(rows={}, objects=0)
        with pytest.raises(BackupDamaged, match=r"no (table|column)"):
            restore(new_store("sqlite"), tmp_path / "b")
    for newer in ((FORMAT + 1, 1), (FORMAT, SCHEMA_VERSION + 1)):
        with (tmp_path / "b").open("wb") as stream:
            archive = ArchiveWriter(stream)
            begin = {"format": newer[0], "schema": newer[1], "release": "9.9"}
            archive.json("begin.json", begin)
            archive.finish(rows={}, objects=0)
        with pytest.raises(BackupDamaged, match=f"format {newer[0]} and schema {newer[1]}"):
            restore(new_store("sqlite"), tmp_path / "b")
