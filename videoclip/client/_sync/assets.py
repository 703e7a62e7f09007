# Made from ../_async/assets.py by `make docs`; do not edit.
"""The videos and sounds of the workspace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from videoclip.client._sync.downloads import FileInfo, fetch, stat
from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client._sync.sending import send
from videoclip.client._sync.uploads import Uploads
from videoclip.client.files import Progress, placed
from videoclip.client.operations import operation
from videoclip.client.problems import WaitEnded
from videoclip.client.retry import retry_after_s
from videoclip.client.waiting import sleep
from videoclip.schemas.api.assets import AssetKind, AssetOut, AssetPage, LinkOut, View

__all__ = ["Assets"]

_PIECE = 8 * 2**20


class Assets(Resource):
    """Videos and sounds that jobs work on."""

    def upload(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        on_progress: Progress | None = None,
        resume: str | os.PathLike[str] | None = None,
        piece_bytes: int = _PIECE,
    ) -> AssetOut:
        """Upload a file of any size, through breaks of the connection and restarts of the server.

        ```python
        asset = client.assets.upload("talk.mp4", on_progress=lambda done, all: print(done, all))
        ```

        Args:
            path: the file; one piece of it is in memory at a time.
            name: what it is called there; None: as here.
            on_progress: hears how many bytes are there, and how many there are.
            resume: a small file that remembers unfinished uploads, so that another process goes on with them.
            piece_bytes: bytes in one request at most.

        Raises:
            SourceMissing: the file cannot be read.
            SourceChanged: it was written to meanwhile.
            SourceError: it is no video or sound that the server takes.
            QuotaExceeded: the workspace may not keep so much.
            ServerUnreachable: the server stayed away longer than `patience_s`.
        """
        file = Path(path)
        config = self._transport.config
        asset = send(
            Uploads(self._transport), file, server=config.base_url, resume=resume,
            patience_s=config.patience_s, name=file.name if name is None else name,
            on_progress=on_progress, piece=max(1, piece_bytes),
        )  # fmt: skip
        return self.get(asset)

    @operation("GET /assets")
    def page(
        self, *, q: str | None = None, kind: Sequence[AssetKind] = (), cursor: str | None = None,
        limit: int = 50,
    ) -> AssetPage:  # fmt: skip
        """Some of them, newest first; ``q``: a part of the name; ``kind``: only these."""
        query = {"q": q, "kind": list(kind), "cursor": cursor, "limit": limit}
        return self._transport.get("/assets", AssetPage, query)

    def list(
        self, *, q: str | None = None, kind: Sequence[AssetKind] = ()
    ) -> Listing[AssetPage, AssetOut]:
        """All of them, newest first; ``q``: a part of the name; ``kind``: only these."""
        return Listing(
            lambda cursor: self.page(q=q, kind=kind, cursor=cursor, limit=200),
            lambda page: page.assets,
            lambda page: page.next_cursor,
        )

    @operation("GET /assets/{asset_id}")
    def get(self, asset_id: str) -> AssetOut:
        """What it is; `reference` is how jobs name it."""
        return self._transport.get(f"/assets/{segment(asset_id)}", AssetOut)

    @operation("DELETE /assets/{asset_id}")
    def delete(self, asset_id: str) -> None:
        """Forget it."""
        self._transport.send("DELETE", f"/assets/{segment(asset_id)}")

    @operation("HEAD /assets/{asset_id}/content")
    def stat(self, asset_id: str) -> FileInfo:
        """Size, digest and type of the file itself."""
        return stat(self._transport, f"/assets/{segment(asset_id)}/content")

    @operation("GET /assets/{asset_id}/content")
    def download(
        self, asset_id: str, target: str | os.PathLike[str], *, on_progress: Progress | None = None
    ) -> Path:
        """Write the file itself to this machine.

        Args:
            asset_id: which one.
            target: a file, or a folder that it goes into under its own name.
            on_progress: hears how many bytes are here, and how many there are.

        Raises:
            ChecksumMismatch: other bytes came.
        """
        asset = self.get(asset_id)
        return fetch(
            self._transport, f"/assets/{segment(asset_id)}/content", placed(target, asset.name),
            size=asset.size, sha256=asset.sha256, on_progress=on_progress,
        )  # fmt: skip

    @operation("POST /assets/{asset_id}/link")
    def link(self, asset_id: str, *, life_s: int = 3600, inline: bool = True) -> LinkOut:
        """A link that needs no key, such as a player takes; it ends by itself.

        Args:
            asset_id: which one.
            life_s: how long it is good, seconds.
            inline: shown in a page rather than saved.
        """
        query = {"life_s": life_s, "inline": inline}
        path = f"/assets/{segment(asset_id)}/link"
        found = self._transport.post(path, LinkOut, query=query, safe=True)
        return found.model_copy(update={"url": self._transport.url(found.url)})

    @operation("GET /assets/{asset_id}/{view}")
    def view(self, asset_id: str, view: View, *, wait_s: float = 600.0) -> bytes:
        """Thumbnail (JPEG), storyboard (WebVTT), waveform or shots (JSON); made when it is first asked for.

        Raises:
            WaitEnded: it was not made in so many seconds.
        """
        return self._made(f"/assets/{segment(asset_id)}/{segment(view)}", wait_s)

    @operation("GET /assets/{asset_id}/storyboard/{sheet}")
    def storyboard_sheet(self, asset_id: str, sheet: str, *, wait_s: float = 600.0) -> bytes:
        """A picture that the storyboard names (JPEG).

        Raises:
            WaitEnded: it was not made in so many seconds.
        """
        path = f"/assets/{segment(asset_id)}/storyboard/{segment(sheet)}"
        return self._made(path, wait_s)

    def _made(self, path: str, wait_s: float) -> bytes:
        waited = 0.0
        while True:
            answer = self._transport.send("GET", path)
            if answer.status_code != 202:
                return answer.content
            pause = min(10.0, max(0.5, retry_after_s(answer.headers)))
            if waited + pause > wait_s:
                raise WaitEnded(
                    f"it was not made in {wait_s:.0f} seconds", "Ask again; it is being made"
                )
            sleep(pause)
            waited += pause
