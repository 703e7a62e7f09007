"""What came of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from videoclip.schemas.base import Milliseconds, Record, Score
from videoclip.schemas.choices import CutMode, Platform
from videoclip.schemas.media import MediaInfo, SourceInfo, TimeRange
from videoclip.schemas.requests import JobRequest
from videoclip.schemas.transcript import Candidate, Engine

__all__ = [
    "Clip",
    "Failure",
    "LlmUsage",
    "Look",
    "Manifest",
    "Notice",
    "Post",
    "Proof",
    "ProofCheck",
    "ProofFinding",
    "StageReport",
]


class Notice(Record):
    """Something that the user should know: a fallback, a repair, a limit."""

    code: str
    message: str
    remedy: str = ""


class ProofCheck(Record):
    """One check of a rendered file."""

    name: str
    ok: bool
    measured: str = ""
    expected: str = ""


class ProofFinding(Record):
    """Something in a rendered file that is worth a look, but no fault of ours."""

    name: str = Field(
        description="black, frozen, silent, silent_start, silent_end, reading_speed or colour_tags"
    )
    start_ms: Milliseconds | None = Field(None, description="of the clip; null: all of it")
    end_ms: Milliseconds | None = Field(None, description="of the clip")
    detail: str = ""


class Proof(Record):
    """What was found when the rendered file was opened again."""

    ok: bool
    checks: list[ProofCheck]
    findings: list[ProofFinding] = Field(default_factory=list)
    frames: int | None = Field(None, description="video frames decoded")
    duration_ms: Milliseconds | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None


class Post(Record):
    """What goes beside a clip on a platform, within its limits."""

    platform: Platform
    title: str = Field(description="empty where the platform has none")
    description: str = Field(description="without the hashtags")
    hashtags: list[str] = Field(default_factory=list, description="without #")
    engine: str = Field(description="llm, or template where no model wrote it")


class Clip(Record):
    """A finished clip. File names are relative to the output folder, with forward slashes."""

    id: str
    file: str
    start_ms: Milliseconds = Field(description="of the source")
    end_ms: Milliseconds = Field(description="of the source")
    duration_ms: Milliseconds = Field(description="of the file, intro and outro included")
    mode: CutMode
    title: str
    reason: str = Field("", description="why it was picked; empty for a cut by hand")
    quote: str = ""
    hook: str = ""
    product: str = ""
    score: Score | None = None
    scores: dict[str, float] = Field(default_factory=dict)
    hashtags: list[str] = Field(default_factory=list)
    posts: list[Post] = Field(default_factory=list, description="one a platform; none for a cut")
    sentences: list[int] = Field(default_factory=list, description="ids, in order")
    ranges: list[TimeRange] = Field(description="of the source, in the order they play")
    captions: dict[str, str] = Field(
        default_factory=dict, description="caption files by kind: srt, vtt"
    )
    thumbnail: str | None = None
    proof: Proof
    sha256: str


class Look(Record):
    """What one sees of the source without playing it. File names as in `Clip`."""

    sheets: list[str] = Field(default_factory=list, description="JPEG sheets of small pictures")
    storyboard: str | None = Field(None, description="WebVTT index of the sheets (#xywh=)")
    waveform: str | None = Field(None, description="peaks, audiowaveform's JSON of version 2")
    shots: str | None = Field(None, description="JSON: cuts, dissolves, fades, and the shots")


class StageReport(Record):
    """What a stage cost."""

    name: str
    units: int = Field(ge=0, description="units of work in all")
    reused: int = Field(0, ge=0, description="units taken from earlier runs")
    failed: int = Field(0, ge=0)
    wall_s: float = Field(ge=0)
    cpu_s: float = Field(ge=0, description="processor seconds, children included")
    gpu_s: float = Field(
        0.0, ge=0, description="graphics card seconds: the share that is held, times the time"
    )


class LlmUsage(Record):
    """What the language model cost in this run, failed requests included."""

    model: str
    requests: int = Field(0, ge=0)
    cached: int = Field(0, ge=0, description="requests answered by earlier runs, not asked again")
    prompt_tokens: int = Field(0, ge=0)
    completion_tokens: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0, description="waited for answers, all requests added up")
    estimated: bool = Field(False, description="the endpoint did not count every request's tokens")


class Failure(Record):
    """A unit of work that failed for good."""

    stage: str
    unit: str
    code: str
    cause: str
    remedy: str


class Manifest(Record):
    """``manifest.json``: what came out, why, and how."""

    version: Literal[1] = 1
    product: str = Field(description="name and version of the program that wrote it")
    job: str = Field(description="job id")
    status: Literal["succeeded", "partial", "nothing_selected", "failed"]
    source: SourceInfo
    media: MediaInfo
    request: JobRequest
    language: str | None = Field(None, description="BCP 47; null where nothing was transcribed")
    recogniser: Engine | None = None
    highlighter: Engine | None = None
    llm: LlmUsage | None = Field(None, description="null where no language model was asked")
    transcript: dict[str, str] = Field(
        default_factory=dict, description="transcript files by kind: json, srt, vtt"
    )
    look: Look | None = Field(None, description="null unless it was asked for")
    stages: list[StageReport]
    clips: list[Clip]
    candidates: list[Candidate] = Field(description="all of them, the dropped ones with the reason")
    notices: list[Notice] = Field(default_factory=list)
    failures: list[Failure] = Field(default_factory=list)
