"""Older versions of a transcript as what makes them of the next one: hours of words are kept once, not once a correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["going_back", "is_delta_text", "unrolled"]

_BACK = "back"


def going_back(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What makes ``before`` of ``after``: sentences by their place; ``before`` itself where that says more.

    Args:
        before: a `Transcript` as JSON.
        after: the version that was written after it.
    """
    old, new = before["sentences"], after["sentences"]
    if len(old) != len(new) or _rest(before) != _rest(after):
        return dict(before)
    differ = {
        str(place): sentence
        for place, (sentence, other) in enumerate(zip(old, new, strict=True))
        if sentence != other
    }
    return dict(before) if 2 * len(differ) > len(old) else {_BACK: differ}


def is_delta_text(content: str) -> bool:
    """Whether this JSON text is what makes a version of the next one, rather than a version."""
    return content[:16].lstrip("{ ").startswith(f'"{_BACK}"')


def unrolled(contents: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The last of some versions that follow each other backwards; the first of them is whole. None: there are none."""
    whole: dict[str, Any] | None = None
    for content in contents:
        if _BACK not in content:
            whole = dict(content)
        else:
            assert whole is not None, "the newest version is whole"
            sentences = list(whole["sentences"])
            for place, sentence in content[_BACK].items():
                sentences[int(place)] = sentence
            whole = {**whole, "sentences": sentences}
    return whole


def _rest(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "sentences"}
