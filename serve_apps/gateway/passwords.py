"""Passwords as argon2id. Whoever is not known takes as long to be refused as whoever is."""

from __future__ import annotations

import secrets

import anyio
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

__all__ = ["Passwords"]

_PASSES = 2
_MEMORY_KIB = 19 * 1024
_LANES = 1
"""As OWASP asks at least: more would let a few who guess passwords take the machine from those who work."""
_AT_ONCE = 2
"""Each takes that memory and a processor for some 20 ms; the event loop goes on meanwhile."""


class Passwords:
    """Hashes and checks passwords, off the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(_PASSES, _MEMORY_KIB, _LANES)
        self._limit = anyio.CapacityLimiter(_AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limit)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether it is the password; with None the same work is done, and the answer is no."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_urlsafe())
        right = await to_thread.run_sync(
            self._check, kept or self._nobody, password, limiter=self._limit
        )
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _check(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False
