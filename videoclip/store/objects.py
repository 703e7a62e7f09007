"""Immutable files by content: ``sha256/ab/abcdef…``, through obstore."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from videoclip.errors import StorageFull, StoreError
from videoclip.fingerprint import file_sha256

__all__ = ["NO_SPACE", "ObjectRef", "Objects", "disk_errors", "full"]

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when a disk or a quota is full."""
_PIECE = 4 * 2**20


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Name of an object: its content's SHA-256, and its size in bytes."""

    sha256: str
    size: int

    @property
    def key(self) -> str:
        """Path in the store."""
        return f"sha256/{self.sha256[:2]}/{self.sha256}"


class Objects:
    """The object store of one data folder. Picklable: workers open it by its path."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _store(self) -> LocalStore:
        return LocalStore(self.root, mkdir=True)

    def put(self, path: Path) -> ObjectRef:
        """Store a file's content; the same content twice is one object.

        Raises:
            StorageFull: no space is left.
            StoreError: the store refused.
        """
        with disk_errors(self.root):
            ref = ObjectRef(file_sha256(path), path.stat().st_size)
            if self.has(ref):
                return ref
            # In pieces: a plain put would hold the whole file in memory. The object appears when the
            # writer closes; if another worker is faster, the same name has the same content.
            with (
                path.open("rb") as source,
                obstore.open_writer(self._store(), ref.key, buffer_size=_PIECE) as target,
            ):
                while piece := source.read(_PIECE):
                    target.write(piece)
            return ref

    def sweep(self, before: float) -> int:
        """Remove half-written files that were last touched before a time (seconds since 1970); how many."""
        gone = 0
        for path in self.root.glob("sha256/*/*"):
            # The store writes under a name with a suffix and renames; whole objects have 64 digits.
            with suppress(OSError):
                if len(path.name) != 64 and path.stat().st_mtime < before:
                    path.unlink()
                    gone += 1
        return gone

    def has(self, ref: ObjectRef) -> bool:
        """Whether the object is there in its full size."""
        try:
            return self.path(ref).stat().st_size == ref.size
        except FileNotFoundError:
            return False

    def path(self, ref: ObjectRef) -> Path:
        """Where the object lies on this machine, to be read only."""
        return self.root / ref.key


@contextmanager
def disk_errors(where: Path) -> Iterator[None]:
    """Turn 'no space left' and refusals of the disk into errors that say so.

    Raises:
        StorageFull: ENOSPC or EDQUOT.
        StoreError: the store failed otherwise.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise full(where) from error
        raise
    except BaseError as error:
        text = str(error)
        if "No space left" in text or "os error 28" in text or "os error 122" in text:
            raise full(where) from error
        raise StoreError(
            f"the object store failed: {text.splitlines()[0]}", f"Check that {where} can be written"
        ) from error


def full(where: Path) -> StorageFull:
    """The error for a full disk, with how much is free."""
    try:
        free = f"{shutil.disk_usage(where).free // 2**20} MiB free"
    except OSError:
        free = "no space left"
    return StorageFull(
        f"the disk that holds {where} is full ({free})",
        "Free some space and run the same command again; finished work is kept",
    )
