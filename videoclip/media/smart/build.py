"""Puts copied and encoded packets behind each other into one video track."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from videoclip.media.packets import FrameSpan, time_base
from videoclip.media.smart.edges import Encoded
from videoclip.media.smart.grab import Grab
from videoclip.media.smart.mp4_write import OutTrack, Piece
from videoclip.media.smart.nal import Codec, Unfit, Unit, classify, units, with_sets, without_rate
from videoclip.media.smart.plan import Plan
from videoclip.schemas import MediaInfo

__all__ = ["Built", "Copy", "Part", "build_video", "classified"]

_CRA, _BLA_WITHOUT_LEADING = 21, 18


@dataclass(frozen=True, slots=True)
class Part:
    """One range, ready to be put together."""

    grab: Grab
    plan: Plan
    kinds: Sequence[Unit]
    head: Encoded | None
    tail: Encoded | None


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a packet of the source lies in the clip."""

    part: int
    number: int
    """Of the packet in its grab."""


@dataclass(frozen=True, slots=True)
class Built:
    """The video track and what is behind each of its samples."""

    track: OutTrack
    origins: tuple[Copy | None, ...]
    """None: encoded anew."""
    seconds: Fraction
    codec: Codec
    constant: bool
    """Whether its frames stand on the grid of the nominal rate."""


def classified(grab: Grab, codec: Codec) -> list[Unit]:
    """What each packet of a grab is to a decoder."""
    with (
        grab.video.path.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return [
            classify(codec, data[sample.offset : sample.offset + sample.size])
            for sample in grab.video.samples
        ]


def build_video(media: MediaInfo, parts: Sequence[Part], codec: Codec) -> Built:
    """One track of all ranges in order.

    Raises:
        Unfit: the parts do not fit together.
    """
    spans = [part.grab.span for part in parts]
    timescale, starts, times = _clock(media, parts)
    pieces: list[Piece] = []
    pts: list[int] = []
    sync: list[bool] = []
    origins: list[Copy | None] = []
    for index, part in enumerate(parts):
        shown = dict(zip(part.plan.frames, times[index], strict=True))
        if part.head and part.plan.head:
            _add_encoded(
                part.head, [shown[time] for time in part.plan.head.frames], codec, pieces, pts, sync
            )
            origins += [None] * len(part.head.pieces)
        for number in part.plan.copied:
            sample, start = part.grab.video.samples[number], part.kinds[number].start
            piece = Piece(part.grab.video.path, sample.offset, sample.size)
            if start and codec.name == "hevc":
                first = number == part.plan.copied[0] and bool(pieces)
                piece = _hevc_start(piece, part.kinds[number], codec, first=first)
            pieces.append(piece)
            pts.append(shown[part.grab.pictures[number].pts])
            # A keyframe of an open GOP is a good place to seek to, though not to cut at.
            sync.append(start or sample.sync)
            origins.append(Copy(index, number))
        if part.tail and part.plan.tail:
            _add_encoded(
                part.tail, [shown[time] for time in part.plan.tail.frames], codec, pieces, pts, sync
            )
            origins += [None] * len(part.tail.pieces)
    seconds = sum((span.end - span.start for span in spans), Fraction(0))
    source = parts[0].grab.video
    end = max(starts[-1] + 1, max(pts) + 1, round(seconds * timescale))
    track = OutTrack(
        timescale, _entry(without_rate(source.entries[0]), parts, codec), source.handler, source.media_header,
        source.header, pieces, pts, sync, end, ((end, 0),),
    )  # fmt: skip
    constant = all(span.constant for span in spans)
    return Built(track, tuple(origins), seconds, codec, constant)


def _clock(media: MediaInfo, parts: Sequence[Part]) -> tuple[int, list[int], list[list[int]]]:
    """Ticks a second of the clip; first tick of each range; the time of each frame.

    Evenly spaced frames are numbered, so that the source's roundings vanish, as the encode mode does.
    """
    assert media.video is not None
    spans = [part.grab.span for part in parts]
    if all(span.constant for span in spans):
        rate = Fraction(media.video.frame_rate)
        scale, step = rate.numerator, rate.denominator
        while scale < 10_000:
            scale, step = scale * 2, step * 2
        starts, times, done = [], [], 0
        for part in parts:
            starts.append(done * step)
            times.append([(done + number) * step for number in range(len(part.plan.frames))])
            done += len(part.plan.frames)
        return scale, starts, times
    if len(parts) > 1:
        raise Unfit("ranges with a variable frame rate are joined at a constant one")
    tick = time_base(media)
    return tick.denominator, [0], [_relative(parts[0].plan.frames, spans[0], tick)]


def _relative(frames: Sequence[int], span: FrameSpan, tick: Fraction) -> list[int]:
    times = [max(0, round((time - span.start / tick) * tick.numerator)) for time in frames]
    if sorted(set(times)) != times:
        raise Unfit("its presentation times are not unique")
    return times


def _add_encoded(
    encoded: Encoded, shown: list[int], codec: Codec, pieces: list[Piece], pts: list[int], sync: list[bool]
) -> None:  # fmt: skip
    sets = b"".join(
        _with_length(unit) for unit in sorted(encoded.codec.sets, key=lambda unit: unit[0])
    )
    for piece, place, sample in zip(
        encoded.pieces, encoded.order, encoded.track.samples, strict=True
    ):
        inband = codec.name == "hevc" and sample.sync
        pieces.append(Piece(piece.path, piece.offset, piece.size, before=sets) if inband else piece)
        pts.append(shown[place])
        sync.append(sample.sync)


def _with_length(unit: bytes) -> bytes:
    return len(unit).to_bytes(4, "big") + unit


def _hevc_start(piece: Piece, kind: Unit, codec: Codec, *, first: bool) -> Piece:
    """A keyframe with its parameter sets, because the edges bring others with the same ids.

    Where pictures were encoded before it and its leading ones were left out, a clean random access
    picture is named a broken-link one, as the standard asks for at a splice (H.265, 3.11).
    """
    with piece.path.open("rb") as stream:
        stream.seek(piece.offset)
        data = bytearray(stream.read(piece.size))
    found = [
        (bytes(unit[:1])[0] >> 1 & 63, bytes(unit) in codec.sets) for unit in units(bytes(data))
    ]
    has_sets = sum(known for _, known in found) >= len(codec.sets)
    if not has_sets and found[0][0] == 35:
        raise Unfit("its parameter sets are not where they can be completed")
    sets = b"" if has_sets else b"".join(
        _with_length(unit) for unit in sorted(codec.sets, key=lambda unit: unit[0])
    )  # fmt: skip
    mask = None
    if first and kind.leading:
        place = 0
        for unit in units(bytes(data)):
            if unit[0] >> 1 & 63 == _CRA:
                data[place + 4] = data[place + 4] & 0x81 | _BLA_WITHOUT_LEADING << 1
            place += 4 + len(unit)
        mask = bytes(data)
    return Piece(piece.path, piece.offset, piece.size, sets, mask)


def _entry(entry: bytes, parts: Sequence[Part], codec: Codec) -> bytes:
    """The sample entry that all packets go with."""
    edges = [edge for part in parts for edge in (part.head, part.tail) if edge]
    if codec.name != "h264" or not edges:
        return entry
    if any(edge.codec.config != edges[0].codec.config for edge in edges):
        raise Unfit("its edges came out with different parameter sets")
    return with_sets(entry, codec, edges[0].codec)
