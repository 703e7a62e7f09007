"""API keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id, Label
from videoclip.schemas.api.roles import SCOPES

__all__ = ["KeyIn", "KeyOut", "KeysOut", "NewKeyOut"]


class KeyIn(Incoming):
    """A key to be."""

    name: Label
    scopes: list[Annotated[str, Field(max_length=40)]] = Field(
        min_length=1, max_length=len(SCOPES), examples=[["jobs:read", "jobs:write"]]
    )
    days: int | None = Field(90, ge=1, le=3650, description="how long it is valid; null: no end")


class KeyOut(BaseModel):
    """A key without its secret; times are milliseconds since 1970."""

    id: Id
    name: str
    prefix: str = Field(description="its beginning, to recognise it by")
    scopes: list[str]
    user_id: Id | None = Field(description="who made it; it can do no more than they can")
    created_ms: int
    expires_ms: int | None
    last_used_ms: int | None = Field(description="to the minute")


class NewKeyOut(KeyOut):
    """A new key, with the secret that is told once."""

    key: str


class KeysOut(BaseModel):
    """Some of the keys that were not revoked, oldest first."""

    keys: list[KeyOut]
    next_cursor: str | None
