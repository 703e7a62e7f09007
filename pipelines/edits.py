"""The kind of job that renders clips which people edited: given ranges, titles and styles."""

from __future__ import annotations

from pathlib import Path

from pipelines.clip_records import cut_clip
from pipelines.context import JobContext
from pipelines.manifests import JobResult, inside, product, range_title, status_of, told
from pipelines.naming import clip_stem
from pipelines.render_stage import ClipPlan, render_clips
from pipelines.source import Source, open_source
from videoclip.errors import UsageError
from videoclip.media.render import check_joints, check_options
from videoclip.schemas import (
    Clip,
    EditedClip,
    Failure,
    Manifest,
    RenderOptions,
    RenderRequest,
    Sentence,
    StageReport,
    TimeRange,
    Transcript,
)
from videoclip.speech.transcript_io import read_transcript
from videoclip.store import ObjectRef

__all__ = ["render_edits"]


def render_edits(context: JobContext, request: RenderRequest) -> JobResult:
    """Edited clips -> rendered clips, each in its own style or in that of all."""
    source = open_source(context, Path(request.source))
    transcript = None
    if request.transcript is not None:
        transcript = read_transcript(Path(request.transcript), duration_ms=source.media.duration_ms)
    groups: dict[str, tuple[RenderOptions, list[tuple[int, ClipPlan]]]] = {}
    for number, edited in enumerate(request.clips, start=1):
        options = edited.render or request.render
        _check(options, edited, source)
        plan = _plan(number, edited, source, transcript)
        groups.setdefault(options.model_dump_json(), (options, []))[1].append((number, plan))
    clips: dict[int, Clip] = {}
    files: dict[str, ObjectRef] = {}
    reports: list[StageReport] = []
    failures: list[Failure] = []
    for options, plans in groups.values():
        rendered = render_clips(context, source, [plan for _, plan in plans], options)
        reports.append(rendered.report)
        failures += rendered.failures
        for number, plan in plans:
            artifact = rendered.artifacts.get(plan.key)
            if artifact is not None:
                stem = f"clips/{clip_stem(number, plan.title)}"
                clips[number] = cut_clip(context, plan, artifact, stem, files)
    manifest = Manifest(
        product=product(),
        job=context.job_id,
        status=status_of(len(request.clips), len(clips), failures),
        source=source.info,
        media=source.media,
        request=told(request),
        language=None if transcript is None else transcript.language,
        stages=reports,
        clips=[clips[number] for number in sorted(clips)],
        candidates=[],
        notices=context.notices,
        failures=failures,
    )
    return JobResult(manifest, files)


def _check(options: RenderOptions, edited: EditedClip, source: Source) -> None:
    if options.jump_cuts:
        raise UsageError(
            "an edited clip says which ranges it is made of, so there are no jump cuts to find",
            "Leave render.jump_cuts out, and take the pauses out of the ranges",
        )
    check_options(options, source.media, ranges=len(edited.ranges))
    check_joints(options, len(edited.ranges))


def _plan(
    number: int, edited: EditedClip, source: Source, transcript: Transcript | None
) -> ClipPlan:
    ranges = tuple(inside(edited.ranges, source))
    said = () if transcript is None else _said(transcript, ranges)
    return ClipPlan(f"e{number:03}", ranges, said, edited.title or range_title(ranges))


def _said(transcript: Transcript, ranges: tuple[TimeRange, ...]) -> tuple[Sentence, ...]:
    return tuple(
        sentence
        for sentence in transcript.sentences
        if any(
            sentence.start_ms < part.end_ms and part.start_ms < sentence.end_ms for part in ranges
        )
    )
