"""Which recogniser is taken, and what the user is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from videoclip.errors import EngineUnavailable
from videoclip.schemas import Notice, RecogniserName
from videoclip.settings import Settings, SpeechSettings
from videoclip.speech import resolve, weights
from videoclip.speech.protocol import RecogniserSpec
from videoclip.speech.resolve import build_recogniser, resolve_recogniser

AUTO, FUNASR, SPHINX = RecogniserName.AUTO, RecogniserName.FUNASR, RecogniserName.POCKETSPHINX


@pytest.fixture(autouse=True)
def _empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "modelscope"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


@pytest.fixture
def hub_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "hub_answers", lambda: False)


@pytest.fixture
def hub_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "hub_answers", lambda: True)


def settings(*, offline: bool = True, **speech: str) -> Settings:
    return Settings(offline=offline, speech=SpeechSettings(device="cpu", **speech))


def model_folder(folder: Path, kind: str = "BiCifParaformer") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(f"model: {kind}\n")
    (folder / "model.pt").write_bytes(b"weights")
    return folder


def cache_everything(root: Path, style: str = "models/{owner}/{name}") -> None:
    speech = SpeechSettings()
    for model in (speech.model_zh, speech.model_en, speech.vad_model, speech.punc_model):
        owner, name = model.split("/")
        model_folder(root / style.format(owner=owner, name=name))


def codes(notices: list[Notice]) -> list[str]:
    return [notice.code for notice in notices]


def test_without_weights_auto_falls_back_and_says_how_to_get_better() -> None:
    spec, notices = resolve_recogniser(AUTO, "en", [], settings())
    assert (spec.engine, spec.language) == ("pocketsphinx", "en")
    assert codes(notices) == ["recogniser_fallback"]
    assert "pocketsphinx instead of FunASR" in notices[0].message
    assert "wrong" in notices[0].message
    for hint in ("VIDEOCLIP_OFFLINE", "about 1 GB", "VIDEOCLIP_SPEECH__MODEL_EN"):
        assert hint in notices[0].remedy


def test_an_unreachable_hub_is_named(hub_down: None) -> None:
    _, notices = resolve_recogniser(AUTO, "en", [], settings(offline=False))
    assert "does not answer" in notices[0].message


def test_a_reachable_hub_means_funasr_with_a_word_about_the_download(hub_up: None) -> None:
    spec, notices = resolve_recogniser(AUTO, "zh", [], settings(offline=False))
    assert spec.engine == "funasr"
    assert codes(notices) == ["recogniser_download"]


def test_offline_never_asks_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> bool:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(resolve, "hub_answers", asked)
    resolve_recogniser(AUTO, "en", [], settings(offline=True))
    with pytest.raises(EngineUnavailable):
        resolve_recogniser(FUNASR, "en", [], settings(offline=True))


@pytest.mark.parametrize(
    "style",
    [
        "models/{owner}/{name}",
        "hub/models/{owner}/{name}",
        "{owner}/{name}",
        "hub/{owner}/{name}",
        "models/{owner}--{name}/snapshots/abc",
    ],
)
def test_cached_weights_are_found_in_every_layout(tmp_path: Path, style: str) -> None:
    cache_everything(tmp_path / "modelscope", style)
    spec, notices = resolve_recogniser(AUTO, "zh", [], settings())
    assert spec.engine == "funasr"
    assert spec.model == SpeechSettings().model_zh  # the id, so that caching changes no fingerprint
    assert notices == []


def test_weights_from_hugging_face_serve_too(tmp_path: Path) -> None:
    for name in ("paraformer-en", "fsmn-vad", "ct-punc"):
        model_folder(tmp_path / f"hf/hub/models--funasr--{name}/snapshots/abc")
    spec, _ = resolve_recogniser(AUTO, "en", [], settings())
    assert spec.engine == "funasr"


def test_half_a_download_does_not_count(tmp_path: Path) -> None:
    cache_everything(tmp_path / "modelscope")
    owner, name = SpeechSettings().model_en.split("/")
    (tmp_path / "modelscope/models" / owner / name / "model.pt").unlink()
    spec, _ = resolve_recogniser(AUTO, "en", [], settings())
    assert spec.engine == "pocketsphinx"


def test_a_local_folder_is_a_model_and_its_state_is_in_the_spec(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "own")
    own = settings(model_en=str(folder), vad_model="silero-vad", punc_model="")
    spec, notices = resolve_recogniser(FUNASR, "en", [], own)
    assert (spec.model, spec.vad_model, spec.punc_model) == (str(folder), "silero-vad", "")
    assert notices == []
    (folder / "model.pt").write_bytes(b"other weights")
    changed, _ = resolve_recogniser(FUNASR, "en", [], own)
    assert changed != spec


def test_chinese_without_weights_is_refused(hub_down: None) -> None:
    for given in (settings(), settings(offline=False)):
        with pytest.raises(EngineUnavailable) as caught:
            resolve_recogniser(AUTO, "zh-CN", [], given)
        assert caught.value.exit_status == 2
        assert "--transcript" in caught.value.remedy


def test_explicit_funasr_never_becomes_something_else(hub_down: None) -> None:
    with pytest.raises(EngineUnavailable, match="not on this machine"):
        resolve_recogniser(FUNASR, "en", [], settings(offline=False))


@pytest.mark.parametrize("choice", [AUTO, FUNASR, SPHINX])
def test_a_language_that_nothing_here_knows_is_refused(choice: RecogniserName) -> None:
    with pytest.raises(EngineUnavailable, match="de"):
        resolve_recogniser(choice, "de", [], settings())


def test_pocketsphinx_takes_auto_as_english_and_says_so() -> None:
    spec, notices = resolve_recogniser(SPHINX, "auto", [], settings())
    assert spec.language == "en"
    assert codes(notices) == ["language_assumed"]


def test_hotwords_that_cannot_work_are_not_ignored_silently(tmp_path: Path) -> None:
    spec, notices = resolve_recogniser(SPHINX, "en", ["Acme"], settings())
    assert codes(notices) == ["hotwords_unused"]
    assert spec.hotwords == ()
    plain = settings(model_en=str(model_folder(tmp_path / "plain")), vad_model="", punc_model="")
    assert codes(resolve_recogniser(FUNASR, "en", ["Acme"], plain)[1]) == ["hotwords_unused"]
    folder = model_folder(tmp_path / "seaco", "SeacoParaformer")
    biased = settings(model_en=str(folder), vad_model="", punc_model="")
    spec, notices = resolve_recogniser(FUNASR, "en", [" Acme ", ""], biased)
    assert spec.hotwords == ("Acme",)
    assert notices == []


def test_a_model_without_a_head_for_times_is_named(hub_up: None) -> None:
    _, notices = resolve_recogniser(AUTO, "en", [], settings(offline=False))
    assert codes(notices) == ["recogniser_download", "coarse_word_times"]


def test_prefetch_asks_for_nothing_that_is_there(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "own")
    spec = RecogniserSpec("funasr", "en", model=str(folder), vad_model="silero-vad")
    assert weights.prefetch(spec) == []
    assert weights.prefetch(RecogniserSpec("pocketsphinx", "en")) == []


def test_prefetch_names_an_incomplete_folder(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no complete model") as caught:
        weights.prefetch(RecogniserSpec("funasr", "en", model=str(tmp_path)))
    assert "model.pt" in caught.value.remedy


@pytest.mark.parametrize("name", ["", "../../etc", "a/b/c", "x" * 5000, "silero-vad", "iic/.."])
def test_odd_names_are_no_local_model(name: str) -> None:
    assert weights.local_model(name) is None


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="no recogniser called"):
        build_recogniser(RecogniserSpec("sphinx9", "en"))


def test_a_download_that_fails_lets_pocketsphinx_stand_in_for_english_only() -> None:
    failure = EngineUnavailable("the model x cannot be downloaded: 404", "Check the connection")
    spec, notices = resolve.without_download("auto", [], Settings(), failure)
    assert spec.engine == "pocketsphinx"
    assert "recogniser_fallback" in [notice.code for notice in notices]
    assert "404" in notices[0].message
    with pytest.raises(EngineUnavailable, match="404"):
        resolve.without_download("zh", [], Settings(), failure)


def test_a_proxy_of_an_unknown_kind_is_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "what://127.0.0.1:9")
    assert weights.hub_answers() is False
