"""Fingerprints: the identity of an artifact is what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["file_sha256", "fingerprint"]

_CHUNK = 1 << 20


def fingerprint(stage: str, version: int, inputs: Mapping[str, Any]) -> str:
    """SHA-256 over stage, version and canonical JSON of the inputs; 64 hexadecimal digits.

    ``version`` is raised by whoever changes what the stage computes from the same inputs.
    """
    text = json.dumps(
        {"stage": stage, "version": version, "inputs": inputs},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_sha256(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file's content, read in 1 MiB pieces; ``on_bytes`` hears of each."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()
