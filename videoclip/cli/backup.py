"""`videoclip backup` and `videoclip restore`: everything into one file, and back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import typer

from videoclip.errors import UsageError
from videoclip.settings import ObjectSettings, Settings
from videoclip.sizes import size_text

__all__ = ["run_backup", "run_restore"]


def run_backup(
    settings: Settings,
    path: Path,
    *,
    recipients: list[str],
    passphrase_file: Path | None,
    objects: bool,
    force: bool,
    keep: int | None,
    as_json: bool,
) -> int:
    """Write a backup and tell what is in it; into a folder, beside those before it.

    Raises:
        UsageError: ``keep`` is given with a file.
    """
    from videoclip.store.backup import Seal, backup, next_in, thin

    folder = path if path.is_dir() else None
    if keep is not None and folder is None:
        raise UsageError("--keep counts the backups of a folder", "Name a folder that is there")
    path = next_in(folder) if folder else path
    seal = Seal(recipients, _secret(passphrase_file))
    made = backup(settings, path, seal=seal, objects=objects, replace=force)
    gone = thin(folder, keep) if folder and keep else []
    if as_json:
        typer.echo(json.dumps({
            "removed": [str(one) for one in gone],
            "path": str(path), "rows": sum(made.rows.values()), "objects": made.objects,
            "bytes": made.bytes, "encrypted": seal.closed, "keys": made.has_key,
            "damaged": made.damaged,
        }))  # fmt: skip
        return 0
    what = "objects" if objects else "objects listed, not kept"
    typer.echo(
        f"{path}: {sum(made.rows.values())} rows, {made.objects} {what}, {size_text(made.bytes)}"
    )
    for one in gone:
        typer.echo(f"{one}: removed")
    if not seal.closed:
        typer.echo(
            "Not encrypted; the keys of secrets (secret.key) are not in it: keep them elsewhere.",
            err=True,
        )
    for sha256 in made.damaged:
        typer.echo(f"damaged in the store, and left out by a restore: {sha256}", err=True)
    return 0


def run_restore(
    settings: Settings,
    path: Path,
    *,
    identity: Path | None,
    passphrase_file: Path | None,
    force: bool,
    drill: bool,
    as_json: bool,
) -> int:
    """Restore a backup, or the last one of a folder, and tell what came back.

    A drill restores into an empty place that goes again, and touches nothing else.

    Raises:
        UsageError: ``drill`` and ``force`` are both given, or a key's file cannot be read.
    """
    if drill and force:
        raise UsageError(
            "--drill touches no database, and --force empties one", "Give one of the two"
        )
    from videoclip.store.backup import Unseal, newest_in, restore

    path = newest_in(path) if path.is_dir() else path
    keys = [_read(identity)] if identity is not None else []
    unseal = Unseal(keys, _secret(passphrase_file))
    with _empty_place(settings) if drill else nullcontext(settings) as place:
        done = restore(place, path, unseal=unseal, force=force)
    if as_json:
        typer.echo(json.dumps({
            "path": str(path), "drill": drill,
            "rows": sum(done.rows.values()), "objects": done.objects, "bytes": done.bytes,
            "keys": done.key, "missing": done.missing_count, "missing_sha256": done.missing,
        }))  # fmt: skip
        return 5 if done.missing_count else 0
    what = f"{sum(done.rows.values())} rows, {done.objects} objects, {size_text(done.bytes)}"
    typer.echo(f"{path}: {what} {'can be restored' if drill else 'restored'}")
    if done.missing_count:
        typer.echo(
            f"{done.missing_count} objects are not in it"
            if drill
            else f"{done.missing_count} objects are missing: copy them into the object store, or the "
            f"sweep marks what they belong to. The first ones: {', '.join(done.missing[:3])}",
            err=True,
        )
        return 5
    return 0


@contextmanager
def _empty_place(settings: Settings) -> Iterator[Settings]:
    """An empty installation beside the data folder's contents, for as long as the block."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".drill-") as folder:
        yield Settings(data_dir=Path(folder), database_url="", objects=ObjectSettings(url=""))


def _secret(path: Path | None) -> str:
    return "" if path is None else _read(path).strip("\r\n")


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read", "Check the path and its rights") from error
    if not text.strip():
        raise UsageError(f"{path} is empty", "Write the key or passphrase into it")
    return text
