"""Sizes: how a source's picture is brought into a clip's frame without ever being squashed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from videoclip.media.colour import is_hdr, to_bt709
from videoclip.schemas import Aspect, Framing, VideoStream

__all__ = ["Frame", "conform_picture", "crop_size", "fit_picture", "plan_frame"]

_MAX_SHORT_SIDE = 1080
"""Recomposed clips are delivered at this at most; platforms scale larger ones down anyway."""
_MAX_CROP = Fraction(35, 100)
"""A centre crop may lose this share of the picture; beyond, the whole picture over a blurred one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A clip's frame and how the picture gets into it. Sizes in pixels, even."""

    width: int
    height: int
    way: Literal["keep", "scale", "crop", "blur"]
    hdr: bool = False
    pad: bool = False
    """With ``keep``: a tiny odd picture is padded by one, a larger one cropped by one."""


def plan_frame(video: VideoStream, aspect: Aspect, framing: Framing = Framing.AUTO) -> Frame:
    """The frame of a clip of ``video`` in ``aspect``; never more pixels than the source has."""
    hdr = is_hdr(video)
    width, height = video.display_width, video.display_height
    if aspect is Aspect.SOURCE:
        return _source_frame(video, hdr)
    across, down = (int(part) for part in aspect.value.split(":"))
    wanted, given = Fraction(across, down), Fraction(width, height)
    lost = 1 - min(wanted, given) / max(wanted, given)
    blur = framing is Framing.BLUR and lost > Fraction(1, 50)
    if not blur and (lost <= _MAX_CROP or framing in (Framing.CENTRE, Framing.FACE)):
        size = (
            (height * wanted, Fraction(height))
            if given > wanted
            else (Fraction(width), width / wanted)
        )
        way: Literal["crop", "blur"] = "crop"
    else:
        high = Fraction(math.isqrt(int(width * height / wanted)))
        size, way = (high * wanted, high), "blur"
    shrink = min(Fraction(1), _MAX_SHORT_SIDE / min(size))
    return Frame(_even(size[0] * shrink), _even(size[1] * shrink), way, hdr)


def _source_frame(video: VideoStream, hdr: bool) -> Frame:
    width, height = video.display_width, video.display_height
    if Fraction(video.sample_aspect) != 1:
        return Frame(_even(width), _even(height), "scale", hdr)
    if min(width, height) < 16:
        return Frame(width + width % 2, height + height % 2, "keep", hdr, pad=True)
    return Frame(width - width % 2, height - height % 2, "keep", hdr)


def _even(value: Fraction | int) -> int:
    return max(2, round(Fraction(value, 2)) * 2)


def fit_picture(stream: Any, video: VideoStream, frame: Frame, follow: str | None = None) -> Any:
    """Bring the (already rotated) picture stream of the source into the frame, with square pixels.

    Args:
        stream: frames of the source.
        video: what they are.
        frame: what they shall be.
        follow: name of a file of commands for the crop, in FFmpeg's working folder, that move it.
    """
    stream = to_bt709(stream, video)
    square = (video.display_width, video.display_height)
    size = (frame.width, frame.height)
    if frame.way == "keep":
        if frame.pad and size != square:
            stream = stream.filter("pad", *size)
        elif size != square:
            stream = stream.filter("crop", *size, 0, 0)
    elif frame.way == "scale":
        stream = stream.filter("scale", *size)
    else:
        if Fraction(video.sample_aspect) != 1:
            stream = stream.filter("scale", *square)
        if frame.way == "crop":
            if follow is not None:
                stream = stream.filter("sendcmd", f=follow)
            stream = stream.filter("crop", *crop_size(square, size)).filter("scale", *size)
        else:
            stream = _over_blur(stream, square, size)
    return stream.filter("setsar", "1").filter("format", "yuv420p")


def crop_size(source: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The largest part of a picture, in its pixels, that has the proportions of ``size``."""
    wanted = Fraction(*size)
    if Fraction(*source) > wanted:
        return min(source[0], round(source[1] * wanted)), source[1]
    return source[0], min(source[1], round(source[0] / wanted))


def _over_blur(stream: Any, source: tuple[int, int], size: tuple[int, int]) -> Any:
    """The whole picture in the middle, over itself blurred; the blur is made small, which is cheap."""
    split = stream.filter_multi_output("split")
    small = (_even(Fraction(size[0], 8)), _even(Fraction(size[1], 8)))
    back = (
        split[0]
        .filter("scale", *small, force_original_aspect_ratio="increase", flags="fast_bilinear")
        .filter("crop", *small)
        .filter("boxblur", lr="min(w,h)/10", lp=2, cr="min(cw,ch)/10", cp=2)
        .filter("lutyuv", y="16+(val-16)*0.7")  # the picture in front shall be what one looks at
        .filter("scale", *size, flags="bilinear")
        .filter("setsar", "1")
    )
    shrink = min(Fraction(size[0], source[0]), Fraction(size[1], source[1]))
    inner = (
        min(size[0], _even(source[0] * shrink)),
        min(size[1], _even(source[1] * shrink)),
    )
    front = split[1].filter("scale", *inner).filter("setsar", "1")
    return back.overlay(front, x=(size[0] - inner[0]) // 2, y=(size[1] - inner[1]) // 2)


def conform_picture(stream: Any, frame: Frame, video: VideoStream) -> Any:
    """Bring an intro or outro into the frame: whole, centred, black around it."""
    size = (frame.width, frame.height)
    stream = to_bt709(stream, video)
    # sar turns to 1 by scaling in display units: iw*sar is the width as shown.
    ratio = f"min({size[0]}/(iw*sar),{size[1]}/ih)"
    return (
        stream.filter("scale", f"max(2,trunc(iw*sar*{ratio}/2)*2)", f"max(2,trunc(ih*{ratio}/2)*2)")
        .filter("setsar", "1")
        .filter("pad", *size, "(ow-iw)/2", "(oh-ih)/2")
        .filter("format", "yuv420p")
    )
