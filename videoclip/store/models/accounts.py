"""People, what they may do where, the keys they use, and what they did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = [
    "ApiKey",
    "Audit",
    "Invitation",
    "Membership",
    "Preset",
    "RateWindow",
    "RefreshToken",
    "User",
]


class User(Base):
    """Somebody who can sign in."""

    __tablename__ = "user_account"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    email: Mapped[str] = mapped_column(String(320), unique=True, doc="in small letters")
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(
        String(200), doc="argon2id; None: signs in elsewhere"
    )
    oidc_subject: Mapped[str | None] = mapped_column(
        String(500), unique=True, doc="issuer and subject at the OpenID provider"
    )
    is_admin: Mapped[bool] = mapped_column(
        Boolean, default=False, doc="of the whole installation, not of a workspace"
    )
    created_ms: Mapped[int] = mapped_column(BigInteger)
    disabled_ms: Mapped[int | None] = mapped_column(BigInteger)


class Membership(Base):
    """What a user is in a workspace."""

    __tablename__ = "membership"

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(16), doc="owner, admin, editor or viewer")
    created_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_membership_user", "user_id"),)


class ApiKey(Base):
    """A key for programs; only its hash is kept."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), doc="who made it"
    )
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16), doc="its beginning, to recognise it by")
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int | None] = mapped_column(BigInteger)
    last_used_ms: Mapped[int | None] = mapped_column(BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_api_key_workspace", "workspace_id", "id"),)


class RefreshToken(Base):
    """One link of a sign-in's chain; each may be used once, and makes the next."""

    __tablename__ = "refresh_token"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    family: Mapped[str] = mapped_column(String(36), doc="the sign-in; revoked as a whole")
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int] = mapped_column(BigInteger)
    used_ms: Mapped[int | None] = mapped_column(BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_refresh_token_family", "family"),
        Index("ix_refresh_token_user", "user_id"),
    )


class Invitation(Base):
    """A link that works once: to join a workspace, or to make the installation's first account."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), doc="None: the account makes its own"
    )
    email: Mapped[str | None] = mapped_column(String(320), doc="None: whoever has the link")
    role: Mapped[str] = mapped_column(String(16))
    makes_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str | None] = mapped_column(String(36))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int] = mapped_column(BigInteger)
    used_ms: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_invitation_workspace", "workspace_id", "id"),)


class Audit(Base):
    """Who did what, written in the transaction that did it."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at_ms: Mapped[int] = mapped_column(BigInteger)
    workspace_id: Mapped[str | None] = mapped_column(
        String(36), doc="no reference: the record outlives what it is about"
    )
    user_id: Mapped[str | None] = mapped_column(String(36))
    key_id: Mapped[str | None] = mapped_column(String(36))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str | None] = mapped_column(String(128))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    ip: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index("ix_audit_workspace", "workspace_id", "id"),)


class RateWindow(Base):
    """How much of a limit was used in a span of time, by all replicas together."""

    __tablename__ = "rate_window"

    subject: Mapped[str] = mapped_column(String(128), primary_key=True)
    window_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, doc="its beginning")
    used: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_rate_window_window", "window_ms"),)


class Preset(Base):
    """A brand kit: how a workspace's clips look, by name."""

    __tablename__ = "preset"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, doc="uuid7")
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    render: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_preset_name", "workspace_id", "name", unique=True),)
