"""Looks at a source once, decides whether it is acceptable, and says what it is."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from videoclip.errors import SourceEmpty, SourceOverLimit, one_line
from videoclip.media.accept import accepted, check_file, check_streams, describe
from videoclip.media.packets import Packet, Scan, decode_first, scan
from videoclip.schemas import AudioStream, MediaInfo, VideoStream
from videoclip.settings import MediaLimits

__all__ = ["probe"]

_FULL_SCAN_S = 3600
"""Longer ones are looked at from both ends: packets of ten hours would fill memory."""
_FULL_SCAN_BYTES = 256 * 1024**2
"""Smaller files have all their packets read; of larger ones only the head and the tail."""
_TAIL_S = 15
_MIN_BYTES_PER_S = 2
"""Below this a file claims a length that its content cannot fill: silence in AMR takes 800."""


def probe(path: Path, limits: MediaLimits) -> MediaInfo:
    """Describe the media in ``path``; its name plays no part, only its content.

    Raises:
        SourceMissing: nothing is there, or it may not be read.
        SourceNotMedia: not a file, not media, a playlist, an unaccepted codec, or incomplete.
        SourceEmpty: no bytes, no duration.
        SourceProtected: encrypted.
        SourceOverLimit: over ``limits``.
    """
    size = check_file(path, limits)
    data, stderr = describe(path, limits)
    container = str(data["format"]["format_name"]).split(",")[0]
    streams = data.get("streams", [])
    check_streams(streams, stderr, limits)
    raw_video = _choose(streams, "video")
    raw_audio = _choose(streams, "audio")
    warnings: list[str] = []
    audio = None if raw_audio is None else _audio(raw_audio)
    if raw_video is None:
        assert audio is not None
        duration = _audio_duration(path, container, raw_audio or {}, data, size, limits)
        video = None
    else:
        video, duration = _video(path, container, raw_video, data, size, limits, warnings)
        if audio is None and not _unusable(streams, "audio"):
            warnings.append("There is no audio stream")
    warnings += [
        note for kind, used in (("video", video), ("audio", audio)) if used is None
        for note in _unusable(streams, kind)
    ]  # fmt: skip
    _check_duration(duration, size, limits)
    return MediaInfo(
        container=container, duration_ms=duration, size_bytes=size,
        video=video, audio=audio, warnings=warnings,
    )  # fmt: skip


def _choose(streams: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The default stream of a kind, else the one with most pixels or channels, else the first."""
    usable = [s for s in streams if s.get("codec_type") == kind and accepted(s)]
    if not usable:
        return None

    def rank(stream: dict[str, Any]) -> tuple[int, int, int]:
        size = int(stream.get("width", 0)) * int(stream.get("height", 0))
        amount = size or int(stream.get("channels", 0))
        return int(stream.get("disposition", {}).get("default", 0)), amount, -int(stream["index"])

    return max(usable, key=rank)


def _unusable(streams: list[dict[str, Any]], kind: str) -> list[str]:
    """What to say of tracks of a kind that are there and cannot be read."""
    found = [s for s in streams if s.get("codec_type") == kind]
    found = [s for s in found if not s.get("disposition", {}).get("attached_pic")]
    notes = []
    for stream in found:
        codec = one_line(str(stream.get("codec_name", "unknown")), 30)
        what = (
            "its codec is not accepted"
            if codec != "unknown"
            else "its description is damaged or unknown"
        )
        notes.append(f"The {kind} track cannot be read, so it is left out: {what} ({codec})")
    return notes


def _audio(raw: dict[str, Any]) -> AudioStream:
    language = str(raw.get("tags", {}).get("language", ""))
    return AudioStream(
        index=raw["index"], codec=raw["codec_name"],
        sample_rate=int(raw["sample_rate"]), channels=int(raw["channels"]),
        language=language if re.fullmatch(r"[A-Za-z-]{2,12}", language) and language != "und" else None,
        start_ms=round(_fraction(raw.get("start_time")) * 1000),
        bit_rate=_integer(raw.get("bit_rate")),
    )  # fmt: skip


def _video(
    path: Path,
    container: str,
    raw: dict[str, Any],
    data: dict[str, Any],
    size: int,
    limits: MediaLimits,
    warnings: list[str],
) -> tuple[VideoStream, int]:
    """The video stream and how many milliseconds of it are there."""
    tick = Fraction(raw["time_base"])
    index = int(raw["index"])
    first = decode_first(path, container, index, limits)
    claimed = _fraction(raw.get("duration")) or _fraction(data["format"].get("duration"))
    head, tail = _head_and_tail(path, container, index, first * tick + claimed, size, limits)
    rate = _frame_rate(raw, head.packets)
    end = first * tick + claimed
    if tail:
        last = tail[-1]
        end = last.pts * tick + (last.duration * tick or 1 / rate)
    seconds = max(Fraction(0), end - first * tick)
    if claimed - seconds > max(Fraction(1), claimed / 100):
        warnings.append(
            f"The file claims {float(claimed):.1f} s, but its pictures end at {float(seconds):.1f} s: "
            "it is incomplete or holds other streams that are longer"
        )
    variable = head.stamped and _is_variable(head.packets, tick, rate)
    rotation = _rotation(raw)
    width, height = int(raw["width"]), int(raw["height"])
    aspect = _sample_aspect(raw, width, height)
    shown = [max(1, round(width * aspect)) if aspect >= 1 else width,
             height if aspect >= 1 else max(1, round(height / aspect))]  # fmt: skip
    if rotation in (90, 270):
        shown.reverse()
    if shown[0] * shown[1] > limits.max_pixels:
        raise SourceOverLimit(
            f"the picture is {shown[0]}x{shown[1]}; the limit is {limits.max_pixels} pixels",
            "Scale the video down first, or raise media.max_pixels in the settings",
        )
    stream = VideoStream(
        index=index, codec=raw["codec_name"], width=width, height=height,
        display_width=shown[0], display_height=shown[1], rotation=rotation,
        sample_aspect=f"{aspect.numerator}/{aspect.denominator}",
        frame_rate=f"{rate.numerator}/{rate.denominator}", variable_frame_rate=variable,
        time_base=f"{tick.numerator}/{tick.denominator}", start_ms=round(first * tick * 1000),
        pixel_format=raw.get("pix_fmt"), color_transfer=raw.get("color_transfer"),
        color_space=raw.get("color_space"), color_primaries=raw.get("color_primaries"),
        color_range=raw.get("color_range"),
        bit_rate=_integer(raw.get("bit_rate")),
    )  # fmt: skip
    return stream, math.floor(seconds * 1000)


def _head_and_tail(
    path: Path, container: str, index: int, claimed_end: Fraction, size: int, limits: MediaLimits
) -> tuple[Scan, list[Packet]]:
    """Packets from the start and up to the end of what is really in the file."""
    if size <= _FULL_SCAN_BYTES and claimed_end <= _FULL_SCAN_S:
        whole = scan(path, container, index, limits, None, min(3600, int(claimed_end)))
        return whole, whole.packets
    head = scan(path, container, index, limits, "%+#600")
    low, high = 0, max(0, int(claimed_end))
    tail = scan(path, container, index, limits, f"{max(0, high - _TAIL_S)}%", _TAIL_S).packets
    # Cut off in the middle: find the last place where packets can still be read.
    while not tail and high - low > _TAIL_S:
        middle = (low + high) // 2
        if scan(path, container, index, limits, f"{middle}%+#30").packets:
            low = middle
        else:
            high = middle
    return head, tail or scan(path, container, index, limits, f"{low}%", high - low).packets


def _frame_rate(raw: dict[str, Any], head: list[Packet]) -> Fraction:
    """The nominal rate: the base rate where the average agrees with it, else the average."""
    average = _fraction(raw.get("avg_frame_rate"))
    base = _fraction(raw.get("r_frame_rate"))
    if base and average and abs(base - average) / average < Fraction(1, 500) and base <= 1000:
        return base
    if Fraction(1, 100) <= average <= 1000:
        return average
    if len(head) > 1 and head[-1].pts > head[0].pts:
        measured = Fraction(len(head) - 1) / (
            (head[-1].pts - head[0].pts) * Fraction(raw["time_base"])
        )
        return max(Fraction(1, 1000), measured.limit_denominator(1001))
    return base if Fraction(1, 100) <= base <= 1000 else Fraction(25)


def _is_variable(head: list[Packet], tick: Fraction, rate: Fraction) -> bool:
    """Whether more than one frame in a hundred is off the nominal distance."""
    steps = [(b.pts - a.pts) * tick for a, b in itertools.pairwise(head)]
    slack = max(2 * tick, Fraction(2, 1000))
    return sum(abs(step - 1 / rate) > slack for step in steps) * 100 > len(steps)


def _rotation(raw: dict[str, Any]) -> int:
    """Clockwise quarter turns; FFprobe counts counter-clockwise."""
    for side in raw.get("side_data_list", []):
        if "rotation" in side:
            return round(-float(side["rotation"]) / 90) * 90 % 360
    return 0


def _sample_aspect(raw: dict[str, Any], width: int, height: int) -> Fraction:
    text = str(raw.get("sample_aspect_ratio", "1:1")).replace(":", "/")
    aspect = _fraction(text)
    # Beyond this the header is damaged, and following it would make absurd pictures.
    return aspect if Fraction(1, 10) <= aspect <= 10 and width and height else Fraction(1)


def _audio_duration(
    path: Path,
    container: str,
    raw: dict[str, Any],
    data: dict[str, Any],
    size: int,
    limits: MediaLimits,
) -> int:
    """Milliseconds of sound: from packets where the file is small, else as the container claims."""
    claimed = _fraction(raw.get("duration")) or _fraction(data["format"].get("duration"))
    if size > _FULL_SCAN_BYTES:
        return math.floor(claimed * 1000)
    packets = scan(
        path, container, int(raw["index"]), limits, None, min(3600, int(claimed))
    ).packets
    if not packets:
        return math.floor(claimed * 1000)
    ticks = packets[-1].pts + packets[-1].duration - packets[0].pts
    return math.floor(ticks * Fraction(raw["time_base"]) * 1000)


def _check_duration(duration_ms: int, size: int, limits: MediaLimits) -> None:
    if duration_ms <= 0:
        raise SourceEmpty("the media has no duration", "Check that the file plays")
    if duration_ms > limits.max_duration_s * 1000:
        raise SourceOverLimit(
            f"the media lasts {duration_ms // 1000} s; the limit is {limits.max_duration_s} s",
            "Cut it into parts, or raise media.max_duration_s in the settings",
        )
    if duration_ms > 60_000 and size * 1000 < duration_ms * _MIN_BYTES_PER_S:
        raise SourceOverLimit(
            f"the file claims {duration_ms // 1000} s but has only {size} bytes",
            "It is damaged or made to exhaust the machine; use another copy",
        )


def _fraction(text: object) -> Fraction:
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _integer(text: object) -> int | None:
    try:
        return int(str(text))
    except ValueError:
        return None
