"""The Python SDK. It needs pydantic and httpx only: no torch, no Ray, no Gradio.

```python
from videoclip.client import ClipRequest, VideoClip

with VideoClip("https://clips.example.org", api_key="vck_...") as client:
    asset = client.assets.upload("talk.mp4")
    job = client.jobs.create(ClipRequest(source=asset.reference, top=3))
    job.wait().raise_if_failed().download("clips/")
```

`AsyncVideoClip` is the same with `await`. `open_output` reads what the command wrote into a folder.
"""

from __future__ import annotations

from videoclip.client._async.client import AsyncVideoClip
from videoclip.client._async.job import FINAL, AsyncJob
from videoclip.client._async.resource import AsyncListing
from videoclip.client._sync.client import VideoClip
from videoclip.client._sync.job import Job
from videoclip.client._sync.resource import Listing
from videoclip.client.files import Progress
from videoclip.client.output import Output, open_output
from videoclip.client.problems import AnswerUnreadable, ApiProblem, ServerUnreachable, WaitEnded
from videoclip.client.raw import RawResponse
from videoclip.errors import (
    Cancelled,
    Conflict,
    InvalidRequest,
    KeyReused,
    NotAllowed,
    NotFound,
    NotSignedIn,
    QuotaExceeded,
    SourceError,
    TooManyRequests,
    VideoClipError,
    WrongState,
)
from videoclip.schemas import (
    BatchRequest,
    Candidate,
    Clip,
    ClipRequest,
    CutRequest,
    EditedClip,
    Manifest,
    Order,
    Post,
    Product,
    RenderOptions,
    RenderRequest,
    Sentence,
    TimeRange,
    TranscribeRequest,
    Transcript,
    WatchRequest,
    Word,
)
from videoclip.schemas.api.assets import AssetOut
from videoclip.schemas.api.jobs import JobEvent

__all__ = [
    "FINAL",
    "AnswerUnreadable",
    "ApiProblem",
    "AssetOut",
    "AsyncJob",
    "AsyncListing",
    "AsyncVideoClip",
    "BatchRequest",
    "Cancelled",
    "Candidate",
    "Clip",
    "ClipRequest",
    "Conflict",
    "CutRequest",
    "EditedClip",
    "InvalidRequest",
    "Job",
    "JobEvent",
    "KeyReused",
    "Listing",
    "Manifest",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "Order",
    "Output",
    "Post",
    "Product",
    "Progress",
    "QuotaExceeded",
    "RawResponse",
    "RenderOptions",
    "RenderRequest",
    "Sentence",
    "ServerUnreachable",
    "SourceError",
    "TimeRange",
    "TooManyRequests",
    "TranscribeRequest",
    "Transcript",
    "VideoClip",
    "VideoClipError",
    "WaitEnded",
    "WatchRequest",
    "Word",
    "WrongState",
    "open_output",
]
