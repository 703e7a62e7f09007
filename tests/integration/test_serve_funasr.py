"""FunASR's own code behind Ray Serve: held-out sentences of many callers, in batches, with words and times."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipelines.ray_runtime import RayRuntime
from pipelines.served_speech import ServedRecogniser
from scripts._flite import has_libflite
from tests.support.served import speech_app
from tests.support.tiny_models import TIMES_OFF_MS, WORDS_WRONG, held_out, spec
from videoclip.schemas import Engine
from videoclip.speech.funasr_engine import FunasrRecogniser
from videoclip.speech.scoring.metrics import Spoken as Word
from videoclip.speech.scoring.metrics import TextErrors, TimeErrors, text_errors, time_errors

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(not has_libflite(), reason="flite's library speaks the sentences"),
]

SPEC = spec("paraformer")


@pytest.fixture(scope="module")
def app(ray_runtime: RayRuntime) -> Iterator[Any]:
    with speech_app("tiny", health_period_s=60, batch_wait_ms=200) as handle:
        yield handle


def test_held_out_sentences_through_the_deployment(app: Any) -> None:
    said = held_out(24)
    here = FunasrRecogniser(SPEC)
    recogniser = ServedRecogniser(SPEC, here.engine, "tiny", 120)
    recogniser.recognise(said[0].pcm)  # the replica loads the engine that this caller wants
    before = app.statistics.remote().result()
    with ThreadPoolExecutor(8) as callers:
        heard = list(callers.map(lambda one: recogniser.recognise(one.pcm), said))
    after = app.statistics.remote().result()
    assert after["items"] - before["items"] == len(said)
    assert after["batches"] - before["batches"] < len(said)
    wrong, times = TextErrors(), TimeErrors()
    for one, answer in zip(said, heard, strict=True):
        wrong += text_errors(one.text, " ".join(word.text for word in answer.words), "en")
        words = [Word(word.text, word.start_ms, word.end_ms) for word in answer.words]
        times += time_errors(one.words, words, "en")
    assert (wrong.rate or 0) <= WORDS_WRONG, wrong
    assert (times.median_ms or 0) <= TIMES_OFF_MS, times.median_ms
    alone = here.recognise(said[3].pcm)
    assert [word.text for word in heard[3].words] == [word.text for word in alone.words]


def test_the_engine_is_named_to_the_caller(app: Any) -> None:
    engine: Engine = FunasrRecogniser(SPEC).engine
    assert (engine.name, engine.device) == ("funasr", "cpu")
    assert engine.model.endswith("paraformer")
