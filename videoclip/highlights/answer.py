"""The answer of a language model: its JSON schema for one window, and what becomes of it in code.

Nothing in an answer is believed: ids are checked against the window, texts are cleaned and capped, a quote
that was not said is replaced, and what repeats our instructions or names strangers does not come through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from videoclip.highlights.asking import UnusableAnswer, json_object
from videoclip.highlights.extractive import describe_run
from videoclip.highlights.features import Features
from videoclip.highlights.guard import Guard
from videoclip.highlights.protocol import Brief, Proposal, Window
from videoclip.highlights.text import clean_text, normalise
from videoclip.schemas import Genre, Product

__all__ = [
    "ANSWER_CRITERIA",
    "Capped",
    "CappedList",
    "Parsed",
    "answer_schema",
    "answer_shape",
    "object_schema",
    "parse_answer",
    "text_schema",
]

ANSWER_CRITERIA: Mapping[Genre, tuple[str, ...]] = {
    Genre.COMMERCE: ("product", "benefit", "offer", "proof", "action", "hook", "complete"),
    Genre.TALK: ("insight", "story", "surprise", "evidence", "hook", "complete"),
    Genre.INTERVIEW: ("question", "insight", "story", "emotion", "hook", "complete"),
    Genre.COURSE: ("definition", "method", "example", "takeaway", "hook", "complete"),
    Genre.AUTO: ("value", "story", "emotion", "evidence", "hook", "complete"),
}
"""Criteria that the prompts name, by genre."""

_ENUM_IDS = 200
"""Sentences up to which ids are listed one by one; above, endpoints limit the size of an enumeration."""

_TOP_SCORE = 10


Capped = Annotated[str, AfterValidator(lambda text: text[:1000])]
"""A text of an answer; an endpoint without schemas may send any length."""
CappedList = Annotated[list[Capped], AfterValidator(lambda texts: texts[:30])]


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore")

    first: int
    last: int
    product: int = 0
    title: Capped = ""
    hook: Capped = ""
    reason: Capped = ""
    quote: Capped = ""
    scores: dict[str, float] = Field(default_factory=dict)
    hashtags: CappedList = Field(default_factory=list)


@dataclass(slots=True)
class Parsed:
    """What of an answer holds, and what was thrown away."""

    proposals: list[Proposal] = field(default_factory=list)
    discarded: int = 0
    """Items without a sound range of sentences (or product)."""
    leaked: int = 0
    """Items that repeated the instructions."""
    cleaned: int = 0
    """Items that lost a text with an address or account nobody named, or a reason that echoed the prompt."""


def answer_schema(window: Window, brief: Brief, count: int) -> dict[str, Any]:
    """JSON schema under which no sentence outside the window, and no unknown product, can be named.

    The patterns bound the strings and keep control characters out; lengths by ``maxLength`` are refused by
    some endpoints in strict mode.
    """
    ids = [sentence.id for sentence in window.sentences]
    number: dict[str, Any] = {"type": "integer"}
    if len(ids) <= _ENUM_IDS:
        number["enum"] = ids
    else:
        number |= {"minimum": ids[0], "maximum": ids[-1]}
    score = {"type": "integer", "minimum": 0, "maximum": _TOP_SCORE}
    item = {"first": number, "last": number}
    if brief.products:
        item["product"] = {"type": "integer", "minimum": 1, "maximum": len(brief.products)}
    item |= {
        "title": text_schema(80),
        "hook": text_schema(80),
        "reason": text_schema(240),
        "quote": text_schema(240),
        "scores": object_schema(dict.fromkeys(ANSWER_CRITERIA[brief.genre], score)),
        "hashtags": {"type": "array", "items": text_schema(30), "maxItems": 5},
    }
    return object_schema(
        {"highlights": {"type": "array", "items": object_schema(item), "maxItems": count}}
    )


def answer_shape(brief: Brief) -> dict[str, Any]:
    """An empty answer, to show a model the keys in words."""
    item: dict[str, Any] = {"first": 0, "last": 0}
    if brief.products:
        item["product"] = 1
    item |= {"title": "", "hook": "", "reason": "", "quote": ""}
    item |= {"scores": dict.fromkeys(ANSWER_CRITERIA[brief.genre], 0), "hashtags": []}
    return {"highlights": [item]}


def text_schema(limit: int) -> dict[str, Any]:
    """A string of 1 to ``limit`` characters on one line, without what would need escapes."""
    return {"type": "string", "pattern": rf'^[^\u0000-\u001f"\\]{{1,{limit}}}$'}


def object_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def parse_answer(
    content: str, window: Window, brief: Brief, features: Features, guard: Guard
) -> Parsed:
    """The proposals that hold.

    Raises:
        UnusableAnswer: not one usable highlight.
    """
    items = json_object(content).get("highlights")
    if not isinstance(items, list):
        raise UnusableAnswer("it has no list of highlights")
    positions = {sentence.id: k for k, sentence in enumerate(window.sentences)}
    parsed = Parsed()
    for raw in items:
        try:
            item = _Item.model_validate(raw)
        except ValidationError:
            parsed.discarded += 1
            continue
        first, last = positions.get(item.first), positions.get(item.last)
        known = not brief.products or 1 <= item.product <= len(brief.products)
        if first is None or last is None or first > last or not known:
            parsed.discarded += 1
        elif guard.leaks(item.title, item.hook, *item.hashtags):
            parsed.leaked += 1
        else:
            own = describe_run(features, first, last, brief)
            proposal = _proposal(item, own, brief, features, (first, last), guard)
            texts = (item.title, item.hook, item.reason, *item.hashtags)
            parsed.cleaned += any(map(guard.names_stranger, texts)) or guard.leaks(item.reason)
            parsed.proposals.append(proposal)
    if not parsed.proposals:
        raise UnusableAnswer(_why_none(items, parsed))
    return parsed


def _why_none(items: Sequence[Any], parsed: Parsed) -> str:
    if not items:
        return "it is empty"
    if parsed.leaked:
        return "it repeats its instructions"
    return "no highlight in it names sentences of the window"


def _proposal(
    item: _Item,
    own: Proposal,
    brief: Brief,
    features: Features,
    run: tuple[int, int],
    guard: Guard,
) -> Proposal:
    """The item with cleaned texts; what is missing or not allowed comes from ``own``."""

    def clean(text: str, limit: int, instead: str) -> str:
        flat = clean_text(text, limit)
        return flat if flat and not guard.names_stranger(flat) else instead

    # A reason that echoes what a good clip is gives nothing away: it is replaced, the highlight stays.
    reason = own.reason if guard.leaks(item.reason) else clean(item.reason, 300, own.reason)
    scores = _scores(item.scores, brief.genre)
    quote = clean_text(item.quote, 400)
    product = brief.products[item.product - 1] if brief.products else None
    title = clean(item.title, 80, own.title)
    hashtags = (
        re.sub(r"[^\w]", "", clean_text(tag, 30))
        for tag in item.hashtags[:5]
        if not guard.names_stranger(tag)
    )
    return Proposal(
        first_sentence=item.first,
        last_sentence=item.last,
        title=title if product is None else titled_after(product, title),
        reason=reason,
        quote=quote if quote and _was_said(quote, features, *run) else own.quote,
        score=round(sum(scores.values()) / len(scores), 4) if scores else own.score,
        scores=scores or dict(own.scores),
        hashtags=tuple(dict.fromkeys(tag for tag in hashtags if tag)),
        engine="llm",
        hook=clean(item.hook, 80, ""),
        product=product.name if product else "",
    )


def titled_after(product: Product, title: str) -> str:
    """The title, with the product's name in front where it is not in it."""
    if normalise(product.name) in normalise(title):
        return title
    return clean_text(f"{product.name}: {title}" if title else product.name, 80)


def _scores(given: Mapping[str, float], genre: Genre) -> dict[str, float]:
    """The criteria of the genre in 0..1; others are not asked for and dropped."""
    known = {
        name: given[name]
        for name in ANSWER_CRITERIA[genre]
        if name in given and isfinite(given[name])
    }
    return {name: round(min(1.0, max(0.0, value / _TOP_SCORE)), 3) for name, value in known.items()}


def _was_said(quote: str, features: Features, first: int, last: int) -> bool:
    said = " ".join(clean_text(s.text, 100_000) for s in features.sentences[first : last + 1])
    return quote in said or quote in normalise(said) or normalise(quote) in normalise(said)
