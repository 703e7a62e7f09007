"""What the manifests of all kinds of job have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pipelines.source import Source, printable_path
from videoclip import __version__
from videoclip.errors import UsageError
from videoclip.schemas import (
    ClipRequest,
    CutRequest,
    Failure,
    Manifest,
    RenderOptions,
    RenderRequest,
    TimeRange,
    TranscribeRequest,
)
from videoclip.store import ObjectRef
from videoclip.timecode import format_ms

__all__ = ["JobResult", "Status", "inside", "product", "range_title", "status_of", "told"]

_Request = TypeVar("_Request", ClipRequest, CutRequest, TranscribeRequest, RenderRequest)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job made: its manifest, and the files that it names, by relative name."""

    manifest: Manifest
    files: dict[str, ObjectRef]


Status = Literal["succeeded", "partial", "nothing_selected", "failed"]


def product() -> str:
    """Name and version of this program."""
    return f"video-clip {__version__}"


def status_of(wanted: int, made: int, failures: Sequence[Failure]) -> Status:
    """How a job went that wanted some clips."""
    if failures:
        return "partial" if made else "failed"
    return "succeeded" if wanted else "nothing_selected"


def told(request: _Request) -> _Request:
    """The request as the manifest tells it: what is not UTF-8 is escaped."""
    told: dict[str, object] = {"source": printable_path(request.source)}
    if getattr(request, "transcript", None) is not None:
        told["transcript"] = printable_path(str(getattr(request, "transcript", "")))
    render: RenderOptions | None = getattr(request, "render", None)
    if render is not None:
        files = {
            name: printable_path(value)
            for name in ("watermark", "intro", "outro")
            if (value := getattr(render, name)) is not None
        }
        told["render"] = render.model_copy(update=files)
    return request.model_copy(update=told)


def inside(ranges: Sequence[TimeRange], source: Source) -> list[TimeRange]:
    """The ranges, shortened to the end of the source.

    Raises:
        UsageError: one begins behind the end.
    """
    duration_ms = source.media.duration_ms
    for part in ranges:
        if part.start_ms >= duration_ms:
            raise UsageError(
                f"the range from {format_ms(part.start_ms)} lies behind the end of the source",
                f"The source is {format_ms(duration_ms)} long",
            )
    return [
        TimeRange(start_ms=part.start_ms, end_ms=min(part.end_ms, duration_ms)) for part in ranges
    ]


def range_title(ranges: Sequence[TimeRange]) -> str:
    """Ranges for people."""
    return ", ".join(f"{format_ms(r.start_ms)}-{format_ms(r.end_ms)}" for r in ranges)
