"""What an attempt at a job adds to the metrics: counted by its dispatcher from what the runner wrote into the row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from videoclip import errors
from videoclip.observe.meter import Meter
from videoclip.store.attempts import EndedAttempt

__all__ = ["FEATURES", "count_attempt", "features_of", "known_code"]

_OTHER = "other"
_NOT_ERRORS = {"internal", "out_of_memory", "worker_lost"}
FEATURES = (
    "aspect", "batch", "captions_styled", "crossfade", "denoise", "dialogue_leveller", "hotwords", "intro", "jump_cuts",
    "look", "outro", "products", "prompt", "speed", "title_card", "transcript_given", "translation",
    "watermark", "address_source",
)  # fmt: skip
"""What the label `feature` may say."""


def count_attempt(meter: Meter, ended: EndedAttempt) -> None:
    """Count an attempt that is over.

    Args:
        meter: counts.
        ended: the attempt.
    """
    kind = ended.kind
    meter.count("videoclip_job_attempts_total", kind=kind, outcome=ended.outcome)
    if ended.code is not None:
        meter.count("videoclip_job_errors_total", code=known_code(ended.code))
    if ended.first and ended.started_ms is not None:
        waited_s = max(0, ended.started_ms - ended.enqueued_ms) / 1000
        meter.observe("videoclip_job_wait_seconds", waited_s, kind=kind)
        for feature in features_of(ended.request, is_part=ended.is_part):
            meter.count("videoclip_job_features_total", feature=feature)
    if ended.result is not None and ended.outcome in ("succeeded", "partial"):
        _count_cost(meter, kind, ended.result)


def _count_cost(meter: Meter, kind: str, result: Mapping[str, Any]) -> None:
    cost = result.get("cost", {})
    wall_s, video_s = float(cost.get("wall_s", 0)), float(cost.get("video_ms", 0)) / 1000
    meter.observe("videoclip_job_duration_seconds", wall_s, kind=kind)
    if video_s > 0:
        meter.observe("videoclip_job_real_time_factor", wall_s / video_s, kind=kind)
    meter.count("videoclip_job_video_seconds_total", video_s)
    for direction, key in (("in", "bytes_in"), ("out", "bytes_out")):
        meter.count("videoclip_job_bytes_total", float(cost.get(key, 0)), direction=direction)
    for direction, key in (("prompt", "prompt_tokens"), ("completion", "completion_tokens")):
        meter.count("videoclip_llm_tokens_total", float(cost.get(key, 0)), direction=direction)
    clips = sum(
        file["name"].startswith("clips/") and file["name"].endswith(".mp4")
        for file in result.get("files", [])
    )
    meter.count("videoclip_job_clips_total", clips)
    for stage in cost.get("stages", []):
        _count_stage(meter, stage)


def _count_stage(meter: Meter, stage: Mapping[str, Any]) -> None:
    name = str(stage["name"])
    meter.observe("videoclip_stage_duration_seconds", float(stage["wall_s"]), stage=name)
    meter.count("videoclip_stage_cpu_seconds_total", float(stage["cpu_s"]), stage=name)
    meter.count("videoclip_stage_gpu_seconds_total", float(stage.get("gpu_s", 0)), stage=name)
    reused, failed = int(stage["reused"]), int(stage["failed"])
    for outcome, units in (
        ("done", int(stage["units"]) - reused - failed), ("reused", reused), ("failed", failed),
    ):  # fmt: skip
        meter.count("videoclip_stage_units_total", units, stage=name, outcome=outcome)


def known_code(code: str) -> str:
    """The code, if it is one of this program's; else `other`."""
    return code if code in _NOT_ERRORS or code in _CODES else _OTHER


def features_of(request: Mapping[str, Any], *, is_part: bool = False) -> Iterator[str]:
    """Which of `FEATURES` a request uses."""
    render = request.get("render") or {}
    used = {
        "aspect": render.get("aspect", "source") != "source",
        "batch": is_part,
        "captions_styled": render.get("style", "clean") != "clean",
        "crossfade": bool(render.get("crossfade_ms")),
        "denoise": bool(render.get("denoise")),
        "dialogue_leveller": bool(render.get("level_dialogue")),
        "hotwords": bool(request.get("hotwords")),
        "intro": bool(render.get("intro")),
        "jump_cuts": bool(render.get("jump_cuts")),
        "look": bool(request.get("look")),
        "outro": bool(render.get("outro")),
        "products": bool(request.get("products")),
        "prompt": bool(request.get("prompt")),
        "speed": render.get("speed", 100) != 100,
        "title_card": bool(render.get("title_card_ms")),
        "transcript_given": bool(request.get("transcript")),
        "translation": bool(request.get("translation")),
        "watermark": bool(render.get("watermark")),
        "address_source": str(request.get("source", "")).startswith(("http://", "https://")),
    }
    return (name for name in FEATURES if used[name])


def _codes(kind: type[errors.VideoClipError]) -> Iterator[str]:
    yield kind.code
    for below in kind.__subclasses__():
        yield from _codes(below)


_CODES = frozenset(_codes(errors.VideoClipError))
