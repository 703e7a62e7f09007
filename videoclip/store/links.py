"""Links to objects that whoever holds them may read for a while: signed by the installation's key, not kept anywhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from videoclip.errors import LinkInvalid
from videoclip.store.objects import ObjectRef

__all__ = ["FileLinks", "LinkedFile"]


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """What a link is to."""

    ref: ObjectRef
    name: str
    """That it is saved under."""
    media_type: str
    inline: bool
    """Shown in the page rather than saved."""
    expires_s: int
    """Seconds since 1970."""


class FileLinks:
    """Makes and checks links.

    The signature is a parameter, never part of the path: paths stand in logs.

    Args:
        keys: by their names; the first one signs, all of them are good.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._first = next(iter(self._keys))

    def link(self, base: str, file: LinkedFile) -> str:
        """The path and the parameters below ``base``, such as ``/api/v1/files``."""
        parameters = {
            "size": file.ref.size, "type": file.media_type, "inline": int(file.inline),
            "expires": file.expires_s, "signature": f"{self._first}.{self._sign(self._first, file)}",
        }  # fmt: skip
        name = quote(file.name, safe="", errors="replace")
        return f"{base}/{file.ref.sha256}/{name}?{urlencode(parameters)}"

    def check(self, file: LinkedFile, signature: str) -> None:
        """Whether the signature is ours, for exactly this, and still good.

        Raises:
            LinkInvalid: it is not.
        """
        key, _, given = signature.partition(".")
        good = key in self._keys and hmac.compare_digest(
            self._sign(key, file).encode(), given.encode("utf-8", "surrogatepass")
        )
        if not good or file.expires_s < time.time():
            raise LinkInvalid("the link is not valid, or no longer", "Ask for a new link")

    def _sign(self, key: str, file: LinkedFile) -> str:
        told = [
            file.ref.sha256,
            file.ref.size,
            file.name,
            file.media_type,
            file.inline,
            file.expires_s,
        ]
        digest = hmac.digest(self._keys[key], json.dumps(told).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
