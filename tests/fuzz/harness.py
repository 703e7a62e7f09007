"""Sends one damaged file through probe, sound extraction and a cut, and checks what it left."""

from __future__ import annotations

import os
import resource
import shutil
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutations import mutate
from videoclip.errors import VideoClipError
from videoclip.media.audio import extract_audio
from videoclip.media.cut import RenderJob
from videoclip.media.probe import probe
from videoclip.media.render import render
from videoclip.schemas import Captions, MediaInfo, RenderOptions, TimeRange
from videoclip.settings import MediaLimits

__all__ = ["LIMITS", "Outcome", "Sandbox"]

LIMITS = MediaLimits(
    max_duration_s=3_600, max_pixels=1920 * 1080, max_streams=16, max_bytes=16 * 1024**2,
    memory_bytes=1024**3, max_alloc_bytes=64 * 1024**2, min_wall_s=10, wall_per_media_s=1.0,
)  # fmt: skip
_FILE_S = 60.0
"""Wall limit of one file through all of it."""
_GROWTH_KIB = 256 * 1024
"""By how much our own process may grow in all."""
_CLIP_MS = 1_000
_TOLD = {"loudness", "true_peak"}
"""What is left of damaged sound may be too short or too torn to be levelled; the proof says so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one damaged file. ``fault`` empty: as it must be."""

    seed: str
    sample: str
    damage: str
    result: str
    """``clip``, or the stage and code of the refusal, such as ``probe:source_not_media``."""
    seconds: float
    fault: str = ""


class Sandbox:
    """A folder in which everything happens; whatever is found outside its work folder is a fault."""

    def __init__(self, folder: Path, samples: list[Path]) -> None:
        self._folder = folder
        self._samples = samples
        self._source = folder / "in" / "source"
        self._work = folder / "work"
        self._base_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in (self._source.parent, folder / "tmp"):
            path.mkdir(parents=True, exist_ok=True)

    def source_of(self, seed: str) -> tuple[Path, str, bytes]:
        """The sample, the damage and the bytes that a seed stands for."""
        number = int(seed.rpartition(":")[2])
        sample = self._samples[number % len(self._samples)]
        damage, data = mutate(sample.read_bytes(), f"{seed}:{sample.name}")
        return sample, damage, data

    def run(self, seed: str) -> Outcome:
        """Make the file of a seed and try it."""
        sample, damage, data = self.source_of(seed)
        self._source.write_bytes(data)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()
        before, cwd = self._listing(), Path.cwd()
        started = time.monotonic()
        try:
            result, fault = self._attempt(int(seed.rpartition(":")[2]))
        except VideoClipError as error:  # outside of a stage
            result, fault = error.code, f"raised outside of a stage: {error}"
        seconds = time.monotonic() - started
        fault = fault or self._left_behind(before, cwd, seconds)
        return Outcome(seed, sample.name, damage, result, seconds, fault)

    def _attempt(self, number: int) -> tuple[str, str]:
        stage = "probe"
        try:
            media = probe(self._source, LIMITS)
            if media.audio is not None:
                stage = "audio"
                extract_audio(self._source, media, self._work / "sound.pcm", LIMITS)
            stage = "cut"
            return "clip", self._cut(media, loud=number % 2 == 0)
        except VideoClipError as error:
            hidden = str(self._folder) in str(error) or "\n" in str(error)
            told = error.code != "internal" and error.cause and error.remedy and not hidden
            return f"{stage}:{error.code}", "" if told else f"not a usable error: {error}"
        except Exception:  # noqa: BLE001 - whatever escapes is what is looked for
            return f"{stage}:crash", traceback.format_exc()

    def _cut(self, media: MediaInfo, *, loud: bool) -> str:
        out = self._work / "clip"
        out.mkdir()
        begin = max(0, min(500, media.duration_ms - _CLIP_MS))
        piece = TimeRange(start_ms=begin, end_ms=min(media.duration_ms, begin + _CLIP_MS))
        options = RenderOptions(captions=Captions.NONE, loudness=-14.0 if loud else None)
        job = RenderJob(self._source, media, (piece,), options, (), "t", out, "clip", "sans")
        done = render(job, LIMITS)
        left = {entry.name for entry in out.iterdir()} - {"clip.mp4", "clip.m4a", "clip.jpg"}
        if left:
            return f"left in the work folder: {sorted(left)}"
        if not done.proof.ok:
            failed = [check for check in done.proof.checks if not check.ok]
            if {check.name for check in failed} - _TOLD:
                return f"delivered with a proof that is not right: {failed}"
        return ""

    def _listing(self) -> set[str]:
        return {
            str(path.relative_to(self._folder))
            for path in self._folder.rglob("*")
            if path != self._work and self._work not in path.parents
        }

    def _left_behind(self, before: set[str], cwd: Path, seconds: float) -> str:
        faults = []
        if seconds > _FILE_S:
            faults.append(f"took {seconds:.0f} s")
        if self._listing() != before or Path.cwd() != cwd:
            faults.append(f"files outside: {sorted(self._listing() ^ before)}")
        orphans = _processes_in(self._folder)
        if orphans:
            faults.append(f"processes left: {orphans}")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self._base_kib
        if grown > _GROWTH_KIB:
            faults.append(f"grown by {grown // 1024} MiB")
        return "; ".join(faults)


def _processes_in(folder: Path) -> list[str]:
    """Command lines of other processes that name our folder or stand in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if b"ff" in command and (
            os.fsencode(folder) in command or folder in (where, *where.parents)
        ):
            found.append(command.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found
