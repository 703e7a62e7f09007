"""The three kinds of job as a sequence of stages: clip, transcribe, cut."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pipelines.clip_records import cut_clip, found_clip
from pipelines.context import JobContext
from pipelines.highlight_stage import Highlights, choose_highlighter, pick_highlights
from pipelines.look_stage import LookResult, look_at
from pipelines.model_start import ModelStart
from pipelines.naming import clip_stem, range_stem
from pipelines.post_stage import WrittenPosts, llm_usage, write_posts
from pipelines.render_stage import ClipPlan, render_clips
from pipelines.source import Source, open_source, printable_path
from pipelines.speech_stage import Speech, recognised_speech, speech_from_file
from pipelines.units import Outcome
from videoclip import __version__
from videoclip.errors import UsageError
from videoclip.media.jumpcuts import plan_jump_cuts
from videoclip.media.probe import probe
from videoclip.media.render import check_joints, check_options
from videoclip.schemas import (
    Candidate,
    Clip,
    ClipRequest,
    CutRequest,
    Failure,
    JumpCut,
    Manifest,
    Notice,
    RenderOptions,
    Sentence,
    StageReport,
    TimeRange,
    TranscribeRequest,
    Transcript,
)
from videoclip.speech.transcript_io import SUBTITLES, read_transcript, write_transcript
from videoclip.store import ObjectRef
from videoclip.timecode import format_ms

_Request = TypeVar("_Request", ClipRequest, CutRequest, TranscribeRequest)
Status = Literal["succeeded", "partial", "nothing_selected", "failed"]

__all__ = ["JobResult", "clip", "cut", "transcribe"]


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job made: its manifest, and the files that it names, by relative name."""

    manifest: Manifest
    files: dict[str, ObjectRef]


def clip(context: JobContext, request: ClipRequest) -> JobResult:
    """Source -> transcript -> highlights -> rendered clips."""
    source = open_source(context, Path(request.source))
    check_options(request.render, source.media)
    check_joints(request.render, 1)
    for extra in (request.render.intro, request.render.outro):
        if extra is not None:  # found out now, not after hours of recognition
            probe(Path(extra), context.settings.media)
    second = _translation(source, request)
    choice = choose_highlighter(context, request)
    model = ModelStart(context.settings.llm)
    if choice.engine == "llm" and context.settings.llm.may_sleep:
        model.begin()
    if request.transcript is not None:
        speech = speech_from_file(context, source, Path(request.transcript), request.language)
    else:
        speech = recognised_speech(
            context,
            source,
            choice=request.recogniser,
            language=request.language,
            hotwords=request.hotwords,
        )
    context.check_cancelled()
    highlights = pick_highlights(context, request, choice, speech, model)
    chosen = [candidate for candidate in highlights.candidates if candidate.selected]
    cuts = _jump_cuts(context, request, speech.transcript)
    plans = [_plan(candidate, speech.transcript, second, cuts, request) for candidate in chosen]
    written = write_posts(context, request, highlights, chosen, speech.transcript)
    rendered = render_clips(context, source, plans, request.render)
    files = _transcript_files(context, speech.transcript)
    clips = []
    for number, (candidate, plan) in enumerate(zip(chosen, plans, strict=True), start=1):
        artifact = rendered.artifacts.get(candidate.id)
        if artifact is not None:
            stem = f"clips/{clip_stem(number, candidate.title)}"
            made = found_clip(context, candidate, plan, artifact, stem, files)
            clips.append(made.model_copy(update={"posts": written.posts.get(candidate.id, [])}))
    look = look_at(context, source, speech.pcm) if request.look else None
    if look is not None:
        files.update(look.files)
    return _result(
        context, request, source, speech, highlights, written, rendered, clips, files, look
    )


def transcribe(context: JobContext, request: TranscribeRequest) -> JobResult:
    """Source -> transcript."""
    source = open_source(context, Path(request.source))
    speech = recognised_speech(
        context,
        source,
        choice=request.recogniser,
        language=request.language,
        hotwords=request.hotwords,
    )
    files = _transcript_files(context, speech.transcript)
    manifest = Manifest(
        product=_product(),
        job=context.job_id,
        status="partial" if speech.failures else "succeeded",
        source=source.info,
        media=source.media,
        request=_told(request),
        language=speech.transcript.language,
        recogniser=speech.transcript.engine,
        transcript=_transcript_names(files),
        stages=list(speech.reports),
        clips=[],
        candidates=[],
        notices=context.notices,
        failures=list(speech.failures),
    )
    return JobResult(manifest, files)


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
    ranges = _inside(request.ranges, source)
    groups = [tuple(ranges)] if request.join else [(part,) for part in ranges]
    plans = [
        ClipPlan(key=f"c{number:02}", ranges=ranges, title=_range_title(ranges))
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
        product=_product(),
        job=context.job_id,
        status=_status(len(plans), len(clips), rendered.failures),
        source=source.info,
        media=source.media,
        request=_told(request),
        stages=[rendered.report],
        clips=clips,
        candidates=[],
        notices=context.notices,
        failures=rendered.failures,
    )
    return JobResult(manifest, files)


# ---------------------------------------------------------------------- parts


def _plan(
    candidate: Candidate,
    transcript: Transcript,
    second: Transcript | None,
    cuts: list[JumpCut],
    request: ClipRequest,
) -> ClipPlan:
    sentences = _sentences(candidate, transcript)
    span = TimeRange(start_ms=candidate.start_ms, end_ms=candidate.end_ms)
    below = tuple(
        sentence
        for sentence in (second.sentences if second else ())
        if sentence.start_ms < span.end_ms and span.start_ms < sentence.end_ms
    )
    found = plan_jump_cuts(
        span, sentences, cuts,
        crossfade_ms=request.render.crossfade_ms, kept=transcript.untranscribed,
    )  # fmt: skip
    return ClipPlan(candidate.id, found.ranges, sentences, candidate.title, below)


def _translation(source: Source, request: ClipRequest) -> Transcript | None:
    """The subtitles in a second language, where some were given."""
    if request.translation is None:
        return None
    return read_transcript(Path(request.translation), duration_ms=source.media.duration_ms)


def _jump_cuts(context: JobContext, request: ClipRequest, transcript: Transcript) -> list[JumpCut]:
    """The jump cuts asked for; none, with a notice, where the words' times are only guessed."""
    wishes = request.render.jump_cuts
    if wishes and transcript.engine.name == SUBTITLES:
        context.notice(
            Notice(
                code="jump_cuts_skipped",
                message="No jump cuts were made: subtitles do not say when each word is spoken",
                remedy="Leave --transcript out, or give a transcript.json of a recogniser",
            )
        )
        return []
    return wishes


def _sentences(candidate: Candidate, transcript: Transcript) -> tuple[Sentence, ...]:
    return tuple(
        sentence
        for sentence in transcript.sentences
        if candidate.first_sentence <= sentence.id <= candidate.last_sentence
    )


def _transcript_files(context: JobContext, transcript: Transcript) -> dict[str, ObjectRef]:
    folder = context.work_folder("transcript")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return {
            f"transcript.{kind}": context.store.objects.put(path)
            for kind, path in write_transcript(transcript, folder).items()
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _transcript_names(files: dict[str, ObjectRef]) -> dict[str, str]:
    return {name.partition(".")[2]: name for name in files if name.startswith("transcript.")}


def _result(
    context: JobContext,
    request: ClipRequest,
    source: Source,
    speech: Speech,
    highlights: Highlights,
    written: WrittenPosts,
    rendered: Outcome,
    clips: list[Clip],
    files: dict[str, ObjectRef],
    look: LookResult | None,
) -> JobResult:
    failures = [*speech.failures, *highlights.failures, *written.failures, *rendered.failures]
    wanted = sum(candidate.selected for candidate in highlights.candidates)
    reports: list[StageReport] = [*speech.reports, highlights.report]
    reports += [report for report in (written.report, rendered.report) if report is not None]
    if look is not None:
        failures += look.failures
        reports.append(look.report)
    manifest = Manifest(
        product=_product(),
        job=context.job_id,
        status=_status(wanted, len(clips), failures),
        source=source.info,
        media=source.media,
        request=_told(request),
        language=speech.transcript.language,
        recogniser=speech.transcript.engine,
        highlighter=highlights.engine,
        llm=llm_usage(context, highlights, written),
        transcript=_transcript_names(files),
        look=None if look is None else look.look,
        stages=reports,
        clips=clips,
        candidates=list(highlights.candidates),
        notices=context.notices,
        failures=failures,
    )
    return JobResult(manifest, files)


def _status(wanted: int, made: int, failures: Sequence[Failure]) -> Status:
    if failures:
        return "partial" if made else "failed"
    return "succeeded" if wanted else "nothing_selected"


def _told(request: _Request) -> _Request:
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


def _product() -> str:
    return f"video-clip {__version__}"


def _inside(ranges: Sequence[TimeRange], source: Source) -> list[TimeRange]:
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


def _range_title(ranges: Sequence[TimeRange]) -> str:
    return ", ".join(f"{format_ms(r.start_ms)}-{format_ms(r.end_ms)}" for r in ranges)
