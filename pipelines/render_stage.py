"""From ranges to finished files: each clip is rendered, proved and put into the object store, in parallel."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipelines.context import JobContext
from pipelines.source import FileState, Source
from pipelines.units import Outcome, Unit, WorkerResult, run_units
from videoclip.fingerprint import file_sha256, fingerprint
from videoclip.media.captions import STYLES, Cue, cues_for
from videoclip.media.cut import choose_mode, clip_size
from videoclip.media.encoders import choose
from videoclip.media.ffmpeg import version
from videoclip.media.render import RenderJob, render
from videoclip.schemas import Captions, CutMode, MediaInfo, RenderOptions, Sentence, TimeRange
from videoclip.settings import MediaLimits
from videoclip.store import ObjectRef, Objects

__all__ = ["ClipPlan", "render_clips"]

_RENDER_VERSION = 3
_RENDER_BYTES = 256 * 2**20
_RENDER_BYTES_PER_PIXEL = 128
"""Measured with a watermark: 280 MiB at 720p, 364 at 1080p, 808 at 2160p, so about 216 MiB and 75 bytes a pixel;
the rest is for blurred grounds, intros and 10 bits."""
_SOUND_ONLY_SIZE = (1280, 720)
"""For the line lengths of side files where there is no picture."""


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What one output file is made of."""

    key: str
    ranges: tuple[TimeRange, ...]
    sentences: tuple[Sentence, ...] = field(default=())
    title: str = ""
    second: tuple[Sentence, ...] = field(default=())
    """The same in a second language, by its own times."""


@dataclass(frozen=True, slots=True)
class _RenderTask:
    source: str
    media: MediaInfo
    ranges: tuple[TimeRange, ...]
    cues: tuple[Cue, ...]
    second: tuple[Cue, ...]
    title: str
    options: RenderOptions
    font: str
    work: str
    state: FileState


@dataclass(frozen=True, slots=True)
class _RenderFactory:
    limits: MediaLimits
    objects: Objects

    def __call__(self) -> _RenderWorker:
        return _RenderWorker(self.limits, self.objects)


class _RenderWorker:
    def __init__(self, limits: MediaLimits, objects: Objects) -> None:
        self._limits = limits
        self._objects = objects

    def work(self, task: Any) -> WorkerResult:
        assert isinstance(task, _RenderTask)
        work = Path(task.work)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            made = render(
                RenderJob(
                    source=Path(task.source),
                    media=task.media,
                    ranges=task.ranges,
                    options=task.options,
                    cues=task.cues,
                    title=task.title,
                    work=work,
                    stem="clip",
                    font=task.font,
                    second=task.second,
                ),
                self._limits,
            )
            task.state.check(Path(task.source))
            files: dict[str, Path | None] = {
                "video": made.video,
                "srt": made.srt,
                "vtt": made.vtt,
                "thumbnail": made.thumbnail,
            }
            objects: dict[str, ObjectRef] = {
                role: self._objects.put(path) for role, path in files.items() if path is not None
            }
        finally:
            shutil.rmtree(work, ignore_errors=True)
        payload = {
            "suffix": made.video.suffix,
            "mode": made.mode.value,
            "duration_ms": made.duration_ms,
            "proof": made.proof.model_dump(mode="json"),
            "notices": [notice.model_dump() for notice in made.notices],
        }
        return WorkerResult(payload, objects)


def render_clips(
    context: JobContext, source: Source, plans: Sequence[ClipPlan], options: RenderOptions
) -> Outcome:
    """Render all clips, reusing those that an earlier run made in the same way.

    Raises:
        StorageFull: no space is left.
    """
    side_files = {
        name: _identity(value)
        for name, value in (
            ("watermark", options.watermark),
            ("intro", options.intro),
            ("outro", options.outro),
        )
    }
    encodes = choose_mode(options, source.media) is not CutMode.COPY
    encoder = choose(options.encoder).name if encodes else None
    units = []
    for plan in plans:
        cues, second = _cues(plan, source.media, options)
        units.append(
            Unit(
                key=plan.key,
                fingerprint=fingerprint(
                    "render",
                    _RENDER_VERSION,
                    {
                        "source": source.sha256,
                        "ranges": [[r.start_ms, r.end_ms] for r in plan.ranges],
                        "cues": [asdict(cue) for cue in cues],
                        "second": [asdict(cue) for cue in second],
                        "title": plan.title if options.title_card_ms else None,
                        "encoder": encoder,
                        "options": options.model_dump(mode="json"),
                        "files": side_files,
                        "font": context.settings.font,
                        "ffmpeg": version(),
                    },
                ),
                task=_RenderTask(
                    source=str(source.path),
                    media=source.media,
                    ranges=plan.ranges,
                    cues=cues,
                    second=second,
                    title=plan.title,
                    options=options,
                    font=context.settings.font,
                    work=str(context.work_folder("render", plan.key)),
                    state=source.state,
                ),
            )
        )
    return run_units(
        context,
        "render",
        units,
        _RenderFactory(context.settings.media, context.store.objects),
        measure="clips",
        memory_bytes=_memory_bytes(source.media, options),
        inline_single=True,
    )


def _memory_bytes(media: MediaInfo, options: RenderOptions) -> int:
    """What one clip takes, worker and FFmpeg together, by the larger of what goes in and what comes out."""
    if media.video is None:
        return _RENDER_BYTES
    width, height = clip_size(media, options)
    pixels = max(media.video.width * media.video.height, width * height)
    return _RENDER_BYTES + _RENDER_BYTES_PER_PIXEL * pixels


def _cues(
    plan: ClipPlan, media: MediaInfo, options: RenderOptions
) -> tuple[tuple[Cue, ...], tuple[Cue, ...]]:
    """Captions in the first and in the second language; with two, each has one line at a time."""
    width, height = clip_size(media, options) if media.video else _SOUND_ONLY_SIZE
    style = STYLES[options.style] if options.captions is Captions.BURN else None
    lines = 1 if plan.second else 2
    first, second = (
        tuple(
            cues_for(said, plan.ranges, width=width, height=height, style=style, lines=lines)
            if said
            else ()
        )
        for said in (plan.sentences, plan.second)
    )
    return first, second


def _identity(value: str | None) -> str | None:
    """Content of a file, or the text itself: the same path with another picture is another clip."""
    if value is None:
        return None
    try:
        return file_sha256(Path(value)) if Path(value).is_file() else value
    except OSError:  # too long for a path: a text
        return value
