"""Every way through FunASR's ``AutoModel``, on the models of ``assets/models``, with figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.eval_asr import main as evaluate
from scripts._encode import write_wav
from scripts._flite import has_libflite
from tests.support.tiny_models import (
    MODELS,
    PURITY,
    TIMES_OFF_MS,
    WORDS_WRONG,
    Spoken,
    held_out,
    show,
    spec,
)
from videoclip.errors import EngineUnavailable
from videoclip.schemas import RecogniserName
from videoclip.settings import Settings, SpeechSettings
from videoclip.speech.funasr_engine import FunasrRecogniser
from videoclip.speech.merge import merge
from videoclip.speech.protocol import Hypothesis
from videoclip.speech.recognise import ShardResult, recognise_shard
from videoclip.speech.resolve import resolve_recogniser
from videoclip.speech.scoring.metrics import Spoken as Word
from videoclip.speech.scoring.metrics import TextErrors, TimeErrors, text_errors, time_errors
from videoclip.speech.shards import plan_shards

pytestmark = pytest.mark.skipif(not has_libflite(), reason="flite's library speaks the sentences")


TINY_DISTANCE = 0.8
"""Voices of the tiny speaker model spread more than those of the real one."""


def words_of(heard: Hypothesis) -> list[Word]:
    return [Word(word.text, word.start_ms, word.end_ms) for word in heard.words]


@pytest.fixture(scope="module")
def recogniser() -> FunasrRecogniser:
    return FunasrRecogniser(spec("paraformer", spk=True))


@pytest.fixture(scope="module")
def tiny_show() -> Spoken:
    return show()


def test_held_out_sentences_are_recognised(recogniser: FunasrRecogniser) -> None:
    said = held_out(24)
    total = TextErrors()
    for one, answer in zip(said, recogniser.recognise_batch([s.pcm for s in said]), strict=True):
        assert isinstance(answer, Hypothesis)
        total += text_errors(one.text, " ".join(w.text for w in answer.words), "en")
    assert total.rate is not None
    assert total.rate <= WORDS_WRONG


def test_words_of_held_out_sentences_are_timed(recogniser: FunasrRecogniser) -> None:
    said = held_out(24)
    heard = recogniser.recognise_batch([one.pcm for one in said])
    errors = TimeErrors()
    for one, answer in zip(said, heard, strict=True):
        assert isinstance(answer, Hypothesis)
        errors += time_errors(one.words, words_of(answer), "en")
        assert all(word.confidence is not None for word in answer.words)
    assert len(errors.errors_ms) >= 40  # both edges of words that were heard as they were said
    assert (errors.median_ms or 0) <= TIMES_OFF_MS


def test_the_show_is_cut_into_shards_and_merged_with_its_speakers(
    recogniser: FunasrRecogniser, tiny_show: Spoken, tmp_path: Path
) -> None:
    pcm = tmp_path / "show.pcm"
    tiny_show.pcm.astype("<i2").tofile(pcm)
    plan = plan_shards(pcm, target_ms=10_000, max_ms=20_000)
    assert len(plan.shards) >= 3
    results = [recognise_shard(recogniser, pcm, shard) for shard in plan.shards]
    results = [ShardResult.from_json(json.loads(json.dumps(one.to_json()))) for one in results]
    transcript = merge(
        results,
        plan,
        duration_ms=len(tiny_show.pcm) // 16,
        engine=recogniser.engine,
        language="en",
        speaker_distance=TINY_DISTANCE,
    )
    groups: dict[str, dict[str, int]] = {}
    for sentence in transcript.sentences:
        for word in sentence.words:
            middle = (word.start_ms + word.end_ms) // 2
            true = next(
                (t.speaker for t in tiny_show.turns if t.start_ms <= middle < t.end_ms), None
            )
            if true and word.speaker:
                group = groups.setdefault(word.speaker, {})
                group[true] = group.get(true, 0) + 1
    said = sum(sum(group.values()) for group in groups.values())
    purity = sum(max(group.values()) for group in groups.values()) / said
    assert set(groups) == {"S1", "S2", "S3"}
    # A word more or less, at a border of short shards, is a hundredth: 0.899 to 0.907 were seen on different days.
    assert purity >= PURITY - 0.05


def test_speech_is_found_and_silence_is_not(recogniser: FunasrRecogniser) -> None:
    assert recogniser.recognise(np.zeros(80_000, np.int16)).words == ()
    (one,) = held_out(1)
    padded = np.concatenate([np.zeros(48_000, np.int16), one.pcm])
    heard = recogniser.recognise(padded)
    assert heard.words
    assert heard.words[0].start_ms >= 3_000


def test_sensevoice_tells_language_and_times(tiny_show: Spoken) -> None:
    engine = FunasrRecogniser(spec("sensevoice"))
    heard = engine.recognise(
        tiny_show.pcm[:80_000]
    )  # a text that FunASR's second look splits alike
    assert heard.language == "en"
    assert heard.words
    assert all("<" not in word.text and "▁" not in word.text for word in heard.words)
    assert all(a.start_ms <= b.start_ms for a, b in zip(heard.words, heard.words[1:], strict=False))


def test_seaco_listens_to_hotwords(tiny_show: Spoken) -> None:
    engine = FunasrRecogniser(spec("seaco"))
    plain = engine.recognise(tiny_show.pcm[:160_000])
    biased = engine.with_hotwords(["machine", "camera"]).recognise(tiny_show.pcm[:160_000])
    assert plain.words
    assert biased.words
    assert [w.text for w in plain.words] != [w.text for w in biased.words]


def offline(**speech: str) -> Settings:
    return Settings(offline=True, speech=SpeechSettings(device="cpu", **speech))


def test_auto_takes_sensevoice_where_it_is_and_korean_only_there() -> None:
    settings = offline(model_multi=str(MODELS / "sensevoice"), vad_model="", punc_model="")
    for language in ("auto", "ko", "yue", "ja"):
        chosen, _ = resolve_recogniser(RecogniserName.AUTO, language, [], settings)
        assert (chosen.engine, chosen.model) == ("funasr", str(MODELS / "sensevoice"))
        assert chosen.language == language
    with pytest.raises(EngineUnavailable):
        resolve_recogniser(RecogniserName.AUTO, "ko", [], offline())


def test_a_model_without_word_times_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    nano = tmp_path / "nano"
    nano.mkdir()
    (nano / "config.yaml").write_text("model: FunASRNano\n")
    (nano / "model.pt").write_bytes(b"")
    for model in (str(nano), "FunAudioLLM/Fun-ASR-Nano-2512"):
        with pytest.raises(EngineUnavailable, match="word times") as caught:
            resolve_recogniser(RecogniserName.FUNASR, "en", [], offline(model_en=model))
        assert "SenseVoice" in caught.value.remedy


def test_a_revision_is_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from videoclip.speech.weights import local_model

    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    folder = tmp_path / "models" / "iic" / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("model: Paraformer\n")
    (folder / "model.pt").write_bytes(b"x")
    assert local_model("iic/tiny") == folder
    assert local_model("iic/tiny@v2") is None
    (folder / ".videoclip-revision").write_text("v2")
    assert local_model("iic/tiny@v2") == folder
    assert local_model("iic/tiny@../v2") is None


def test_the_evaluation_tells_errors_times_and_speakers(
    tiny_show: Spoken,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_wav(tmp_path / "show.wav", tiny_show.pcm, 16_000)
    (tmp_path / "show.txt").write_text(tiny_show.text, encoding="utf-8")
    lines = [
        f"SPEAKER show 1 {t.start_ms / 1000:.3f} {(t.end_ms - t.start_ms) / 1000:.3f} <NA> <NA> {t.speaker} <NA> <NA>"
        for t in tiny_show.turns
    ]
    (tmp_path / "show.rttm").write_text("\n".join(lines), encoding="utf-8")
    for name, model in (
        ("MODEL_EN", "paraformer"),
        ("VAD_MODEL", "fsmn-vad"),
        ("SPK_MODEL", "campplus"),
    ):
        monkeypatch.setenv(f"VIDEOCLIP_SPEECH__{name}", str(MODELS / model))
    monkeypatch.setenv("VIDEOCLIP_SPEECH__PUNC_MODEL", str(MODELS / "ct-punc"))
    monkeypatch.setenv("VIDEOCLIP_SPEECH__SPEAKER_DISTANCE", str(TINY_DISTANCE))
    monkeypatch.setenv("VIDEOCLIP_OFFLINE", "true")
    out = tmp_path / "figures.json"
    assert (
        evaluate([str(tmp_path), "--recogniser", "funasr", "--language", "en", "--json", str(out)])
        == 0
    )
    figures = json.loads(out.read_text())
    all_words = figures["together"]["word"]
    assert 0 <= all_words["error_rate"] < 1
    assert 0 <= all_words["der"] < 0.5
    assert all_words["rtf"] > 0
    assert figures["engine"]["name"] == "funasr"
    assert "show.wav" in capsys.readouterr().out
