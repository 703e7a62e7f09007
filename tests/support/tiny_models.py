"""The models of ``assets/models``, and speech for them whose words and times are known."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from scripts._flite import RATE, speak_words
from scripts._tiny_text import SHOW, sentences
from scripts.make_models import MODELS
from videoclip.speech.protocol import Pcm, RecogniserSpec
from videoclip.speech.scoring.metrics import Spoken as Word
from videoclip.speech.scoring.metrics import Turn

__all__ = ["MODELS", "PURITY", "TIMES_OFF_MS", "WORDS_WRONG", "Spoken", "held_out", "show", "spec"]

WORDS_WRONG, TIMES_OFF_MS, PURITY = 0.10, 100, 0.9
"""What the models promise on speech that they were not trained on."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """16 kHz mono, what is said when, and by whom."""

    pcm: Pcm
    words: tuple[Word, ...]
    turns: tuple[Turn, ...] = ()

    @property
    def text(self) -> str:
        """The words, separated by spaces."""
        return " ".join(word.text for word in self.words)


def spec(model: str, *, vad: bool = True, punc: bool = True, spk: bool = False) -> RecogniserSpec:
    """A tiny model with the tiny models beside it."""
    return RecogniserSpec(
        engine="funasr",
        language="en",
        model=str(MODELS / model),
        vad_model=str(MODELS / "fsmn-vad") if vad else "",
        punc_model=str(MODELS / "ct-punc") if punc else "",
        spk_model=str(MODELS / "campplus") if spk else "",
    )


def held_out(count: int, seed: int = 20_261) -> list[Spoken]:
    """Sentences of the grammar that the models were not trained on, the voices in turn."""
    trained = frozenset(sentences(1, 1_200))
    voices = ("rms", "slt", "awb")
    texts = list(sentences(seed, count * 5 // 4 + 5, trained))
    grammatical = [text for i, text in enumerate(texts) if i % 5 != 4][:count]
    return [_join([(voices[i % 3], text)], seed + i) for i, text in enumerate(grammatical)]


def show() -> Spoken:
    """The tiny show: three speakers, eleven sentences, pauses between them."""
    return _join(list(SHOW), 5)


def _join(lines: list[tuple[str, str]], seed: int) -> Spoken:
    rng = random.Random(seed)
    noise = np.random.default_rng(seed)
    pieces: list[np.ndarray] = [np.zeros(RATE // 2, np.int16)]
    words: list[Word] = []
    turns: list[Turn] = []
    at = 500
    for voice, text in lines:
        said = speak_words(text, voice, rng.uniform(0.95, 1.1))
        own = [Word(word, at + start, at + end) for word, start, end in said.words]
        words += own
        turns.append(Turn(voice, at + said.words[0][1], at + said.words[-1][2]))
        gap = rng.randint(500, 900)
        length = len(said.samples) // 16 + gap
        piece = np.zeros(length * 16, np.int16)
        piece[: len(said.samples)] = said.samples
        pieces.append(piece)
        at += length
    samples = np.concatenate(pieces)
    samples = samples + noise.normal(0, 4, len(samples)).astype(np.int16)
    return Spoken(samples, tuple(words), tuple(turns))
