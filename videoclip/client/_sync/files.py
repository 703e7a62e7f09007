# Made from ../_async/files.py by `make docs`; do not edit.
"""Files by links: signed ones, and those that somebody gave away. They need no key."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from videoclip.client._sync.downloads import FileInfo, fetch, stat
from videoclip.client._sync.resource import Resource
from videoclip.client.files import Progress, placed
from videoclip.client.operations import operation

__all__ = ["Files"]


class Files(Resource):
    """What `assets.link`, `clips.link` and `clips.share` tell, and whoever got one of these links can read."""

    @operation("HEAD /files/{sha256}/{name}", "HEAD /shared/{share_id}")
    def stat(self, link: str) -> FileInfo:
        """Size, digest and type of the file behind a link.

        Raises:
            LinkInvalid: the link has ended, was taken back or changed.
        """
        return stat(self._transport, link, signed=False)

    @operation("GET /files/{sha256}/{name}", "GET /shared/{share_id}")
    def download(
        self, link: str, target: str | os.PathLike[str], *, on_progress: Progress | None = None
    ) -> Path:
        """Write the file behind a link to this machine.

        Args:
            link: as it was told.
            target: a file, or a folder that it goes into under the last part of the link.
            on_progress: hears how many bytes are here, and how many there are.

        Raises:
            LinkInvalid: the link has ended, was taken back or changed.
            ChecksumMismatch: other bytes came.
        """
        found = self.stat(link)
        name = unquote(PurePosixPath(urlsplit(link).path).name)
        return fetch(
            self._transport, link, placed(target, name), size=found.size, sha256=found.sha256,
            on_progress=on_progress, signed=False,
        )  # fmt: skip
