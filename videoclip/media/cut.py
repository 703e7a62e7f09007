"""What a clip is made from, what comes out, and which way of cutting serves which wish."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from videoclip.errors import UsageError, one_line
from videoclip.media.captions import STYLES, Cue
from videoclip.media.formats import COPYABLE_AUDIO, COPYABLE_VIDEO, PLAYED_EVERYWHERE
from videoclip.media.geometry import plan_frame
from videoclip.media.image_files import watermark_image
from videoclip.schemas import (
    Aspect,
    Captions,
    CutMode,
    MediaInfo,
    Notice,
    Proof,
    RenderOptions,
    TimeRange,
    VideoStream,
)

__all__ = [
    "RenderJob",
    "Rendered",
    "check_joints",
    "check_options",
    "choose_mode",
    "clip_size",
]

_JOINED = "several ranges joined"
_SOUND_TOO = ("burnt", "several", "another speed", "a cross-fade")
"""Wishes that a source without picture can meet."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """Everything that one clip is made from. Picklable."""

    source: Path
    media: MediaInfo
    ranges: tuple[TimeRange, ...]
    """Joined in this order."""
    options: RenderOptions
    cues: tuple[Cue, ...]
    """Captions on the time line of the ranges one after the other, as they are: neither speed nor
    cross-fades nor the intro are counted."""
    title: str
    work: Path
    """Private, existing, empty folder; afterwards it holds the results and nothing else."""
    stem: str
    """File name of the results, without suffix; made by the server, never by a user."""
    font: str
    """Font family of captions and text watermarks."""
    second: tuple[Cue, ...] = ()
    """Captions in a second language, shown below the first."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished clip and its side files, all in the job's folder."""

    video: Path
    """``.mp4``, or ``.m4a`` where the source has no picture."""
    srt: Path | None
    vtt: Path | None
    thumbnail: Path | None
    mode: CutMode
    proof: Proof
    duration_ms: int
    notices: tuple[Notice, ...]
    cpu_s: float
    """Processor seconds of all FFmpeg and FFprobe processes that it took."""


def clip_size(media: MediaInfo, options: RenderOptions) -> tuple[int, int]:
    """Width and height of the clip's picture in pixels, which captions are laid out for; (0, 0) for none."""
    if media.video is None:
        return 0, 0
    frame = plan_frame(media.video, options.aspect, options.framing)
    return frame.width, frame.height


def choose_mode(options: RenderOptions, media: MediaInfo, *, ranges: int = 1) -> CutMode:
    """The way of cutting for these wishes: ``auto`` is the cheapest one that is frame-exact.

    ``smart`` may still turn out to be impossible when the packets are seen; then it encodes by itself.

    Raises:
        UsageError: the wishes cannot be met together.
    """
    check_options(options, media, ranges=ranges)
    if options.mode is not CutMode.AUTO:
        return options.mode
    untouched = set(_pixel_wishes(options, ranges)) <= {_JOINED}
    if untouched and media.video is not None and _plays_everywhere(media.video):
        return CutMode.SMART
    return CutMode.ENCODE


def _plays_everywhere(video: VideoStream) -> bool:
    """Whether the source's pictures may be delivered as they are, without being asked for by name."""
    known = (video.codec, video.pixel_format or "yuv420p") in PLAYED_EVERYWHERE
    return known and video.width % 2 == video.height % 2 == 0


def check_options(options: RenderOptions, media: MediaInfo, *, ranges: int = 1) -> None:
    """Refuse wishes that cannot be met, before any work is done.

    Args:
        options: how the clip shall look.
        media: what the source is.
        ranges: how many ranges are joined into the clip.

    Raises:
        UsageError: an unknown style, a missing file, or wishes that contradict each other.
    """
    if options.style not in STYLES:
        raise UsageError(
            f"there is no caption style {one_line(options.style, 40)!r}",
            f"Choose one of {', '.join(sorted(STYLES))}",
        )
    watermark_image(options.watermark)
    for name, value in (("intro", options.intro), ("outro", options.outro)):
        if value is not None and not Path(value).is_file():
            raise UsageError(
                f"the {name} {one_line(value, 120)} does not exist", "Name an existing video file"
            )
    wishes = _pixel_wishes(options, ranges)
    if media.video is None:
        pictures = [wish for wish in wishes if not wish.startswith(_SOUND_TOO)]
        if pictures:
            raise UsageError(
                f"the source has no picture, so it cannot have {' and '.join(pictures)}",
                "Leave these options out, or use a source with video",
            )
    if options.mode is CutMode.COPY:
        sound = {"less noise": options.denoise, "levelled voices": options.level_dialogue}
        _check_copy(media, wishes + [wish for wish, wanted in sound.items() if wanted])
    if options.mode is CutMode.SMART:
        _check_smart(media, [wish for wish in wishes if wish != _JOINED])


def check_joints(options: RenderOptions, ranges: int) -> None:
    """Refuse a cross-fade where nothing is joined; jump cuts may or may not find something to join.

    Raises:
        UsageError: there is one range only.
    """
    if options.crossfade_ms and ranges == 1 and not options.jump_cuts:
        raise UsageError(
            "a cross-fade needs ranges that are joined",
            "Join several ranges (cut --join), make jump cuts, or leave --crossfade out",
        )


def _pixel_wishes(options: RenderOptions, ranges: int) -> list[str]:
    found = {
        "burnt captions": options.captions is Captions.BURN,
        "a watermark": options.watermark is not None,
        "an intro": options.intro is not None,
        "an outro": options.outro is not None,
        "another aspect": options.aspect is not Aspect.SOURCE,
        "a title card": options.title_card_ms > 0,
        "another speed": options.speed != 100,
        "a cross-fade": options.crossfade_ms > 0,
        _JOINED: ranges > 1 or bool(options.jump_cuts),
    }
    return [wish for wish, wanted in found.items() if wanted]


def _check_copy(media: MediaInfo, wishes: list[str]) -> None:
    if media.video is None:
        raise UsageError("--mode copy needs a source with video", "Use --mode encode or auto")
    if wishes:
        raise UsageError(
            f"--mode copy leaves the pictures as they are, so it cannot give {' and '.join(wishes)}",
            "Use --mode encode or auto, or leave these out (such as --captions sidecar)",
        )
    audio = media.audio.codec if media.audio else "aac"
    if media.video.codec not in COPYABLE_VIDEO or audio not in COPYABLE_AUDIO:
        raise UsageError(
            f"--mode copy cannot put {media.video.codec} and {audio} into an MP4 file",
            "Use --mode encode or auto",
        )


def _check_smart(media: MediaInfo, wishes: list[str]) -> None:
    if media.video is None:
        raise UsageError("--mode smart needs a source with video", "Use --mode encode or auto")
    if wishes:
        raise UsageError(
            f"--mode smart copies pictures as they are, so it cannot give {' and '.join(wishes)}",
            "Use --mode encode or auto, or leave these out (such as --captions soft)",
        )
