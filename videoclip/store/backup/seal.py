"""Encryption with age (https://age-encryption.org): to public keys, or with a passphrase.

To public keys the file is age's own: ``age -d -i KEY FILE | tar t``. With a passphrase, a fresh key does the work and
is itself kept at the front, encrypted with the passphrase: pyrage knows no other way to do so in a stream.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from videoclip.errors import BackupDamaged, UsageError

__all__ = ["Seal", "Unseal"]

_AGE = b"age-encryption.org/v1"
_FRONT = b"videoclip-backup passphrase "
_LONGEST_FRONT = 4096


@dataclass(frozen=True)
class Seal:
    """How a backup is encrypted: to recipients, or with a passphrase, or not at all."""

    recipients: Sequence[str] = ()
    passphrase: str = ""

    @property
    def closed(self) -> bool:
        """Whether it is encrypted."""
        return bool(self.recipients or self.passphrase)

    @contextmanager
    def writing(self, stream: IO[bytes]) -> Iterator[IO[bytes]]:
        """What is written into the inner stream goes encrypted into ``stream``.

        Raises:
            UsageError: a recipient is none.
        """
        if not self.closed:
            yield stream
            return
        import pyrage

        recipients = [_recipient(text) for text in self.recipients]
        if self.passphrase:
            key = pyrage.x25519.Identity.generate()
            front = pyrage.passphrase.encrypt(str(key).encode(), self.passphrase)
            stream.write(_FRONT + f"{len(front)}\n".encode() + front)
            recipients.append(key.to_public())
        target = _Target(stream)

        def work(inner: IO[bytes]) -> None:
            try:
                pyrage.encrypt_io(inner, target, recipients)
            except Exception:
                if target.fault is not None:  # pyrage does not tell which one it was
                    raise target.fault from None
                raise

        with _piped(work, write=True) as pipe:
            yield pipe


class _Target:
    """A stream that remembers why it could not be written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.fault: OSError | None = None

    def write(self, piece: bytes) -> int:
        try:
            return self._stream.write(piece)
        except OSError as error:
            self.fault = error
            raise

    def flush(self) -> None:
        self._stream.flush()


@dataclass(frozen=True)
class Unseal:
    """How a backup is opened; what it needs it says itself."""

    identities: Sequence[str] = ()
    passphrase: str = ""

    @contextmanager
    def reading(self, stream: IO[bytes]) -> Iterator[tuple[IO[bytes], bool]]:
        """The plain stream, and whether it was encrypted.

        Args:
            stream: can be sought.

        Raises:
            UsageError: the key or passphrase is missing, or another one is needed.
            BackupDamaged: it was changed.
        """
        start = stream.read(len(_FRONT))
        stream.seek(0)
        if not start.startswith((_AGE, _FRONT)):
            yield stream, False
            return
        import pyrage

        keys = [_identity(text) for text in self.identities]
        if start == _FRONT:
            keys = [self._behind_passphrase(stream)]
        if not keys:
            raise UsageError("the backup is encrypted", "Give its key with --identity FILE")

        def work(inner: IO[bytes]) -> None:
            try:
                pyrage.decrypt_io(stream, inner, keys)
            except BrokenPipeError:
                raise
            except (pyrage.DecryptError, OSError) as error:
                if isinstance(error.__context__, BrokenPipeError):
                    raise
                raise BackupDamaged(
                    "the backup cannot be decrypted: another key is needed, or it is damaged",
                    "Give the key that it was encrypted to, or use another backup",
                ) from error

        with _piped(work, write=False) as pipe:
            yield pipe, True

    def _behind_passphrase(self, stream: IO[bytes]) -> Any:
        import pyrage

        if not self.passphrase:
            raise UsageError(
                "the backup is encrypted with a passphrase", "Give it with --passphrase-file FILE"
            )
        line = stream.readline(len(_FRONT) + 8)
        length = line.removeprefix(_FRONT).strip()
        if not length.isdigit() or int(length) > _LONGEST_FRONT:
            raise BackupDamaged("the backup is damaged at its front", "Use another backup")
        try:
            key = pyrage.passphrase.decrypt(stream.read(int(length)), self.passphrase)
            return pyrage.x25519.Identity.from_str(key.decode())
        except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError) as error:
            raise UsageError(
                "the passphrase is wrong", "Give the one that it was made with"
            ) from error


def _recipient(text: str) -> Any:
    import pyrage

    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageError(
            f"{text[:40]} is not a public key", "Give one of age (age1...) or SSH (ssh-ed25519 ...)"
        ) from error


def _identity(text: str) -> Any:
    import pyrage

    lines = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    try:
        if text.lstrip().startswith("-----BEGIN"):
            return pyrage.ssh.Identity.from_buffer(text.encode())
        return pyrage.x25519.Identity.from_str(lines[0] if lines else "")
    except pyrage.IdentityError as error:
        raise UsageError(
            "the file of --identity holds no key",
            "Give age's key file, or an SSH key without passphrase",
        ) from error


@contextmanager
def _piped(work: Callable[[IO[bytes]], object], *, write: bool) -> Iterator[IO[bytes]]:
    """Our end of a pipe; a thread works at the other end. What goes wrong there comes out here."""
    reading, writing = os.pipe()
    ours, theirs = (writing, reading) if write else (reading, writing)
    faults: list[BaseException] = []

    def run() -> None:
        with os.fdopen(theirs, "rb" if write else "wb") as inner:
            try:
                work(inner)
            except BaseException as error:  # noqa: BLE001 - raised by the other thread
                faults.append(error)

    thread = threading.Thread(target=run, name="videoclip-age", daemon=True)
    thread.start()
    stream = os.fdopen(ours, "wb" if write else "rb")
    failed = True
    try:
        yield stream
        failed = False
    except Exception as error:
        # The first cause is theirs: ours only saw a pipe that ended.
        _close(stream)
        thread.join()
        for fault in faults:
            if not isinstance(fault, BrokenPipeError) and not _is_pipe(fault):
                raise fault from error
        raise
    finally:
        _close(stream)
        thread.join()
    if not failed and faults and not _is_pipe(faults[0]):
        raise faults[0]


def _is_pipe(fault: BaseException) -> bool:
    return isinstance(fault, BrokenPipeError) or "Broken pipe" in str(fault)


def _close(stream: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        stream.close()
