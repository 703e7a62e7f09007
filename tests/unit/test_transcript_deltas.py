"""Older versions of a transcript are made of the newest one, however they differ."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

from videoclip.store.transcript_deltas import going_back, is_delta_text, unrolled


def content(*texts: str, language: str = "en") -> dict[str, Any]:
    return {
        "language": language,
        "sentences": [{"id": n, "text": text} for n, text in enumerate(texts)],
    }


def test_a_thousand_corrections_are_kept_small_and_every_version_comes_back() -> None:
    chance = random.Random(1)
    versions = [content(*(f"sentence {n}" for n in range(400)))]
    for number in range(1000):
        texts = [sentence["text"] for sentence in versions[-1]["sentences"]]
        for _ in range(chance.randint(1, 3)):
            texts[chance.randrange(400)] = f"corrected {number}"
        versions.append(content(*texts))
    kept = [going_back(old, new) for old, new in itertools.pairwise(versions)]
    kept.append(versions[-1])
    assert len(json.dumps(kept)) < 12 * len(json.dumps(versions[0]))
    for number in (0, 1, 500, 999, 1000):
        assert unrolled(reversed(kept[number:])) == versions[number]
    assert unrolled([]) is None


def test_what_differs_in_more_than_words_is_kept_whole() -> None:
    before = content("a", "b", "c")
    for after in (content("a", "b"), content("a", "b", "c", language="zh"), content("x", "y", "c")):
        kept = going_back(before, after)
        assert kept == before
        assert not is_delta_text(json.dumps(kept))
    small = going_back(before, content("a", "x", "c"))
    assert small == {"back": {"1": {"id": 1, "text": "b"}}}
    assert is_delta_text(json.dumps(small))
    assert going_back(before, before) == {"back": {}}
