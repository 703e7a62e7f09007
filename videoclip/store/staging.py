"""The bytes of uploads on their way: one file each, one writer each, told only when they are on the disk."""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from videoclip.errors import UploadBusy, UploadGone, UsageError
from videoclip.settings import Settings
from videoclip.store.objects import disk_errors

__all__ = ["CHECKSUMS", "Checksum", "Held", "Staging", "open_staging"]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PIECE = 4 * 2**20


class _Digest(Protocol):
    def update(self, data: bytes | bytearray, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | bytearray, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


CHECKSUMS = ("sha1", "sha256", "crc32")
"""Algorithms that a client may use."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the client says that its bytes are."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, header: str) -> Checksum:
        """From the value of ``Upload-Checksum``: the algorithm and the digest in Base64.

        Raises:
            UsageError: another algorithm, or no digest of its length.
        """
        algorithm, _, encoded = header.strip().partition(" ")
        remedy = f"Send one of {', '.join(CHECKSUMS)}, a space and the digest in Base64"
        if algorithm not in CHECKSUMS:
            raise UsageError("the checksum's algorithm is not known", remedy)
        try:
            digest = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UsageError("the checksum is not Base64", remedy) from error
        if len(digest) != len(cls(algorithm, b"").start().digest()):
            raise UsageError("the checksum has another length than its algorithm's", remedy)
        return cls(algorithm, digest)

    def start(self) -> _Digest:
        """A digest that takes the bytes as they come."""
        if self.algorithm == "crc32":
            return _Crc32()
        return hashlib.new(self.algorithm, usedforsecurity=False)


class Held:
    """An upload's file, held against every other writer of this folder."""

    def __init__(self, file: int, path: Path, fsync: bool) -> None:
        self._file = file
        self._fsync = fsync
        self.path = path

    @property
    def size(self) -> int:
        """Bytes in the file; those behind the upload's offset do not count."""
        return os.fstat(self._file).st_size

    def begin(self, offset: int) -> None:
        """Make the file end at the offset: what lies behind was never confirmed.

        Raises:
            UploadGone: there are fewer bytes than were confirmed.
        """
        if self.size < offset:
            raise UploadGone(
                "bytes that had arrived are no longer there", "Start the upload again, as a new one"
            )
        if self.size > offset:
            os.ftruncate(self._file, offset)

    def write(self, data: bytes | bytearray, offset: int) -> None:
        """Write all of it.

        Raises:
            StorageFull: no space is left.
        """
        view = memoryview(data)
        with disk_errors(self.path.parent):
            while view:
                written = os.pwrite(self._file, view, offset)
                view, offset = view[written:], offset + written

    def sync(self) -> None:
        """Wait until the disk has it, as far as the settings want that."""
        if self._fsync:
            with disk_errors(self.path.parent):
                os.fdatasync(self._file)


class Staging:
    """The folder of uploads. The kernel frees a held file however its process ends.

    Args:
        folder: where the files lie.
        fsync: wait for the disk.
    """

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        self.folder = folder
        self._fsync = fsync

    def path(self, upload_id: str) -> Path:
        """Where an upload's bytes lie.

        Raises:
            UsageError: that is no id of ours.
        """
        if _ID.fullmatch(upload_id) is None:
            raise UsageError("that is not the id of an upload", "Use the id as it was told")
        return self.folder / upload_id

    @contextmanager
    def hold(self, upload_id: str) -> Iterator[Held]:
        """The file, made where it is not there, with nobody else writing to it.

        Raises:
            UploadBusy: somebody does.
            StorageFull: no space is left.
        """
        path = self.path(upload_id)
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise _busy() from error
            if os.fstat(file).st_nlink == 0:  # it went between the opening and the lock
                raise _busy()
            yield Held(file, path, self._fsync)
        finally:
            os.close(file)

    def join(self, parts: Sequence[str], into: Held) -> None:
        """Write the parts' bytes one after the other.

        Raises:
            UploadGone: one of them is not there.
            StorageFull: no space is left.
        """
        with disk_errors(self.folder):
            into.begin(0)
            try:
                with into.path.open("r+b") as target:
                    for part in parts:
                        with self.path(part).open("rb") as source:
                            shutil.copyfileobj(source, target, _PIECE)
            except FileNotFoundError as error:
                raise UploadGone(
                    "a part of this upload is no longer there", "Upload its parts again"
                ) from error
            into.sync()

    def remove(self, upload_id: str) -> None:
        """Remove an upload's bytes, if there are any."""
        self.path(upload_id).unlink(missing_ok=True)

    def ids(self) -> Iterator[tuple[str, float]]:
        """Uploads of which there are bytes, and when these were last written (seconds since 1970)."""
        if not self.folder.is_dir():
            return
        for entry in os.scandir(self.folder):
            if _ID.fullmatch(entry.name):
                try:
                    yield entry.name, entry.stat(follow_symlinks=False).st_mtime
                except FileNotFoundError:
                    continue


def open_staging(settings: Settings) -> Staging:
    """The folder that the settings name."""
    chosen = settings.uploads.folder
    folder = Path(chosen) if chosen else settings.data_dir / "uploads"
    return Staging(folder.absolute(), fsync=settings.uploads.fsync)


def _busy() -> UploadBusy:
    return UploadBusy(
        "another request is writing to this upload",
        "Wait a moment, ask for its offset, go on there",
    )
