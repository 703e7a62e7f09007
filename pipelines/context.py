"""What every stage of a job needs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.ray_runtime import RayRuntime
from videoclip.errors import Cancelled
from videoclip.progress import Progress
from videoclip.schemas import Notice
from videoclip.settings import Settings

if TYPE_CHECKING:
    from pipelines.units import UnitReplay
    from videoclip.store import Store

__all__ = ["JobContext", "KnownFile"]


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is known of a file that stands for a reference: its object's path says nothing to people."""

    name: str
    """As its owner called it."""
    reference: str
    sha256: str | None = None
    """None: found out by reading it."""


@dataclass(slots=True)
class JobContext:
    """One attempt at one job."""

    job_id: str
    attempt: int
    settings: Settings
    store: Store
    ray: RayRuntime
    progress: Progress
    cancel: threading.Event
    notices: list[Notice] = field(default_factory=list)
    folder: str | None = None
    """Name of its private folder, where another attempt may still be at work beside; None: the job's id."""
    known: dict[str, KnownFile] = field(default_factory=dict)
    """By path."""
    replay: UnitReplay | None = None
    """A unit that is done again by itself; None: the job is done."""

    def check_cancelled(self) -> None:
        """Stop here if somebody asked for it.

        Raises:
            Cancelled: somebody did.
        """
        if self.cancel.is_set():
            raise Cancelled("the job was cancelled", "Run the same command again to go on")

    def notice(self, notice: Notice) -> None:
        """Tell the user once, and write it into the manifest."""
        if notice not in self.notices:
            self.notices.append(notice)
            self.progress.emit("notice", data=notice.model_dump())

    def work_folder(self, *parts: str) -> Path:
        """A private folder of this job."""
        return self.store.work.joinpath(self.folder or self.job_id, *parts)
