"""The workbench of one clip: its folder, its budget of processor time, what goes into every file."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from videoclip.errors import MediaToolFailed
from videoclip.media.captions import Cue, write_srt, write_vtt
from videoclip.media.cut import Rendered, RenderJob
from videoclip.media.faces import box_finder
from videoclip.media.ffmpeg import run
from videoclip.media.programme import RATE, Sound, SoundPiece, make_programme
from videoclip.media.proof import ESSENTIAL
from videoclip.media.thumbnail import make_thumbnail
from videoclip.schemas import Captions, CutMode, Notice, Proof
from videoclip.settings import MediaLimits

__all__ = ["AAC", "CONTAINER", "CROSSFADE_SHORT", "Bench", "clear", "faults", "repairable"]

AAC: dict[str, Any] = {"c:a": "aac", "b:a": "160k", "ar": RATE, "ac": 2}
CONTAINER: dict[str, Any] = {
    "f": "mp4", "movflags": "+faststart", "map_metadata": -1, "map_chapters": -1,
    "fflags": "+bitexact", "flags:v": "+bitexact", "flags:a": "+bitexact",
}  # fmt: skip
"""No dates, names or places of the source, no versions: the same job gives the same bytes."""
CROSSFADE_SHORT = (
    "crossfade_short",
    "Some ranges are shorter than two cross-fades, so theirs are shorter or left out",
    "Choose a shorter --crossfade or longer ranges",
)
_MOST_LU = 3.0
_HEADROOM_DB = 1.5
"""By how much the second attempt limits more, should the first one's peaks have been too high."""


@dataclasses.dataclass(slots=True)
class Bench:
    """One clip in the making."""

    job: RenderJob
    limits: MediaLimits
    on_progress: Callable[[int], None] | None
    cancel: threading.Event | None
    threads: int
    notices: list[Notice] = dataclasses.field(default_factory=list)

    def path(self, suffix: str) -> Path:
        """A result's path."""
        return self.job.work / f"{self.job.stem}.{suffix}"

    def notice(self, code: str, message: str, remedy: str = "") -> None:
        """Tell the user something, once."""
        if all(notice.code != code for notice in self.notices):
            self.notices.append(Notice(code=code, message=message, remedy=remedy))

    def repaired(self, wrong: list[str], proof: Proof) -> None:
        """Tell that a second attempt was made, if it helped."""
        left = {check.name for check in proof.checks if not check.ok}
        if mended := [name for name in wrong if name not in left]:
            self.notice(
                "repaired",
                f"The first attempt was not right ({', '.join(mended)}) and was mended",
            )

    def side_files(self, cues: list[Cue]) -> tuple[Path | None, Path | None]:
        """Write SRT and WebVTT, unless captions are not wanted at all."""
        if self.job.options.captions is Captions.NONE:
            return None, None
        srt, vtt = self.path("srt"), self.path("vtt")
        write_srt(cues, srt)
        write_vtt(cues, vtt)
        return srt, vtt

    def sound(self, pieces: list[SoundPiece], attempt: int, before: Proof | None = None) -> Sound:
        """Make the clip's sound; a second attempt leaves more room for peaks.

        With the proof ``before`` of a first attempt it makes up for what the encoder did to the sound.
        """
        correction = 0.0
        if before is not None and self.job.options.loudness is not None:
            attempt = int(any(c.name == "true_peak" and not c.ok for c in before.checks))
            off = self.job.options.loudness - (before.loudness_lufs or self.job.options.loudness)
            if all(notice.code != "loudness_not_reached" for notice in self.notices):
                correction = max(-_MOST_LU, min(_MOST_LU, off))
        sound = make_programme(
            pieces, self.job.work, self.limits, target=self.job.options.loudness,
            headroom_db=attempt * _HEADROOM_DB, correction_lu=correction, denoise=self.job.options.denoise,
            level_dialogue=self.job.options.level_dialogue, cancel=self.cancel,
        )  # fmt: skip
        for notice in sound.notices:
            self.notice(notice.code, notice.message, notice.remedy)
        return sound

    def run(self, args: list[str], seconds: Fraction, limits: MediaLimits | None = None) -> None:
        """Run FFmpeg in the job's folder, reporting progress."""
        run(
            ["-filter_complex_threads", str(self.threads), *args],
            limits=limits or self.limits, media_seconds=seconds, cwd=self.job.work,
            on_progress=self.on_progress, cancel=self.cancel,
        )  # fmt: skip

    def finish(
        self, video: Path, srt: Path | None, vtt: Path | None, mode: CutMode, proof: Proof
    ) -> Rendered:
        """Refuse what is not right, choose the still, and hand over.

        Raises:
            MediaToolFailed: the proof has an essential fault.
        """
        if faults(proof):
            raise MediaToolFailed(
                f"the finished clip is not what was asked for: {'; '.join(faults(proof))}",
                "Try again; if it stays, the source may be damaged there, so choose another range",
            )
        still = None
        if self.job.media.video is not None:
            still = self.path("jpg")
            make_thumbnail(
                video, still, self.limits, duration_ms=proof.duration_ms or 0, faces=box_finder(),
                cancel=self.cancel,
            )  # fmt: skip
        return Rendered(
            video, srt, vtt, still, mode, proof, proof.duration_ms or 0,
            tuple(self.notices), 0.0,
        )  # fmt: skip


def faults(proof: Proof) -> list[str]:
    """What is wrong with a file in a way that it must not be delivered."""
    return [
        f"{check.name} is {check.measured or 'not right'}"
        + (f" instead of {check.expected}" if check.expected else "")
        for check in proof.checks
        if not check.ok and check.name in ESSENTIAL
    ]


def repairable(proof: Proof) -> list[str]:
    """Names of the failed checks that a second, more careful attempt may mend."""
    return [
        check.name
        for check in proof.checks
        if not check.ok and check.name in ESSENTIAL | {"loudness", "true_peak"}
    ]


def clear(folder: Path, keep: tuple[Path | None, ...] = ()) -> None:
    """Remove everything from our folder but these files."""
    for entry in folder.iterdir():
        if entry in keep:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
