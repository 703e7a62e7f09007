"""Make the shows that highlighters are measured on: transcripts with labelled windows, from texts.

python scripts/make_shows.py DIR            all of them
python scripts/make_shows.py DIR --half dev only the half that may be looked at

Thirty-two shows, half Chinese and half English: selling with small talk, haggling, interruptions and similar
products; talks, interviews, lessons. ``dev-*`` is for development; ``held-*`` is for the final check only, and
shares no sentence with it. The same texts give the same bytes on every machine.

The texts stand in ``scripts/shows/*.txt``: ``@@`` begins a half, ``==`` a pool of lines; ``product NAME | WORD |
PRICE | USUAL PRICE`` and ``seg NAME`` name what a window is about. Lines are written as recognisers write: no
punctuation, numbers as words.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).resolve().parent / "shows"
HALVES = ("dev", "held")
SPEECH = ("talk", "interview", "course")
SELLING = 5
"""Selling shows of each half and language."""
WORD_ERRORS = 0.03
"""Share of the words that are heard wrong."""
MERGED = 0.08
"""Share of the sentences that run together with the one before."""

Pools = dict[str, list[str]]


@dataclass
class Texts:
    """What one half of one language says."""

    pools: Pools = field(default_factory=dict)
    products: list[tuple[list[str], list[str]]] = field(default_factory=list)
    """``[name, word, price, usual price]`` and the lines about it."""
    speeches: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Segments by genre and name; ``fill`` is what is said between."""


def read_texts(path: Path) -> dict[str, Texts]:
    """The halves of one language's file."""
    halves: dict[str, Texts] = {}
    texts, genre, lines = Texts(), "", list[str]()
    for line in filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())):
        if line.startswith("#"):
            continue
        if line.startswith("@@"):
            texts = halves.setdefault(line[2:].strip(), Texts())
        elif line.startswith("=="):
            kind, _, name = line[2:].strip().partition(" ")
            lines = []
            if kind == "product":
                texts.products.append(([part.strip() for part in name.split("|")], lines))
            elif kind in SPEECH:
                genre = kind
                texts.speeches[genre] = {}
            elif kind in {"seg", "fill"}:
                texts.speeches[genre][name or kind] = lines
            else:
                texts.pools[kind] = lines
        else:
            lines.append(line)
    return halves


class Show:
    """Lines with labels, in order."""

    def __init__(self, name: str, language: str, genre: str) -> None:
        self.name = name
        self.language = language
        self.genre = genre
        self.lines: list[tuple[str, str]] = []
        """Text, and the name of the window that it belongs to or nothing."""
        self.products: list[str] = []

    def say(self, lines: list[str], window: str = "") -> None:
        """Add lines."""
        self.lines += [(line, window) for line in lines]

    def write(self, folder: Path, rng: random.Random) -> None:
        """Write ``NAME.transcript.json`` and ``NAME.labels.json``."""
        pool = [piece for line, _ in self.lines for piece in self._pieces(line)]
        sentences: list[dict[str, Any]] = []
        windows: dict[str, dict[str, Any]] = {}
        at, word_id, before = 600, 0, None
        for line, window in self.lines:
            if window != before:
                at += rng.randint(100, 900)
            words: list[dict[str, Any]] = []
            for piece in self._pieces(line):
                heard = rng.choice(pool) if rng.random() < WORD_ERRORS else piece
                length = 190 if self.language == "zh" else 150 + 42 * len(piece)
                words.append({"id": word_id, "text": heard, "start_ms": at, "end_ms": at + length})
                word_id += 1
                at += length + (0 if self.language == "zh" else 20)
            start, end = words[0]["start_ms"], words[-1]["end_ms"]
            if sentences and window == before and rng.random() < MERGED:
                words = sentences.pop()["words"] + words
            sentences.append(self._sentence(len(sentences), words))
            if window:
                label = windows.setdefault(window, {"name": window, "start_ms": start})
                label["end_ms"] = end
            before = window
            at = end + rng.randint(220, 520)
        transcript = {
            "version": 1,
            "language": self.language,
            "duration_ms": at + 800,
            "engine": {"name": "made", "version": "1"},
            "sentences": sentences,
        }
        labels = {
            "language": self.language,
            "genre": self.genre,
            "products": self.products,
            "windows": list(windows.values()),
        }
        for kind, content in (("transcript", transcript), ("labels", labels)):
            text = json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
            (folder / f"{self.name}.{kind}.json").write_text(text, encoding="utf-8")

    def _pieces(self, line: str) -> list[str]:
        return [c for c in line if not c.isspace()] if self.language == "zh" else line.split()

    def _sentence(self, number: int, words: list[dict[str, Any]]) -> dict[str, Any]:
        text = ("" if self.language == "zh" else " ").join(word["text"] for word in words)
        start, end = words[0]["start_ms"], words[-1]["end_ms"]
        return {"id": number, "text": text, "start_ms": start, "end_ms": end, "words": words}


def selling_show(name: str, language: str, texts: Texts, number: int, rng: random.Random) -> Show:
    """Three to five products with small talk around; the first two products of the list are alike."""
    show = Show(name, language, "commerce")
    products = texts.products[2:]
    rng.shuffle(products)
    products = products[: rng.randint(3, 5)]
    if number % 2:  # two similar ones, one right after the other
        products = [*products[:2], *texts.products[:2], *products[2:3]]
    chat = _dealt(texts.pools["between"], rng)
    pools = {kind: _dealt(texts.pools[kind], rng) for kind in ("open", "benefit", "aside", "proof")}
    orders = _dealt(texts.pools["order"], rng)
    show.say(rng.sample(texts.pools["hello"], rng.randint(3, 5)))
    for (title, word, now, usual), facts in products:
        show.products.append(title)
        middle = [*rng.sample(facts, rng.randint(4, 5)), next(pools["benefit"])]
        rng.shuffle(middle)
        if rng.random() < 0.6:
            middle.insert(rng.randint(2, len(middle) - 1), next(pools["aside"]))
        banter = list(texts.pools["banter"])
        if rng.random() < 0.4:
            del banter[1:3]
        proofs = [next(pools["proof"]) for _ in range(rng.randint(1, 2))]
        pitch = [next(pools["open"]), *middle, *proofs, *banter]
        pitch += [next(orders) for _ in range(rng.randint(1, 2))]
        show.say([line.format(name=title, n=word, now=now, was=usual) for line in pitch], title)
        show.say([next(chat) for _ in range(rng.choice((0, 2, 3, 4, 5)))])
    show.say(texts.pools["bye"])
    return show


def speech_show(name: str, language: str, genre: str, texts: Texts, rng: random.Random) -> Show:
    """All segments of a genre with what is said between them."""
    show = Show(name, language, genre)
    parts = dict(texts.speeches[genre])
    fill = parts.pop("fill")
    chat = _dealt(fill, rng)
    for segment, lines in parts.items():
        show.say([next(chat) for _ in range(rng.randint(2, 3))])
        show.say(lines, segment)
    show.say([next(chat) for _ in range(2)])
    return show


def _dealt(lines: list[str], rng: random.Random) -> Any:
    """The lines shuffled, again and again."""
    while True:
        deck = list(lines)
        rng.shuffle(deck)
        yield from deck


def make_shows(folder: Path, halves: tuple[str, ...] = HALVES) -> list[str]:
    """Write the shows of these halves; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for language in ("zh", "en"):
        texts = read_texts(TEXTS / f"{language}.txt")
        for half in halves:
            for number in range(SELLING):
                name = f"{half}-{language}-commerce-{number + 1}"
                rng = random.Random(name)
                selling_show(name, language, texts[half], number, rng).write(folder, rng)
                made.append(name)
            for genre in SPEECH:
                name = f"{half}-{language}-{genre}"
                rng = random.Random(name)
                speech_show(name, language, genre, texts[half], rng).write(folder, rng)
                made.append(name)
    return made


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Make the shows that highlighters are measured on."
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--half", choices=HALVES, help="only this half")
    given = parser.parse_args()
    names = make_shows(given.folder, (given.half,) if given.half else HALVES)
    print(f"{len(names)} shows in {given.folder}")


if __name__ == "__main__":
    main()
