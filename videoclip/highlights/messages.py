"""What a language model is told: instructions on one side, what was said as data on the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from videoclip.highlights.prompts import Prompt, load_part
from videoclip.highlights.protocol import Brief
from videoclip.highlights.text import clean_text
from videoclip.schemas import Sentence

__all__ = ["as_data", "highlight_messages", "sentence_line"]

Messages = list[dict[str, str]]

_NEUTRAL = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")"})


def as_data(text: str, limit: int) -> str:
    """One line that can neither close the block it stands in nor begin a numbered line."""
    return clean_text(text, limit).translate(_NEUTRAL)


def sentence_line(sentence: Sentence) -> str:
    """A sentence as the model sees it: id, length in seconds, text."""
    length = (sentence.end_ms - sentence.start_ms) / 1000
    return f"[{sentence.id}] ({length:.1f} s) {as_data(sentence.text, 2000)}"


def highlight_messages(
    prompt: Prompt,
    sentences: Sequence[Sentence],
    brief: Brief,
    count: int,
    shape: Mapping[str, Any],
) -> Messages:
    """Instructions, wish, products and transcript; ``shape`` is an example of the answer."""
    system = prompt.fill(
        min_seconds=ceil(brief.min_ms / 1000),
        max_seconds=brief.max_ms // 1000,
        count=count,
        shape=json.dumps(shape, ensure_ascii=False),
    )
    parts = []
    if brief.prompt.strip():
        parts.append(f"What the user looks for: {as_data(brief.prompt, 4000)}")
    if brief.products:
        system += "\n\n" + load_part("products", brief.language).body
        lines = (
            f"{number}: {as_data(' / '.join([product.name, *product.aliases]), 400)}"
            for number, product in enumerate(brief.products, start=1)
        )
        parts.append("<products>\n" + "\n".join(lines) + "\n</products>")
    spoken = "\n".join(map(sentence_line, sentences))
    parts.append(f"<transcript>\n{spoken}\n</transcript>")
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n\n".join(parts)}]
