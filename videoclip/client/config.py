"""Where the server is, who asks, and how patiently."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from videoclip import __version__
from videoclip.errors import UsageError

__all__ = ["PREFIX", "Config"]

PREFIX = "/api/v1"
_LOCAL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Config:
    """What a client is made from; it can be pickled, with the key, and shows no key when it is printed."""

    base_url: str
    """The server's address, without `/api/v1`."""
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    """How long an answer may say nothing, seconds."""
    retries: int = 4
    """How often a request is sent again that may be sent again."""
    patience_s: float = 120.0
    """How long an upload, a download or a stream waits for a server that does not answer, seconds."""
    user_agent: str = f"video-clip-python/{__version__}"

    @classmethod
    def of(
        cls, base_url: str | None, api_key: str | None, *, timeout_s: float, retries: int,
        patience_s: float,
    ) -> Config:  # fmt: skip
        """What was given, and what the environment says: `VIDEOCLIP_SERVER`, `VIDEOCLIP_API_KEY`.

        The key of the environment goes only to the server of the environment.

        Raises:
            UsageError: the address or the key is none.
        """
        if base_url is None:
            base_url = os.environ.get("VIDEOCLIP_SERVER") or _LOCAL
            api_key = api_key or os.environ.get("VIDEOCLIP_API_KEY") or None
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise UsageError("the API key has characters that no key has", "Copy it once more")
        if timeout_s <= 0 or retries < 0 or patience_s < 0:
            raise UsageError("a time or a number is negative", "Give timeout_s above 0")
        return cls(address(base_url), api_key and api_key.strip(), timeout_s, retries, patience_s)


def address(given: str) -> str:
    """A server's address in one form, without what comes after the host and a folder.

    Raises:
        UsageError: it is none.
    """
    text = given.strip().rstrip("/").removesuffix(PREFIX).rstrip("/")
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            "the server's address is not one that can be reached",
            "Give it as https://host or http://host:port, without a name or password in it",
        )
    return text
