"""What tools tell: less than the API, so that an agent's context is not filled with what it does not need."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from videoclip.cli.remote.text import clean
from videoclip.client import AssetOut, Candidate, Clip, Job, Transcript
from videoclip.schemas.api.clip_specs import SpecOut

__all__ = [
    "Found",
    "Highlight",
    "JobTold",
    "Link",
    "Place",
    "Said",
    "SentenceTold",
    "ShortClip",
    "SpecTold",
    "Used",
    "Video",
    "WordTold",
]


class Video(BaseModel):
    """A video of the workspace's library."""

    reference: str = Field(description="how tools name it as a source")
    name: str
    duration_ms: int
    size_bytes: int

    @classmethod
    def of(cls, asset: AssetOut) -> Video:
        """Of an asset."""
        return cls(
            reference=asset.reference, name=clean(asset.name), duration_ms=asset.duration_ms,
            size_bytes=asset.size,
        )  # fmt: skip


class JobTold(BaseModel):
    """A job."""

    id: str
    kind: str = Field(description="clip, transcribe, cut, render, batch, watch")
    state: str = Field(
        description="queued, running, cancelling; over: succeeded, partial, failed, cancelled, dead"
    )
    is_over: bool
    source: str = Field(description="its reference or address")
    source_name: str = Field(description="what people call it")
    standing: str = Field(description="why it waits or what it does; empty: it is over")
    eta_ms: int | None = Field(description="until it is over, as far as can be told")
    status: str = Field(description="of the result: nothing_selected where no clip passed")
    files: int = Field(description="that it made")
    notices: list[str] = Field(description="what people should know of the result")
    cause: str = Field(description="why it failed")
    remedy: str = Field(description="what to do about it")

    @classmethod
    def of(cls, job: Job) -> JobTold:
        """Of a job of the SDK."""
        result = job.result or {}
        standing = None if job.is_over else job.standing
        source = job.request.get("source") or job.request.get("folder") or ""
        return cls(
            id=job.id, kind=job.kind, state=job.state, is_over=job.is_over,
            source=clean(str(source)), source_name=clean(job.source_name or ""),
            standing=clean(standing.text) if standing else "",
            eta_ms=standing.eta_ms if standing else None, status=str(result.get("status", "")),
            files=len(result.get("files", [])),
            notices=[clean(str(one.get("message", ""))) for one in result.get("notices", [])],
            cause=clean(job.error.cause) if job.error else "",
            remedy=clean(job.error.remedy) if job.error else "",
        )  # fmt: skip


class WordTold(BaseModel):
    """A word, by which it is corrected."""

    id: int
    text: str


class SentenceTold(BaseModel):
    """A sentence of a transcript; times are milliseconds of the source."""

    id: int
    start_ms: int
    end_ms: int
    speaker: str | None
    text: str
    words: list[WordTold] | None = Field(description="null unless they were asked for")


class Said(BaseModel):
    """A transcript, or a part of it."""

    transcript_id: str
    version: int = Field(description="name it as base_version when you correct it")
    language: str
    duration_ms: int
    sentences: list[SentenceTold]
    next_start_ms: int | None = Field(description="where the next part begins; null: this is all")

    @staticmethod
    def sentences_of(
        content: Transcript, start_ms: int, end_ms: int | None, *, words: bool
    ) -> list[SentenceTold]:
        """Those that begin in a range."""
        return [
            SentenceTold(
                id=one.id, start_ms=one.start_ms, end_ms=one.end_ms, speaker=one.speaker,
                text=clean(one.text),
                words=[WordTold(id=w.id, text=clean(w.text)) for w in one.words] if words else None,
            )
            for one in content.sentences
            if one.start_ms >= start_ms and (end_ms is None or one.start_ms < end_ms)
        ]  # fmt: skip


class ShortClip(BaseModel):
    """A finished clip; times are milliseconds of the source."""

    file: str = Field(description="its name in the job, for get_download_link")
    title: str
    reason: str
    start_ms: int
    end_ms: int
    duration_ms: int
    score: float | None = Field(description="0 to 1")
    is_sound: bool = Field(description="its proof sheet found nothing wrong")

    @classmethod
    def of(cls, clip: Clip) -> ShortClip:
        """Of a clip of the SDK."""
        return cls(
            file=clip.file, title=clean(clip.title), reason=clean(clip.reason),
            start_ms=clip.start_ms, end_ms=clip.end_ms, duration_ms=clip.duration_ms,
            score=clip.score, is_sound=clip.proof.ok,
        )  # fmt: skip


class Highlight(BaseModel):
    """A passage that was considered; times are milliseconds of the source."""

    id: str = Field(description="for edit_highlight")
    title: str
    reason: str
    start_ms: int
    end_ms: int
    score: float
    selected: bool
    dropped: str = Field(description="why it became no clip; empty: it did")

    @classmethod
    def of(cls, one: Candidate) -> Highlight:
        """Of a candidate of the SDK."""
        return cls(
            id=one.id, title=clean(one.title), reason=clean(one.reason), start_ms=one.start_ms,
            end_ms=one.end_ms, score=one.score, selected=one.selected,
            dropped=clean(one.dropped or ""),
        )  # fmt: skip


class Place(BaseModel):
    """A sentence that was found; times are milliseconds of its source."""

    job_id: str
    source: str
    sentence: int
    start_ms: int
    end_ms: int
    speaker: str | None
    text: str


class Found(BaseModel):
    """What a search found, the best first."""

    hits: list[Place]
    has_more: bool


class Link(BaseModel):
    """A link that needs no key and ends by itself."""

    url: str
    life_s: int


class SpecTold(BaseModel):
    """An edited clip, which becomes a file by render_edit."""

    id: str
    version: int = Field(description="name it as base_version when you change it")
    source: str
    title: str
    ranges: list[dict[str, int]] = Field(description="of the source, in the order they play, ms")
    captions: str
    style: str
    aspect: str

    @classmethod
    def of(cls, spec: SpecOut) -> SpecTold:
        """Of an edited clip of the SDK."""
        return cls(
            id=spec.id, version=spec.version, source=clean(spec.source), title=clean(spec.title),
            ranges=[{"start_ms": r.start_ms, "end_ms": r.end_ms} for r in spec.ranges],
            captions=spec.render.captions, style=spec.render.style, aspect=spec.render.aspect,
        )  # fmt: skip


class Used(BaseModel):
    """What the workspace keeps and used, and what it may."""

    kept_bytes: int
    jobs_at_work: int
    video_ms: int = Field(description="length of the videos taken in during thirty days")
    limits: dict[str, int | None] = Field(description="null: no limit")
    used: list[dict[str, Any]] = Field(description="by kind of job, of the usual time")
