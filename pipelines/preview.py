"""A frame of a style for the brand kit's page, made in a folder of its own that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from videoclip.errors import InvalidRequest
from videoclip.fingerprint import fingerprint
from videoclip.media.ffmpeg import version
from videoclip.media.image_files import image_kind
from videoclip.media.preview import Show, preview_frame
from videoclip.schemas import MediaInfo, RenderOptions
from videoclip.settings import Settings
from videoclip.store.objects import ObjectRef, Objects

__all__ = ["PreviewWish", "make_preview"]

_VERSION = 1
_DRAWN = {
    "captions", "style", "watermark", "aspect", "framing", "watermark_place",
    "watermark_opacity", "watermark_size", "watermark_margin", "mode",
}  # fmt: skip
"""What of the options shows in a frame."""


@dataclass(frozen=True, slots=True)
class PreviewWish:
    """What is to be seen."""

    options: RenderOptions
    """Its watermark may be a text or a path that jobs may read; an object's is in ``logo``."""
    source: ObjectRef | None
    """None: a plain ground."""
    media: MediaInfo | None
    logo: ObjectRef | None
    at_ms: int
    text: str
    title: str
    show: Show

    @property
    def key(self) -> str:
        """The same for what looks the same."""
        return fingerprint("preview", _VERSION, {
            "options": self.options.model_dump(mode="json", include=_DRAWN),
            "source": self.source.sha256 if self.source else None,
            "logo": self.logo.sha256 if self.logo else None,
            "at_ms": self.at_ms, "text": self.text, "title": self.title, "show": self.show,
            "ffmpeg": version(),
        })  # fmt: skip


def make_preview(wish: PreviewWish, objects: Objects, settings: Settings) -> bytes:
    """The frame as JPEG.

    Raises:
        InvalidRequest: what stands for the watermark is no image.
        UsageError: the options cannot be met.
        MediaToolFailed: FFmpeg failed, or the source has no picture there.
        StoreError: an object is not there.
    """
    options = wish.options
    if wish.logo is not None:
        path = objects.path(wish.logo)
        if not path.is_file() or image_kind(path) is None:
            raise InvalidRequest(
                "the watermark is no PNG, JPEG or WebP image", "Upload the logo as a PNG file"
            )
        options = options.model_copy(update={"watermark": str(path)})
    source = None
    if wish.source is not None and wish.media is not None:
        source = (objects.path(wish.source), wish.media)
    root = settings.data_dir.absolute() / "work"
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="preview-", dir=root))
    try:
        out = folder / "frame.jpg"
        preview_frame(
            options, out, settings.media, source=source, at_ms=wish.at_ms, text=wish.text,
            title=wish.title, show=wish.show, font=settings.font,
        )  # fmt: skip
        return out.read_bytes()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
