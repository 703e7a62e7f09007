"""The records that travel between the parts: transcript, highlight, clip, proof sheet, manifest.

Times are integer milliseconds from the first frame of the source (or of the clip, where said so).
Every record refuses unknown fields. These are also what the SDK returns.
"""

from __future__ import annotations

from videoclip.schemas.base import Milliseconds
from videoclip.schemas.choices import (
    Aspect,
    Captions,
    CutMode,
    Encoder,
    Framing,
    Genre,
    HighlighterName,
    JumpCut,
    Place,
    Platform,
    Quality,
    RecogniserName,
)
from videoclip.schemas.media import AudioStream, MediaInfo, SourceInfo, TimeRange, VideoStream
from videoclip.schemas.orders import BatchRequest, Order, WatchRequest, child_request
from videoclip.schemas.requests import (
    ClipRequest,
    CutRequest,
    EditedClip,
    JobRequest,
    RenderOptions,
    RenderRequest,
    TranscribeRequest,
)
from videoclip.schemas.results import (
    Clip,
    Failure,
    LlmUsage,
    Look,
    Manifest,
    Notice,
    Post,
    Proof,
    ProofCheck,
    ProofFinding,
    StageReport,
)
from videoclip.schemas.transcript import Candidate, Engine, Product, Sentence, Transcript, Word

__all__ = [
    "Aspect",
    "AudioStream",
    "BatchRequest",
    "Candidate",
    "Captions",
    "Clip",
    "ClipRequest",
    "CutMode",
    "CutRequest",
    "EditedClip",
    "Encoder",
    "Engine",
    "Failure",
    "Framing",
    "Genre",
    "HighlighterName",
    "JobRequest",
    "JumpCut",
    "LlmUsage",
    "Look",
    "Manifest",
    "MediaInfo",
    "Milliseconds",
    "Notice",
    "Order",
    "Place",
    "Platform",
    "Post",
    "Product",
    "Proof",
    "ProofCheck",
    "ProofFinding",
    "Quality",
    "RecogniserName",
    "RenderOptions",
    "RenderRequest",
    "Sentence",
    "SourceInfo",
    "StageReport",
    "TimeRange",
    "TranscribeRequest",
    "Transcript",
    "VideoStream",
    "WatchRequest",
    "Word",
    "child_request",
]
