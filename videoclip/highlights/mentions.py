"""Where the products of a list are talked about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from videoclip.highlights.features import Features
from videoclip.highlights.text import is_chinese, normalise, terms
from videoclip.highlights.topics import Topic
from videoclip.schemas import Product

__all__ = ["product_mentions", "product_topic"]

_WEAK = 0.34
"""Mention under which a sentence does not count: one common word of a long name."""

_NEIGHBOUR = 0.3
"""Share of the best subject's mentions that makes a neighbouring subject part of the same pitch."""

_LEAST = 0.5
"""Mentions in all under which a product is not talked about."""


def product_mentions(features: Features, products: Sequence[Product]) -> list[list[float]]:
    """How surely each sentence names each product, 0..1, one row a product.

    A whole name or alias counts 1. Else the words of the name that occur count by how well they tell the
    products of the list apart: in a list of two kettles "kettle" says little and "glass" much.
    """
    names = [_names(product) for product in products]
    words = [[set(_units(name)) for name in group] for group in names]
    shared: dict[str, int] = {}
    for group in words:
        for unit in set().union(*group):
            shared[unit] = shared.get(unit, 0) + 1
    said = [set(_units(text)) for text in features.texts]
    rows = []
    for spellings, parts in zip(names, words, strict=True):
        row = []
        for text, units in zip(features.texts, said, strict=True):
            best = max((_share(part, units, shared) for part in parts), default=0.0)
            if any(_is_whole(name, text) for name in spellings):
                best = 1.0
            row.append(best if best >= _WEAK else 0.0)
        rows.append(row)
    return rows


def product_topic(
    features: Features,
    topics: Sequence[Topic],
    mention: Sequence[float],
    others: Sequence[Sequence[float]],
    max_ms: int,
) -> Topic | None:
    """The subject (or neighbouring ones together) that is about a product; None if it is only named in passing."""
    rivals = [max((row[i] for row in others), default=0.0) for i in range(len(mention))]

    def mass(topic: Topic) -> float:
        inside = range(topic.first, topic.last + 1)
        own = sum(max(0.0, mention[i] - 0.5 * rivals[i]) for i in inside)
        chat = sum(features.chat[i] for i in inside) / len(inside)
        return own * (1 - 0.7 * chat) - 0.25 * sum(max(0.0, rivals[i] - mention[i]) for i in inside)

    masses = [mass(topic) for topic in topics]
    best = max(range(len(topics)), key=lambda k: (masses[k], -k), default=None)
    if best is None or masses[best] < _LEAST:
        return None
    low = high = best
    while True:
        # The splitter may have cut one long pitch in two: take in neighbours that name the product too.
        sides = [k for k in (low - 1, high + 1) if 0 <= k < len(topics)]
        sides = [k for k in sides if masses[k] >= _NEIGHBOUR * masses[best]]
        sides = [
            k
            for k in sides
            if features.duration_ms(topics[min(low, k)].first, topics[max(high, k)].last)
            <= 2 * max_ms
        ]
        if not sides:
            break
        k = max(sides, key=lambda k: masses[k])
        low, high = min(low, k), max(high, k)
    return Topic(topics[low].first, topics[high].last, topics[low].opening, topics[high].closing)


def _names(product: Product) -> list[str]:
    found = (normalise(name) for name in (product.name, *product.aliases))
    return [name for name in dict.fromkeys(found) if name]


def _is_whole(name: str, text: str) -> bool:
    if not name.isascii():
        return name.replace(" ", "") in text.replace(" ", "")
    return f" {name} " in f" {''.join(c if c.isalnum() else ' ' for c in text)} "


def _units(text: str) -> list[str]:
    """English stems; pairs of Chinese characters, which do not hang on where a dictionary cuts."""
    found = [term for term in terms(text) if term.isascii()]
    han = [c if is_chinese(c) else " " for c in text]
    found += [a + b for a, b in pairwise(han) if a != " " and b != " "]
    return found


def _share(part: set[str], units: set[str], shared: dict[str, int]) -> float:
    """Weight of the name's words that occur, over the weight of all; the head of a name may come alone."""
    weights = {unit: 1.0 / shared[unit] for unit in part}
    total = sum(weights.values())
    return (
        sum(weight for unit, weight in weights.items() if unit in units) / total if total else 0.0
    )
