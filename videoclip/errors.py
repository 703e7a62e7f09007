"""Every error that Video-Clip raises on purpose: a stable code, a cause, a remedy, an exit and an HTTP status.

VideoClipError
├── UsageError                 exit 2    the request itself is wrong
│   ├── OutputUnwritable                 the output folder cannot be written
│   ├── EngineUnavailable                an engine that was asked for by name cannot be had
│   ├── JobBusy                          another process works on the same job
│   ├── KeyReused                        an Idempotency-Key came with another request
│   └── WrongState                       the job is in a state that does not allow this
├── SourceError                exit 3    the source cannot be used
│   ├── SourceMissing
│   ├── SourceNotMedia
│   ├── SourceEmpty
│   ├── SourceProtected
│   ├── SourceOverLimit
│   └── SourceChanged                    it was written to while it was read
├── WorkFailed                 exit 5    some of the work failed, the rest is there
│   ├── MediaToolFailed                  FFmpeg failed or produced something else than was asked
│   ├── RecognitionFailed
│   ├── HighlightFailed
│   ├── EngineBusy                       a served model stayed full or out of reach
│   └── StorageFull
├── StoreError                 exit 5    the database or the object store refused
└── Cancelled                  exit 130

Exit 0 and 4 (done, but nothing passed the threshold) are outcomes, not errors.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "Cancelled",
    "EngineBusy",
    "EngineUnavailable",
    "HighlightFailed",
    "JobBusy",
    "KeyReused",
    "MediaToolFailed",
    "OutputUnwritable",
    "RecognitionFailed",
    "SourceChanged",
    "SourceEmpty",
    "SourceError",
    "SourceMissing",
    "SourceNotMedia",
    "SourceOverLimit",
    "SourceProtected",
    "StorageFull",
    "StoreError",
    "UsageError",
    "VideoClipError",
    "WorkFailed",
    "WrongState",
]


class VideoClipError(Exception):
    """Something went wrong in a way that the caller can understand and act upon.

    ``cause`` and ``remedy`` are one line each. ``code`` never changes between releases.
    ``retryable`` says whether the same call may succeed later without a change by the caller.
    """

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, cause: str, remedy: str, **context: Any) -> None:
        super().__init__(cause)
        self.cause = one_line(cause)
        self.remedy = one_line(remedy)
        self.context = context

    def __str__(self) -> str:
        return f"{self.cause} ({self.code}). {self.remedy}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process borders under Ray; the default would call __init__ with args only.
        return (_rebuild, (type(self), self.cause, self.remedy, self.context))


def _rebuild(
    kind: type[VideoClipError], cause: str, remedy: str, context: dict[str, Any]
) -> VideoClipError:
    return kind(cause, remedy, **context)


def one_line(text: str, limit: int = 600) -> str:
    """Collapse white space and control characters, so that hostile text cannot forge a second line."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


class UsageError(VideoClipError):
    """The request is wrong: an option, a value or a combination."""

    code = "usage"
    exit_status = 2
    http_status = 400


class OutputUnwritable(UsageError):
    """The output folder cannot be created or written."""

    code = "output_unwritable"


class EngineUnavailable(UsageError):
    """A recogniser, highlighter or cut mode that was asked for by name cannot be had here."""

    code = "engine_unavailable"
    http_status = 503


class JobBusy(UsageError):
    """Another live process is working on the same job."""

    code = "job_busy"
    http_status = 409


class KeyReused(UsageError):
    """An Idempotency-Key that was used for another request before."""

    code = "idempotency_key_reused"
    http_status = 409


class WrongState(UsageError):
    """What was asked for cannot be done to a job in this state."""

    code = "wrong_state"
    http_status = 409


class SourceError(VideoClipError):
    """The source cannot be used."""

    code = "source_unusable"
    exit_status = 3
    http_status = 422


class SourceMissing(SourceError):
    """Nothing is at that path, or it may not be read."""

    code = "source_missing"
    http_status = 404


class SourceNotMedia(SourceError):
    """The content is not a video or audio file that Video-Clip accepts, whatever its name says."""

    code = "source_not_media"


class SourceEmpty(SourceError):
    """The file has no bytes, no frames or no duration."""

    code = "source_empty"


class SourceProtected(SourceError):
    """The media is encrypted (DRM)."""

    code = "source_protected"


class SourceOverLimit(SourceError):
    """Dimensions, duration, streams or size are over a limit in the settings."""

    code = "source_over_limit"


class SourceChanged(SourceError):
    """The file was written to while it was read."""

    code = "source_changed"
    http_status = 409


class WorkFailed(VideoClipError):
    """A part of the work failed; what succeeded is kept."""

    code = "work_failed"
    exit_status = 5
    http_status = 500


class MediaToolFailed(WorkFailed):
    """FFmpeg failed, ran over its limits, or its output is not what was asked for."""

    code = "media_tool_failed"


class RecognitionFailed(WorkFailed):
    """A speech engine failed on a shard."""

    code = "recognition_failed"


class HighlightFailed(WorkFailed):
    """A highlighter gave no usable answer."""

    code = "highlight_failed"
    retryable = True


class EngineBusy(WorkFailed):
    """A served model stayed full or out of reach until the deadline."""

    code = "engine_busy"
    http_status = 503
    retryable = True


class StorageFull(WorkFailed):
    """No space is left where the output or the working data go."""

    code = "storage_full"
    http_status = 507


class StoreError(VideoClipError):
    """The database or the object store refused an operation."""

    code = "store_failed"
    exit_status = 5
    retryable = True


class Cancelled(VideoClipError):
    """The user or a parent cancelled the work."""

    code = "cancelled"
    exit_status = 130
    http_status = 409
