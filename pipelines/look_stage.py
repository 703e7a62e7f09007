"""What one sees of a source without playing it: storyboard, waveform, shots; each a unit, side by side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.context import JobContext
from pipelines.source import FileState, Source
from pipelines.units import Unit, WorkerResult, run_units
from videoclip.fingerprint import fingerprint
from videoclip.media.ffmpeg import version
from videoclip.media.proxy import make_proxy
from videoclip.media.shots import find_shots, shots_json
from videoclip.media.storyboard import interval_ms, make_storyboard
from videoclip.media.waveform import write_waveform
from videoclip.schemas import Failure, Look, MediaInfo, StageReport
from videoclip.settings import MediaLimits
from videoclip.store import ArtifactRecord, ObjectRef, Objects

__all__ = ["LookResult", "look_at"]

_LOOK_VERSION = 1
_FOLDER = "look"

Part = Literal["storyboard", "shots", "waveform"]


@dataclass(frozen=True, slots=True)
class LookResult:
    """The names for the manifest, and the files that bear them in the output folder."""

    look: Look
    files: dict[str, ObjectRef]
    report: StageReport
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class _LookTask:
    part: Part
    source: str
    media: MediaInfo
    pcm: str | None
    work: str
    state: FileState


@dataclass(frozen=True, slots=True)
class _LookFactory:
    limits: MediaLimits
    objects: Objects

    def __call__(self) -> _LookWorker:
        return _LookWorker(self.limits, self.objects)


class _LookWorker:
    def __init__(self, limits: MediaLimits, objects: Objects) -> None:
        self._limits = limits
        self._objects = objects

    def work(self, task: Any) -> WorkerResult:
        assert isinstance(task, _LookTask)
        work = Path(task.work)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        parts: dict[Part, Callable[[_LookTask, Path], dict[str, Path]]] = {
            "storyboard": self._storyboard,
            "shots": self._shots,
            "waveform": self._waveform,
        }
        try:
            files = parts[task.part](task, work)
            task.state.check(Path(task.source))
            return WorkerResult({}, {name: self._objects.put(path) for name, path in files.items()})
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _storyboard(self, task: _LookTask, work: Path) -> dict[str, Path]:
        duration_ms = task.media.duration_ms
        step = interval_ms(duration_ms)
        proxy = make_proxy(Path(task.source), task.media, work, self._limits, spacing_ms=step // 2)
        board = make_storyboard(proxy, duration_ms, work, self._limits)
        return {path.name: path for path in (*board.sheets, board.vtt)}

    def _shots(self, task: _LookTask, work: Path) -> dict[str, Path]:
        found = find_shots(Path(task.source), task.media, work, self._limits)
        out = work / "shots.json"
        text = json.dumps(shots_json(found, task.media.duration_ms), indent=1)
        out.write_text(text + "\n", encoding="ascii")
        return {out.name: out}

    def _waveform(self, task: _LookTask, work: Path) -> dict[str, Path]:
        assert task.pcm is not None
        out = work / "waveform.json"
        write_waveform(Path(task.pcm), out)
        return {out.name: out}


def look_at(context: JobContext, source: Source, pcm: Path | None) -> LookResult:
    """Storyboard and shots of the picture, waveform of the sound, as far as there is one.

    Args:
        context: the job.
        source: what to look at.
        pcm: its sound as 16 kHz mono PCM in the object store; None: it has none.

    Raises:
        StorageFull: no space is left.
        Cancelled: the user stopped the job.
    """
    parts: list[Part] = ["storyboard", "shots"] if source.media.video is not None else []
    if pcm is not None and pcm.stat().st_size:
        parts.append("waveform")
    units = [
        Unit(
            key=part,
            fingerprint=fingerprint("look", _LOOK_VERSION, _identity(part, source, pcm)),
            task=_LookTask(
                part=part,
                source=str(source.path),
                media=source.media,
                pcm=None if pcm is None else str(pcm),
                work=str(context.work_folder("look", part)),
                state=source.state,
            ),
        )
        for part in parts
    ]
    factory = _LookFactory(context.settings.media, context.store.objects)
    outcome = run_units(context, "look", units, factory, measure="parts", inline_single=True)
    files = {
        f"{_FOLDER}/{name}": ref
        for artifact in outcome.artifacts.values()
        for name, ref in artifact.objects.items()
    }
    look = _named(outcome.artifacts)
    return LookResult(look, files, outcome.report, tuple(outcome.failures))


def _identity(part: Part, source: Source, pcm: Path | None) -> dict[str, str]:
    """What decides a part's result; objects are named by their content."""
    if part == "waveform":
        assert pcm is not None
        return {"part": part, "audio": pcm.name}
    return {"part": part, "source": source.sha256, "ffmpeg": version()}


def _named(artifacts: dict[str, ArtifactRecord]) -> Look:
    names = sorted(name for artifact in artifacts.values() for name in artifact.objects)

    def only(name: str) -> str | None:
        return f"{_FOLDER}/{name}" if name in names else None

    return Look(
        sheets=[f"{_FOLDER}/{name}" for name in names if name.endswith(".jpg")],
        storyboard=only("storyboard.vtt"),
        waveform=only("waveform.json"),
        shots=only("shots.json"),
    )
