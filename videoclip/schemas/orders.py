"""What the platform can be asked for: jobs, many jobs at once, folders to watch.

In a job of the platform, ``source`` and the other files that a request names are references:

    asset:ID          a video of the workspace's library
    job:ID/NAME       a file that an earlier job of the workspace made, by its name in that job's result
    https://...       fetched by the job, if the address may be reached
    /folder/file      a file of the server's machine, below a folder that the settings allow
    s3://bucket/key   fetched by the job from a bucket that the settings allow
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from videoclip.schemas.base import Record
from videoclip.schemas.requests import (
    ClipRequest,
    CutRequest,
    JobRequest,
    RenderRequest,
    TranscribeRequest,
)

__all__ = ["BatchRequest", "Order", "WatchRequest", "child_request"]

_CHILD: TypeAdapter[JobRequest] = TypeAdapter(JobRequest)


def child_request(each: dict[str, Any], source: str) -> JobRequest:
    """The request of one child.

    Raises:
        ValueError: it is not a request.
    """
    if "source" in each:
        raise ValueError("`each` is a request without its source")
    return _CHILD.validate_python({"kind": "clip", **each, "source": source})


class _Many(Record):
    each: dict[str, Any] = Field(
        default_factory=dict,
        description="the request for each video, without its source; kind is clip where none is named",
    )

    @model_validator(mode="after")
    def _each_is_a_request(self) -> _Many:
        child_request(self.each, "/video")
        return self


class BatchRequest(_Many):
    """The same for many videos: a job each, and one that ends as they did."""

    kind: Literal["batch"] = "batch"
    sources: list[str] = Field(
        default_factory=list, max_length=10_000, description="references, one a video"
    )
    folder: str | None = Field(
        None,
        description="a folder of the server's machine, or s3://bucket/prefix: all videos below it",
    )
    on_failure: Literal["continue", "stop"] = Field(
        "continue", description="stop: the first job that fails has the others cancelled"
    )

    @model_validator(mode="after")
    def _has_videos(self) -> BatchRequest:
        if bool(self.sources) == (self.folder is not None):
            raise ValueError("give either sources or a folder")
        return self


class WatchRequest(_Many):
    """A folder that is watched until the job is cancelled: each new video becomes a job."""

    kind: Literal["watch"] = "watch"
    folder: str = Field(
        description="a folder of the server's machine, or s3://bucket/prefix, and what is below it"
    )
    settle_ms: int = Field(
        30_000, ge=0, description="a file that did not change for so long is complete, ms"
    )


Order = Annotated[
    ClipRequest | TranscribeRequest | CutRequest | RenderRequest | BatchRequest | WatchRequest,
    Field(discriminator="kind"),
]
