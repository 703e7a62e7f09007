"""FunASR's own loading and recognising code, on a model small enough to be made here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.support.tiny_funasr import build
from videoclip.errors import EngineUnavailable, RecognitionFailed
from videoclip.schemas import RecogniserName
from videoclip.settings import Settings, SpeechSettings
from videoclip.speech.funasr_engine import FunasrRecogniser
from videoclip.speech.protocol import BatchRecogniser, Hypothesis, Pcm, RecogniserSpec, Shard
from videoclip.speech.recognise import recognise_shard
from videoclip.speech.resolve import build_recogniser, prefetch, resolve_recogniser

LENGTH_MS = 6_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("tiny") / "model")


def babble() -> Pcm:
    """Six seconds with a pause in the middle."""
    rng = np.random.default_rng(2)
    count = LENGTH_MS * 16
    envelope = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(count) / 16_000)
    samples = rng.normal(0, 4_000, count) * envelope
    samples[count // 2 - 4_000 : count // 2 + 4_000] = 0
    return samples.clip(-32_768, 32_767).astype(np.int16)


def check(heard: Hypothesis) -> None:
    assert heard.words
    spans = [(word.start_ms, word.end_ms) for word in heard.words]
    assert all(0 <= start < end <= LENGTH_MS for start, end in spans)
    assert all(left[0] <= right[0] for left, right in pairwise(spans))
    assert not any("@@" in word.text or "<" in word.text for word in heard.words)


def test_a_local_model_is_resolved_loaded_and_heard_through(folder: Path) -> None:
    settings = Settings(
        offline=True,
        speech=SpeechSettings(model_en=str(folder), vad_model="", punc_model="", device="cpu"),
    )
    spec, notices = resolve_recogniser(RecogniserName.AUTO, "en", [], settings)
    assert spec.engine == "funasr"
    assert notices == []
    assert prefetch(spec) == []
    recogniser = build_recogniser(spec)
    assert (recogniser.engine.name, recogniser.engine.device) == ("funasr", "cpu")
    heard = recogniser.recognise(babble())
    check(heard)
    assert heard.language == "en"
    assert recogniser.recognise(babble()) == heard


def test_words_of_a_shard_are_on_the_recordings_time_line(folder: Path, tmp_path: Path) -> None:
    recogniser = FunasrRecogniser(RecogniserSpec("funasr", "auto", model=str(folder)))
    np.concatenate([np.zeros(80_000, np.int16), babble()]).tofile(tmp_path / "a.pcm")
    result = recognise_shard(
        recogniser, tmp_path / "a.pcm", Shard(1, 80_000, 80_000 + LENGTH_MS * 16)
    )
    assert result.words
    assert all(5_000 <= w.start_ms < w.end_ms <= 5_000 + LENGTH_MS for w in result.words)


def test_voice_activity_detection_that_carries_its_weights(folder: Path) -> None:
    spec = RecogniserSpec("funasr", "auto", model=str(folder), vad_model="silero-vad")
    recogniser = FunasrRecogniser(spec)
    assert recogniser.recognise(np.zeros(LENGTH_MS * 16, np.int16)).words == ()


@pytest.mark.parametrize("samples", [0, 1, 500, 1_600, 4_000])
def test_snippets_are_no_failure(folder: Path, samples: int) -> None:
    recogniser = FunasrRecogniser(RecogniserSpec("funasr", "zh", model=str(folder)))
    heard = recogniser.recognise(babble()[:samples])
    assert all(word.end_ms <= 1_000 for word in heard.words)


def test_nothing_is_printed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recogniser = FunasrRecogniser(RecogniserSpec("funasr", "zh", model=str(folder)))
    recogniser.recognise(babble())
    assert capfd.readouterr() == ("", "")


def test_a_plain_paraformer_gives_times_too_with_a_notice(tmp_path: Path) -> None:
    plain = build(tmp_path / "plain", model="Paraformer")
    settings = Settings(
        offline=True,
        speech=SpeechSettings(model_en=str(plain), vad_model="", punc_model="", device="cpu"),
    )
    spec, notices = resolve_recogniser(RecogniserName.FUNASR, "en", [], settings)
    assert [notice.code for notice in notices] == ["coarse_word_times"]
    check(build_recogniser(spec).recognise(babble()))


def test_a_model_without_word_times_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recogniser = FunasrRecogniser(RecogniserSpec("funasr", "en", model=str(folder)))
    answer = [{"key": "k", "text": "hello world"}]  # what SenseVoice and others give
    monkeypatch.setattr(recogniser._model, "inference", lambda *_, **__: answer)
    with pytest.raises(EngineUnavailable, match="no word times") as caught:
        recogniser.recognise(babble())
    assert "paraformer-zh" in caught.value.remedy


def test_a_broken_folder_is_refused_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.yaml").write_text("model: BiCifParaformer\n")
    (broken / "model.pt").write_bytes(b"no weights")
    with pytest.raises(EngineUnavailable, match="broken"):
        FunasrRecogniser(RecogniserSpec("funasr", "en", model=str(broken)))


def test_a_batch_answers_in_order_and_as_each_alone(folder: Path) -> None:
    recogniser = FunasrRecogniser(RecogniserSpec("funasr", "en", model=str(folder)))
    assert isinstance(recogniser, BatchRecogniser)
    whole = babble()
    pieces = [whole, whole[:40_000], np.zeros(0, np.int16), whole[20_000:]]
    heard = recogniser.recognise_batch(pieces)
    alone = [recogniser.recognise(piece) for piece in pieces]
    texts = [[word.text for word in one.words] for one in heard if isinstance(one, Hypothesis)]
    assert texts == [[word.text for word in one.words] for one in alone]
    assert [bool(words) for words in texts] == [True, True, False, True]


def test_one_bad_piece_spoils_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = FunasrRecogniser(RecogniserSpec("funasr", "en", model=str(folder)))
    real = recogniser._model.inference

    def fails_on_loud(samples: list[np.ndarray], **options: object) -> object:
        if any(abs(one).max() > 0.99 for one in samples):
            raise RuntimeError("out of memory")
        return real(samples, **options)

    monkeypatch.setattr(recogniser._model, "inference", fails_on_loud)
    loud = babble()
    loud[100] = -32_768
    first, second, third = recogniser.recognise_batch([babble(), loud, babble()])
    assert isinstance(first, Hypothesis)
    assert first.words
    assert first == third
    assert isinstance(second, RecognitionFailed)
    assert "out of memory" in second.cause
    with pytest.raises(RecognitionFailed, match="out of memory"):
        recogniser.recognise(loud)
