"""Single images, such as logos: what they are, and a small picture of them. They are as hostile as videos."""

from __future__ import annotations

import json
from pathlib import Path

import ffmpeg

from videoclip.errors import MediaToolFailed, SourceNotMedia
from videoclip.media.ffmpeg import file_url, run, run_probe
from videoclip.media.formats import IMAGE_DEMUXERS, PROTOCOLS
from videoclip.media.image_files import image_kind
from videoclip.schemas import MediaInfo, VideoStream
from videoclip.settings import MediaLimits

__all__ = ["image_info", "is_image", "make_image_still"]

_SIDE = 640
_MOST_PIXELS = 8192 * 8192


def is_image(media: MediaInfo) -> bool:
    """Whether that was found by `image_info`."""
    return media.container in IMAGE_DEMUXERS


def image_info(path: Path, limits: MediaLimits) -> MediaInfo | None:
    """What an image is, decoded once to be sure; None where the file is no PNG, JPEG or WebP image.

    Raises:
        SourceNotMedia: it begins like one and is damaged, or too large.
    """
    kind = image_kind(path)
    if kind is None:
        return None
    codec = IMAGE_DEMUXERS[kind]
    allowed = [
        "-f", kind, "-protocol_whitelist", PROTOCOLS, "-format_whitelist", kind,
        "-codec_whitelist", codec, "-max_pixels", str(min(limits.max_pixels, _MOST_PIXELS)),
    ]  # fmt: skip
    try:
        text, _ = run_probe(
            [*allowed, "-show_entries", "stream=width,height,pix_fmt", "-of", "json",
             "-i", file_url(path)],
            limits=limits,
        )  # fmt: skip
        run(
            [*allowed, "-i", file_url(path), "-frames:v", "1", "-f", "null", "-"],
            limits=limits, media_seconds=1, loglevel="error",
        )  # fmt: skip
        stream = json.loads(text)["streams"][0]
        width, height = int(stream["width"]), int(stream["height"])
    except (MediaToolFailed, ValueError, LookupError) as error:
        raise SourceNotMedia(
            f"{path.name} is no image that can be read", "Save it as a PNG file and try again"
        ) from error
    if width < 1 or height < 1:
        raise SourceNotMedia(f"{path.name} is an empty image", "Save it as a PNG file again")
    return MediaInfo(
        container=kind, duration_ms=0, size_bytes=path.stat().st_size,
        video=VideoStream(
            index=0, codec=codec, width=width, height=height, display_width=width,
            display_height=height, frame_rate="25/1", time_base="1/25",
            pixel_format=stream.get("pix_fmt"),
        ),
    )  # fmt: skip


def make_image_still(source: Path, media: MediaInfo, out: Path, limits: MediaLimits) -> None:
    """Write a small JPEG of an image, on grey where it is transparent.

    Raises:
        MediaToolFailed: FFmpeg failed.
    """
    kind = media.container
    picture = ffmpeg.input(
        file_url(source), f=kind, protocol_whitelist=PROTOCOLS, format_whitelist=kind,
        codec_whitelist=IMAGE_DEMUXERS[kind], max_pixels=_MOST_PIXELS,
    )["v"].filter("trim", end_frame=1)  # fmt: skip
    small = picture.filter(
        "scale", f"min({_SIDE},iw)", f"min({_SIDE},ih)", force_original_aspect_ratio="decrease"
    )
    small = small.filter("format", "rgba").filter_multi_output("split")
    ground = small[0].filter("geq", r=128, g=128, b=128, a=255)
    stream = ground.overlay(small[1], format="rgb").filter("format", "yuvj420p")
    output = ffmpeg.output(stream, out.name, f="mjpeg", vcodec="mjpeg", vframes=1, **{"q:v": 3})
    run(["-bitexact", *output.get_args()], limits=limits, media_seconds=1, cwd=out.parent)
