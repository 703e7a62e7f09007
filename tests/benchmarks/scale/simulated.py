"""Engines that sleep as long as the real ones work, in place of FFmpeg, recogniser, ranker and renderer.

All else of a job is real: its request, its source file and digest, audio and clips as objects, plan, merging,
selection, units with their commits under the fence, manifest, search index, its end. A simulated source is a small
file that says how long the video is; its simulated sound says the same.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pipelines.highlight_stage
import pipelines.render_stage
import pipelines.source
import pipelines.speech_stage
from pipelines.units import WorkerResult
from tests.benchmarks.scale.shapes import SHARD_MS, Shape, recorded, sentences
from videoclip.schemas import MediaInfo
from videoclip.speech.protocol import RecogniserSpec, Shard, TimedWord
from videoclip.speech.recognise import ShardResult
from videoclip.speech.shards import ShardPlan
from videoclip.store import Objects

__all__ = ["install", "write_source"]

_SAMPLES_PER_MS = 16
_WORD_MS = 330
_PAUSE_MS = 400


def write_source(path: Path, number: int, shape: Shape) -> None:
    """A simulated video that no other one is equal to."""
    path.write_text(json.dumps({"number": number, "shape": json.loads(shape.to_json())}))


def install(speed: float) -> None:
    """Put the simulated engines where stages of this process look for the real ones.

    Args:
        speed: how many seconds of an engine's work pass in a second, in which it sleeps.
    """
    pipelines.source.probe = _probe
    speech: Any = pipelines.speech_stage
    speech.extract_audio = _extract_audio
    speech.plan_shards = _plan_shards
    speech.rms_dbfs = lambda _, ranges: [-20.0] * len(ranges)
    speech.resolve_recogniser = lambda *_: (RecogniserSpec("pocketsphinx", "en", "simulated"), [])
    speech._RecogniserFactory = lambda _: _Listener(speed)
    highlights: Any = pipelines.highlight_stage
    highlights._HighlighterFactory = lambda *_: _Ranker(speed)
    rendering: Any = pipelines.render_stage
    rendering._RenderFactory = lambda _, objects: _Renderer(speed, objects)


def _shape(path: Path) -> tuple[int, Shape]:
    told = json.loads(path.read_text())
    return told["number"], Shape(**told["shape"])


def _probe(path: Path, _limits: object) -> MediaInfo:
    _, shape = _shape(path)
    found = {**recorded()["probe"], "duration_ms": shape.duration_ms}
    return MediaInfo.model_validate({**found, "size_bytes": path.stat().st_size})


def _extract_audio(source: Path, media: MediaInfo, target: Path, *_: Any, **__: Any) -> int:
    target.write_bytes(source.read_bytes())
    return media.duration_ms * _SAMPLES_PER_MS


def _plan_shards(pcm: Path, **_: int) -> ShardPlan:
    _, shape = _shape(pcm)
    ends = [*range(0, shape.duration_ms, SHARD_MS), shape.duration_ms]
    spans = [
        (start * _SAMPLES_PER_MS, end * _SAMPLES_PER_MS)
        for start, end in pairwise(ends)
        if start < end
    ]
    shards = tuple(Shard(index, start, end) for index, (start, end) in enumerate(spans))
    return ShardPlan(shards, tuple(spans), (), shape.duration_ms * _SAMPLES_PER_MS)


# ---------------------------------------------------------------------- recogniser


@dataclass(frozen=True, slots=True)
class _Listener:
    speed: float

    def __call__(self) -> _Listener:
        return self

    def work(self, task: Any) -> WorkerResult:
        shard: Shard = task.shard
        number, _ = _shape(Path(task.pcm))
        first, last = (
            shard.start_sample // _SAMPLES_PER_MS,
            shard.end_sample // _SAMPLES_PER_MS,
        )
        time.sleep((last - first) / 1000 * recorded()["recognise_s_per_audio_s"] / self.speed)
        heard = tuple(_said(number * 7 + shard.index, first, last))
        return WorkerResult(ShardResult(shard.index, heard, "en", punctuated=True).to_json())


def _said(seed: int, first_ms: int, last_ms: int) -> list[TimedWord]:
    """Sentences of the sample from one on, each marked, so that no two videos say the same."""
    texts, words, clock = sentences(), [], first_ms
    while True:
        spoken = [*texts[seed % len(texts)].split(), f"{seed}."]
        if clock + len(spoken) * _WORD_MS + _PAUSE_MS > last_ms:
            return words
        for word in spoken:
            words.append(TimedWord(word, clock, clock + _WORD_MS - 30, 0.9))
            clock += _WORD_MS
        clock += _PAUSE_MS
        seed += 1


# ---------------------------------------------------------------------- highlighter


@dataclass(frozen=True, slots=True)
class _Ranker:
    """Proposes runs of six sentences."""

    speed: float

    def __call__(self) -> _Ranker:
        return self

    def work(self, task: Any) -> WorkerResult:
        said = task.window.sentences
        time.sleep(recorded()["highlight_s_per_window"] / self.speed)
        runs = [said[at : at + 6] for at in range(0, max(1, len(said) - 5), 6)]
        proposals = [
            {
                "first_sentence": run[0].id, "last_sentence": run[-1].id, "title": run[0].text[:40],
                "reason": "A run of sentences of a simulated video.", "quote": run[0].text,
                "score": 0.9 - 0.0001 * place, "scores": {"complete": 1.0, "central": 0.5},
                "hashtags": ["simulated"], "engine": "extractive", "hook": "", "product": "",
            }
            for place, run in enumerate(runs)
        ]  # fmt: skip
        return WorkerResult({"proposals": proposals, "notices": [], "requests": 0})


# ---------------------------------------------------------------------- renderer


@dataclass(frozen=True, slots=True)
class _Renderer:
    speed: float
    objects: Objects

    def __call__(self) -> _Renderer:
        return self

    def work(self, task: Any) -> WorkerResult:
        number, _ = _shape(Path(task.source))
        time.sleep(recorded()["render_s_per_clip"] / self.speed)
        work = Path(task.work)
        work.mkdir(parents=True, exist_ok=True)
        objects = {}
        for role in ("video", "srt", "vtt", "thumbnail"):
            file = work / role
            file.write_text(f"{role} of {number}, {task.ranges}")
            objects[role] = self.objects.put(file)
        return WorkerResult(recorded()["render"], objects)
