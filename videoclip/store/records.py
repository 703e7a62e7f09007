"""Value objects that the store hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from videoclip.store.objects import ObjectRef

__all__ = ["ArtifactRecord", "JobRecord", "UnitFailure"]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it stands."""

    id: str
    kind: str
    request: dict[str, Any]
    state: str
    attempt: int
    workspace_id: str | None = None
    """None: a job of the command line."""


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """What a unit of work made."""

    fingerprint: str
    stage: str
    payload: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, ObjectRef] = field(default_factory=dict)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    """Share of a graphics card times seconds; told with the unit, not kept with the artifact."""
    started_ms: int | None = None
    """Since 1970, by the clock of the machine that worked; kept with the unit."""

    @property
    def finished_ms(self) -> int | None:
        """As ``started_ms``."""
        return None if self.started_ms is None else self.started_ms + round(self.wall_s * 1000)


@dataclass(frozen=True, slots=True)
class UnitFailure:
    """Why a unit of work failed for good."""

    code: str
    cause: str
    remedy: str
