"""`videoclip backup` and `videoclip restore`: everything into one file, and back."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from videoclip.errors import UsageError
from videoclip.settings import Settings
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
    as_json: bool,
) -> int:
    """Write a backup and tell what is in it."""
    from videoclip.store.backup import Seal, backup

    seal = Seal(recipients, _secret(passphrase_file))
    made = backup(settings, path, seal=seal, objects=objects, replace=force)
    if as_json:
        typer.echo(json.dumps({
            "path": str(path), "rows": sum(made.rows.values()), "objects": made.objects,
            "bytes": made.bytes, "encrypted": seal.closed, "keys": made.has_key,
            "damaged": made.damaged,
        }))  # fmt: skip
        return 0
    what = "objects" if objects else "objects listed, not kept"
    typer.echo(
        f"{path}: {sum(made.rows.values())} rows, {made.objects} {what}, {size_text(made.bytes)}"
    )
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
    as_json: bool,
) -> int:
    """Restore a backup and tell what came back."""
    from videoclip.store.backup import Unseal, restore

    keys = [_read(identity)] if identity is not None else []
    unseal = Unseal(keys, _secret(passphrase_file))
    done = restore(settings, path, unseal=unseal, force=force)
    if as_json:
        typer.echo(json.dumps({
            "rows": sum(done.rows.values()), "objects": done.objects, "bytes": done.bytes,
            "keys": done.key, "missing": done.missing_count, "missing_sha256": done.missing,
        }))  # fmt: skip
        return 5 if done.missing_count else 0
    typer.echo(
        f"{sum(done.rows.values())} rows, {done.objects} objects, {size_text(done.bytes)} restored"
    )
    if done.missing_count:
        typer.echo(
            f"{done.missing_count} objects are missing: copy them into the object store, or the "
            f"sweep marks what they belong to. The first ones: {', '.join(done.missing[:3])}",
            err=True,
        )
        return 5
    return 0


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
