"""Files by signed links, and by links that were given away: whoever holds one needs no account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from serve_apps.gateway.access import limit_anonymous
from serve_apps.gateway.delivery import FILE_RESPONSES, deliver, room_of
from serve_apps.gateway.fields import PathId
from serve_apps.gateway.problems import problems
from videoclip.store.links import LinkedFile
from videoclip.store.objects import ObjectRef
from videoclip.store.shares import open_share

__all__ = ["router"]

router = APIRouter(tags=["files"])
_MEDIA_TYPE = r"^[a-z]+/[A-Za-z0-9.+-]{1,80}$"


@router.head(
    "/files/{sha256}/{name}", summary="A file by a signed link",
    responses={**FILE_RESPONSES, **problems(403)}, response_class=Response,
)  # fmt: skip
@router.get(
    "/files/{sha256}/{name}", summary="A file by a signed link",
    responses={**FILE_RESPONSES, **problems(403)}, response_class=Response,
)  # fmt: skip
async def linked_file(
    request: Request,
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    name: Annotated[str, Path(max_length=1000)],
    size: Annotated[int, Query(ge=0)],
    expires: Annotated[int, Query(ge=0)],
    signature: Annotated[str, Query(max_length=200)],
    media_type: Annotated[str, Query(alias="type", pattern=_MEDIA_TYPE)],
    inline: Annotated[bool, Query()] = False,
) -> Response:
    """Read an object, or a range of it. Links come with assets and clips; they end, and cannot be changed."""
    file = LinkedFile(ObjectRef(sha256, size), name, media_type, inline, expires)
    room_of(request).links.check(file, signature)
    return await deliver(request, file.ref, name, media_type, inline=inline)


@router.head(
    "/shared/{share_id}", summary="A file that somebody shared",
    responses={**FILE_RESPONSES, **problems(403)}, response_class=Response,
    dependencies=[Depends(limit_anonymous)],
)  # fmt: skip
@router.get(
    "/shared/{share_id}", summary="A file that somebody shared",
    responses={**FILE_RESPONSES, **problems(403)}, response_class=Response,
    dependencies=[Depends(limit_anonymous)],
)  # fmt: skip
async def shared_file(
    request: Request,
    share_id: PathId,
    key: Annotated[str, Query(max_length=200, description="the link's secret")],
    inline: Annotated[bool, Query()] = True,
) -> Response:
    """Read the file until the link ends or is taken back."""
    async with room_of(request).database.reading() as session:
        file = await open_share(session, share_id, key)
    name = file.name.rpartition("/")[2]
    return await deliver(request, file.ref, name, file.media_type, inline=inline, life_s=300)
