"""Files to the client: served with ranges from the folder of objects, by signed links of a bucket otherwise."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import FileResponse, RedirectResponse
from starlette.types import Message, Receive, Scope, Send

from serve_apps.gateway.background import Background
from serve_apps.gateway.problems import problem_response, problems
from videoclip.errors import NotFound, TooLarge
from videoclip.schemas.api.problems import Problem
from videoclip.settings import Settings
from videoclip.sizes import size_text
from videoclip.store.database import Database
from videoclip.store.links import FileLinks, LinkedFile
from videoclip.store.objects import ObjectRef, Objects
from videoclip.store.shares import JobFile
from videoclip.store.staging import Staging, open_staging

__all__ = ["FILE_RESPONSES", "Room", "check_answer", "deliver", "link_to", "room_of"]

_INLINE = frozenset(
    {
        "video/mp4", "video/webm", "video/x-matroska", "video/quicktime", "audio/mpeg", "audio/mp4",
        "audio/ogg", "audio/wav", "image/jpeg", "image/png", "text/vtt", "application/json",
    }
)  # fmt: skip
"""What may be shown in a page; anything else (HTML, SVG) is only ever saved."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": _BINARY}},
    206: {"description": "A part of it", "content": {"*/*": _BINARY}},
    304: {"description": "The client has it already (If-None-Match)"},
    307: {"description": "It is in a bucket, and can be read there for a while"},
    **problems(404, 413, 416),
}
"""For ``responses=`` of a route that answers with a file."""


_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")


class Room(NamedTuple):
    """What routes of files work with."""

    settings: Settings
    database: Database
    objects: Objects
    staging: Staging
    background: Background
    """Makes assets of uploads."""
    looks: Background
    """Makes pictures and waveforms; may take long, and nothing else waits for it."""
    long_looks: Background
    """Finds shots, which takes minutes for hours of video."""
    links: FileLinks


def room_of(request: Request) -> Room:
    """Of this application; made once."""
    state = request.app.state
    room: Room | None = getattr(state, "file_room", None)
    if room is None:
        settings: Settings = state.settings
        links = FileLinks(state.secrets.derived("file links"))
        room = Room(
            settings,
            state.database,
            state.objects,
            open_staging(settings),
            Background(4),
            Background(1),
            Background(1),
            links,
        )
        state.file_room = room
    return room


class _File(FileResponse):
    """A file. A Range that is none is no reason to refuse it (RFC 9110, 14.2); one outside of it is a problem."""

    chunk_size = 512 * 1024

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        refused = 0

        async def checked(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                refused = message["status"]
            if not refused:
                await send(message)

        await super().__call__(scope, receive, checked)
        if refused == 400:
            kept = [pair for pair in scope["headers"] if pair[0] != b"range"]
            await super().__call__({**scope, "headers": kept}, receive, send)
        elif refused:
            size = self.headers["content-length"]
            problem = Problem(
                title="the file has no such bytes", status=416, code="no_such_range",
                detail=f"Ask for bytes 0 to {int(size) - 1}",
            )  # fmt: skip
            answer = problem_response(problem, {"Content-Range": f"bytes */{size}"})
            await answer(scope, receive, send)


async def deliver(
    request: Request,
    ref: ObjectRef,
    name: str,
    media_type: str,
    *,
    inline: bool = False,
    life_s: int = 3600,
) -> Response:
    """Answer with an object.

    Args:
        request: with Range, If-Range and If-None-Match as it may be.
        ref: the object.
        name: that it is saved under.
        media_type: what it is.
        inline: shown in the page rather than saved, where that is safe.
        life_s: how long a bucket's link is good, seconds.

    Raises:
        NotFound: the object is gone.
    """
    objects = room_of(request).objects
    shown = inline and media_type in _INLINE
    disposition = _disposition(name, "inline" if shown else "attachment")
    link = objects.link(ref, life_s, media_type=media_type, disposition=disposition)
    if link is not None:
        return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})
    headers = {
        "ETag": f'"{ref.sha256}"',
        "Cache-Control": "private, max-age=3600, immutable",
        "Content-Disposition": disposition,
    }
    if _has(request.headers.get("if-none-match", ""), ref.sha256):
        return Response(status_code=304, headers=headers)
    if not await asyncio.to_thread(objects.has, ref):
        raise NotFound("the file is no longer there", "Make it again")
    limit = room_of(request).settings.gateway.max_response_bytes
    if limit and ref.size > limit:
        elsewhere = _elsewhere(request, JobFile(name, ref, media_type), shown, life_s)
        if elsewhere is not None:
            return elsewhere
        _shorten(request, ref, limit)
    return _File(objects.path(ref), headers=headers, media_type=media_type)


def check_answer(request: Request, size: int) -> None:
    """Refuse an answer that this gateway may not give in one piece.

    Raises:
        TooLarge: it has more bytes than that.
    """
    limit = room_of(request).settings.gateway.max_response_bytes
    if limit and size > limit:
        raise TooLarge(
            f"this gateway sends at most {size_text(limit)} in one answer",
            "Ask for ranges of each file (Range), or name a `videoclip gateway` in gateway.files_url",
        )


def _elsewhere(request: Request, file: JobFile, inline: bool, life_s: int) -> Response | None:
    """To the gateway that large files go out by, if there is one."""
    if not room_of(request).settings.gateway.files_url:
        return None
    link, _ = link_to(request, file, life_s=life_s, inline=inline)
    return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})


def _shorten(request: Request, ref: ObjectRef, limit: int) -> None:
    """Make a range no longer than may be answered: the client asks for the rest when it has this.

    Raises:
        TooLarge: it is no single range.
    """
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or request.headers.get("if-range", f'"{ref.sha256}"') != f'"{ref.sha256}"':
        check_answer(request, ref.size)
        return
    begin = int(wanted[1])
    end = min(int(wanted[2] or ref.size - 1), begin + limit - 1)
    kept = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
    request.scope["headers"] = [*kept, (b"range", f"bytes={begin}-{end}".encode())]


def link_to(
    request: Request, file: JobFile, *, life_s: int, inline: bool = False
) -> tuple[str, int]:
    """A link to an object for whoever holds it, and when it ends (ms since 1970)."""
    room = room_of(request)
    ends = int(time.time()) + life_s
    name = file.name.rpartition("/")[2]
    shown = inline and file.media_type in _INLINE
    link = room.objects.link(
        file.ref, life_s, media_type=file.media_type,
        disposition=_disposition(name, "inline" if shown else "attachment"),
    )  # fmt: skip
    if link is None:
        base = request.url_for("linked_file", sha256=file.ref.sha256, name="x").path
        base = base.rsplit("/", 2)[0]
        link = room.links.link(base, LinkedFile(file.ref, name, file.media_type, shown, ends))
        gateway = room.settings.gateway
        if gateway.max_response_bytes and file.ref.size > gateway.max_response_bytes:
            link = gateway.files_url.rstrip("/") + link
    return link, ends * 1000


def _has(header: str, sha256: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return f'"{sha256}"' in tags or "*" in tags


def _disposition(name: str, kind: str) -> str:
    return f"{kind}; filename*=utf-8''{quote(name, safe='', errors='replace')}"
