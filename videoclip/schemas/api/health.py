"""Whether the server lives."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from videoclip import __version__

__all__ = ["Health"]


class Health(BaseModel):
    """That all is well."""

    status: Literal["ok"] = "ok"
    version: str = __version__
