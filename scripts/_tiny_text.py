"""What the tiny recogniser is taught: a small vocabulary, a grammar over it, a show that is never trained on.

The grammar makes the sentences of a sales show. Everything that the show says can be made by it, so the
words are known; its own sentences are left out of the training, so that hearing them proves something.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["SHOW", "VOCABULARY", "sentences"]

_PRODUCT = ("coffee machine", "red lamp", "winter jacket", "camera")
_QUALITY = ("new", "small", "red", "warm", "quiet", "good", "hot", "beautiful")
_PRICE = ("ten", "twenty", "sixty", "ninety", "one hundred", "two hundred")
_PLACE = ("in your kitchen", "in the evening", "every evening", "tonight", "for your family")
_TEMPLATES = (
    "hello everyone and welcome to the {q} show",
    "welcome to the show {l}",
    "good evening everyone and thank you",
    "the first product is a {q} {p}",
    "the next product is a {q} {p} {l}",
    "we have a {q} {p} {l}",
    "this {p} is {q} and {q}",
    "the {p} is very {q} and you will love it",
    "you will love this {q} {p} {l}",
    "everyone will love the {p} {l}",
    "in the store this {p} costs {n} dollars",
    "but tonight you pay only {n} dollars",
    "tonight the {q} {p} costs only {n} dollars",
    "you pay {n} dollars and shipping is free",
    "we have only {n} machines so please order now",
    "please order your {q} {p} now",
    "so order the {p} tonight for only {n} dollars",
    "{n} dollars is a very good price for this {p}",
    "the price is {n} dollars in the store",
    "and the {p} is free for you {l}",
    "thank you everyone and good evening",
    "it costs {n} dollars but you will love the price",
)

SHOW: tuple[tuple[str, str], ...] = (
    ("rms", "hello everyone and welcome to the evening show"),
    ("rms", "we have a new camera and a warm jacket tonight"),
    ("slt", "the first product is a small coffee machine for your kitchen"),
    ("slt", "this machine is very quiet and the coffee is always hot"),
    ("slt", "in the store this coffee machine costs ninety dollars"),
    ("slt", "but tonight you pay only sixty dollars and shipping is free"),
    ("rms", "only two hundred machines so please order your coffee machine now"),
    ("rms", "the next product is a warm winter jacket for your family"),
    ("awb", "everyone will love this beautiful red jacket every winter"),
    ("awb", "the jacket costs one hundred dollars but you pay only twenty"),
    ("rms", "thank you everyone and good evening"),
)
"""Voice and sentence, in order."""


def _words() -> tuple[str, ...]:
    said = " ".join(
        (*_PRODUCT, *_QUALITY, *_PRICE, *_PLACE, *_TEMPLATES, *(text for _, text in SHOW))
    )
    return tuple(sorted({word for word in said.split() if "{" not in word}))


VOCABULARY = _words()
_SAID_IN_SHOW = frozenset(text for _, text in SHOW)


def sentences(seed: int, count: int, excluded: frozenset[str] = frozenset()) -> Iterator[str]:
    """Sentences without repetition: four of five by the grammar, the fifth a string of any words.

    Args:
        seed: decides them.
        count: how many.
        excluded: sentences that are not to come, besides those of the show.
    """
    rng = random.Random(seed)
    seen = set(excluded | _SAID_IN_SHOW)
    made = 0
    while made < count:
        if made % 5 == 4:
            text = " ".join(rng.choice(VOCABULARY) for _ in range(rng.randint(3, 8)))
        else:
            text = rng.choice(_TEMPLATES)
            for mark, choices in (("p", _PRODUCT), ("q", _QUALITY), ("n", _PRICE), ("l", _PLACE)):
                while f"{{{mark}}}" in text:
                    text = text.replace(f"{{{mark}}}", rng.choice(choices), 1)
        if text not in seen:
            seen.add(text)
            made += 1
            yield text
