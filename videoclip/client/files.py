"""Files on this machine: read in pieces for uploads, written under a temporary name for downloads."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from videoclip.errors import (
    ChecksumMismatch,
    InvalidRequest,
    OutputUnwritable,
    SourceChanged,
    SourceMissing,
    StorageFull,
    VideoClipError,
)

if sys.platform != "win32":
    import fcntl

__all__ = ["Arriving", "Leaving", "Progress", "is_here", "placed", "within"]

Progress = Callable[[int, int], None]
"""Hears how many bytes have gone over, and how many there are."""
_PIECE = 1 << 20


class Leaving:
    """A file that is sent; it must stay as it is meanwhile.

    Raises:
        SourceMissing: there is no file, or it may not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: BinaryIO = path.open("rb")
            self._stat = os.fstat(self._file.fileno())
        except OSError as error:
            raise SourceMissing(
                f"{path.name} cannot be read: {error.strerror}", "See whether it is there"
            ) from error
        self.size = self._stat.st_size
        self.mark = f"{path.resolve()}\0{self.size}\0{self._stat.st_mtime_ns}"
        """Tells this content of the file from others, without reading it."""

    def part(self, offset: int, length: int) -> bytes:
        """Bytes from a place on.

        Raises:
            SourceChanged: somebody wrote to the file.
        """
        self._file.seek(offset)
        found = self._file.read(min(length, self.size - offset))
        now = os.fstat(self._file.fileno())
        if not found or (now.st_size, now.st_mtime_ns) != (self.size, self._stat.st_mtime_ns):
            raise SourceChanged(
                f"{self.path.name} was written to while it was sent",
                "Upload it again when it is complete",
            )
        return found

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


class Arriving:
    """A file that arrives: under a temporary name beside its place until it is whole."""

    def __init__(self, place: Path, size: int, sha256: str | None) -> None:
        self.place = place
        self.size = size
        self._sha256 = sha256
        # The content is in the name: what is left of another content is not gone on with.
        mark = sha256 or hashlib.sha256(f"{place.name}\0{size}".encode()).hexdigest()
        self._part = place.with_name(f".{place.name[:80]}.{mark[:16]}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = self._part.open("ab")
            self._kept = sha256 is not None
            if not _only_ours(self._file, self._part):
                # The same file is being downloaded by somebody else: this one arrives by itself.
                self._file.close()
                self._part = self._part.with_name(
                    f"{self._part.name[:-5]}.{uuid.uuid4().hex[:8]}.part"
                )
                self._file, self._kept = self._part.open("ab"), False
        except OSError as error:
            raise _unwritable(place, error) from error
        self.offset = self._part.stat().st_size if self._kept else 0
        if self.offset > size or not self._kept:
            self.restart()

    def restart(self) -> None:
        """Begin at the first byte."""
        self._file.truncate(0)
        self.offset = 0

    def write(self, piece: bytes) -> None:
        """Take the next bytes.

        Raises:
            StorageFull: there is no room.
            OutputUnwritable: they cannot be written.
        """
        try:
            self._file.write(piece)
        except OSError as error:
            raise _unwritable(self.place, error) from error
        self.offset += len(piece)

    def finish(self) -> Path:
        """See whether it is whole, and put it in its place at once.

        Raises:
            ChecksumMismatch: it is not what was announced; nothing is kept of it.
            OutputUnwritable: it cannot be put there.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            if self.offset != self.size or (self._sha256 and _sha256(self._part) != self._sha256):
                self._part.unlink()
                raise ChecksumMismatch(
                    f"{self.place.name} did not arrive as it was sent", "Download it again"
                )
            if sys.platform == "win32":  # an open file cannot be moved there
                self._file.close()
            self._part.replace(self.place)
        except OSError as error:
            raise _unwritable(self.place, error) from error
        return self.place

    def close(self) -> None:
        """Stop; what is here of a file whose content is known is gone on with next time."""
        if not self._kept:
            self._part.unlink(missing_ok=True)
        self._file.close()


def placed(target: str | os.PathLike[str], name: str) -> Path:
    """Where a file goes: the target itself, or below it under the file's own name if that is a folder.

    Raises:
        InvalidRequest: the file has no name that a file can have here.
    """
    text, path = os.fspath(target), Path(target)
    if path.is_dir() or text.endswith(("/", os.sep)):
        return within(path, PurePosixPath(name).name)
    return path


def within(folder: Path, name: str) -> Path:
    """A file below a folder by its name in a job; a name never leads out of it.

    Raises:
        InvalidRequest: it would.
    """
    parts = name.split("/")
    if any(
        part in ("", ".", "..") or "\\" in part or "\0" in part or ":" in part for part in parts
    ):
        raise InvalidRequest(
            "a file has a name that no file can have here", "Name the target file yourself"
        )
    return folder.joinpath(*parts)


def is_here(place: Path, size: int, sha256: str | None) -> bool:
    """Whether a place has these very bytes already."""
    try:
        return sha256 is not None and place.stat().st_size == size and _sha256(place) == sha256
    except OSError:
        return False


def _only_ours(file: BinaryIO, path: Path) -> bool:
    """Whether nobody else writes to it; they hold it until it is in its place under another name."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _unwritable(place: Path, error: OSError) -> VideoClipError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"there is no room for {place.name}", "Make room, or take another folder"
        )
    return OutputUnwritable(f"{place} cannot be written: {error.strerror}", "Take another folder")
