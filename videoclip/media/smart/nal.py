"""Headers of H.264 and HEVC units, as far as cutting needs them (ITU-T H.264 and H.265, ISO/IEC 14496-15).

Only headers and parameter sets are read, in plain Python: pictures are decoded by FFmpeg's limited
processes and never here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from videoclip.media.smart.mp4_read import boxes

__all__ = ["Codec", "Unfit", "Unit", "classify", "read_codec", "units", "with_sets", "without_rate"]

_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}
_VISUAL_ENTRY = 78
"""Bytes of a visual sample entry before its boxes."""


class Unfit(Exception):
    """Why a clip cannot be cut this way; the text ends a sentence that begins with 'because'."""


@dataclass(frozen=True, slots=True)
class Codec:
    """What the sample entry says."""

    name: str
    """``h264`` or ``hevc``."""
    config: bytes
    """Content of ``avcC`` or ``hvcC``."""
    sets: frozenset[bytes]
    """Parameter sets, whole units."""
    profile: str = ""
    """As x264 calls it."""
    level: int = 0
    """``level_idc``."""
    ids: frozenset[int] = frozenset()
    """Ids of sequence and picture parameter sets (H.264)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit."""

    start: bool
    """A decoder can start here, and what is shown later needs nothing earlier."""
    leading: bool
    """Pictures that come later but are shown earlier may need earlier ones (CRA, BLA)."""
    disposable: bool
    """No other picture needs it."""
    layer: int
    """Temporal sub-layer (HEVC)."""


def units(data: bytes | memoryview) -> Iterator[memoryview]:
    """The NAL units of a sample with four-byte lengths."""
    view, place = memoryview(data), 0
    while place + 4 <= len(view):
        size = int.from_bytes(view[place : place + 4], "big")
        if place + 4 + size > len(view):
            raise Unfit("its packets are damaged")
        if size:
            yield view[place + 4 : place + 4 + size]
        place += 4 + size


def read_codec(entry: bytes) -> Codec:
    """Read a sample entry.

    Raises:
        Unfit: it is no H.264 or HEVC that can be cut.
    """
    kind = entry[4:8]
    found = {name: entry[first:last] for name, _, first, last in boxes(entry, 8 + _VISUAL_ENTRY)}
    if found.keys() & {b"dvcC", b"dvvC", b"dvwC"}:
        raise Unfit("it is Dolby Vision")
    if kind in (b"avc1", b"avc3") and b"avcC" in found:
        return _avc(found[b"avcC"])
    if kind in (b"hvc1", b"hev1") and b"hvcC" in found:
        config = found[b"hvcC"]
        if config[21] & 3 != 3:
            raise Unfit("its packets have unusual lengths")
        return Codec("hevc", config, frozenset(_hevc_sets(config)))
    raise Unfit("its codec has no keyframes that are known to be closed")


def _avc(config: bytes) -> Codec:
    if config[4] & 3 != 3:
        raise Unfit("its packets have unusual lengths")
    sequence, picture = _avc_sets(config)
    if not sequence or not picture:
        raise Unfit("its parameter sets are missing")
    profile = _PROFILES.get(config[1])
    if profile is None:
        raise Unfit("its H.264 profile is unusual")
    ids, seen = set(), set()
    for unit in sequence:
        number, progressive = _sequence_set(unit)
        if not progressive:
            raise Unfit("it is interlaced")
        if number in seen:
            raise Unfit("its parameter sets change")
        seen.add(number)
        ids.add(number)
    for unit in picture:
        ids.add(_Bits(unit[1:]).unsigned())
    return Codec(
        "h264", config, frozenset([*sequence, *picture]), profile, config[3], frozenset(ids)
    )


def _avc_sets(config: bytes) -> tuple[list[bytes], list[bytes]]:
    place, found = 5, []
    for mask in (31, 255):
        group = []
        count = config[place] & mask
        place += 1
        for _ in range(count):
            size = struct.unpack_from(">H", config, place)[0]
            group.append(config[place + 2 : place + 2 + size])
            place += 2 + size
        found.append(group)
    return found[0], found[1]


def _hevc_sets(config: bytes) -> list[bytes]:
    place, found = 23, []
    for _ in range(config[22]):
        count = struct.unpack_from(">H", config, place + 1)[0]
        place += 3
        for _ in range(count):
            size = struct.unpack_from(">H", config, place)[0]
            found.append(config[place + 2 : place + 2 + size])
            place += 2 + size
    return [unit for unit in found if unit and unit[0] >> 1 & 63 in (32, 33, 34)]


class _Bits:
    """Reads bits of a unit, emulation prevention taken out."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data.replace(b"\0\0\3", b"\0\0"), "big")
        self._left = len(data.replace(b"\0\0\3", b"\0\0")) * 8

    def bits(self, count: int) -> int:
        if count > self._left:
            raise Unfit("its parameter sets are damaged")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise Unfit("its parameter sets are damaged")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _sequence_set(unit: bytes) -> tuple[int, bool]:
    """Id of an H.264 sequence parameter set, and whether it knows frames only."""
    bits = _Bits(unit[1:])
    profile = bits.bits(8)
    bits.bits(16)
    number = bits.unsigned()
    if profile in (100, 110, 122, 244):
        chroma = bits.unsigned()
        if chroma == 3:
            bits.bits(1)
        bits.unsigned()
        bits.unsigned()
        bits.bits(1)
        if bits.bits(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.bits(1):
                    _skip_scaling(bits, 16 if index < 6 else 64)
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.bits(1)
        bits.signed()
        bits.signed()
        for _ in range(min(255, bits.unsigned())):
            bits.signed()
    bits.unsigned()
    bits.bits(1)
    bits.unsigned()
    bits.unsigned()
    return number, bool(bits.bits(1))


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def classify(codec: Codec, sample: bytes | memoryview) -> Unit:
    """What an access unit is to a decoder.

    Raises:
        Unfit: it holds something that cannot be copied in parts, or parameter sets that differ.
    """
    kind = _classify_avc if codec.name == "h264" else _classify_hevc
    return kind(codec.sets, sample)


def _classify_avc(sets: frozenset[bytes], sample: bytes | memoryview) -> Unit:
    start, needed, pictures = False, False, 0
    for unit in units(sample):
        kind = unit[0] & 31
        if kind in (1, 5):
            start |= kind == 5
            needed |= bool(unit[0] >> 5 & 3)
            pictures += 1
        elif kind in (7, 8, 13):
            if kind != 13 and bytes(unit) not in sets:
                raise Unfit("its parameter sets change")
        elif kind in (2, 3, 4) or 14 <= kind <= 23:
            raise Unfit("it uses extensions of H.264 that cannot be copied in parts")
    if not pictures:
        raise Unfit("some of its packets hold no picture")
    return Unit(start, leading=False, disposable=not needed, layer=0)


def _classify_hevc(sets: frozenset[bytes], sample: bytes | memoryview) -> Unit:
    kinds, layer = set(), 0
    for unit in units(sample):
        kind = unit[0] >> 1 & 63
        if kind >= 62:
            raise Unfit("it is Dolby Vision")
        if (unit[0] & 1) << 5 | unit[1] >> 3:
            raise Unfit("it has several layers")
        if kind < 32:
            kinds.add(kind)
            layer = (unit[1] & 7) - 1
        elif kind in (32, 33, 34) and bytes(unit) not in sets:
            raise Unfit("its parameter sets change")
    if len(kinds) != 1:
        raise Unfit("some of its packets hold no picture, or several")
    kind = kinds.pop()
    if kind > 21 or 9 < kind < 16:
        raise Unfit("it uses reserved unit types")
    return Unit(
        start=16 <= kind <= 21,
        leading=kind in (16, 17, 19, 21),
        disposable=kind < 10 and kind % 2 == 0,
        layer=layer,
    )


def without_rate(entry: bytes) -> bytes:
    """The sample entry without its bit rate, which is that of other packets."""
    parts = [entry[8 : 8 + _VISUAL_ENTRY]]
    parts += [
        entry[start:last]
        for name, start, _, last in boxes(entry, 8 + _VISUAL_ENTRY)
        if name != b"btrt"
    ]
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + entry[4:8] + body


def with_sets(entry: bytes, codec: Codec, other: Codec) -> bytes:
    """The sample entry of ``codec`` with the parameter sets of ``other`` (H.264) beside its own.

    Raises:
        Unfit: both use the same id for different sets.
    """
    ours, theirs = _avc_sets(codec.config), _avc_sets(other.config)
    if codec.ids & other.ids:
        raise Unfit("its parameter sets leave no id free")
    sequence, picture = ([*a, *b] for a, b in zip(ours, theirs, strict=True))
    tail = codec.config[
        6 + sum(2 + len(u) for u in ours[0]) + 1 + sum(2 + len(u) for u in ours[1]) :
    ]
    head = bytes(
        [1, codec.config[1], codec.config[2] & other.config[2], max(codec.level, other.level), 0xFF]
    )
    config = b"".join([
        head, bytes([0xE0 | len(sequence)]), *(struct.pack(">H", len(u)) + u for u in sequence),
        bytes([len(picture)]), *(struct.pack(">H", len(u)) + u for u in picture), tail,
    ])  # fmt: skip
    parts = [entry[8 : 8 + _VISUAL_ENTRY]]
    for name, start, _, last in boxes(entry, 8 + _VISUAL_ENTRY):
        parts.append(
            struct.pack(">I4s", len(config) + 8, name) + config
            if name == b"avcC"
            else entry[start:last]
        )
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + entry[4:8] + body
