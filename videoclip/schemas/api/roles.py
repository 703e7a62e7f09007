"""Roles as sets of scopes: what each may do."""

from __future__ import annotations

from typing import Literal

__all__ = ["ROLES", "SCOPES", "Role"]

Role = Literal["owner", "admin", "editor", "viewer"]

_READ = {
    "jobs:read", "uploads:read", "assets:read", "transcripts:read", "highlights:read",
    "clips:read", "presets:read", "search:read", "usage:read", "workspace:read",
}  # fmt: skip
_WORK = {
    "jobs:write", "uploads:write", "assets:write", "transcripts:write", "highlights:write",
    "clips:write", "presets:write",
}  # fmt: skip
_MANAGE = {
    "members:write", "keys:read", "keys:write", "webhooks:read", "webhooks:write", "audit:read",
    "workspace:write",
}  # fmt: skip

ROLES: dict[str, frozenset[str]] = {
    "viewer": frozenset(_READ),
    "editor": frozenset(_READ | _WORK),
    "admin": frozenset(_READ | _WORK | _MANAGE),
    "owner": frozenset(_READ | _WORK | _MANAGE | {"workspace:owner"}),
}
"""What each role may do in its workspace."""

SCOPES = frozenset(ROLES["owner"] - {"workspace:owner"})
"""What a key can be given."""
