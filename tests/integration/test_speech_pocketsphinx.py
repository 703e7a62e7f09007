"""The recogniser that needs no download, on speech whose every word is known."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from tests.support.wer import word_error_rate
from videoclip.errors import EngineUnavailable
from videoclip.schemas import Transcript
from videoclip.speech.merge import merge
from videoclip.speech.pocketsphinx_engine import PocketsphinxRecogniser
from videoclip.speech.protocol import RecogniserSpec
from videoclip.speech.recognise import recognise_shard
from videoclip.speech.shards import plan_shards

SPEC = RecogniserSpec(engine="pocketsphinx", language="en", model="en-us")
SENTENCES = (
    "Welcome to the show, and thank you for watching tonight.",
    "The first product is a coffee machine with a large water tank.",
    "It makes a perfect cup in thirty seconds, and it is very quiet.",
    "If you order now, we will send you a free bag of fresh coffee.",
    "My sister came to visit me last weekend, and we went to the beach.",
    "The next product is a small vacuum cleaner for your car.",
    "You have thirty days to change your mind and send it back.",
)
GAPS_MS = (600, 500, 650, 550, 700, 450, 600)
TOLERANCE_MS = 150
"""What the sample's captions may be off by, median."""


def _flite() -> bool:
    found = subprocess.run(["ffmpeg", "-hide_banner", "-filters"], capture_output=True, check=False)
    return b" flite " in found.stdout


pytestmark = pytest.mark.skipif(not _flite(), reason="this ffmpeg speaks no text (no flite filter)")


@functools.cache
def speak(text: str, voice: str) -> np.ndarray:
    safe = text.replace("'", "").replace(",", "\\,")
    source = f"flite=text='{safe}':voice={voice}"
    raw = ["-ar", "16000", "-ac", "1", "-f", "s16le", "-"]
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", source, *raw],
        capture_output=True,
        check=True,
    )
    return np.frombuffer(made.stdout, "<i2")


@functools.cache
def recording(voice: str) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """Samples, and for each sentence when its sound begins and ends, ms."""
    parts, truth, at = [], [], 0
    for sentence, gap_ms in zip(SENTENCES, GAPS_MS, strict=True):
        spoken = speak(sentence, voice)
        loud = np.flatnonzero(np.abs(spoken.astype(int)) > 300)
        truth.append(((at + int(loud[0])) // 16, (at + int(loud[-1])) // 16))
        parts += [spoken, np.zeros(gap_ms * 16, "<i2")]
        at += len(spoken) + gap_ms * 16
    return np.concatenate(parts), tuple(truth)


@pytest.fixture(scope="module")
def recogniser() -> PocketsphinxRecogniser:
    return PocketsphinxRecogniser(SPEC)


def transcribe(recogniser: PocketsphinxRecogniser, samples: np.ndarray, folder: Path) -> Transcript:
    path = folder / "audio.pcm"
    samples.astype("<i2").tofile(path)
    plan = plan_shards(path, target_ms=15_000, max_ms=30_000)
    return merge(
        [recognise_shard(recogniser, path, shard) for shard in plan.shards],
        plan,
        duration_ms=len(samples) // 16,
        engine=recogniser.engine,
        language="auto",
        failed=[],
    )


@pytest.mark.parametrize("voice", ["rms", "slt", "awb"])
def test_words_times_and_sentences_of_clear_speech(
    recogniser: PocketsphinxRecogniser, tmp_path: Path, voice: str
) -> None:
    samples, truth = recording(voice)
    transcript = transcribe(recogniser, samples, tmp_path)

    heard = " ".join(word.text for word in transcript.words)
    assert word_error_rate(" ".join(SENTENCES), heard) <= 0.10, heard

    assert len(transcript.sentences) == len(SENTENCES)
    errors = [
        abs(found - wanted)
        for sentence, span in zip(transcript.sentences, truth, strict=True)
        for found, wanted in zip((sentence.start_ms, sentence.end_ms), span, strict=True)
    ]
    assert median(errors) <= TOLERANCE_MS / 2
    assert max(errors) <= TOLERANCE_MS * 2

    assert transcript.language == "en"
    assert transcript.engine.name == "pocketsphinx"
    assert all(word.confidence is not None for word in transcript.words)
    assert not any(mark in heard for mark in "<>[]()")


def test_quiet_recordings_are_heard_as_well(
    recogniser: PocketsphinxRecogniser, tmp_path: Path
) -> None:
    samples, _ = recording("rms")
    noise = np.random.default_rng(3).normal(0, 2, len(samples))
    transcript = transcribe(recogniser, samples * 0.02 + noise, tmp_path)
    heard = " ".join(word.text for word in transcript.words)
    assert word_error_rate(" ".join(SENTENCES), heard) <= 0.15, heard


def test_an_answer_depends_on_nothing_heard_before(recogniser: PocketsphinxRecogniser) -> None:
    first, second = speak(SENTENCES[1], "slt"), speak(SENTENCES[2], "awb")
    alone = recogniser.recognise(first)
    recogniser.recognise(second)
    assert recogniser.recognise(first) == alone
    assert PocketsphinxRecogniser(SPEC).recognise(first) == alone


@pytest.mark.parametrize("samples", [0, 1, 100, 1_600, 32_000])
def test_silence_and_snippets_have_no_words(
    recogniser: PocketsphinxRecogniser, samples: int
) -> None:
    assert recogniser.recognise(np.zeros(samples, np.int16)).words == ()


def test_noise_is_survived(recogniser: PocketsphinxRecogniser) -> None:
    noise = np.random.default_rng(4).normal(0, 3_000, 80_000).clip(-32_768, 32_767)
    heard = recogniser.recognise(noise.astype(np.int16))
    assert all(0 <= word.start_ms < word.end_ms <= 5_000 for word in heard.words)


def test_other_languages_are_refused() -> None:
    with pytest.raises(EngineUnavailable, match="English only"):
        PocketsphinxRecogniser(RecogniserSpec(engine="pocketsphinx", language="zh"))
