"""What another process may go on with: a small file remembers where a file of this machine is on a server."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["Remembered"]

_MOST = 1000


class Remembered:
    """Addresses of uploads, or ids of assets, by the file, its size and time, and the server. No path and no key is in it."""

    def __init__(self, path: str | os.PathLike[str] | None, server: str, mark: str) -> None:
        self._path = None if path is None else Path(path)
        self._key = hashlib.sha256(f"{server}\0{mark}".encode("utf-8", "replace")).hexdigest()

    def find(self) -> str | None:
        """Where it is, if that is known."""
        found = self._all().get(self._key)
        return found if isinstance(found, str) else None

    def keep(self, address: str) -> None:
        """It is there now."""
        self._write({**self._all(), self._key: address})

    def forget(self) -> None:
        """It is finished, or is no longer there."""
        known = self._all()
        if known.pop(self._key, None) is not None:
            self._write(known)

    def _all(self) -> dict[str, object]:
        if self._path is None:
            return {}
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
        return {}

    def _write(self, known: dict[str, object]) -> None:
        if self._path is None:
            return
        kept = dict(list(known.items())[-_MOST:])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        fresh.replace(self._path)
