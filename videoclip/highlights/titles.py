"""Titles, reasons and quotes for a run, made from its own words."""

from __future__ import annotations

import re
from collections import Counter

from videoclip.highlights.cues import CHAT, OPENERS
from videoclip.highlights.features import Features
from videoclip.highlights.ranking import Run
from videoclip.highlights.text import clean_text, is_chinese, join_words, segment, stem, stop_words
from videoclip.schemas import Genre

__all__ = ["key_phrase", "price_of", "product_title", "reason_of", "strongest", "title_of"]

_PRICE_EN = re.compile(
    r"(?:[$€£¥] ?\d[\d.,]*|(?:\d[\d.,]*|(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|hundred|thousand|and)[ -])+) ?(?:dollars|euros|pounds|bucks|yuan))"
)
_PRICE_ZH = re.compile(
    r"[\d一二两三四五六七八九十百千万零.]{1,8}(?:块(?:钱|[一二三四五六七八九])?|元)"
    r"|(?<=只要)[\d一二两三四五六七八九十百千万零]{2,8}|(?<=价是)[\d一二两三四五六七八九十百千万零]{2,8}"
)

_OTHER_PRICE = re.compile(
    r"\b(?:saves?|less|off|more|usual(?:ly)?|regular(?:ly)?|normal(?:ly)?|shops|stores?|list price|elsewhere|instead|was|were)\b"
    "|平时|平常|原价|超市|市场|市面|专柜|外面|别人|别家|官方|省|减"
)


def strongest(features: Features, run: Run, values: list[float], offset: int) -> int:
    """Position of the sentence of the run that stands best on its own (``values`` begin at ``offset``)."""

    def strength(i: int) -> float:
        length = len(features.terms[i])
        return (
            values[i - offset]
            - (0.5 if features.continuer[i] else 0.0)
            - (0.6 if length < 3 else 0.0)
            - (0.8 if features.opener[i] >= 1.0 else 0.0)
        )

    return max(range(run.first, run.last + 1), key=lambda i: (strength(i), -i))


def title_of(features: Features, run: Run, quote: int, language: str) -> str:
    """Product and price for commerce, else the strongest sentence, shortened."""
    chinese = _chinese(features, language)
    phrase = key_phrase(features, run, chinese)
    if features.genre is Genre.COMMERCE and phrase:
        return _capital(product_title(phrase, _price(features, run, chinese), chinese=chinese))
    text = clean_text(features.sentences[quote].text.rstrip(" .。,，;；"), 30 if chinese else 64)
    return _capital(text or phrase)


def price_of(features: Features, run: Run, language: str) -> str:
    """The price at which the run sells, as it is said; empty where none is."""
    return _price(features, run, _chinese(features, language))


def product_title(name: str, price: str, *, chinese: bool) -> str:
    """A product's name with its price."""
    return clean_text(f"{name}{'：' if chinese else ': '}{price}" if price else name, 80)


def key_phrase(features: Features, run: Run, chinese: bool) -> str:
    """The phrase of up to four words that the run repeats and the rest does not; empty if none."""
    stops = stop_words()
    inside: Counter[tuple[str, ...]] = Counter()
    spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
    introduced: set[tuple[str, ...]] = set()
    for i in range(run.first, run.last + 1):
        words = segment(features.texts[i])
        opening = i == run.first or OPENERS.strength(features.texts[i]) >= 1.0
        for size in (1, 2, 3, 4):
            for at in range(len(words) - size + 1):
                part = words[at : at + size]
                if any(word in stops or CHAT.hits(word) for word in part):
                    continue
                if not chinese and any(len(word) < 3 or word.isdigit() for word in part):
                    continue
                key = tuple(stem(word) for word in part)
                inside[key] += 1
                spelled.setdefault(key, tuple(part))
                if opening:
                    introduced.add(key)
    numbers = {term: k for k, term in enumerate(features.vocabulary)}

    def weight(key: tuple[str, ...]) -> float:
        known = [features.weights[numbers[part]] for part in key if part in numbers]
        if len(known) < len(key) or (inside[key] < 2 and key not in introduced):
            return 0.0
        # The head noun must carry the subject: "wireless vacuum" counts with its "vacuum".
        head = inside[(key[-1],)]
        return (
            (sum(known) / len(known))
            * (head + inside[key])
            * (1.6 if key in introduced else 1.0)
            * (1.0 + 0.6 * (len(key) - 1))
        )

    best = max(inside, key=lambda key: (weight(key), -len(key), key), default=None)
    if best is None or weight(best) <= 0.0:
        return ""
    return join_words(spelled[best])


def reason_of(features: Features, scores: dict[str, float], language: str, *, joined: bool) -> str:
    """One sentence that says which criteria carried the run."""
    chinese = _chinese(features, language)
    parts: list[str] = []
    if scores.get("prompt", 0.0) > 0.0:
        parts.append("符合您的要求" if chinese else "matches what was asked for")
    named = sorted(features.criteria, key=lambda c: -scores.get(c.name, 0.0) * c.weight)
    parts += [
        c.label_zh if chinese else c.label_en for c in named if scores.get(c.name, 0.0) >= 0.4
    ][:3]
    if scores.get("central", 0.0) >= 0.5:
        parts.append("紧扣主题" if chinese else "stays on its subject")
    if joined:
        parts.append("连接了相邻的话题" if chinese else "joins neighbouring subjects")
    elif scores.get("complete", 0.0) >= 0.75:
        parts.append("话题完整" if chinese else "covers its subject from start to end")
    if not parts:
        parts.append(
            "这段话的代表性最高" if chinese else "the most representative stretch of its subject"
        )
    return ("，".join(parts) + "。") if chinese else _capital("; ".join(parts) + ".")


def _price(features: Features, run: Run, chinese: bool) -> str:
    """The last price of the run that is neither the usual one nor a saving: shows name the usual one first."""
    pattern = _PRICE_ZH if chinese else _PRICE_EN
    for i in range(run.last, run.first - 1, -1):
        found = pattern.findall(features.texts[i])
        if len(found) > 1 or (found and not _OTHER_PRICE.search(features.texts[i])):
            return str(found[-1]).strip()
    return ""


def _chinese(features: Features, language: str) -> bool:
    if language and language != "auto":
        return language.lower().startswith(("zh", "yue"))
    return is_chinese("".join(features.texts[:50]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
