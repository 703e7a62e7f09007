"""What a job may read: its workspace's assets, addresses in the web, folders and buckets that the settings open.

The runner checks again when it reads: this is for a clear answer at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.buckets import open_to_jobs
from videoclip.errors import InvalidRequest
from videoclip.settings import JobSettings

__all__ = ["asset_ids", "asset_of", "check_sources"]

_ASSET = re.compile(r"asset:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_MADE = re.compile(
    r"(job:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/\S.*|transcript:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
"""What earlier jobs of the workspace made; the runner looks for it in this workspace only."""
_WEB = re.compile(r"https?://[^\s/@]+(/\S*)?")
_FILES = ("source", "folder", "transcript", "translation", "intro", "outro", "prefix")
_LISTS = ("sources", "items", "urls")


def check_sources(request: dict[str, Any], settings: JobSettings) -> None:
    """Refuse a request that names a file of the server which is not open to jobs.

    Raises:
        InvalidRequest: it does.
    """
    folders = [Path(os.path.realpath(folder)) for folder in settings.source_folders]
    for name, value in _named(request):
        if name == "watermark" and not _looks_like_a_file(value):
            continue  # a text
        if _ASSET.fullmatch(value) or _MADE.fullmatch(value):
            continue
        if name != "watermark" and _WEB.fullmatch(value):
            continue
        if open_to_jobs(value, settings):
            continue
        real = Path(os.path.realpath(value)) if _is_path(value) else None
        if real is not None and any(real.is_relative_to(folder) for folder in folders):
            continue
        raise InvalidRequest(
            f"{name} names nothing that jobs may read",
            "Upload the file and write asset:ID, or an http(s) address, or a path below jobs.source_folders, "
            "or a key below jobs.source_buckets",
        )


def asset_of(reference: str) -> str | None:
    """The id of the asset that a reference names, if it names one."""
    match = _ASSET.fullmatch(reference)
    return match.group(1) if match else None


def asset_ids(request: dict[str, Any]) -> set[str]:
    """Ids of all assets that a request names."""
    return {found for _, value in _named(request) if (found := asset_of(value))}


def _named(part: Any) -> Iterator[tuple[str, str]]:
    """Fields of a request that may name files, wherever they are."""
    if isinstance(part, list):
        for item in part:
            yield from _named(item)
    elif isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, str) and name in (*_FILES, "watermark"):
                yield name, value
            elif name in _LISTS and isinstance(value, list):
                for item in value:
                    if isinstance(item, str):
                        yield name, item
                    else:
                        yield from _named(item)
            else:
                yield from _named(value)


def _is_path(value: str) -> bool:
    return value.startswith("/") and "\0" not in value and len(value) < 4096


def _looks_like_a_file(value: str) -> bool:
    image = value.lower().endswith((".png", ".jpg", ".jpeg", ".webp"))
    return image or "/" in value or "\\" in value or value.startswith((".", "~", "asset:", "job:"))
