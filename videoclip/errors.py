"""Every error that Video-Clip raises on purpose: a stable code, a cause, a remedy, an exit and an HTTP status.

VideoClipError
├── UsageError                 exit 2    the request itself is wrong
│   ├── OutputUnwritable                 the output folder cannot be written
│   ├── EngineUnavailable                an engine that was asked for by name cannot be had
│   ├── JobBusy                          another process works on the same job
│   ├── KeyReused                        an Idempotency-Key came with another request
│   ├── WrongState                       the job is in a state that does not allow this
│   ├── NotFound                         nothing of that name is there, or it is somebody else's
│   ├── QuotaExceeded                    the workspace may not keep or ask for so much
│   ├── UploadBusy                       another request writes to the same upload
│   ├── UploadGone                       it expired, or its bytes are lost
│   ├── OffsetMismatch                   the bytes do not go on where the upload ends
│   ├── ChecksumMismatch                 the bytes changed on their way
│   ├── TooLarge                         more bytes than are allowed or were announced
│   ├── ClientSlow                       a client that sends nothing for too long
│   ├── UnsupportedType                  bytes of another type than these are sent as
│   ├── LinkInvalid                      a link is forged, expired or taken back
│   ├── NotSignedIn                      who asks did not show who they are
│   ├── NotAllowed                       who asks may not do this
│   ├── Conflict                         something with this name is there, or it changed in between
│   ├── InvalidRequest                   fields of a request are missing or wrong
│   ├── AddressRefused                   an address that must not be reached on a user's behalf
│   └── TooManyRequests                  a limit of requests or of attempts was reached
├── SourceError                exit 3    the source cannot be used
│   ├── SourceMissing
│   ├── SourceNotMedia
│   ├── SourceEmpty
│   ├── SourceProtected
│   ├── SourceOverLimit
│   ├── FetchFailed                      its server failed, or the connection to it
│   ├── SourceRefused                    the server does not read files there
│   └── SourceChanged                    it was written to while it was read
├── WorkFailed                 exit 5    some of the work failed, the rest is there
│   ├── MediaToolFailed                  FFmpeg failed or produced something else than was asked
│   ├── RecognitionFailed
│   ├── HighlightFailed
│   ├── EngineBusy                       a served model stayed full or out of reach
│   ├── EngineOutOfMemory                a served model ran out of memory each time
│   └── StorageFull
├── SignInUnavailable          exit 1    the provider that people sign in through does not answer
├── StoreError                 exit 5    the database or the object store refused
│   ├── BackupDamaged                    a backup is not what was written
│   └── DatabaseAway                     the database cannot be reached just now
└── Cancelled                  exit 130

Exit 0 and 4 (done, but nothing passed the threshold) are outcomes, not errors.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AddressRefused",
    "BackupDamaged",
    "Cancelled",
    "ChecksumMismatch",
    "ClientSlow",
    "Conflict",
    "DatabaseAway",
    "EngineBusy",
    "EngineOutOfMemory",
    "EngineUnavailable",
    "FetchFailed",
    "HighlightFailed",
    "InvalidRequest",
    "JobBusy",
    "KeyReused",
    "LinkInvalid",
    "MediaToolFailed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "OffsetMismatch",
    "OutputUnwritable",
    "QuotaExceeded",
    "RecognitionFailed",
    "SignInUnavailable",
    "SourceChanged",
    "SourceEmpty",
    "SourceError",
    "SourceMissing",
    "SourceNotMedia",
    "SourceOverLimit",
    "SourceProtected",
    "SourceRefused",
    "StorageFull",
    "StoreError",
    "TooLarge",
    "TooManyRequests",
    "UnsupportedType",
    "UploadBusy",
    "UploadGone",
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

    @property
    def request_id(self) -> str | None:
        """Of the request that a server refused, to find it in its log; None: it happened here."""
        found = self.context.get("request_id")
        return None if found is None else str(found)

    @property
    def status(self) -> int:
        """The HTTP status that a server answered, or would answer."""
        return int(self.context.get("status", self.http_status))

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


class AddressRefused(UsageError):
    """An address that must not be reached on a user's behalf: private, malformed, or redirecting there."""

    code = "address_refused"
    http_status = 422


class WrongState(UsageError):
    """What was asked for cannot be done to a job in this state."""

    code = "wrong_state"
    http_status = 409


class NotFound(UsageError):
    """Nothing of that name is there for this caller; what belongs to others looks the same."""

    code = "not_found"
    http_status = 404


class QuotaExceeded(UsageError):
    """The workspace may not keep so much, take in so much, or have so many jobs at once."""

    code = "quota_exceeded"
    http_status = 403


class UploadBusy(UsageError):
    """Another request is writing to the same upload at this moment."""

    code = "upload_busy"
    http_status = 423
    retryable = True


class UploadGone(UsageError):
    """The upload expired, or what was received of it is no longer there."""

    code = "upload_gone"
    http_status = 410


class OffsetMismatch(UsageError):
    """The bytes do not begin where the upload ends."""

    code = "offset_mismatch"
    http_status = 409


class ChecksumMismatch(UsageError):
    """The bytes are not those that their checksum tells of; none of them was kept."""

    code = "checksum_mismatch"
    http_status = 460
    retryable = True


class TooLarge(UsageError):
    """More bytes than the settings allow, or than were announced."""

    code = "too_large"
    http_status = 413


class ClientSlow(UsageError):
    """A client said that it would send bytes, and sends none."""

    code = "client_slow"
    http_status = 408
    retryable = True


class UnsupportedType(UsageError):
    """The bytes are sent as another type than the address takes."""

    code = "unsupported_media_type"
    http_status = 415


class LinkInvalid(UsageError):
    """A link is not one of ours, has expired or was taken back."""

    code = "link_invalid"
    http_status = 403


class NotSignedIn(UsageError):
    """No token or key, or one that is not valid (any more)."""

    code = "not_signed_in"
    http_status = 401


class NotAllowed(UsageError):
    """The role or the key's scopes do not include this."""

    code = "not_allowed"
    http_status = 403


class Conflict(UsageError):
    """Something with this name is there already, or it changed since it was read."""

    code = "conflict"
    http_status = 409


class InvalidRequest(UsageError):
    """Fields of a request are missing or wrong."""

    code = "invalid_request"
    http_status = 422


class TooManyRequests(UsageError):
    """A limit of requests or of failed attempts was reached; `retry_after_s` in the context says when it ends."""

    code = "too_many_requests"
    http_status = 429
    retryable = True


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


class FetchFailed(SourceError):
    """The server of an address failed, or the connection to it."""

    code = "fetch_failed"
    http_status = 502
    retryable = True


class SourceRefused(SourceError):
    """A path outside the folders that jobs of the platform may read."""

    code = "source_refused"
    http_status = 403


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


class EngineOutOfMemory(WorkFailed):
    """A served model ran out of memory on this piece of work, and so did the one that took its place."""

    code = "engine_out_of_memory"
    http_status = 503
    retryable = True


class StorageFull(WorkFailed):
    """No space is left where the output or the working data go."""

    code = "storage_full"
    http_status = 507


class SignInUnavailable(VideoClipError):
    """The provider that people sign in through does not answer as it should."""

    code = "sign_in_unavailable"
    http_status = 503
    retryable = True


class StoreError(VideoClipError):
    """The database or the object store refused an operation."""

    code = "store_failed"
    exit_status = 5
    retryable = True


class DatabaseAway(StoreError):
    """The database cannot be reached, or its connection broke; it is likely to come back."""

    code = "database_away"
    http_status = 503


class BackupDamaged(StoreError):
    """A backup is not whole, was changed, or is of a release that this one does not know."""

    code = "backup_damaged"
    retryable = False


class Cancelled(VideoClipError):
    """The user or a parent cancelled the work."""

    code = "cancelled"
    exit_status = 130
    http_status = 409
