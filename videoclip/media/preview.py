"""One frame of a clip as a style makes it, so that a style can be tried without rendering."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.captions import STYLES, clean_text, cues_for, write_ass
from videoclip.media.compose import FONTS
from videoclip.media.cut import check_options
from videoclip.media.ffmpeg import file_url, input_options, run
from videoclip.media.geometry import Frame, fit_picture, plan_frame
from videoclip.media.image_files import watermark_image
from videoclip.media.titlecard import card_picture
from videoclip.media.watermark import Mark, overlay_image
from videoclip.schemas import (
    Captions,
    Framing,
    MediaInfo,
    RenderOptions,
    Sentence,
    TimeRange,
    VideoStream,
    Word,
)
from videoclip.settings import MediaLimits

__all__ = ["Show", "preview_frame"]

Show = Literal["clip", "title"]
_SHORT_SIDE = 540
"""Enough to judge a style by, and a quarter of the work of 1080."""
_WORD_MS = 300
_MOST_WORDS = 80
_SPAN_MS = 30_000
_TITLE_AT_MS = 1_000
_LAST_MS = 500
_FOLDER = Path(__file__).parent.resolve() / FONTS
_GROUND = "gradients=s=1280x720:x0=0:y0=0:x1=1280:y1=720:c0=0x31435f:c1=0xb9c4d2:n=2:d=1"
_GROUND_VIDEO = VideoStream(
    index=0, codec="rawvideo", width=1280, height=720, display_width=1280, display_height=720,
    frame_rate="25/1", time_base="1/25",
)  # fmt: skip
_GROUND_MEDIA = MediaInfo(container="mov", duration_ms=1000, size_bytes=0, video=_GROUND_VIDEO)


def preview_frame(
    options: RenderOptions,
    out: Path,
    limits: MediaLimits,
    *,
    source: tuple[Path, MediaInfo] | None = None,
    at_ms: int = 0,
    text: str = "",
    title: str = "",
    show: Show = "clip",
    font: str,
) -> None:
    """Write a frame as JPEG, with a short side of 540 pixels at most.

    Intro, outro, speed and sound do not show in it; a crop that follows faces is shown in the middle.

    Args:
        options: the style.
        out: the file to write, alone in a private folder.
        limits: for FFmpeg.
        source: a video that was probed; None: a plain ground, wide.
        at_ms: which moment of the source.
        text: what the captions say.
        title: what the title card says.
        show: a frame of the clip, or of its title card.
        font: family of captions and text.

    Raises:
        UsageError: the options cannot be met, or there is no such style.
        MediaToolFailed: FFmpeg failed, or the source has no picture there.
    """
    options = options.model_copy(update={"intro": None, "outro": None})
    media = _GROUND_MEDIA if source is None else source[1]
    assert media.video is not None
    check_options(options, media)
    video = media.video
    framing = Framing.CENTRE if options.framing is Framing.FACE else options.framing
    frame = _small(plan_frame(video, options.aspect, framing))
    stream = fit_picture(_first(source, at_ms, limits), video, frame)
    if show == "title":
        stream = card_picture(stream, frame, 1)
    image = watermark_image(options.watermark)
    moment = _write_overlay(options, frame, out.parent, text, title, show, font, image is not None)
    # The captions' renderer goes by time stamps: the frame is put where the words are being said.
    stream = stream.filter("settb", "1/1000").filter("setpts", str(moment))
    if image is not None:
        stream = overlay_image(
            stream, image, Mark.of(options), width=frame.width, height=frame.height
        )
    stream = stream.filter("ass", "overlay.ass", fontsdir=FONTS).filter("format", "yuvj420p")
    made = ffmpeg.output(
        stream, out.name, f="mjpeg", vcodec="mjpeg", vframes=1, **{"q:v": 3, "threads": 1}
    )
    run(["-bitexact", *made.get_args()], limits=limits, media_seconds=10, cwd=out.parent)
    if not out.is_file() or not out.stat().st_size:
        raise MediaToolFailed(
            "there is no picture at this moment of the source", "Choose another moment"
        )


def _first(source: tuple[Path, MediaInfo] | None, at_ms: int, limits: MediaLimits) -> Any:
    """The frame itself, at time 0."""
    if source is None:
        stream = ffmpeg.input(_GROUND, f="lavfi")["v"]
    else:
        path, media = source
        assert media.video is not None
        at = max(0, min(at_ms, media.duration_ms - _LAST_MS))
        options: dict[str, Any] = input_options(media.container, limits)
        stream = ffmpeg.input(
            file_url(path), ss=f"{at // 1000}.{at % 1000:03}", threads=1, **options
        )[str(media.video.index)]
    return stream.filter("trim", end_frame=1).filter("setpts", "0")


def _small(frame: Frame) -> Frame:
    shrink = min(1.0, _SHORT_SIDE / min(frame.width, frame.height))
    if shrink == 1.0:
        return frame
    width, height = (max(2, round(side * shrink / 2) * 2) for side in (frame.width, frame.height))
    way = "scale" if frame.way == "keep" else frame.way
    return dataclasses.replace(frame, width=width, height=height, way=way, pad=False)


def _write_overlay(
    options: RenderOptions, frame: Frame, folder: Path, text: str, title: str, show: Show,
    font: str, has_image: bool,
) -> int:  # fmt: skip
    """Write captions, title and text watermark; gives the moment at which they are to be seen, ms."""
    style = STYLES[options.style]
    burnt = options.captions is Captions.BURN and show == "clip"
    cues = (
        cues_for(
            _sentences(text), [TimeRange(start_ms=0, end_ms=_SPAN_MS)],
            width=frame.width, height=frame.height, style=style,
        )
        if burnt
        else []
    )  # fmt: skip
    write_ass(
        cues, folder / "overlay.ass", width=frame.width, height=frame.height, style=style,
        font=font, watermark=None if has_image else options.watermark, mark=Mark.of(options),
        title=(title, 0, _SPAN_MS) if show == "title" and title else None, duration_ms=_SPAN_MS,
    )  # fmt: skip
    (folder / FONTS).symlink_to(_FOLDER)
    if not cues:
        return _TITLE_AT_MS
    return cues[0].start_ms + (cues[0].end_ms - cues[0].start_ms) * 3 // 5


def _sentences(text: str) -> list[Sentence]:
    """The text as if it had been spoken, a word after the other."""
    shown = clean_text(text)
    parts = shown.split() if " " in shown else list(shown)
    words = [
        Word(id=n, text=part, start_ms=n * _WORD_MS, end_ms=(n + 1) * _WORD_MS)
        for n, part in enumerate(parts[:_MOST_WORDS])
    ]
    if not words:
        return []
    return [Sentence(id=0, text=shown, start_ms=0, end_ms=words[-1].end_ms, words=words)]
