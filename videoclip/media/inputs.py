"""How a source is named to FFmpeg: as a file, in the probed format, with allow-lists and limits."""

from __future__ import annotations

import os
from pathlib import Path

from videoclip.media.formats import DECODERS, PROTOCOLS
from videoclip.settings import MediaLimits

__all__ = ["distinct", "file_url", "input_args", "input_options", "unmasked"]

_MASK = "masked-url:"


def file_url(path: Path) -> str:
    """``path`` as FFmpeg reads it without finding protocols, options or patterns in the name.

    Names that are not UTF-8 are masked, because ffmpeg-python cannot carry them; the run functions
    take the mask off.
    """
    url = f"file:{path.absolute()}"
    try:
        url.encode()
    except UnicodeEncodeError:
        return _MASK + os.fsencode(url).hex()
    return url


def unmasked(argument: str) -> str:
    """An argument as FFmpeg gets it."""
    if argument.startswith(_MASK):
        return os.fsdecode(bytes.fromhex(argument.removeprefix(_MASK)))
    return argument


def input_options(container: str, limits: MediaLimits) -> dict[str, str]:
    """Input options for a probed source: forced demuxer, allow-lists, picture and stream limits."""
    return {
        "f": container,
        "protocol_whitelist": PROTOCOLS,
        "format_whitelist": container,
        "codec_whitelist": DECODERS,
        "max_pixels": str(min(limits.max_pixels, 2**31 - 1)),
        "max_streams": str(limits.max_streams),
    }


def distinct(number: int) -> dict[str, int]:
    """An input option without effect that tells equal inputs apart.

    ffmpeg-python merges nodes that are equal, and then refuses that one stream feeds two filters:
    the same file as intro and outro, or two ranges at the start of a source.
    """
    return {"thread_queue_size": 16 + number}


def input_args(path: Path, container: str, limits: MediaLimits | None = None) -> list[str]:
    """``input_options`` and ``-i``, as arguments."""
    options = input_options(container, limits or MediaLimits())
    flat = [part for name, value in options.items() for part in (f"-{name}", value)]
    return [*flat, "-i", file_url(path)]
