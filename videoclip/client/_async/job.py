"""A job that one has hold of: wait for it, follow it, take what it made."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from videoclip.client.files import Progress
from videoclip.client.problems import error_of_code
from videoclip.errors import Cancelled, UsageError
from videoclip.schemas import Clip
from videoclip.schemas.api.jobs import JobEvent, JobOut

if TYPE_CHECKING:
    from videoclip.client._async.jobs import AsyncJobs

__all__ = ["FINAL", "AsyncJob"]

FINAL = frozenset({"succeeded", "partial", "failed", "cancelled", "dead"})
"""States that a job does not leave by itself."""


class AsyncJob(JobOut):
    """A job as it was when it was asked for; `refresh` asks again.

    It can be pickled; what comes back knows its fields but no server and no key: get it again by its id.
    """

    _jobs: AsyncJobs | None = PrivateAttr(None)

    def __getstate__(self) -> dict[Any, Any]:
        """Without the client: a key does not get into a file with a job."""
        state = dict(super().__getstate__())
        state["__pydantic_private__"] = {"_jobs": None}
        return state

    @property
    def is_over(self) -> bool:
        """Whether it will not change by itself any more."""
        return self.state in FINAL

    async def refresh(self) -> AsyncJob:
        """The job as it is now."""
        return await self._own.get(self.id)

    async def wait(
        self, *, on_event: Callable[[JobEvent], None] | None = None, timeout_s: float | None = None
    ) -> AsyncJob:
        """Wait until it is over; the job as it is then, whatever became of it.

        ```python
        job = await job.wait(on_event=lambda event: print(event.kind, event.data), timeout_s=3600)
        ```

        Args:
            on_event: hears of each event.
            timeout_s: how long to wait, to some seconds; None: as long as it takes.

        Raises:
            WaitEnded: it is not over yet; it goes on.
        """
        return await self._own.wait(self.id, on_event=on_event, timeout_s=timeout_s)

    def stream(self, *, after: int = 0) -> AsyncGenerator[JobEvent, None]:
        """Its events as they happen, each once, until it is over; see `jobs.stream`."""
        return self._own.stream(self.id, after=after)

    async def cancel(self) -> AsyncJob:
        """Cancel it and its parts."""
        return await self._own.cancel(self.id)

    async def retry(self) -> AsyncJob:
        """Let it wait again, if it failed, was given up, cancelled or is partial."""
        return await self._own.retry(self.id)

    async def clips(self) -> Sequence[Clip]:
        """Its clips, best first."""
        return await self._own.clips.list(self.id)

    async def download(
        self, folder: str | os.PathLike[str], *, on_progress: Progress | None = None
    ) -> Sequence[Path]:
        """Write all its files into a folder."""
        return await self._own.clips.download_all(self.id, folder, on_progress=on_progress)

    def raise_if_failed(self) -> AsyncJob:
        """The job itself, unless it failed.

        Raises:
            VideoClipError: why it failed, by its code.
            Cancelled: somebody cancelled it.
        """
        if self.state == "cancelled":
            raise Cancelled("the job was cancelled", "Run it again with retry")
        if self.state in ("failed", "dead"):
            code = self.error.code if self.error else "work_failed"
            cause = self.error.cause if self.error and self.error.cause else "the job failed"
            remedy = self.error.remedy if self.error else ""
            raise error_of_code(code, cause, remedy or "See its events", job_id=self.id)
        return self

    @property
    def _own(self) -> AsyncJobs:
        if self._jobs is None:
            raise UsageError(
                "this job knows no server", "Get it from a client: client.jobs.get(job.id)"
            )
        return self._jobs
