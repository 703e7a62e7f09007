"""Made-up shows with known subjects, written the way a recogniser writes: no punctuation, numbers as words.

A line that starts with ``#`` opens a part: ``#chat`` is small talk, any other name is a subject that a good
clip covers. Times come from the length of the text, so each show is the same on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.support.show_texts import (
    BEAUTY_EN,
    FARM_ZH,
    GADGETS_EN,
    GARDEN_EN,
    KITCHEN_EN,
    LIVE_ZH,
    PETS_EN,
    TEA_ZH,
)
from videoclip.schemas import Engine, Sentence, Transcript, Word


@dataclass(frozen=True)
class Show:
    """A transcript and the windows of its subjects, in ms."""

    transcript: Transcript
    subjects: dict[str, tuple[int, int]]


def make_show(
    script: str,
    *,
    language: str,
    seed: int = 1,
    word_errors: float = 0.0,
    pauses: bool = True,
    merged: float = 0.0,
) -> Show:
    """Turn a script into a transcript with word times.

    ``word_errors`` swaps that share of the words, and ``merged`` is the share of sentences that the recogniser
    runs together with the one before.
    """
    rng = random.Random(seed)
    lines = [line.strip() for line in script.strip().splitlines() if line.strip()]
    pool = [piece for line in lines if line[0] != "#" for piece in _pieces(line, language)]
    sentences: list[Sentence] = []
    subjects: dict[str, tuple[int, int]] = {}
    name, at, word_id, opened = "chat", 600, 0, False
    for line in lines:
        if line[0] == "#":
            name = line[1:]
            opened = False
            at += rng.randint(500, 1100) if pauses else 0
            continue
        words = []
        for piece in _pieces(line, language):
            heard = rng.choice(pool) if rng.random() < word_errors else piece
            length = 190 if language == "zh" else 150 + 42 * len(piece)
            words.append(Word(id=word_id, text=heard, start_ms=at, end_ms=at + length))
            word_id += 1
            at += length + (0 if language == "zh" else 20)
        start, end = words[0].start_ms, words[-1].end_ms
        separator = "" if language == "zh" else " "
        text = separator.join(word.text for word in words)
        if opened and rng.random() < merged:
            before = sentences.pop()
            words, start = before.words + words, before.start_ms
            text = before.text + separator + text
        opened = True
        sentences.append(
            Sentence(id=len(sentences), text=text, start_ms=start, end_ms=end, words=words)
        )
        if name != "chat":
            subjects[name] = (subjects.get(name, (start, end))[0], end)
        at = end + (rng.randint(220, 520) if pauses else 300)
    transcript = Transcript(
        language=language, duration_ms=at + 800, engine=Engine(name="made"), sentences=sentences
    )
    return Show(transcript, subjects)


def _pieces(line: str, language: str) -> list[str]:
    return [c for c in line if not c.isspace()] if language == "zh" else line.split()


def iou(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Overlap of two ranges over their union."""
    shared = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) if shared else 0.0


TUNING = {
    "kitchen": (KITCHEN_EN, "en"),
    "garden": (GARDEN_EN, "en"),
    "live": (LIVE_ZH, "zh"),
    "gadgets": (GADGETS_EN, "en"),
}
HELD_OUT = {
    "beauty": (BEAUTY_EN, "en"),
    "farm": (FARM_ZH, "zh"),
    "pets": (PETS_EN, "en"),
    "tea": (TEA_ZH, "zh"),
}
