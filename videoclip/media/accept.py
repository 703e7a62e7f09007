"""Decides whether a file is acceptable: a regular file, of an accepted format and codec, within limits."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from videoclip.errors import (
    MediaToolFailed,
    SourceEmpty,
    SourceError,
    SourceMissing,
    SourceNotMedia,
    SourceOverLimit,
    SourceProtected,
    one_line,
)
from videoclip.media.boxes import is_encrypted, is_mp4
from videoclip.media.ffmpeg import file_url, last_line, run_probe
from videoclip.media.formats import CODECS, DECODERS, DEMUXERS, PROTECTED_TAGS, PROTOCOLS
from videoclip.settings import MediaLimits

__all__ = ["accepted", "check_file", "check_streams", "describe"]

_ENTRIES = (
    "format=format_name,duration,start_time:"
    "stream=index,codec_type,codec_name,codec_tag_string,width,height,pix_fmt,sample_aspect_ratio,"
    "r_frame_rate,avg_frame_rate,time_base,start_time,duration,bit_rate,sample_rate,channels,"
    "color_transfer,color_space,color_primaries,color_range:"
    "stream_disposition=default,attached_pic:stream_tags=language:"
    "stream_side_data=rotation,side_data_type"
)


_TOO_LARGE = "exceeds specified max pixel count"


def _name(path: Path) -> str:
    return one_line(os.fsencode(path.name).decode("utf-8", "replace"), 80)


def check_file(path: Path, limits: MediaLimits) -> int:
    """Size in bytes of a regular, readable file; symbolic links are followed.

    Raises:
        SourceMissing: not there, or not readable.
        SourceNotMedia: a folder, pipe, socket or device.
        SourceEmpty: no bytes.
        SourceOverLimit: too many.
    """
    name = _name(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
            raise SourceNotMedia(
                f"{name} is {kind}, not a regular file", "Name a video or audio file"
            )
        with path.open("rb"):
            pass
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
            raise SourceMissing(f"{name} does not exist", "Check the path") from error
        raise SourceMissing(
            f"{name} cannot be read: {os.strerror(error.errno or 0)}", "Check its permissions"
        ) from error
    if status.st_size == 0:
        raise SourceEmpty(f"{name} is empty (0 bytes)", "Copy or download it again")
    if status.st_size > limits.max_bytes:
        raise SourceOverLimit(
            f"{name} has {status.st_size} bytes; the limit is {limits.max_bytes}",
            "Raise media.max_bytes in the settings, or cut the file",
        )
    return status.st_size


def describe(path: Path, limits: MediaLimits) -> tuple[dict[str, Any], str]:
    """FFprobe's description and its warnings; the demuxer is found by content among the accepted ones.

    Raises:
        SourceNotMedia: nothing that is accepted.
        SourceProtected: encrypted tracks in MP4.
        SourceOverLimit: too many streams.
    """
    try:
        text, result = run_probe(
            [
                "-protocol_whitelist", PROTOCOLS, "-format_whitelist", ",".join(DEMUXERS),
                "-codec_whitelist", DECODERS, "-max_pixels", str(min(limits.max_pixels, 2**31 - 1)),
                "-max_streams", str(limits.max_streams), "-show_entries", _ENTRIES,
                "-of", "json", "-i", file_url(path),
            ],
            limits=limits, loglevel="warning", check=False,
        )  # fmt: skip
    except MediaToolFailed as error:
        raise SourceNotMedia(
            f"{_name(path)} cannot be examined within the limits: {error.cause}",
            "Check that the file plays elsewhere",
        ) from error
    try:
        data: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        data = {}
    if "format" not in data or "format_name" not in data["format"]:
        raise _refusal(path, result.stderr, limits)
    if data["format"]["format_name"].startswith("mov") and is_encrypted(path):
        raise _protected()
    return data, result.stderr


def _refusal(path: Path, stderr: str, limits: MediaLimits) -> SourceError:
    name = _name(path)
    if "moov atom not found" in stderr and is_mp4(path):
        return SourceNotMedia(
            f"{name} is incomplete: its index (moov) is missing, so the recording or copy was cut off",
            "Copy it again, or repair it with a tool that rebuilds the index, such as untrunc",
        )
    if "max_streams" in stderr or "Number of streams exceeds" in stderr:
        return SourceOverLimit(
            f"{name} has more than {limits.max_streams} streams",
            "Remove streams that are not needed, or raise media.max_streams in the settings",
        )
    if _TOO_LARGE in stderr:
        return _too_many_pixels(limits)
    codec = re.search(r"Codec \((\w{1,30})\) not on whitelist", stderr)
    if codec:
        return _unaccepted_codec(codec[1])
    if re.search(r"Format not on whitelist|Protocol .* not on whitelist", stderr):
        what = "it is a playlist, script, text or of a format that is not accepted"
    elif "moov atom not found" in stderr or "Invalid data found" in stderr:
        what = "its content is of no known format"
    else:
        what = last_line(stderr).replace(file_url(path), name)
    return SourceNotMedia(
        f"{name} is not a video or audio file: {what or 'nothing in it can be read'}",
        "Accepted are MP4/MOV, MKV/WebM, TS, FLV, AVI, MPEG, WMV, OGG and the usual audio files",
    )


def _too_many_pixels(limits: MediaLimits) -> SourceOverLimit:
    return SourceOverLimit(
        f"the picture has more than {limits.max_pixels} pixels",
        "Scale the video down first, or raise media.max_pixels in the settings",
    )


def _protected() -> SourceProtected:
    return SourceProtected(
        "the media is encrypted (DRM)", "Use a copy without protection; Video-Clip removes none"
    )


def _unaccepted_codec(names: str) -> SourceNotMedia:
    return SourceNotMedia(
        f"no stream has a codec that is accepted (found: {names})",
        "Convert it to H.264 and AAC first",
    )


def check_streams(streams: list[dict[str, Any]], stderr: str, limits: MediaLimits) -> None:
    """Refuse encrypted, oversized and unaccepted streams.

    Raises:
        SourceProtected: encrypted.
        SourceNotMedia: no stream that we decode.
        SourceOverLimit: too many streams, or too large pictures.
    """
    if len(streams) > limits.max_streams:
        raise SourceOverLimit(
            f"the file has {len(streams)} streams; the limit is {limits.max_streams}",
            "Remove streams that are not needed, or raise media.max_streams in the settings",
        )
    tags = {str(stream.get("codec_tag_string", "")) for stream in streams}
    encrypted = any(
        "ncryption" in str(side.get("side_data_type", ""))
        for stream in streams
        for side in stream.get("side_data_list", [])
    )
    if tags & PROTECTED_TAGS or encrypted or "DRM protected stream" in stderr:
        raise _protected()
    media = [s for s in streams if s.get("codec_type") in CODECS and not _is_cover(s)]
    if not media:
        raise SourceNotMedia(
            "the file holds neither video nor audio", "Name a file with a video or audio stream"
        )
    if not any(accepted(stream) for stream in media):
        if _TOO_LARGE in stderr:
            raise _too_many_pixels(limits)
        names = ", ".join(
            sorted({one_line(str(s.get("codec_name", "unknown")), 30) for s in media})
        )
        raise _unaccepted_codec(names)
    for stream in media:
        width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
        if width * height > limits.max_pixels:
            raise SourceOverLimit(
                f"the picture is {width}x{height}; the limit is {limits.max_pixels} pixels",
                "Scale the video down first, or raise media.max_pixels in the settings",
            )


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def accepted(stream: dict[str, Any]) -> bool:
    """Whether a stream is video or audio (not cover art) that we decode."""
    kind = str(stream.get("codec_type"))
    if kind not in CODECS or _is_cover(stream) or stream.get("codec_name") not in CODECS[kind]:
        return False
    if kind == "video":
        return int(stream.get("width", 0)) > 0 and int(stream.get("height", 0)) > 0
    return int(stream.get("sample_rate", 0)) > 0 and int(stream.get("channels", 0)) > 0
