"""Which H.264 encoder makes a clip, and with which settings: presets for x264, hardware that passed a trial.

That an encoder is listed says only that it was compiled in. So each is tried: one frame through the
same arguments as a clip. What fails is not used, and why is kept for ``videoclip doctor``.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import MediaToolFailed, VideoClipError, one_line
from videoclip.media.ffmpeg import encoder_names, run
from videoclip.schemas import Encoder, Notice, Quality
from videoclip.settings import MediaLimits

__all__ = [
    "HARDWARE",
    "X264",
    "Choice",
    "Trial",
    "choose",
    "decide",
    "device",
    "fallback",
    "settings",
    "try_encoder",
    "upload",
]

HARDWARE = (Encoder.NVENC, Encoder.QSV, Encoder.VAAPI, Encoder.VIDEOTOOLBOX)
"""In the order in which ``auto`` takes them."""
_NAMES = {
    Encoder.SOFTWARE: "libx264",
    Encoder.NVENC: "h264_nvenc",
    Encoder.QSV: "h264_qsv",
    Encoder.VAAPI: "h264_vaapi",
    Encoder.VIDEOTOOLBOX: "h264_videotoolbox",
}
X264: dict[Quality, tuple[str, int]] = {
    Quality.DRAFT: ("superfast", 28),
    Quality.STANDARD: ("veryfast", 20),
    Quality.HIGH: ("medium", 18),
    Quality.ARCHIVE: ("slow", 14),
}
"""Preset and constant rate factor of x264; smart cuts' edges (and x265's) take them too."""
_LEVEL = {Quality.DRAFT: 30, Quality.STANDARD: 23, Quality.HIGH: 20, Quality.ARCHIVE: 16}
"""Constant quality of hardware encoders; a few steps above x264's, as their scale has no psychovisual shift."""
_TOOLBOX = {Quality.DRAFT: 45, Quality.STANDARD: 62, Quality.HIGH: 72, Quality.ARCHIVE: 85}
"""Of VideoToolbox, 1 to 100, 100 being best."""
_ADDRESS_SPACE = 1 << 42
"""Drivers map all memory of card and machine; the usual limit would make every GPU look broken."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the trial of an encoder ended."""

    encoder: Encoder
    listed: bool
    """Whether FFmpeg was built with it."""
    usable: bool
    reason: str = ""
    """Why not, in FFmpeg's words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The encoder that is used, and what the user should know about it."""

    encoder: Encoder
    notice: Notice | None = None

    @property
    def name(self) -> str:
        """FFmpeg's name of it."""
        return _NAMES[self.encoder]

    @property
    def hardware(self) -> bool:
        """Whether a chip does the work."""
        return self.encoder is not Encoder.SOFTWARE

    def limits(self, limits: MediaLimits) -> MediaLimits:
        """The limits of a process that encodes with it."""
        if not self.hardware:
            return limits
        return limits.model_copy(update={"memory_bytes": max(limits.memory_bytes, _ADDRESS_SPACE)})


def settings(encoder: Encoder, quality: Quality) -> dict[str, Any]:
    """FFmpeg's output options for the picture: encoder, speed and constant quality."""
    level = _LEVEL[quality]
    options: dict[str, Any] = {"c:v": _NAMES[encoder], "profile:v": "high"}
    if encoder is Encoder.NVENC:
        speed = {Quality.DRAFT: "p1", Quality.ARCHIVE: "p7"}.get(quality, "p5")
        options |= {"preset": speed, "tune": "hq", "rc": "vbr", "cq": level, "b:v": 0}
    elif encoder is Encoder.QSV:
        speed = {Quality.DRAFT: "veryfast", Quality.ARCHIVE: "veryslow"}.get(quality, "medium")
        options |= {"preset": speed, "global_quality": level}
    elif encoder is Encoder.VAAPI:
        options |= {"rc_mode": "CQP", "qp": level}
    elif encoder is Encoder.VIDEOTOOLBOX:
        options |= {"q:v": _TOOLBOX[quality], "allow_sw": 0}
    else:
        options["preset"], options["crf"] = X264[quality]
    return options


def upload(stream: Any, encoder: Encoder) -> Any:
    """The picture where the encoder looks for it."""
    if encoder is Encoder.VAAPI:
        return stream.filter("format", "nv12").filter("hwupload")
    if encoder is Encoder.QSV:
        return stream.filter("format", "nv12")
    return stream


def device(encoder: Encoder) -> list[str]:
    """Global arguments that open the device."""
    if encoder is not Encoder.VAAPI:
        return []
    nodes = sorted(Path("/dev/dri").glob("renderD*")) or [Path("/dev/dri/renderD128")]
    return ["-vaapi_device", str(nodes[0])]


@functools.cache
def try_encoder(encoder: Encoder) -> Trial:
    """Encode one frame; once a process."""
    name = _NAMES[encoder]
    if name not in encoder_names():
        return Trial(encoder, listed=False, usable=False, reason="not built into this FFmpeg")
    picture = ffmpeg.input("color=gray:s=640x360:r=25:d=0.04", f="lavfi")["v"]
    stream = upload(picture.filter("format", "yuv420p"), encoder)
    options = {**settings(encoder, Quality.STANDARD), "frames:v": 1, "f": "mp4"}
    limits = Choice(encoder).limits(MediaLimits(min_wall_s=30))
    try:
        with tempfile.TemporaryDirectory(prefix="videoclip-trial-") as folder:
            args = ffmpeg.output(stream, "trial.mp4", **options).get_args()
            run(
                [*device(encoder), *args], limits=limits, media_seconds=Fraction(1),
                cwd=Path(folder),
            )  # fmt: skip
            if (Path(folder) / "trial.mp4").stat().st_size < 200:
                return Trial(encoder, listed=True, usable=False, reason="it wrote nothing")
    except MediaToolFailed as error:
        return Trial(encoder, listed=True, usable=False, reason=_reason(error))
    except (VideoClipError, OSError) as error:
        return Trial(encoder, listed=True, usable=False, reason=one_line(str(error), 200))
    return Trial(encoder, listed=True, usable=True)


def _reason(error: MediaToolFailed) -> str:
    return one_line(error.cause.removeprefix("ffmpeg failed: "), 200)


def decide(wish: Encoder, attempt: Callable[[Encoder], Trial]) -> Choice:
    """The encoder for a wish: hardware only where ``attempt`` says that it works."""
    if wish is Encoder.SOFTWARE:
        return Choice(Encoder.SOFTWARE)
    if wish is Encoder.AUTO:
        working = (encoder for encoder in HARDWARE if attempt(encoder).usable)
        return Choice(next(working, Encoder.SOFTWARE))
    trial = attempt(wish)
    if trial.usable:
        return Choice(wish)
    return Choice(Encoder.SOFTWARE, fallback(wish, trial.reason))


def fallback(wish: Encoder, reason: str) -> Notice:
    """What the user is told when software does what hardware was asked for."""
    return Notice(
        code="encoder_fallback",
        message=f"{_NAMES[wish]} cannot be used ({reason}), so the clip was encoded in software",
        remedy="See `videoclip doctor`, or leave the encoder to auto",
    )


def choose(wish: Encoder) -> Choice:
    """The encoder for a wish on this machine."""
    return decide(wish, try_encoder)
