"""The part of a file that is here already, and how the server names the version that it is of."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from videoclip.errors import FetchFailed, StorageFull

__all__ = ["Part"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHUNK = 1 << 20


class Part:
    """What is here of a file, and how the server names the version that it is of."""

    def __init__(self, target: Path, url: str) -> None:
        self.target = target
        self._file = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".part.json")
        self._url = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        self._digest = hashlib.sha256()
        self._stream: IO[bytes] | None = None
        self._etag = ""
        self.again = True
        self.size = 0
        self._find()

    def _find(self) -> None:
        """Go on with an earlier call's part, if it is of this address and its version is known."""
        with suppress(OSError, ValueError, TypeError):
            notes: dict[str, Any] = json.loads(self._notes.read_text("utf-8"))
            if notes["url"] != self._url or not notes["etag"]:
                return
            with self._file.open("rb") as stream:
                while piece := stream.read(_CHUNK):
                    self._digest.update(piece)
                    self.size += len(piece)
            self._etag = str(notes["etag"])

    def asking(self) -> dict[str, str]:
        """Headers of the next request."""
        if self.size == 0 or not self._etag:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._etag}

    def begin(self, status: int, headers: dict[str, str]) -> int | None:
        """Take up the answer's body; returns the whole file's size if it is told."""
        etag = headers.get("etag", "")
        length = _number(headers.get("content-length", ""))
        if status == 206:
            unit, _, rest = headers.get("content-range", "").partition(" ")
            span, _, whole = rest.partition("/")
            if unit != "bytes" or _number(span.partition("-")[0]) != self.size:
                self.restart()
                raise FetchFailed(
                    "the server answered with another part than was asked for", "Try again"
                )
            total = _number(whole)
        else:
            self.restart()
            total = length
            # A weak tag names content that is alike, not the same bytes.
            self._etag = "" if etag.startswith("W/") else etag
        self._open()
        return total

    def _open(self) -> None:
        with self._disk():
            if self._stream is None:
                kind = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
                self._stream = os.fdopen(os.open(self._file, kind, 0o600), "r+b", buffering=0)
            self._stream.truncate(self.size)
            self._stream.seek(self.size)
            notes = json.dumps({"url": self._url, "etag": self._etag})
            descriptor = os.open(
                self._notes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
            )
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(notes)

    def write(self, piece: bytes) -> None:
        """Add bytes."""
        assert self._stream is not None
        with self._disk():
            view = memoryview(piece)
            while view:
                done = self._stream.write(view)
                self._digest.update(view[:done])
                self.size += done or 0
                view = view[done:]

    def restart(self) -> None:
        """From the beginning."""
        self.size = 0
        self._etag = ""
        self._digest = hashlib.sha256()

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def drop(self) -> None:
        """Nothing of it will be wanted again."""
        self.again = False
        self.close()
        for path in (self._file, self._notes):
            path.unlink(missing_ok=True)

    def finish(self) -> str:
        """The file is whole: give it its name; returns its SHA-256."""
        assert self._stream is not None
        with self._disk():
            os.fsync(self._stream.fileno())
            self.close()
            self._file.replace(self.target)
            self._notes.unlink(missing_ok=True)
        return self._digest.hexdigest()

    def _disk(self) -> _disk_errors:
        return _disk_errors(self.target)


class _disk_errors:  # noqa: N801 - used as a context manager, reads as a verb
    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise StorageFull(
                f"no space is left in {self.target.parent}", "Free some space and try again"
            ) from error
        if isinstance(error, OSError):
            raise StorageFull(
                f"{self.target.parent} cannot be written: {error.strerror}",
                "Check the folder's rights",
            ) from error


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
