"""The answer of a language model: its JSON schema for one window, and what becomes of it in code.

Nothing in an answer is believed: ids are checked against the window, texts are cleaned and capped, and a
quote that was not said is replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videoclip.highlights.extractive import describe_run
from videoclip.highlights.features import Features
from videoclip.highlights.protocol import Brief, Proposal, Window
from videoclip.highlights.text import clean_text, normalise
from videoclip.schemas import Genre

__all__ = ["ANSWER_CRITERIA", "UnusableAnswer", "answer_schema", "parse_answer"]

ANSWER_CRITERIA: Mapping[Genre, tuple[str, ...]] = {
    Genre.COMMERCE: ("offer", "benefit", "proof", "action", "hook", "complete"),
    Genre.TALK: ("insight", "story", "surprise", "evidence", "hook", "complete"),
    Genre.INTERVIEW: ("question", "insight", "story", "emotion", "hook", "complete"),
    Genre.COURSE: ("definition", "method", "example", "takeaway", "hook", "complete"),
    Genre.AUTO: ("value", "story", "emotion", "evidence", "hook", "complete"),
}
"""Criteria that the prompts name, by genre."""

_ENUM_IDS = 200
"""Sentences up to which ids are listed one by one; above, endpoints limit the size of an enumeration."""

_MAX_ANSWER = 400_000
_TOP_SCORE = 10


class UnusableAnswer(ValueError):
    """The answer is no JSON of the right shape, or holds no usable highlight."""


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore")

    first: int
    last: int
    title: str = ""
    reason: str = ""
    quote: str = ""
    scores: dict[str, float] = Field(default_factory=dict)
    hashtags: list[str] = Field(default_factory=list)


def answer_schema(window: Window, brief: Brief, count: int) -> dict[str, Any]:
    """JSON schema under which no sentence outside the window can be named.

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
    criteria = ANSWER_CRITERIA[brief.genre]
    item = {
        "first": number,
        "last": number,
        "title": _text(80),
        "reason": _text(240),
        "quote": _text(240),
        "scores": _object(dict.fromkeys(criteria, score)),
        "hashtags": {"type": "array", "items": _text(30), "maxItems": 5},
    }
    return _object({"highlights": {"type": "array", "items": _object(item), "maxItems": count}})


def _text(limit: int) -> dict[str, Any]:
    return {"type": "string", "pattern": rf'^[^\u0000-\u001f"\\]{{1,{limit}}}$'}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def parse_answer(
    content: str, window: Window, brief: Brief, features: Features
) -> tuple[list[Proposal], int]:
    """Proposals that hold, and how many items were discarded.

    Raises:
        UnusableAnswer: not one usable highlight.
    """
    items = _items(content)
    positions = {sentence.id: k for k, sentence in enumerate(window.sentences)}
    proposals = []
    for raw in items:
        try:
            item = _Item.model_validate(raw)
        except ValidationError:
            continue
        first, last = positions.get(item.first), positions.get(item.last)
        if first is not None and last is not None and first <= last:
            proposals.append(_proposal(item, first, last, brief, features))
    if not proposals:
        raise UnusableAnswer(
            "no highlight in it names sentences of the window" if items else "it is empty"
        )
    return proposals, len(items) - len(proposals)


def _items(content: str) -> list[Any]:
    if len(content) > _MAX_ANSWER:
        raise UnusableAnswer("it is far too long")
    # Reasoning models think aloud first, and some wrap the object in a fence.
    text = content.rpartition("</think>")[2].strip()
    fenced = re.fullmatch(r"```(?:json)?\s*(.*?)\s*```", text, re.DOTALL)
    try:
        # Not strict: raw control characters inside strings are common, and are cleaned away later.
        answer = json.loads(fenced[1] if fenced else text, strict=False)
    except (ValueError, RecursionError) as error:
        raise UnusableAnswer("it is not JSON") from error
    items = answer.get("highlights") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        raise UnusableAnswer("it has no list of highlights")
    return items


def _proposal(item: _Item, first: int, last: int, brief: Brief, features: Features) -> Proposal:
    own = describe_run(features, first, last, brief)
    scores = _scores(item.scores, brief.genre)
    quote = clean_text(item.quote, 400)
    hashtags = (re.sub(r"[^\w]", "", clean_text(tag, 30)) for tag in item.hashtags[:5])
    return Proposal(
        first_sentence=item.first,
        last_sentence=item.last,
        title=clean_text(item.title, 80) or own.title,
        reason=clean_text(item.reason, 300) or own.reason,
        quote=quote if quote and _was_said(quote, features, first, last) else own.quote,
        score=round(sum(scores.values()) / len(scores), 4) if scores else own.score,
        scores=scores or dict(own.scores),
        hashtags=tuple(dict.fromkeys(tag for tag in hashtags if tag)),
        engine="llm",
    )


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
