"""Immutable files by content: ``sha256/ab/abcdef…``, in a folder or a bucket, through obstore."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore

from videoclip.errors import StorageFull, StoreError
from videoclip.fingerprint import file_sha256
from videoclip.settings import ObjectSettings, Settings
from videoclip.sizes import size_text

__all__ = ["NO_SPACE", "ObjectRef", "Objects", "disk_errors", "full", "open_objects"]

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when a disk or a quota is full, or a file may not grow (``ulimit -f``, FAT32)."""
_PIECE = 4 * 2**20
_PART = 8 * 2**20
_PARTS = 9_000
"""S3 takes parts of 5 MiB and more, and at most 10,000 of them."""
_IN_USE_S = 3600
"""A cached copy that was asked for this long ago may still be read by an FFmpeg."""


_YOUNG_S = 3600
"""An object in a bucket that is older is stored again, so that the sweeper sees that it is wanted."""
_DIGEST = re.compile("[0-9a-f]{64}")


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
    """Files by content, in a folder or in a bucket. Picklable: workers open it where they are.

    Args:
        root: the folder; with a bucket, the cache of what was read from it.
        bucket: where the objects lie; None: in ``root``.
    """

    def __init__(self, root: Path, bucket: ObjectSettings | None = None) -> None:
        self.root = root
        self._bucket = bucket

    def _store(self) -> ObjectStore:
        if self._bucket is not None:
            from videoclip.store.bucket import open_bucket

            return open_bucket(self._bucket)
        return LocalStore(self.root, mkdir=True)

    def put(self, path: Path, known: ObjectRef | None = None) -> ObjectRef:
        """Store a file's content; the same content twice is one object.

        Args:
            path: the file.
            known: its content, where that was computed before.

        Raises:
            StorageFull: no space is left.
            StoreError: the store refused.
        """
        with disk_errors(self.root):
            ref = known or ObjectRef(file_sha256(path), path.stat().st_size)
            if self._renewed(ref):
                return ref
            # In pieces: a plain put would hold the whole file in memory. The object appears when the
            # writer closes; if another worker is faster, the same name has the same content.
            with (
                path.open("rb") as source,
                obstore.open_writer(
                    self._store(), ref.key, buffer_size=max(_PART, -(-ref.size // _PARTS))
                ) as target,
            ):
                while piece := source.read(_PIECE):
                    target.write(piece)
            if self._bucket is not None:
                self._keep(ref, path)
            return ref

    def adopt(self, path: Path, ref: ObjectRef) -> None:
        """Make a file of ours an object: moved where that can be done, else copied; the file is gone after it.

        Args:
            path: the file, which nobody else uses.
            ref: its content.

        Raises:
            StorageFull: no space is left.
            StoreError: the store refused.
        """
        with disk_errors(self.root):
            if self._bucket is None and not self._renewed(ref):
                target = self.root / ref.key
                target.parent.mkdir(parents=True, exist_ok=True)
                path.chmod(0o644)
                try:
                    path.replace(target)
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    self.put(path, ref)
                _sync_folder(target.parent)
            elif self._bucket is not None:
                self.put(path, ref)
            path.unlink(missing_ok=True)

    def items(self) -> Iterator[tuple[ObjectRef, float]]:
        """All objects, and when each was last stored (seconds since 1970).

        Raises:
            StoreError: the bucket cannot be listed.
        """
        with disk_errors(self.root):
            for page in obstore.list(self._store(), "sha256", chunk_size=1000):
                for found in page:
                    name = str(found["path"]).rpartition("/")[2]
                    if _DIGEST.fullmatch(name):
                        stored = found["last_modified"].timestamp()
                        yield ObjectRef(name, int(found["size"])), stored

    def delete(self, ref: ObjectRef, before: float) -> bool:
        """Delete an object that was last stored before a time (seconds since 1970); whether it was.

        Raises:
            StoreError: the bucket cannot be asked.
        """
        with disk_errors(self.root):
            stored = self._stored(ref)
            if stored is None or stored >= before:
                return False
            obstore.delete(self._store(), ref.key)
            (self.root / ref.key).unlink(missing_ok=True)
            return True

    def sweep(self, before: float) -> int:
        """Remove half-written files that were last touched before a time (seconds since 1970); how many."""
        gone = 0
        for path in self.root.glob("sha256/*/*"):
            # Names with something beside the digest are on the way: obstore's, and our own from a bucket.
            with suppress(OSError):
                if len(path.name) != 64 and path.stat().st_mtime < before:
                    path.unlink()
                    gone += 1
        return gone

    def abort_parts(self, before: float) -> int:
        """Give up what was begun in a bucket before a time (seconds since 1970) and not completed; how many.

        Raises:
            StoreError: the bucket refused.
        """
        if self._bucket is None:
            return 0
        from videoclip.store.bucket import abort_parts

        return abort_parts(self._bucket, before)

    def has(self, ref: ObjectRef) -> bool:
        """Whether the object is there in its full size.

        Raises:
            StoreError: the bucket cannot be asked.
        """
        if self._bucket is None:
            return self._whole(ref)
        with disk_errors(self.root):
            try:
                return int(obstore.head(self._store(), ref.key)["size"]) == ref.size
            except (FileNotFoundError, NotFoundError):
                return False

    def path(self, ref: ObjectRef) -> Path:
        """Where the object lies on this machine, to be read only; it is fetched from the bucket where it must be.

        Raises:
            StorageFull: no space is left for it.
            StoreError: it is not there, or not what it should be.
        """
        path = self.root / ref.key
        if self._bucket is None:
            return path
        if self._whole(ref):
            os.utime(path)
            return path
        with disk_errors(self.root):
            self._make_room(ref.size)
            try:
                pieces = obstore.get(self._store(), ref.key).stream(min_chunk_size=_PIECE)
            except (FileNotFoundError, NotFoundError) as error:
                raise StoreError(
                    f"the object {ref.sha256[:12]} is not in the bucket",
                    "Run the same command again: what is missing is made anew",
                ) from error
            with _arriving(path) as (target, place):
                digest = hashlib.sha256()
                for piece in pieces:
                    digest.update(piece)
                    target.write(piece)
                if digest.hexdigest() != ref.sha256:
                    raise StoreError(
                        f"the object {ref.sha256[:12]} in the bucket is damaged",
                        "Remove it from the bucket and run the same command again",
                    )
                place()
        return path

    def pieces(self, ref: ObjectRef) -> Iterator[bytes]:
        """The object's content, from where it lies, without a copy in the cache.

        Raises:
            StoreError: it is not there, or the store refused.
        """
        with disk_errors(self.root):
            try:
                yield from map(bytes, obstore.get(self._store(), ref.key).stream(_PIECE))
            except (FileNotFoundError, NotFoundError) as error:
                raise StoreError(
                    f"the object {ref.sha256[:12]} is not there any more", "Try again"
                ) from error

    def link(
        self,
        ref: ObjectRef,
        expires_s: int,
        *,
        media_type: str = "application/octet-stream",
        disposition: str = "attachment",
    ) -> str | None:
        """An address from which the object can be read for a while by whoever has it; None for a folder.

        Args:
            ref: the object.
            expires_s: for how long, seconds.
            media_type: that the bucket answers with.
            disposition: the same, of ``Content-Disposition``.
        """
        if self._bucket is None:
            return None
        from videoclip.store.bucket import signed_link

        return signed_link(
            self._bucket, ref.key, expires_s, media_type=media_type, disposition=disposition
        )

    def _stored(self, ref: ObjectRef) -> float | None:
        """When the object was last stored; None where it is not there in its full size."""
        try:
            found = obstore.head(self._store(), ref.key)
        except (FileNotFoundError, NotFoundError):
            return None
        return found["last_modified"].timestamp() if int(found["size"]) == ref.size else None

    def _renewed(self, ref: ObjectRef) -> bool:
        """Whether the object is there and so young that no sweep takes it before somebody refers to it."""
        if self._bucket is None:
            if not self._whole(ref):
                return False
            os.utime(self.root / ref.key)
            return True
        stored = self._stored(ref)
        return stored is not None and stored > time.time() - _YOUNG_S

    def _whole(self, ref: ObjectRef) -> bool:
        try:
            return (self.root / ref.key).stat().st_size == ref.size
        except FileNotFoundError:
            return False

    def _keep(self, ref: ObjectRef, path: Path) -> None:
        """Put what was just stored into the cache too: it is read again soon, mostly here."""
        if self._whole(ref):
            return
        self._make_room(ref.size)
        with _arriving(self.root / ref.key) as (target, place), path.open("rb") as source:
            shutil.copyfileobj(source, target, _PIECE)
            place()

    def _make_room(self, size: int) -> None:
        """Drop the copies that were not read for the longest time, but none of the last hour."""
        assert self._bucket is not None
        held = []
        for path in (self.root / "sha256").glob("*/*"):
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            held.append((state.st_mtime, state.st_size, path))
        over = sum(kept for _, kept, _ in held) + size - self._bucket.cache_bytes
        for read, kept, path in sorted(held):
            if over <= 0 or read > time.time() - _IN_USE_S:
                return
            path.unlink(missing_ok=True)
            over -= kept


def open_objects(settings: Settings) -> Objects:
    """The objects that the settings name."""
    root = settings.data_dir.absolute()
    if settings.objects.url:
        return Objects(root / "cache", settings.objects)
    return Objects(root / "objects")


def _sync_folder(folder: Path) -> None:
    """Wait until the folder's new names are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _arriving(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """A file that gets its name when the block calls the second value; else it is gone again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".arriving-", dir=path.parent)
    staged = Path(name)

    def place() -> None:
        target.flush()
        staged.replace(path)

    try:
        with os.fdopen(handle, "wb") as target:
            yield target, place
    finally:
        staged.unlink(missing_ok=True)


@contextmanager
def disk_errors(where: Path) -> Iterator[None]:
    """Turn 'no space left' and refusals of the disk into errors that say so.

    Raises:
        StorageFull: ENOSPC or EDQUOT.
        StoreError: the store failed otherwise.
    """
    try:
        yield
    except (OSError, BaseError) as error:
        number = _system_number(error)
        if number in NO_SPACE:
            raise full(where, number) from error
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise StoreError(
            f"the object store failed: {str(error).splitlines()[0][:300]}",
            f"Check that {where} can be written, or the bucket of VIDEOCLIP_OBJECTS__URL",
        ) from error


def _system_number(error: Exception) -> int:
    """The system's error number; obstore only writes it into the text, of an `OSError` too."""
    number = getattr(error, "errno", None)
    found = re.search(r"\(os error (\d+)\)", str(error))
    return number or (int(found[1]) if found else 0)


def full(where: Path, number: int = errno.ENOSPC) -> StorageFull:
    """The error for a full disk, with how much is free; ``number`` is the system's (one of `NO_SPACE`)."""
    if number == errno.EFBIG:
        return StorageFull(
            f"a file below {where} may not grow further: it is at the largest size that is allowed",
            "Raise the limit (ulimit -f), or use a file system for large files; finished work is kept",
        )
    try:
        free = f"{size_text(shutil.disk_usage(where).free)} free"
    except OSError:
        free = "no space left"
    return StorageFull(
        f"the disk that holds {where} is full ({free})",
        "Free some space and run the same command again; finished work is kept",
    )
