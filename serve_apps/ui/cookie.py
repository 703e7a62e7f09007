"""The cookie that a browser's sign-in is kept in: no script reads it, and no other site makes a browser send it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serve_apps.gateway.access import came_by_tls
from videoclip.errors import StoreError
from videoclip.settings import Settings
from videoclip.store.secrets import Secrets

__all__ = ["BASE", "clear", "keep", "kept"]

BASE = "/ui"
"""Path of the UI."""
_NAME = "videoclip_session"
_PATH = f"{BASE}/session"
_PLACE = "ui/session"
_LONGEST = 2000


def keep(
    response: Response, request: Request, refresh_token: str, secrets: Secrets, settings: Settings
) -> None:
    """Put a refresh token into the cookie, encrypted; if it came over TLS, it goes nowhere else."""
    response.set_cookie(
        _NAME, secrets.seal(refresh_token, _PLACE), max_age=settings.auth.refresh_days * 86400,
        path=_PATH, httponly=True, samesite="strict",
        secure=came_by_tls(request),
    )  # fmt: skip


def kept(request: Request, secrets: Secrets) -> str | None:
    """The refresh token in the cookie; None: there is none, or none of ours."""
    sealed = request.cookies.get(_NAME, "")
    if not sealed or len(sealed) > _LONGEST:
        return None
    try:
        return secrets.open(sealed, _PLACE)
    except StoreError:
        return None


def clear(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(_NAME, path=_PATH, httponly=True, samesite="strict")
