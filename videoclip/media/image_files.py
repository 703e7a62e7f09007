"""Image files that users name, known by their first bytes."""

from __future__ import annotations

import os
from pathlib import Path

from videoclip.errors import UsageError, one_line

__all__ = ["image_kind", "watermark_image"]

_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".svg", ".tif", ".tiff")
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png_pipe", b"\xff\xd8\xff": "jpeg_pipe"}
_MAX_IMAGE_BYTES = 32 * 1024**2


def watermark_image(value: str | None) -> tuple[Path, str] | None:
    """The image file that a watermark names and its demuxer, or None where the value is a text.

    Raises:
        UsageError: it looks like a path, but no PNG, JPEG or WebP image is there.
    """
    if value is None or not value.strip() or "\0" in value:
        return None
    path = Path(value)
    try:
        there = len(os.fsencode(value)) < 4096 and path.is_file()
    except OSError:
        there = False
    if there:
        kind = image_kind(path)
        if kind is not None:
            return path.absolute(), kind
    looks_like_path = value.startswith(("/", "./", "../", "~")) or value.lower().endswith(
        _IMAGE_SUFFIXES
    )
    if there or looks_like_path:
        fault = "is not a PNG, JPEG or WebP image" if there else "does not exist"
        raise UsageError(
            f"the watermark {one_line(value, 120)} {fault}",
            "Name a PNG, JPEG or WebP image, or give a text that does not look like a path",
        )
    return None


def image_kind(path: Path) -> str | None:
    """Demuxer of a PNG, JPEG or WebP image by its first bytes, whatever its name; None: it is none, or too large."""
    if path.stat().st_size > _MAX_IMAGE_BYTES:
        return None
    with path.open("rb") as stream:
        head = stream.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "webp_pipe"
    return next((kind for sign, kind in _SIGNATURES.items() if head.startswith(sign)), None)
