"""Backups of one installation in a folder, each named by its time, the oldest of which go."""

from __future__ import annotations

import re
import time
from pathlib import Path

from videoclip.errors import OutputUnwritable, SourceMissing

__all__ = ["newest_in", "next_in", "thin"]

_NAME = re.compile(r"videoclip-\d{8}T\d{6}Z\.backup")


def next_in(folder: Path) -> Path:
    """Where a backup that is made now goes; its name sorts behind those before it."""
    return folder / time.strftime("videoclip-%Y%m%dT%H%M%SZ.backup", time.gmtime())


def newest_in(folder: Path) -> Path:
    """The last backup of a folder.

    Raises:
        SourceMissing: there is none.
    """
    found = _all(folder)
    if not found:
        raise SourceMissing(
            f"{folder} has no backup", "Name a file of videoclip backup, or the folder of several"
        )
    return found[-1]


def thin(folder: Path, keep: int) -> list[Path]:
    """Remove all but the last ``keep`` backups, and nothing else; what went.

    Raises:
        OutputUnwritable: one of them cannot be removed.
    """
    gone = _all(folder)[:-keep]
    for path in gone:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputUnwritable(
                f"{path} cannot be removed: {error.strerror}", "Remove it by hand"
            ) from error
    return gone


def _all(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
