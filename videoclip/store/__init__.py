"""The truth: jobs, units of work and artifacts as rows; files as immutable, content-addressed objects.

SQLAlchemy 2 (async) over SQLite by default or PostgreSQL; objects through obstore.
"""

from videoclip.store.objects import ObjectRef, Objects
from videoclip.store.records import ArtifactRecord, JobRecord, UnitFailure
from videoclip.store.store import Store

__all__ = ["ArtifactRecord", "JobRecord", "ObjectRef", "Objects", "Store", "UnitFailure"]
