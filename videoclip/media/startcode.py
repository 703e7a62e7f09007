"""The time code that a source's first frame carries, where it carries one."""

from __future__ import annotations

import json
import re
from pathlib import Path

from videoclip.errors import MediaToolFailed
from videoclip.media.ffmpeg import input_args, run_probe
from videoclip.schemas import MediaInfo
from videoclip.settings import MediaLimits

__all__ = ["source_timecode"]

_FORM = re.compile(r"\d{2}:\d{2}:\d{2}[:;.]\d{2,3}")


def source_timecode(path: Path, media: MediaInfo, limits: MediaLimits) -> str | None:
    """``HH:MM:SS:FF``, with ``;`` for drop-frame, as cameras write it (tmcd track, MXF, tags); None: none.

    The video stream's own comes first, then the file's, then that of a time code track.
    """
    try:
        text, _ = run_probe(
            [
                "-show_entries", "format_tags=timecode:stream=index:stream_tags=timecode",
                "-of", "json", *input_args(path, media.container, limits),
            ],
            limits=limits,
        )  # fmt: skip
        data = json.loads(text)
    except (MediaToolFailed, ValueError):
        return None
    streams = data.get("streams", [])
    if media.video is not None:
        streams.sort(key=lambda stream: stream.get("index") != media.video.index)
    own = [stream.get("tags", {}).get("timecode") for stream in streams]
    whole = data.get("format", {}).get("tags", {}).get("timecode")
    for found in (*own[:1], whole, *own[1:]):
        if isinstance(found, str) and _FORM.fullmatch(found):
            return found
    return None
