"""API keys: for programs, with scopes and an end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from serve_apps.gateway.access import Principal, actor_of, require
from serve_apps.gateway.fields import Cursor, Limit, PathId
from serve_apps.gateway.problems import problems
from videoclip.errors import InvalidRequest, NotAllowed
from videoclip.schemas.api.keys import KeyIn, KeyOut, KeysOut, NewKeyOut
from videoclip.schemas.api.roles import SCOPES
from videoclip.store.database import Database
from videoclip.store.keys import KeyRecord, Keys

__all__ = ["router"]

router = APIRouter(prefix="/keys", tags=["keys"])
_DAY_MS = 24 * 3600 * 1000
Reader = Annotated[Principal, Depends(require("keys:read"))]
Writer = Annotated[Principal, Depends(require("keys:write"))]


@router.post("", summary="Make a key", status_code=201)
async def create(body: KeyIn, request: Request, who: Writer) -> NewKeyOut:
    """Make a key for this workspace. Its secret is told once, here."""
    unknown = set(body.scopes) - SCOPES
    if unknown:
        raise InvalidRequest(
            "there is a scope that is none", f"Use some of {', '.join(sorted(SCOPES))}"
        )
    missing = set(body.scopes) - who.scopes
    if missing or who.user_id is None:
        raise NotAllowed(
            f"you do not have {', '.join(sorted(missing))} yourself", "Leave these scopes out"
        )
    life_ms = None if body.days is None else body.days * _DAY_MS
    database: Database = request.app.state.database
    async with database.session() as session:
        made, word = await Keys(session, who.workspace_id).create(
            body.name, body.scopes, life_ms, who.user_id, actor_of(request, who)
        )
    return NewKeyOut(**_key(made).model_dump(), key=word)


@router.get("", summary="List keys")
async def page(request: Request, who: Reader, cursor: Cursor = None, limit: Limit = 50) -> KeysOut:
    """List the keys of the workspace."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found = await Keys(session, who.workspace_id).page(cursor, limit + 1)
    return KeysOut(
        keys=[_key(key) for key in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.delete("/{key_id}", summary="Revoke a key", status_code=204, responses=problems(404))
async def revoke(request: Request, who: Writer, key_id: PathId) -> Response:
    """End a key, at once."""
    database: Database = request.app.state.database
    async with database.session() as session:
        await Keys(session, who.workspace_id).revoke(key_id, actor_of(request, who))
    return Response(status_code=204)


def _key(key: KeyRecord) -> KeyOut:
    return KeyOut(
        id=key.id, name=key.name, prefix=key.prefix, scopes=list(key.scopes), user_id=key.user_id,
        created_ms=key.created_ms, expires_ms=key.expires_ms, last_used_ms=key.last_used_ms,
    )  # fmt: skip
