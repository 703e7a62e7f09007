"""From a source to a transcript: audio, shards, recognition in parallel, merging; or a transcript that was given."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pipelines.context import JobContext
from pipelines.served_speech import LOSSES, ServedRecogniser, resolve_served, told_losses
from pipelines.source import Source
from pipelines.units import Outcome, Unit, WorkerResult, own_cpu_seconds, run_units
from videoclip.errors import EngineUnavailable, RecognitionFailed, UsageError
from videoclip.fingerprint import fingerprint
from videoclip.media.audio import extract_audio, rms_dbfs
from videoclip.schemas import Engine, Failure, Notice, RecogniserName, StageReport, Transcript
from videoclip.settings import SpeechSettings
from videoclip.speech.audio import total_samples
from videoclip.speech.itn import write_numbers
from videoclip.speech.merge import merge
from videoclip.speech.protocol import SAMPLE_RATE, Recogniser, RecogniserSpec, Shard
from videoclip.speech.recognise import ShardResult, recognise_shard, shard_result
from videoclip.speech.resolve import (
    build_recogniser,
    prefetch,
    resolve_recogniser,
    without_download,
)
from videoclip.speech.shards import ShardPlan, plan_shards
from videoclip.speech.transcript_io import read_transcript
from videoclip.speech.weights import weight_bytes
from videoclip.store import ArtifactRecord

__all__ = ["Speech", "recognised_speech", "speech_from_file"]

_AUDIO_VERSION = 1
_RECOGNISE_VERSION = 1
_GPU_SHARE = 0.5
"""Two recognisers share a GPU: one computes while the other prepares its batch."""
_POCKETSPHINX_BYTES = 300 * 2**20
"""Measured: 255 MiB on shards of 30 s."""
_FUNASR_BYTES = 800 * 2**20
"""Python, torch and FunASR without a large model; measured: 541 MiB after the import."""
_ASKING_CPUS = 0.1
"""A worker that only asks a served recogniser and waits."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What was said, and what the later stages need to know about the sound."""

    transcript: Transcript
    pauses_ms: tuple[tuple[int, int], ...]
    energy_dbfs: tuple[float, ...]
    """RMS of each sentence; empty when there is no sound to measure."""
    reports: tuple[StageReport, ...]
    failures: tuple[Failure, ...] = ()
    pcm: Path | None = None
    """The sound in the object store, 16 kHz mono; None where the source has none."""


@dataclass(frozen=True, slots=True)
class _RecogniseTask:
    pcm: str
    shard: Shard


@dataclass(frozen=True, slots=True)
class _RecogniserFactory:
    spec: RecogniserSpec

    def __call__(self) -> _RecogniseWorker:
        return _RecogniseWorker(build_recogniser(self.spec))


class _RecogniseWorker:
    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def work(self, task: Any) -> WorkerResult:
        assert isinstance(task, _RecogniseTask)
        return WorkerResult(recognise_shard(self._recogniser, Path(task.pcm), task.shard).to_json())


@dataclass(frozen=True, slots=True)
class _ServedFactory:
    spec: RecogniserSpec
    engine: Engine
    app: str
    deadline_s: float

    def __call__(self) -> _ServedWorker:
        return _ServedWorker(
            ServedRecogniser(self.spec, self.engine, self.app, deadline_s=self.deadline_s)
        )


class _ServedWorker:
    def __init__(self, recogniser: ServedRecogniser) -> None:
        self._recogniser = recogniser

    def work(self, task: Any) -> WorkerResult:
        assert isinstance(task, _RecogniseTask)
        shard = task.shard
        samples = min(total_samples(Path(task.pcm)), shard.end_sample) - shard.start_sample
        if samples <= 0:
            return WorkerResult(ShardResult(shard.index).to_json())
        asked = self._recogniser
        losses, gpu_s = asked.memory_losses, asked.gpu_s
        heard = asked.recognise_range(Path(task.pcm), shard.start_sample, shard.end_sample)
        payload = shard_result(heard, shard, samples).to_json()
        payload[LOSSES] = asked.memory_losses - losses
        return WorkerResult(payload, gpu_s=asked.gpu_s - gpu_s)


def _resolved(
    context: JobContext, choice: RecogniserName, language: str, hotwords: list[str], *, sound: bool
) -> RecogniserSpec:
    """Which engine will listen; its weights are fetched where it is loaded by our own workers."""
    speech = context.settings.speech
    if speech.serve_app:
        context.ray.start()
        spec, notices = resolve_served(speech.serve_app, choice, language, hotwords)
    else:
        spec, notices = resolve_recogniser(choice, language, hotwords, context.settings)
    for notice in notices:
        context.notice(notice)
    if sound and not speech.serve_app:
        try:
            _download(context, spec)
        except EngineUnavailable as failure:
            if choice is not RecogniserName.AUTO:
                raise
            spec, notices = without_download(language, hotwords, context.settings, failure)
            for notice in notices:
                context.notice(notice)
    return spec


def recognised_speech(
    context: JobContext,
    source: Source,
    *,
    choice: RecogniserName,
    language: str,
    hotwords: list[str],
) -> Speech:
    """Recognise the source's speech, shard by shard, in parallel.

    Raises:
        EngineUnavailable: the recogniser that was asked for cannot be had.
        RecognitionFailed: every shard failed.
    """
    spec = _resolved(context, choice, language, hotwords, sound=source.media.audio is not None)
    engine = Engine(
        name=spec.engine,
        version=metadata.version(spec.engine),
        model=spec.model,
        device=spec.device,
    )
    if source.media.audio is None:
        context.notice(
            Notice(
                code="no_audio",
                message=_why_silent(source),
                remedy="Give its text with --transcript FILE",
            )
        )
        return Speech(_silent(source, spec, engine), (), (), ())
    pcm, audio_report = _audio(context, source)
    plan = _plan(context, pcm, context.settings.speech)
    outcome = _recognise(context, spec, engine, pcm, plan)
    for notice in told_losses(
        artifact.payload for key, artifact in outcome.artifacts.items() if key not in outcome.reused
    ):
        context.notice(notice)
    if plan.shards and not outcome.artifacts:
        first = outcome.failures[0]
        raise RecognitionFailed(
            f"none of the {len(plan.shards)} shards could be recognised: {first.cause}",
            first.remedy,
        )
    results = [ShardResult.from_json(outcome.artifacts[key].payload) for key in _in_order(outcome)]
    failed = [shard for shard in plan.shards if _key(shard) not in outcome.artifacts]
    transcript = merge(
        results,
        plan,
        duration_ms=source.media.duration_ms,
        engine=engine,
        language=spec.language,
        failed=failed,
        speaker_distance=context.settings.speech.speaker_distance,
    )
    if spec.engine == "funasr" and context.settings.speech.itn:
        transcript = write_numbers(transcript)
    if not transcript.sentences:
        context.notice(
            Notice(
                code="no_speech",
                message="no speech was found in the audio",
                remedy="Check the audio track, the language, or give --transcript FILE",
            )
        )
    return Speech(
        transcript,
        tuple(plan.pauses_ms),
        _energy(pcm, transcript),
        (audio_report, outcome.report),
        tuple(outcome.failures),
        pcm,
    )


def _download(context: JobContext, spec: RecogniserSpec) -> None:
    """Fetch what is missing; a stage of its own, in bytes, only where something is."""
    started: list[str] = []

    def told(model: str, here: int, total: int) -> None:
        context.check_cancelled()
        if started[-1:] != [model]:
            if started:
                context.progress.finish()
            started.append(model)
            context.progress.start("download", total, "bytes")
        context.progress.move_to(here)

    prefetch(spec, told)
    if started:
        context.progress.finish()


def speech_from_file(context: JobContext, source: Source, path: Path, language: str) -> Speech:
    """Take the user's transcript; measure the sound where there is some.

    Raises:
        UsageError: the file is not a transcript that can be read.
    """
    transcript = read_transcript(path, duration_ms=source.media.duration_ms)
    if language != "auto":
        transcript = transcript.model_copy(update={"language": language})
    if not transcript.sentences:
        raise UsageError(
            f"the transcript {path.name} has no line within the video",
            "Give the transcript of this video, with times from its first frame",
        )
    if source.media.audio is None:
        return Speech(transcript, (), (), ())
    pcm, report = _audio(context, source)
    plan = _plan(context, pcm, context.settings.speech)
    energy = _energy(pcm, transcript)
    return Speech(transcript, tuple(plan.pauses_ms), energy, (report,), pcm=pcm)


def _why_silent(source: Source) -> str:
    unread = [note for note in source.media.warnings if note.startswith("The audio track")]
    if unread:
        return f"there is nothing to transcribe. {unread[0]}"
    return "the source has no audio track, so there is nothing to transcribe"


def _silent(source: Source, spec: RecogniserSpec, engine: Engine) -> Transcript:
    return Transcript(language=spec.language, duration_ms=source.media.duration_ms, engine=engine)


def _audio(context: JobContext, source: Source) -> tuple[Path, StageReport]:
    """The source's sound as 16 kHz mono PCM in the object store; extracted once, never sharded."""
    name = fingerprint("audio", _AUDIO_VERSION, {"source": source.sha256})
    known = context.store.artifacts([name]).get(name)
    seconds = source.media.duration_ms / 1000
    context.progress.start("audio", seconds, "s", reused=seconds if known else 0)
    cpu, reused = own_cpu_seconds(), known is not None
    if known is not None:
        context.store.commit_unit(context.job_id, context.attempt, "all", known, reused=True)
    else:
        folder = context.work_folder("audio")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        raw = folder / "audio.s16le"
        begun = time.time()
        samples = extract_audio(
            source.path,
            source.media,
            raw,
            context.settings.media,
            on_progress=lambda ms: context.progress.move_to(ms / 1000),
            cancel=context.cancel,
        )
        source.state.check(source.path)
        known = ArtifactRecord(
            name, "audio", {"samples": samples}, {"pcm": context.store.objects.put(raw)},
            wall_s=time.time() - begun, cpu_s=own_cpu_seconds() - cpu,
            started_ms=round(begun * 1000),
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
        context.store.commit_unit(context.job_id, context.attempt, "all", known)
    wall_s = context.progress.finish()
    report = StageReport(
        name="audio",
        units=1,
        reused=int(reused),
        wall_s=round(wall_s, 3),
        cpu_s=round(own_cpu_seconds() - cpu, 3),
    )
    return context.store.objects.path(known.objects["pcm"]), report


def _plan(context: JobContext, pcm: Path, speech: SpeechSettings) -> ShardPlan:
    context.check_cancelled()
    return plan_shards(pcm, target_ms=speech.shard_target_ms, max_ms=speech.shard_max_ms)


def _recognise(
    context: JobContext,
    spec: RecogniserSpec,
    engine: Engine,
    pcm: Path,
    plan: ShardPlan,
) -> Outcome:
    identity = {k: v for k, v in asdict(spec).items() if k != "device"}
    units = [
        Unit(
            key=_key(shard),
            fingerprint=fingerprint(
                "recognise",
                _RECOGNISE_VERSION,
                {
                    "audio": pcm.name,  # objects are named by their content
                    "shard": [shard.start_sample, shard.end_sample, shard.overlap_samples],
                    "spec": identity,
                    "engine_version": engine.version,
                },
            ),
            task=_RecogniseTask(str(pcm), shard),
            weight=(shard.end_sample - shard.start_sample) / SAMPLE_RATE,
        )
        for shard in plan.shards
    ]
    speech = context.settings.speech
    if speech.serve_app:
        return run_units(
            context,
            "recognise",
            units,
            _ServedFactory(spec, engine, speech.serve_app, speech.serve_deadline_s),
            measure="s",
            num_cpus=_ASKING_CPUS,
            workers=speech.serve_parallel,
        )
    gpu_share, workers = _gpu_share(context, spec) if units else (0.0, None)
    return run_units(
        context,
        "recognise",
        units,
        _RecogniserFactory(spec),
        measure="s",
        num_gpus=gpu_share,
        memory_bytes=_memory_bytes(spec),
        workers=workers,
    )


def _gpu_share(context: JobContext, spec: RecogniserSpec) -> tuple[float, int | None]:
    """The part of a GPU that one recogniser takes, and how many there can be.

    Raises:
        EngineUnavailable: a GPU is wanted and Ray has none; it would wait for one for ever.
    """
    if not spec.device.startswith("cuda"):
        return 0.0, None
    gpus = context.ray.num_gpus
    if gpus < _GPU_SHARE:
        raise EngineUnavailable(
            f"speech recognition is to run on {spec.device}, and Ray has no GPU here",
            "Set VIDEOCLIP_SPEECH__DEVICE=cpu, or join a cluster that has GPUs",
        )
    return _GPU_SHARE, int(gpus / _GPU_SHARE)


def _memory_bytes(spec: RecogniserSpec) -> int:
    """What one recogniser takes; measured as proportional set size of the worker's processes."""
    if spec.engine == "pocketsphinx":
        return _POCKETSPHINX_BYTES
    weights = [size for name in (spec.model, spec.punc_model) if (size := weight_bytes(name))]
    # While a model loads, its file and its parameters are both in memory.
    return _FUNASR_BYTES + sum(weights) + max(weights, default=0)


def _key(shard: Shard) -> str:
    return f"{shard.index:05}"


def _in_order(outcome: Outcome) -> list[str]:
    return sorted(outcome.artifacts)


def _energy(pcm: Path, transcript: Transcript) -> tuple[float, ...]:
    if not transcript.sentences or total_samples(pcm) == 0:
        return ()
    return tuple(rms_dbfs(pcm, [(s.start_ms, s.end_ms) for s in transcript.sentences]))
