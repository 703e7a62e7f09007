"""Types of parameters that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from videoclip.schemas.api.fields import ID

__all__ = ["Cursor", "Limit", "PathId"]

PathId = Annotated[str, Path(pattern=ID, examples=["0198c0de-0000-7000-8000-000000000000"])]
"""An id in a path."""
Limit = Annotated[int, Query(ge=1, le=200, description="entries at most")]
Cursor = Annotated[
    str | None, Query(pattern=ID, description="`next_cursor` of the page before; none: the first")
]
"""Where a page begins."""
