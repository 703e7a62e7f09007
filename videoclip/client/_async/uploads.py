"""Uploads by the tus protocol, request by request; `assets.upload` does all of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import httpx

from videoclip.client._async.resource import AsyncListing, AsyncResource, segment
from videoclip.client.bodies import read
from videoclip.client.operations import operation
from videoclip.client.problems import AnswerUnreadable
from videoclip.schemas.api.uploads import UploadOut, UploadPage

__all__ = ["AsyncUploads", "Begun", "Stand"]

_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = "application/offset+octet-stream"


class Begun(NamedTuple):
    """An upload that was announced."""

    address: str
    """Where its bytes go; not always the server that was asked."""
    upload: UploadOut


class Stand(NamedTuple):
    """How far an upload has come."""

    offset: int
    asset_id: str | None
    """The asset that it became, if it is one already."""


class AsyncUploads(AsyncResource):
    """Uploads of the workspace. An `upload` is named by its id, or by the address that `create` told."""

    @operation("GET /uploads")
    async def page(self, *, cursor: str | None = None, limit: int = 50) -> UploadPage:
        """Some of them, newest first."""
        query = {"cursor": cursor, "limit": limit}
        return await self._transport.get("/uploads", UploadPage, query)

    def list(self) -> AsyncListing[UploadPage, UploadOut]:
        """All of them, newest first."""
        return AsyncListing(
            lambda cursor: self.page(cursor=cursor, limit=200),
            lambda page: page.uploads,
            lambda page: page.next_cursor,
        )

    @operation("GET /uploads/{upload_id}")
    async def get(self, upload: str) -> UploadOut:
        """How far it has come, the asset that it became, or why it was refused."""
        return await self._transport.get(_path(upload.rpartition("/")[2]), UploadOut)

    @operation("OPTIONS /uploads", "OPTIONS /uploads/{upload_id}")
    async def capabilities(self, upload: str | None = None) -> Mapping[str, str]:
        """What the server can do: `tus-version`, `tus-max-size`, `tus-extension`, `tus-checksum-algorithm`."""
        path = "/uploads" if upload is None else _path(upload)
        answer = await self._transport.send("OPTIONS", path, signed=False)
        return {key: one for key, one in answer.headers.items() if key.startswith("tus-")}

    @operation("POST /uploads")
    async def create(self, size: int, *, name: str = "") -> Begun:
        """Announce a file of so many bytes; `append` sends them."""
        headers = {**_TUS, "Upload-Length": str(size)}
        if name:
            word = base64.b64encode(name.encode("utf-8", "replace")).decode()
            headers["Upload-Metadata"] = f"filename {word}"
        # Announced twice, one of them is empty and goes by itself.
        answer = await self._transport.send("POST", "/uploads", headers=headers, safe=True)
        upload = read(UploadOut, answer.content)
        return Begun(answer.headers.get("location") or upload.id, upload)

    @operation("HEAD /uploads/{upload_id}")
    async def offset(self, upload: str) -> Stand:
        """How many bytes are there, safely.

        Raises:
            NotFound: it is not there.
            UploadGone: it has expired.
        """
        return _stand(await self._transport.send("HEAD", _path(upload), headers=_TUS))

    @operation("PATCH /uploads/{upload_id}", "POST /uploads/{upload_id}")
    async def append(
        self, upload: str, offset: int, content: bytes, *, tunnel: bool = False
    ) -> Stand:
        """Send bytes that go on at an offset, with their checksum. Not repeated by itself: ask `offset` after a fault.

        Args:
            upload: which one.
            offset: where they begin.
            content: the bytes.
            tunnel: as POST, where something on the way refuses PATCH.

        Raises:
            OffsetMismatch: the upload ends elsewhere.
            ChecksumMismatch: they changed on their way.
        """
        word = base64.b64encode(hashlib.sha256(content).digest()).decode()
        headers = {
            **_TUS, "Upload-Offset": str(offset), "Upload-Checksum": f"sha256 {word}",
            "Content-Type": _BYTES,
        }  # fmt: skip
        if tunnel:
            headers["X-HTTP-Method-Override"] = "PATCH"
        method = "POST" if tunnel else "PATCH"
        answer = await self._transport.send(
            method, _path(upload), content=content, headers=headers, retries=0, safe=False
        )
        return _stand(answer)

    @operation("DELETE /uploads/{upload_id}")
    async def delete(self, upload: str) -> None:
        """End it, and forget its bytes; what is an asset already stays one."""
        await self._transport.send("DELETE", _path(upload), headers=_TUS)


def _path(upload: str) -> str:
    return upload if "/" in upload else f"/uploads/{segment(upload)}"


def _stand(answer: httpx.Response) -> Stand:
    told = answer.headers.get("upload-offset", "")
    if not (told.isascii() and told.isdecimal()):
        raise AnswerUnreadable(
            "the server does not say how many bytes it has", "See what stands between"
        )
    return Stand(int(told), answer.headers.get("upload-asset"))
