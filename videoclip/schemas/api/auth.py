"""Signing in, and who one is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Email, Id, Label, Password
from videoclip.schemas.api.roles import Role

__all__ = [
    "InvitationIn",
    "MeOut",
    "NewPasswordIn",
    "PasswordIn",
    "PlaceOut",
    "RefreshIn",
    "SignOutIn",
    "TokenOut",
    "UserOut",
]


class PasswordIn(Incoming):
    """Address and password."""

    email: Email
    password: Password
    workspace_id: Id | None = Field(None, description="none: the one that you joined first")


class RefreshIn(Incoming):
    """A refresh token."""

    refresh_token: Annotated[SecretStr, Field(min_length=8, max_length=200)]
    workspace_id: Id | None = Field(None, description="go on in this workspace")


class SignOutIn(Incoming):
    """A refresh token."""

    refresh_token: Annotated[SecretStr, Field(min_length=8, max_length=200)]


class InvitationIn(Incoming):
    """An invitation, and the account that it is for."""

    token: Annotated[SecretStr, Field(min_length=8, max_length=200)]
    email: Email | None = Field(None, description="where the invitation names no address")
    name: Label
    password: Password = Field(description="a new one; the present one where there is an account")


class NewPasswordIn(Incoming):
    """The present and the new password."""

    current: Password
    new: Password


class UserOut(BaseModel):
    """Somebody who can sign in."""

    id: Id
    email: str
    name: str
    is_admin: bool = Field(description="administers the installation")


class PlaceOut(BaseModel):
    """A workspace that one belongs to."""

    id: Id
    name: str
    role: Role


class TokenOut(BaseModel):
    """A sign-in."""

    access_token: str = Field(description="send it as Authorization: Bearer")
    token_type: str = "Bearer"  # noqa: S105 - the kind, no secret
    expires_in: int = Field(description="seconds")
    refresh_token: str = Field(
        description="for the next access token; works once, and twice ends the sign-in"
    )
    user: UserOut
    workspace_id: Id
    workspaces: list[PlaceOut]


class MeOut(BaseModel):
    """Who one is here."""

    user: UserOut | None
    key_id: Id | None = Field(description="of the API key, if it is one")
    workspace_id: Id
    role: Role
    scopes: list[str]
    workspaces: list[PlaceOut]
