"""What somebody may do here. A key has the scopes that it was made with, as far as its maker still has them."""

from __future__ import annotations

from videoclip.schemas.api.roles import ROLES, SCOPES

__all__ = ["ADMIN_SCOPE", "scopes_of"]

ADMIN_SCOPE = "platform:admin"
"""Of those who administer the installation; never of a key."""


def scopes_of(role: str, wanted: tuple[str, ...] | None, *, is_admin: bool) -> frozenset[str]:
    """What somebody may do.

    Args:
        role: in the workspace.
        wanted: scopes of the key; None: signed in as a person.
        is_admin: administers the installation.
    """
    mine = ROLES.get(role, frozenset())
    if wanted is not None:
        return mine & frozenset(wanted) & SCOPES
    return mine | {ADMIN_SCOPE} if is_admin else mine
