"""The one pass that decodes a finished file: frames, loudness, black, frozen and silent parts, small pictures.

What looks at the picture does so on a branch of about four small pictures a second, so that the
pass costs little more than the decoding itself (measured: 1.05 times, 1080p25).
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import one_line
from videoclip.media.ffmpeg import run
from videoclip.media.programme import Loudness, parse_ebur128
from videoclip.media.proof_file import FileFacts
from videoclip.media.proof_pictures import Sampling, small_pictures
from videoclip.settings import MediaLimits

__all__ = ["Decoded", "Part", "decode"]

_LOOKS_A_SECOND = 4
_BLACK_S = 0.5
_FROZEN_S = 2
_SILENT_S = 1
_SILENT_DB = -50
_LOOK_WIDTH = 160
_COMPLAINT = r"\[(?:h264|hevc) @ 0x[0-9a-f]+\] (?!Increasing reorder buffer)(.+)"
_UNKNOWN = Loudness(None, None)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the clip, ms."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """What decoding told."""

    frames: int | None = None
    loudness: Loudness = _UNKNOWN
    black: tuple[Part, ...] = ()
    frozen: tuple[Part, ...] = ()
    silent: tuple[Part, ...] = ()
    complaint: str = ""
    """What the picture's decoder said about missing or damaged data that it could conceal."""
    pictures: bytes = b""
    """The sampled small pictures, one after the other; see ``proof_pictures``."""


def decode(
    path: Path,
    facts: FileFacts,
    sampling: Sampling | None,
    limits: MediaLimits,
    seconds: Fraction,
    threads: int,
) -> Decoded:
    """Decode everything once, and stop at the first error.

    Args:
        path: the file.
        facts: of ``read_facts``.
        sampling: which frames to keep as small pictures; None: none.
        limits: for FFmpeg.
        seconds: of media, for the time limit.
        threads: of the decoder.

    Raises:
        MediaToolFailed: it does not decode.
    """
    source = ffmpeg.input(f"file:{path.absolute()}", f="mov", threads=threads)
    streams, kept = [], None
    if facts.video:
        split = source["v"].filter_multi_output("split", 3 if sampling else 2)
        streams += [split[0], _look(split[1], facts, seconds)]
        kept = small_pictures(split[2], sampling.expression) if sampling else None
    if facts.audio:
        streams.append(
            source["a"]
            .filter("silencedetect", noise=f"{_SILENT_DB}dB", duration=_SILENT_S, mono=0)
            .filter("ebur128", peak="true", framelog="verbose")
        )
    output = ffmpeg.output(*streams, "-", f="null", fps_mode="passthrough")
    with tempfile.TemporaryDirectory(prefix=".proof-", dir=path.absolute().parent) as scratch:
        pictures = Path(scratch, "pictures.raw")
        if kept is not None:
            raw = ffmpeg.output(kept, pictures.name, f="rawvideo", fps_mode="passthrough")
            output = ffmpeg.merge_outputs(output, raw)
        result = run(
            ["-xerror", "-filter_complex_threads", "1", *output.get_args()],
            limits=limits, media_seconds=seconds, cwd=Path(scratch), loglevel="info",
        )  # fmt: skip
        thumbs = pictures.read_bytes() if pictures.exists() else b""
    end = facts.duration_ms
    return Decoded(
        result.frames if facts.video else None,
        parse_ebur128(result.stderr),
        _black(result.stderr),
        _open_parts(result.stderr, "freeze_start", "freeze_end", end),
        _open_parts(result.stderr, "silence_start", "silence_end", end),
        _complaint(result.stderr),
        thumbs,
    )


def _complaint(stderr: str) -> str:
    """The first word of a decoder that gives a picture all the same, such as one whose reference is missing."""
    found = re.search(_COMPLAINT, stderr)
    return one_line(found[1], 200) if found else ""


def _look(stream: Any, facts: FileFacts, seconds: Fraction) -> Any:
    rate = facts.picture.count / seconds if seconds else Fraction(25)
    every = max(1, round(rate / _LOOKS_A_SECOND))
    # The filters measure times, so a part's border is exact to a quarter of a second.
    return (
        stream.filter("select", f"not(mod(n,{every}))")
        .filter("scale", min(_LOOK_WIDTH, facts.width), -2, flags="fast_bilinear")
        .filter("format", "gray")
        .filter("blackdetect", d=_BLACK_S)
        .filter("freezedetect", d=_FROZEN_S)
    )


def _black(stderr: str) -> tuple[Part, ...]:
    found = re.findall(r"black_start:([\d.]+) black_end:([\d.]+)", stderr)
    return tuple(Part(_ms(start), _ms(end)) for start, end in found)


def _open_parts(stderr: str, begins: str, ends: str, end_ms: int) -> tuple[Part, ...]:
    """Parts whose end is told on a line of its own, or not at all where they last until the end."""
    parts: list[Part] = []
    start: int | None = None
    for name, value in re.findall(rf"({begins}|{ends}): (-?[\d.]+)", stderr):
        if name == begins:
            start = max(0, _ms(value))
        elif start is not None:
            parts.append(Part(start, max(start, _ms(value))))
            start = None
    if start is not None:
        parts.append(Part(start, max(start, end_ms)))
    return tuple(parts)


def _ms(text: str) -> int:
    return round(Fraction(text) * 1000)
