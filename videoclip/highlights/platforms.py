"""What the platforms allow beside a video: lengths of title and text, number of hashtags."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from videoclip.highlights.text import clean_text
from videoclip.schemas import Platform, Post

__all__ = ["LIMITS", "Limits", "fit_post", "weighted_length"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one platform, in characters; as its upload form has them in 2026, the stricter where two do."""

    title: int
    """0: there is no title; the text says it all."""
    description: int
    hashtags: int
    least_title: int = 0
    title_marks: str | None = None
    """Punctuation that a title may have; None: any."""
    weighted: int = 0
    """Text and hashtags together, wide characters counted twice; 0: no such limit."""


LIMITS: Mapping[Platform, Limits] = {
    Platform.DOUYIN: Limits(30, 1000, 5),
    Platform.XIAOHONGSHU: Limits(20, 1000, 10),
    Platform.BILIBILI: Limits(80, 250, 10),
    Platform.CHANNELS: Limits(16, 1000, 10, least_title=6, title_marks="《》“”：+？%℃"),
    Platform.TIKTOK: Limits(0, 2200, 5),
    Platform.SHORTS: Limits(100, 5000, 3),
    Platform.REELS: Limits(0, 2200, 5),
    Platform.X: Limits(0, 280, 2, weighted=280),
}
"""YouTube shows the first three hashtags; Instagram and TikTok take five."""


def weighted_length(text: str) -> int:
    """Length as X counts it: 2 for wide characters (Chinese, emoji), 1 for the others."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" or ord(c) > 0x10FF else 1 for c in text)


def fit_post(
    platform: Platform, title: str, description: str, hashtags: list[str], engine: str
) -> Post:
    """A post within the platform's limits; texts are cut at a word, hashtags dropped from the end.

    Where the platform has no title, it begins the text, unless the text already begins with it.
    """
    limits = LIMITS[platform]
    if not limits.title and title and not description.startswith(title):
        mark = (
            "" if not description or title[-1] in "。！？.!?" else ("。" if _wide(title) else ". ")
        )
        description = f"{title}{mark}{description}"
    if limits.title_marks is not None:
        title = "".join(c if c.isalnum() or c in limits.title_marks else " " for c in title)
    title = clean_text(title, limits.title) if limits.title else ""
    if limits.title_marks is not None:
        title = title.rstrip("…").rstrip()
    if platform is Platform.SHORTS:  # refused there
        title, description = (t.replace("<", "‹").replace(">", "›") for t in (title, description))
    bare = ("".join(c for c in tag if c.isalnum() or c == "_") for tag in hashtags)
    known: dict[str, str] = {}
    for tag in filter(None, bare):
        known.setdefault(tag.casefold(), tag)
    tags = list(known.values())[: limits.hashtags]
    text = clean_text(description, limits.description)
    if limits.weighted:
        text, tags = _weighed(text, tags, limits.weighted)
    return Post(
        platform=platform,
        title=title if len(title) >= limits.least_title else "",
        description=text,
        hashtags=tags,
        engine=engine,
    )


def _wide(text: str) -> bool:
    return weighted_length(text[-1:]) == 2


def _weighed(text: str, tags: list[str], limit: int) -> tuple[str, list[str]]:
    """Long hashtags go first, then the end of the text."""

    def left(tags: list[str]) -> int:
        return limit - sum(weighted_length(tag) + 2 for tag in tags)

    while tags and left(tags) < limit // 2:
        tags = tags[:-1]
    size = len(text)
    while weighted_length(text) > left(tags):
        size = min(size, len(text)) - 1
        text = clean_text(text, size)
    return text, tags
