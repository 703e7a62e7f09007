"""Ways to damage a file, each from a seed: the same seed gives the same bytes."""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["MUTATIONS", "mutate"]

_HEAD = 4096
_ODD_NUMBERS = (
    0, 1, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF,
)  # fmt: skip


def _place(data: bytearray, chance: random.Random, width: int = 1) -> int:
    """Half of the time in the header, where it hurts."""
    end = max(1, len(data) - width)
    near = min(end, _HEAD)
    return chance.randrange(near) if chance.random() < 0.5 else chance.randrange(end)


def _truncated(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(1, len(data))]


def _beheaded(data: bytearray, chance: random.Random) -> bytearray:
    return data[chance.randrange(1, min(len(data), _HEAD)) :]


def _bit_flipped(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 4, 16, 64, 256))):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)
    return data


def _byte_swapped(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 8, 32))):
        first, second = _place(data, chance), _place(data, chance)
        data[first], data[second] = data[second], data[first]
    return data


def _overwritten(data: bytearray, chance: random.Random) -> bytearray:
    size = min(len(data), chance.choice((1, 16, 256, 2048)))
    place = _place(data, chance, size)
    fill = chance.choice((b"\0", b"\xff", b"A", b""))
    data[place : place + size] = fill * size if fill else chance.randbytes(size)
    return data


def _number_corrupted(data: bytearray, chance: random.Random) -> bytearray:
    """A whole field set to a border value, as big- or little-endian."""
    for _ in range(chance.choice((1, 2, 6))):
        width = min(len(data), chance.choice((2, 4, 8)))
        place = _place(data, chance, width)
        value = chance.choice(_ODD_NUMBERS) & ((1 << 8 * width) - 1)
        data[place : place + width] = value.to_bytes(width, chance.choice(("big", "little")))
    return data


def _boxes(data: bytearray) -> list[int]:
    """Places of what looks like a four-letter code behind a size: MP4 boxes, RIFF and AIFF chunks."""
    return [
        place
        for place in range(4, min(len(data) - 4, 65_536))
        if all(c == 0x20 or 0x30 <= c <= 0x7A for c in data[place : place + 4])
        and bytes(data[place : place + 4]).isalnum()
    ]


def _box_size_corrupted(data: bytearray, chance: random.Random) -> bytearray:
    boxes = _boxes(data)
    if not boxes:
        return _number_corrupted(data, chance)
    for _ in range(chance.choice((1, 1, 3))):
        box = chance.choice(boxes)
        place = box - 4 if chance.random() < 0.7 else box + 4
        size = int.from_bytes(data[place : place + 4], "big")
        changed = chance.choice((*_ODD_NUMBERS, size + 1, size - 1, size * 2, size // 2))
        data[place : place + 4] = (changed & 0xFFFFFFFF).to_bytes(4, "big")
    return data


def _chunk_duplicated(data: bytearray, chance: random.Random) -> bytearray:
    size = min(len(data), chance.choice((16, 188, 1024, 4096)))
    source, target = _place(data, chance, size), _place(data, chance)
    copies = chance.choice((1, 1, 2, 50))
    data[target:target] = data[source : source + size] * copies
    return data


def _chunk_lost(data: bytearray, chance: random.Random) -> bytearray:
    size = min(len(data) - 1, chance.choice((1, 16, 188, 4096)))
    place = _place(data, chance, size)
    del data[place : place + size]
    return data


def _doubled(data: bytearray, _: random.Random) -> bytearray:
    return data + data


MUTATIONS: dict[str, Callable[[bytearray, random.Random], bytearray]] = {
    "truncated": _truncated,
    "beheaded": _beheaded,
    "bit_flipped": _bit_flipped,
    "byte_swapped": _byte_swapped,
    "overwritten": _overwritten,
    "number_corrupted": _number_corrupted,
    "box_size_corrupted": _box_size_corrupted,
    "chunk_duplicated": _chunk_duplicated,
    "chunk_lost": _chunk_lost,
    "doubled": _doubled,
}


def mutate(data: bytes, seed: str) -> tuple[str, bytes]:
    """Damage a file once or twice; the name of what was done, and the bytes."""
    chance = random.Random(seed)
    names = [chance.choice(list(MUTATIONS)) for _ in range(chance.choice((1, 1, 1, 2)))]
    damaged = bytearray(data)
    for name in names:
        damaged = MUTATIONS[name](damaged, chance) or bytearray(1)
    return "+".join(names), bytes(damaged)
