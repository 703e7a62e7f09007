"""Colours: whatever a source is, a clip is BT.709 in limited range, 8 bit 4:2:0, and says so."""

from __future__ import annotations

from typing import Any

from videoclip.schemas import VideoStream

__all__ = ["HDR", "is_hdr", "keeps_values", "tagged", "to_bt709"]

HDR = frozenset({"smpte2084", "arib-std-b67"})
"""Transfer functions: PQ and HLG."""
_SD_MATRICES = {"smpte170m": "smpte170m", "bt470bg": "bt470bg", "fcc": "smpte170m"}
_SYSTEMS = {"smpte170m": "bt601-6-525", "bt470bg": "bt601-6-625", "bt2020nc": "bt2020"}
_SCALE_NAMES = {"bt601-6-525": "smpte170m", "bt601-6-625": "bt470", "bt2020": "bt2020"}
_PLANAR = ("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p")
"""What the ``colorspace`` filter takes, besides the same with 10 and 12 bits."""


def is_hdr(video: VideoStream) -> bool:
    """Whether the picture is PQ or HLG."""
    return video.color_transfer in HDR


def keeps_values(video: VideoStream) -> bool:
    """Whether ``to_bt709`` leaves the brightness of pixels as it is, so that they can be compared."""
    pixels = video.pixel_format or "yuv420p"
    limited = not pixels.startswith("yuvj") and video.color_range != "pc"
    return (
        pixels.startswith(("yuv", "nv", "p0"))
        and limited
        and not is_hdr(video)
        and _SYSTEMS.get(_matrix(video)) is None
    )


def to_bt709(stream: Any, video: VideoStream) -> Any:
    """The stream as 8-bit 4:2:0 BT.709 in limited range.

    Sources that do not say what they are count as BT.709 from 720 lines up, as BT.601 below, which
    is what players assume.
    """
    if is_hdr(video):
        return _tone_map(stream, video)
    pixels = video.pixel_format or "yuv420p"
    if not pixels.startswith(("yuv", "nv", "p0", "uyvy", "yuyv", "gray")):
        return stream.filter("scale", out_color_matrix="bt709", out_range="tv").filter(
            "format", "yuv420p"
        )
    full = pixels.startswith("yuvj") or video.color_range == "pc"
    system = _SYSTEMS.get(_matrix(video))
    if system is not None and (video.display_width % 2 or video.display_height % 2):
        # The colorspace filter takes even sizes only.
        return stream.filter(
            "scale", in_color_matrix=_SCALE_NAMES[system], out_color_matrix="bt709",
            in_range="pc" if full else "tv", out_range="tv",
        )  # fmt: skip
    if system is not None:
        stream = stream.filter("format", "|".join(_accepted(pixels)))
        return stream.filter(
            "colorspace", all="bt709", range="tv", format="yuv420p", iall=system,
            irange="pc" if full else "tv",
        )  # fmt: skip
    if full:
        stream = stream.filter("scale", in_range="pc", out_range="tv")
    return stream.filter("format", "yuv420p")


def _matrix(video: VideoStream) -> str:
    named = video.color_space or "unknown"
    if named in _SD_MATRICES:
        return _SD_MATRICES[named]
    if named == "unknown":
        if min(video.display_width, video.display_height) >= 720:
            return "bt709"
        return "bt470bg" if video.height in (288, 576) else "smpte170m"
    return "bt2020nc" if named in ("bt2020nc", "bt2020c") else "bt709"


def _accepted(pixels: str) -> list[str]:
    """Formats that ``colorspace`` takes, the source's own depth and sampling first."""
    ten = ["yuv420p10", "yuv422p10", "yuv444p10"]
    deep = any(mark in pixels for mark in ("10", "12", "16", "p0"))
    return [*ten, *_PLANAR] if deep else [*_PLANAR, *ten]


def _tone_map(stream: Any, video: VideoStream) -> Any:
    """HDR (PQ, HLG) to BT.709; players of 8-bit H.264 would show it grey otherwise."""
    given = {
        "tin": video.color_transfer or "smpte2084", "pin": video.color_primaries or "bt2020",
        "min": video.color_space or "bt2020nc",
    }  # fmt: skip
    known = {
        key: {"pin": "bt2020", "min": "bt2020nc"}.get(key, value) if value == "unknown" else value
        for key, value in given.items()
    }
    return (
        stream.filter("zscale", t="linear", npl=100, **known)
        .filter("format", "gbrpf32le")
        .filter("zscale", p="bt709")
        .filter("tonemap", "hable", desat=0)
        .filter("zscale", t="bt709", m="bt709", r="tv")
        .filter("format", "yuv420p")
    )


def tagged(stream: Any) -> Any:
    """Write on the frames what they are; the encoder puts it into the file."""
    return stream.filter(
        "setparams", range="tv", colorspace="bt709", color_primaries="bt709", color_trc="bt709"
    )
