"""The scripts, styles and texts that the browser loads, under an address that changes with their content."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

__all__ = ["LANGUAGES", "StaticFile", "find", "texts", "version"]

LANGUAGES = ("en", "zh")
_HERE = Path(__file__).parent
_FOLDERS = (_HERE / "static", _HERE / "texts")
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """What is sent."""

    content: bytes
    media_type: str


@cache
def version() -> str:
    """Names the state of all files: part of their address, so that a browser may keep them for ever."""
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(_HERE)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def texts(language: str) -> dict[str, Any]:
    """All texts of a language; each area of the UI has its own file.

    Raises:
        ValueError: two areas have the same key.
    """
    found: dict[str, Any] = {}
    for path in sorted((_HERE / "texts" / language).glob("*.json")):
        area = json.loads(path.read_text("utf-8"))
        if twice := found.keys() & area.keys():
            raise ValueError(f"{path.name} has texts that another file has: {sorted(twice)}")
        found |= area
    return found


@lru_cache(maxsize=512)
def find(name: str) -> StaticFile | None:
    """A file below ``static``, or ``texts/LANGUAGE.json``; None: there is none."""
    language = name.removeprefix("texts/").removesuffix(".json")
    if name == f"texts/{language}.json" and language in LANGUAGES:
        content = json.dumps(texts(language), ensure_ascii=False).encode()
        return StaticFile(content, _TYPES[".json"])
    folder = _FOLDERS[0].resolve()
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        return None
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return StaticFile(path.read_bytes(), kind or "application/octet-stream")
