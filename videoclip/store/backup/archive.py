"""The archive: a tar file in one stream, whose last member proves all the others.

begin.json            format, schema, what is inside
secret.key            the keys of secrets; only where the whole is encrypted
tables/NAME/N.jsonl.gz   rows: the first line names the columns
objects/N.jsonl.gz    digests and sizes of objects
objects/sha256/..     the objects themselves, unless left out
end.json              how many, and one digest over all members
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from videoclip.errors import BackupDamaged

__all__ = ["ArchiveReader", "ArchiveWriter", "Member", "rows_in"]

_PIECE = 1 << 20
_LARGEST_ROWS = 256 * 2**20
"""Of one member with rows, after gzip; a damaged file must not fill the memory."""


class ArchiveWriter:
    """Writes members one after the other; nothing is sought, nothing large is held."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._digest = hashlib.sha256()
        self.members = 0
        self.size = 0

    def small(self, name: str, content: bytes) -> None:
        """Add a member that is in memory."""
        self._add(name, len(content), io.BytesIO(content))

    def json(self, name: str, value: dict[str, Any]) -> None:
        """Add a document."""
        self.small(name, json.dumps(value, ensure_ascii=False, indent=1).encode())

    def lines(self, name: str, lines: Iterable[Any]) -> None:
        """Add JSON lines, compressed."""
        held = io.BytesIO()
        with gzip.GzipFile(fileobj=held, mode="wb", compresslevel=5, mtime=0) as packed:
            for line in lines:
                text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
                packed.write(text.encode("utf-8", "surrogatepass") + b"\n")
        self.small(name, held.getvalue())

    def stream(self, name: str, size: int, pieces: Iterable[bytes]) -> str:
        """Add a member piece by piece; returns its SHA-256.

        Raises:
            ValueError: the pieces are not as many bytes as was said.
        """
        return self._add(name, size, _Pieces(iter(pieces)))

    def finish(self, **more: Any) -> None:
        """Write the last member, which proves the others."""
        self.json("end.json", {"members": self.members, "sha256": self._digest.hexdigest(), **more})
        self._tar.close()

    def _add(self, name: str, size: int, content: Any) -> str:
        entry = tarfile.TarInfo(name)
        entry.size = size
        entry.mode = 0o600
        hashing = _Hashing(content)
        try:
            self._tar.addfile(entry, hashing)
        except OSError as error:
            if "unexpected end of data" in str(error):
                raise ValueError(f"{name} is shorter than was said") from error
            raise
        if hashing.size != size or content.read(1):
            raise ValueError(f"{name} is longer than was said")
        sha256 = hashing.sha256
        self._digest.update(f"{name}\0{size}\0{sha256}\n".encode())
        self.members += 1
        self.size += size
        return sha256


@dataclass
class Member:
    """One member while it is read; what is left of it is read before the next one."""

    name: str
    size: int
    content: _Hashing

    def pieces(self) -> Iterator[bytes]:
        """Its content."""
        while piece := self.content.read(_PIECE):
            yield piece

    def whole(self, limit: int = _LARGEST_ROWS) -> bytes:
        """Its content at once.

        Raises:
            BackupDamaged: it is larger than anything that we write so.
        """
        if self.size > limit:
            raise damaged(f"{self.name} is too large")
        return self.content.read(self.size)


@dataclass
class ArchiveReader:
    """Reads members in order and checks them against the last one."""

    stream: IO[bytes]
    on_bytes: Callable[[int], None] = field(default=lambda _: None)
    end: dict[str, Any] = field(default_factory=dict)

    def members(self) -> Iterator[Member]:
        """The members before the last; when this ends, all of them were proved.

        Raises:
            BackupDamaged: something is missing or not as it was written.
        """
        digest = hashlib.sha256()
        count = 0
        try:
            with tarfile.open(fileobj=self.stream, mode="r|") as tar:
                for entry in tar:
                    content = tar.extractfile(entry) if entry.isreg() else None
                    if content is None:
                        raise damaged(f"{entry.name} is not a file")
                    member = Member(entry.name, entry.size, _Hashing(content))
                    if entry.name == "end.json":
                        self._prove(member, count, digest.hexdigest())
                        while self.stream.read(_PIECE):
                            pass  # so that what decrypts it comes to its end too
                        return
                    yield member
                    for _ in member.pieces():
                        pass
                    count += 1
                    digest.update(f"{entry.name}\0{entry.size}\0{member.content.sha256}\n".encode())
                    self.on_bytes(entry.size)
        except (tarfile.TarError, EOFError) as error:
            raise damaged("it is not whole, or no backup") from error
        raise damaged("its end is missing")

    def _prove(self, member: Member, count: int, sha256: str) -> None:
        try:
            self.end = json.loads(member.whole(2**20))
            told = (self.end["members"], self.end["sha256"])
        except (ValueError, KeyError) as error:
            raise damaged("its end cannot be read") from error
        if told != (count, sha256):
            raise damaged("its content is not what was written")


def rows_in(member: Member) -> Iterator[Any]:
    """JSON lines of a member.

    Raises:
        BackupDamaged: they cannot be read.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(member.whole())) as packed:
            for line in packed:
                yield json.loads(line.decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise damaged(f"{member.name} cannot be read") from error


def damaged(why: str) -> BackupDamaged:
    """The file is not what was written."""
    return BackupDamaged(f"the backup is damaged: {why}", "Use another backup; nothing was changed")


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, content: Any) -> None:
        self._content = content
        self._digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        try:
            piece: bytes = self._content.read(size)
        except tarfile.TarError as error:
            raise damaged("it breaks off") from error
        self._digest.update(piece)
        self.size += len(piece)
        return piece

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Pieces:
    """Pieces of any length, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")

    def read(self, size: int) -> bytes:
        taken: list[memoryview] = []
        while size > 0:
            if not self._held:
                self._held = memoryview(next(self._pieces, b""))
                if not self._held:
                    break
            part, self._held = self._held[:size], self._held[size:]
            taken.append(part)
            size -= len(part)
        return b"".join(taken)
