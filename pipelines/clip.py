"""The kinds of job that listen, as a sequence of stages: clip, transcribe."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.clip_records import found_clip
from pipelines.context import JobContext
from pipelines.dropped import nothing_selected
from pipelines.highlight_stage import Highlights, choose_highlighter, pick_highlights
from pipelines.look_stage import LookResult, look_at
from pipelines.manifests import JobResult, product, status_of, told
from pipelines.model_start import ModelStart
from pipelines.naming import clip_stem
from pipelines.post_stage import WrittenPosts, llm_usage, write_posts
from pipelines.render_stage import ClipPlan, render_clips
from pipelines.source import Source, open_source
from pipelines.speech_stage import Speech, recognised_speech, speech_from_file
from pipelines.units import Outcome
from videoclip.media.jumpcuts import plan_jump_cuts
from videoclip.media.probe import probe
from videoclip.media.render import check_joints, check_options
from videoclip.schemas import (
    Candidate,
    Clip,
    ClipRequest,
    JumpCut,
    Manifest,
    Notice,
    Sentence,
    StageReport,
    TimeRange,
    TranscribeRequest,
    Transcript,
)
from videoclip.speech.transcript_io import SUBTITLES, read_transcript, write_transcript
from videoclip.store import ObjectRef

__all__ = ["clip", "transcribe"]


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
        product=product(),
        job=context.job_id,
        status="partial" if speech.failures else "succeeded",
        source=source.info,
        media=source.media,
        request=told(request),
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
    status = status_of(wanted, len(clips), failures)
    if status == "nothing_selected":
        context.notice(nothing_selected(highlights.candidates, len(speech.transcript.sentences)))
    manifest = Manifest(
        product=product(),
        job=context.job_id,
        status=status,
        source=source.info,
        media=source.media,
        request=told(request),
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
