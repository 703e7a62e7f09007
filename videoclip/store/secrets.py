"""Secrets at rest: what the database holds of others' passwords and signing keys is encrypted with a key outside it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from videoclip.errors import StoreError, UsageError
from videoclip.settings import Settings

__all__ = ["KEY_FILE", "Secrets"]

KEY_FILE = "secret.key"
_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class Secrets:
    """Seals and opens short texts with AES-256-GCM.

    A sealed text is bound to the place that it was sealed for: copied into another row, it does not open.

    Args:
        keys: 32 bytes each; the first one seals, all of them open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise UsageError(
                "a secret key is not 32 bytes long", "Make one with: openssl rand -base64 32"
            )
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._first = _name(keys[0])
        self._keys = {_name(key): key for key in keys}

    @classmethod
    def of(cls, settings: Settings) -> Secrets:
        """The keys of the settings, or of the data folder's key file, which is made if there is none."""
        text = settings.secret_key.get_secret_value()
        if not text:
            text = _key_file(settings.data_dir.absolute() / KEY_FILE)
        try:
            keys = [base64.b64decode(word, validate=True) for word in text.split()]
        except binascii.Error as error:
            raise UsageError(
                "a secret key is not base64", "Make one with: openssl rand -base64 32"
            ) from error
        return cls(keys)

    def derived(self, purpose: str) -> dict[str, bytes]:
        """A key for another purpose, such as signing, for each of the keys by its name, the current one first."""
        return {
            name: hmac.digest(key, f"videoclip {purpose}".encode(), "sha256")
            for name, key in self._keys.items()
        }

    def seal(self, text: str, place: str) -> str:
        """Encrypt a text.

        Args:
            text: the secret.
            place: where it is kept, such as ``destination/ID/address``.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, text.encode(), place.encode())
        return f"{_VERSION}.{self._first}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Decrypt a text.

        Raises:
            StoreError: the key is not here, or the text was damaged or moved.
        """
        version, _, rest = sealed.partition(".")
        name, _, data = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version != _VERSION or cipher is None:
            raise StoreError(
                f"the key {name or '?'} that a secret was encrypted with is not here",
                f"Give it in VIDEOCLIP_SECRET_KEY, or put back the data folder's {KEY_FILE}",
            )
        with suppress(InvalidTag, binascii.Error, ValueError):
            raw = base64.b64decode(data, validate=True)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
        raise StoreError(
            f"the secret of {place} is damaged",
            "Enter it anew, or restore a backup of the database",
        )


def _name(key: bytes) -> str:
    """Names a key without telling it."""
    return hashlib.sha256(b"videoclip secret key\0" + key).hexdigest()[:8]


def _key_file(path: Path) -> str:
    """Read the key file, or make it; of several processes that make it at once one wins."""
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise UsageError(
                f"{path} can be read by others",
                f"Run chmod 600 {path}; if others may have read it, renew what it protects",
            )
        return stream.read(64 * 1024).decode("ascii", "replace")
