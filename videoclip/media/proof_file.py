"""What the headers and packets of a finished file tell, without decoding: our own files only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from videoclip.media.boxes import index_first, turns

__all__ = ["FileFacts", "PacketFacts", "read_facts"]

_USUAL_TAGS = {
    "major_brand", "minor_version", "compatible_brands", "language", "vendor_id", "encoder",
}  # fmt: skip
_USUAL_NAMES = {"VideoHandler", "SoundHandler", "SubtitleHandler", ""}
_UNTAGGED = 2
"""Unspecified, in ITU-T H.273."""


@dataclass(frozen=True, slots=True)
class PacketFacts:
    """The packets of one stream."""

    count: int = 0
    size: int = 0
    """Bytes of all packets."""
    hidden: int = 0
    """Packets that are stored but never shown: they lie before the edit list's start."""
    steps: tuple[int, int] = (0, 0)
    """The shortest and the longest distance between successive presentation times, ticks."""
    late: int = 0
    """Ticks by which the last packet comes later than if all distances were the shortest one."""
    ordered: bool = True
    """Whether decoding times rise and no presentation time comes twice."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Headers and packets of an MP4 file. The picture comes first where there are two of a thing."""

    video: bool
    audio: bool
    width: int
    height: int
    pixel_format: str
    starts: tuple[Fraction, ...]
    lengths: tuple[Fraction, ...]
    ticks: tuple[Fraction, ...]
    """Seconds a tick of each."""
    picture: PacketFacts
    sound: PacketFacts
    size: int
    """Bytes of the file."""
    payload: int
    """Bytes of it that belong to packets of some stream."""
    packets: int
    """Of all streams."""
    turned: tuple[int, ...]
    """Clockwise degrees of each track with a picture."""
    index_first: bool
    foreign_tags: tuple[str, ...]
    """Names of metadata that are not ours, and chapters."""
    untagged: tuple[str, ...]
    """Which of the colour descriptions are missing."""

    @property
    def duration_ms(self) -> int:
        """Of the picture, else of the sound."""
        return round(self.lengths[0] * 1000) if self.lengths else 0


def read_facts(path: Path) -> FileFacts:
    """Open a file that our own FFmpeg has written.

    Raises:
        av.FFmpegError, OSError, ValueError: it cannot be opened.
    """
    with av.open(f"file:{path.absolute()}", format="mov") as container:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        streams: list[Any] = [stream for stream in (video, audio) if stream is not None]
        starts = tuple((s.start_time or 0) * Fraction(s.time_base) for s in streams)
        lengths = tuple((s.duration or 0) * Fraction(s.time_base) for s in streams)
        tags = _foreign_tags(container)
        untagged = _untagged(video) if video else ()
        packets = _packets(container)
        return FileFacts(
            video is not None, audio is not None,
            video.width if video else 0, video.height if video else 0,
            (video.pix_fmt or "") if video else "", starts, lengths,
            tuple(Fraction(s.time_base) for s in streams),
            _of(packets, video), _of(packets, audio), path.stat().st_size,
            sum(found.size for found in packets.values()),
            sum(found.count for found in packets.values()), tuple(turns(path)), index_first(path), tags, untagged,
        )  # fmt: skip


def _foreign_tags(container: Any) -> tuple[str, ...]:
    found = {name for name in container.metadata if name not in _USUAL_TAGS}
    for stream in container.streams:
        for name, value in stream.metadata.items():
            usual = name in _USUAL_TAGS or (name == "handler_name" and value in _USUAL_NAMES)
            found |= set() if usual else {name}
    if container.chapters():
        found.add("chapters")
    return tuple(sorted(found))


def _untagged(video: Any) -> tuple[str, ...]:
    context = video.codec_context
    described = {
        "primaries": context.color_primaries, "transfer": context.color_trc,
        "matrix": context.colorspace,
    }  # fmt: skip
    return tuple(name for name, value in described.items() if int(value) == _UNTAGGED)


def _of(packets: dict[int, PacketFacts], stream: Any) -> PacketFacts:
    return PacketFacts() if stream is None else packets.get(stream.index, PacketFacts())


def _packets(container: Any) -> dict[int, PacketFacts]:
    """What the packets of each stream tell, by the stream's index."""
    shown: dict[int, list[int]] = {stream.index: [] for stream in container.streams}
    size, hidden = dict.fromkeys(shown, 0), dict.fromkeys(shown, 0)
    last: dict[int, int | None] = dict.fromkeys(shown)
    ordered = dict.fromkeys(shown, True)
    for packet in container.demux():
        index = packet.stream_index
        if not packet.size:
            continue
        size[index] += packet.size
        hidden[index] += packet.is_discard
        if packet.pts is None or packet.dts is None:
            ordered[index] = False
            continue
        before = last[index]
        ordered[index] &= before is None or packet.dts > before
        last[index] = packet.dts
        if not packet.is_discard:
            shown[index].append(packet.pts)
    found = {}
    for index, stamps in shown.items():
        stamps.sort()
        steps = sorted({b - a for a, b in itertools.pairwise(stamps)})
        drift = (stamps[-1] - stamps[0]) - (len(stamps) - 1) * steps[0] if steps else 0
        found[index] = PacketFacts(
            len(stamps) + hidden[index], size[index], hidden[index],
            (steps[0], steps[-1]) if steps else (0, 0), drift, ordered[index] and 0 not in steps,
        )  # fmt: skip
    return found
