"""Tokens and keys that are given out once; the database keeps only their hash."""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["hashed", "new_secret"]


def new_secret(kind: str) -> str:
    """A word of 256 random bits; ``kind`` is its beginning, so that scanners of leaked secrets know it."""
    return f"{kind}_{secrets.token_urlsafe(32)}"


def hashed(word: str) -> str:
    """SHA-256 in hexadecimal: enough for what is random, unlike for what people choose."""
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
