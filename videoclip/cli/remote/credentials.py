"""What `login` keeps: keys and sign-ins by server, in one file that only its owner can read."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from videoclip.errors import OutputUnwritable, UsageError
from videoclip.schemas.api.auth import TokenOut

if sys.platform != "win32":
    import fcntl

__all__ = ["Credentials", "SignIn", "config_folder", "state_folder"]

_FILE = "servers.json"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def config_folder() -> Path:
    """Where settings of this user are."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def state_folder() -> Path:
    """Where it is remembered how far something has got."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def _xdg(variable: str, fallback: str) -> Path:
    named = os.environ.get(variable, "")
    return (Path(named) if named else Path.home() / fallback) / "videoclip"


@dataclass(frozen=True, slots=True)
class SignIn:
    """A key, or the tokens of a person; it shows neither."""

    key: str | None = field(default=None, repr=False)
    tokens: TokenOut | None = field(default=None, repr=False)
    """`expires_in` counts from now."""


class Credentials:
    """The file; every change is made alone, whole, and readable by its owner only.

    Args:
        folder: that it is in; None: the user's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = config_folder() if folder is None else folder
        self.path = self._folder / _FILE

    def current(self) -> str | None:
        """The server that `login` named last."""
        found = self._read().get("current")
        return found if isinstance(found, str) else None

    def find(self, server: str) -> SignIn | None:
        """Who one is at a server.

        Raises:
            UsageError: others can read the file, or it is damaged.
        """
        known = self._servers(self._read()).get(server)
        if not isinstance(known, dict):
            return None
        if isinstance(known.get("key"), str):
            return SignIn(key=known["key"])
        try:
            tokens = TokenOut.model_validate(known.get("tokens"))
            left = int(known["until"]) - int(time.time())
        except (ValidationError, KeyError, TypeError, ValueError) as error:
            raise self._damaged() from error
        return SignIn(tokens=tokens.model_copy(update={"expires_in": max(0, left)}))

    def keep(self, server: str, sign_in: SignIn) -> None:
        """Remember who one is; the caller holds `alone`."""
        entry: dict[str, Any] = {"key": sign_in.key}
        if sign_in.tokens is not None:
            until = int(time.time()) + sign_in.tokens.expires_in
            entry = {"tokens": sign_in.tokens.model_dump(mode="json"), "until": until}
        told = self._read()
        self._write({**told, "servers": {**self._servers(told), server: entry}})

    def choose(self, server: str) -> None:
        """Take this server where none is named; the caller holds `alone`."""
        self._write({**self._read(), "current": server})

    def forget(self, server: str) -> None:
        """Forget a server; the caller holds `alone`."""
        told = self._read()
        servers = self._servers(told)
        servers.pop(server, None)
        current = told.get("current")
        rest = {"current": current} if current != server else {}
        self._write({**rest, "servers": servers})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other process of this user changes anything inside the block.

        Raises:
            OutputUnwritable: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._folder / f"{_FILE}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        with os.fdopen(descriptor, "wb") as lock:
            if sys.platform != "win32":
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & _OTHERS:
                    raise UsageError(
                        f"{self.path}, which holds keys, can be read by others",
                        f"Run: chmod 600 {self.path}",
                    )
                told = json.loads(file.read())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged() from error
        if not isinstance(told, dict):
            raise self._damaged()
        return told

    def _servers(self, told: dict[str, Any]) -> dict[str, Any]:
        servers = told.get("servers", {})
        if not isinstance(servers, dict):
            raise self._damaged()
        return dict(servers)

    def _write(self, told: dict[str, Any]) -> None:
        fresh = self.path.with_name(f"{_FILE}.{os.getpid()}")
        try:
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(told, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def _damaged(self) -> UsageError:
        return UsageError(
            f"{self.path} cannot be understood", "Remove it, then run videoclip login again"
        )

    def _unwritable(self, error: OSError) -> OutputUnwritable:
        return OutputUnwritable(
            f"{self.path} cannot be written: {error.strerror}",
            "Set XDG_CONFIG_HOME to a folder that can, or use VIDEOCLIP_API_KEY",
        )
