# Made from ../_async/sending.py by `make docs`; do not edit.
"""A file to the server in pieces, through breaks of the connection and restarts of the server."""

from __future__ import annotations

import os
from pathlib import Path

from videoclip.client._sync.patience import Patience
from videoclip.client._sync.uploads import Uploads, Stand
from videoclip.client.files import Leaving, Progress
from videoclip.client.problems import error_of_code
from videoclip.client.resuming import Remembered
from videoclip.client.waiting import sleep, work
from videoclip.errors import NotFound, TooLarge, UploadGone, VideoClipError

__all__ = ["send"]

_SMALLEST = 64 * 1024
_LOOK_S = (0.2, 0.5, 1.0, 2.0)


def send(
    uploads: Uploads, path: Path, *, server: str, patience_s: float, name: str,
    on_progress: Progress | None, resume: str | os.PathLike[str] | None, piece: int,
) -> str:  # fmt: skip
    """Upload a file; the id of the asset that it became.

    Raises:
        SourceMissing: the file cannot be read.
        SourceChanged: it was written to meanwhile.
        VideoClipError: the server refused the file, or stayed away for too long.
    """
    leaving = work(Leaving, path)
    try:
        memory = Remembered(resume, server, leaving.mark)
        address, offset, asset = _begin(uploads, leaving, memory, name)
        patience = Patience(patience_s)
        while offset < leaving.size:
            content = work(leaving.part, offset, piece)
            try:
                stand = uploads.append(address, offset, content)
            except TooLarge:
                # The gateway takes less at once than this.
                if piece <= _SMALLEST:
                    raise
                piece = max(min(piece, _SMALLEST), len(content) // 2)
                continue
            except VideoClipError as error:
                stand = _where_now(uploads, address, patience, error)
            if stand.offset > offset:
                patience.moved()
            else:
                # Something on the way may take less at once, and say so by breaking off.
                piece = max(min(piece, _SMALLEST), piece // 2)
            offset, asset = stand
            if on_progress is not None:
                on_progress(offset, leaving.size)
        asset = asset or _asset_of(uploads, address, patience)
        memory.forget()
    finally:
        leaving.close()
    return asset


def _begin(
    uploads: Uploads, leaving: Leaving, memory: Remembered, name: str
) -> tuple[str, int, str | None]:
    known = memory.find()
    if known is not None:
        try:
            stand = uploads.offset(known)
        except (NotFound, UploadGone):
            memory.forget()
        else:
            return known, stand.offset, stand.asset_id
    begun = uploads.create(leaving.size, name=name)
    memory.keep(begun.address)
    return begun.address, begun.upload.offset, begun.upload.asset_id


def _where_now(uploads: Uploads, address: str, patience: Patience, error: VideoClipError) -> Stand:
    """After a fault: where the upload ends, as soon as the server can say it."""
    while True:
        patience.after(error)
        try:
            return uploads.offset(address)
        except VideoClipError as another:
            error = another


def _asset_of(uploads: Uploads, address: str, patience: Patience) -> str:
    """Wait until the server has examined the file."""
    looks = 0
    while True:
        try:
            upload = uploads.get(address)
        except VideoClipError as error:
            patience.after(error)
            continue
        patience.moved()
        if upload.asset_id is not None:
            return upload.asset_id
        if upload.error is not None:
            raise error_of_code(upload.error.code, upload.error.cause, upload.error.remedy)
        sleep(_LOOK_S[min(looks, len(_LOOK_S) - 1)])
        looks += 1
