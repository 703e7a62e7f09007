"""The truth: jobs, units of work and artifacts as rows; files as immutable, content-addressed objects.

SQLAlchemy 2 (async) over SQLite by default or PostgreSQL; objects through obstore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from videoclip.store.objects import ObjectRef, Objects
from videoclip.store.records import ArtifactRecord, JobRecord, UnitFailure

if TYPE_CHECKING:
    from videoclip.store.store import Store

__all__ = ["ArtifactRecord", "JobRecord", "ObjectRef", "Objects", "Store", "UnitFailure"]


def __getattr__(name: str) -> Any:
    """`Store` when it is asked for: workers need objects and records only, SQLAlchemy is a second of a processor."""
    if name == "Store":
        from videoclip.store.store import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
