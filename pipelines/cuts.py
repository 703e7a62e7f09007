"""The kind of job that cuts by hand: given ranges become clips."""

from __future__ import annotations

from pathlib import Path

from pipelines.clip_records import cut_clip
from pipelines.context import JobContext
from pipelines.manifests import JobResult, inside, product, range_title, status_of, told
from pipelines.naming import range_stem
from pipelines.render_stage import ClipPlan, render_clips
from pipelines.source import open_source
from videoclip.errors import UsageError
from videoclip.media.render import check_joints, check_options
from videoclip.schemas import CutRequest, Manifest
from videoclip.store import ObjectRef

__all__ = ["cut"]


def cut(context: JobContext, request: CutRequest) -> JobResult:
    """Given ranges -> rendered clips, one each or all joined."""
    source = open_source(context, Path(request.source))
    if request.render.jump_cuts:
        raise UsageError(
            "jump cuts need to know the words, and a cut by hand does not",
            "Use `videoclip clip`, or leave jump cuts out",
        )
    joined = len(request.ranges) if request.join else 1
    check_options(request.render, source.media, ranges=joined)
    check_joints(request.render, joined)
    ranges = inside(request.ranges, source)
    groups = [tuple(ranges)] if request.join else [(part,) for part in ranges]
    plans = [
        ClipPlan(key=f"c{number:02}", ranges=ranges, title=range_title(ranges))
        for number, ranges in enumerate(groups, start=1)
    ]
    rendered = render_clips(context, source, plans, request.render)
    files: dict[str, ObjectRef] = {}
    clips = []
    for number, plan in enumerate(plans, start=1):
        artifact = rendered.artifacts.get(plan.key)
        if artifact is not None:
            stem = f"clips/{range_stem(number, plan.ranges)}"
            clips.append(cut_clip(context, plan, artifact, stem, files))
    manifest = Manifest(
        product=product(),
        job=context.job_id,
        status=status_of(len(plans), len(clips), rendered.failures),
        source=source.info,
        media=source.media,
        request=told(request),
        stages=[rendered.report],
        clips=clips,
        candidates=[],
        notices=context.notices,
        failures=rendered.failures,
    )
    return JobResult(manifest, files)
