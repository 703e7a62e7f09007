"""Which recogniser does the work: what was asked for, what is here, and what to say about the difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from videoclip.errors import EngineUnavailable
from videoclip.schemas import Notice, RecogniserName
from videoclip.settings import Settings, SpeechSettings
from videoclip.speech.funasr_engine import FunasrRecogniser, model_class
from videoclip.speech.pocketsphinx_engine import PocketsphinxRecogniser
from videoclip.speech.protocol import Recogniser, RecogniserSpec
from videoclip.speech.weights import (
    MODELSCOPE_HOST,
    hub_answers,
    local_model,
    missing,
    prefetch,
    split_revision,
)

__all__ = ["build_recogniser", "prefetch", "resolve_recogniser", "without_download"]

_WITHOUT_TIME_HEAD = ("paraformer-en", SpeechSettings().model_en)
_MULTI = ("yue", "ja", "ko")  # languages of SenseVoice only
_LANGUAGES = ("auto", "zh", "en", *_MULTI)
_WITHOUT_WORD_TIMES = {  # classes and names whose answers cannot be cut by
    "FunASRNano": "it tells no word times",
    "FunASRNanoVLLM": "it tells no word times",
    "GLMASR": "it tells no word times",
    "Qwen3ASR": "it tells word times only with a second model, an aligner",
    "WhisperWarp": "it tells no word times",
    "LLMASR": "it tells no word times",
}
_NAMES_WITHOUT = ("fun-asr-nano", "glm-asr", "qwen3-asr", "whisper")
_BIASED_CLASSES = ("seaco", "contextual")  # Paraformers that listen to hotwords


def resolve_recogniser(
    choice: RecogniserName, language: str, hotwords: Sequence[str], settings: Settings
) -> tuple[RecogniserSpec, list[Notice]]:
    """Decide the engine and everything that shapes its answer.

    ``auto`` takes FunASR when its weights are on this machine or the model hub answers, and falls back to
    pocketsphinx for English with a notice that says so. Loads nothing; may ask the hub whether it is there.

    Args:
        choice: what the user asked for.
        language: BCP 47 or "auto".
        hotwords: names and terms to expect.
        settings: models, device, whether the network may be used.

    Raises:
        EngineUnavailable: the engine asked for, or any engine for this language, cannot be had.
    """
    base, words = _base(language), _words(hotwords)
    match choice:
        case RecogniserName.POCKETSPHINX:
            return _pocketsphinx(base, words, [])
        case RecogniserName.FUNASR:
            spec = _funasr_spec(base, words, settings)
            _refuse_without_times(spec)
            lacking = missing(spec)
            if lacking and (settings.offline or not hub_answers()):
                raise _no_weights(lacking, settings)
            return _on_device(spec, settings), _funasr_notices(spec, lacking)
        case RecogniserName.AUTO:
            return _auto(base, words, settings)


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower() or "auto"


def _words(hotwords: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for word in hotwords if word.strip())


def build_recogniser(spec: RecogniserSpec) -> Recogniser:
    """Load the engine that the spec names; seconds and up to gigabytes of memory.

    Raises:
        EngineUnavailable: it does not load here.
    """
    match spec.engine:
        case "pocketsphinx":
            return PocketsphinxRecogniser(spec)
        case "funasr":
            return FunasrRecogniser(spec)
        case other:
            raise EngineUnavailable(
                f"there is no recogniser called {other}", "Use funasr or pocketsphinx"
            )


def _auto(
    base: str, words: tuple[str, ...], settings: Settings
) -> tuple[RecogniserSpec, list[Notice]]:
    spec = _funasr_spec(base, words, settings)
    _refuse_without_times(spec)
    lacking = missing(spec)
    if not lacking or (not settings.offline and hub_answers()):
        return _on_device(spec, settings), _funasr_notices(spec, lacking)
    if base not in {"auto", "en"}:
        raise _no_weights(lacking, settings)
    why = (
        "its models are not on this machine and VIDEOCLIP_OFFLINE forbids fetching them"
        if settings.offline
        else f"its models are not on this machine and {MODELSCOPE_HOST} does not answer"
    )
    return _fallback(base, words, lacking, settings, why)


def without_download(
    language: str, hotwords: Sequence[str], settings: Settings, failure: EngineUnavailable
) -> tuple[RecogniserSpec, list[Notice]]:
    """What ``auto`` takes when the hub answered and the download failed all the same.

    Raises:
        EngineUnavailable: the failure itself, where nothing can stand in.
    """
    base = _base(language)
    if base not in {"auto", "en"}:
        raise failure
    words = _words(hotwords)
    lacking = missing(_funasr_spec(base, words, settings))
    return _fallback(base, words, lacking, settings, failure.cause)


def _fallback(
    base: str, words: tuple[str, ...], lacking: Sequence[str], settings: Settings, why: str
) -> tuple[RecogniserSpec, list[Notice]]:
    notice = Notice(
        code="recogniser_fallback",
        message=f"Speech is recognised by pocketsphinx instead of FunASR: {why}. "
        "It knows English only; expect about one word in fifteen wrong in clear speech and one in "
        "three or four in conversation or noise.",
        remedy=_remedy(lacking, settings),
    )
    return _pocketsphinx(base, words, [notice])


def _pocketsphinx(
    base: str, words: tuple[str, ...], notices: list[Notice]
) -> tuple[RecogniserSpec, list[Notice]]:
    if base not in {"auto", "en"}:
        raise EngineUnavailable(
            f"pocketsphinx knows English only, not {base}",
            "Use --recogniser funasr for Chinese, or give a transcript with --transcript FILE",
        )
    if base == "auto":
        notices = [
            *notices,
            Notice(
                code="language_assumed",
                message="pocketsphinx cannot tell languages apart; the speech is taken as English.",
                remedy="For Chinese: --language zh --recogniser funasr; otherwise --transcript FILE.",
            ),
        ]
    if words:
        notices = [*notices, _hotwords_unused("pocketsphinx")]
    # Hotwords stay out of the spec: they change nothing, so they must not cause recognition anew.
    return RecogniserSpec(engine="pocketsphinx", language="en", model="en-us"), notices


def _funasr_spec(base: str, words: tuple[str, ...], settings: Settings) -> RecogniserSpec:
    if base not in _LANGUAGES:
        raise _unknown_language(base)
    speech = settings.speech
    model = speech.model_en if base == "en" else speech.model_zh
    told_apart = base == "auto" and not words and local_model(speech.model_multi) is not None
    if speech.model_multi and (base in _MULTI or told_apart):
        model = speech.model_multi
    # The device is found out last (`_on_device`): asking needs torch, which takes seconds to import.
    return RecogniserSpec(
        engine="funasr",
        language=base,
        model=model,
        vad_model=speech.vad_model,
        punc_model=speech.punc_model,
        hotwords=words,
        options=_options(model, speech),
        spk_model=speech.spk_model,
    )


def _options(model: str, speech: SpeechSettings) -> tuple[tuple[str, str], ...]:
    """Identity of the weights, and what is not as usual."""
    return (
        *_identity(model),
        *(() if speech.itn else (("itn", "no"),)),
        *((("half", "yes"),) if speech.half_precision else ()),
    )


def _refuse_without_times(spec: RecogniserSpec) -> None:
    """Models that cannot tell when a word is said are of no use for cutting.

    Raises:
        EngineUnavailable: the spec's model is one of them.
    """
    folder = local_model(spec.model)
    kind = model_class(folder) if folder else ""
    named = any(name in spec.model.lower() for name in _NAMES_WITHOUT)
    if kind in _WITHOUT_WORD_TIMES or (not kind and named):
        why = _WITHOUT_WORD_TIMES.get(kind, "it tells no word times")
        raise EngineUnavailable(
            f"the model {spec.model} cannot be used for cutting: {why}",
            "Set speech.model_zh, model_en or model_multi to a Paraformer with time stamps or to SenseVoice, "
            "or give what that model writes with --transcript FILE",
        )


def _identity(model: str) -> tuple[tuple[str, str], ...]:
    """What tells two states of a folder apart; a hub id stands for itself, cached or not."""
    model, _ = split_revision(model)
    if "/" in model and model.count("/") == 1 and not model.startswith((".", "/", "~")):
        return ()
    folder = local_model(model)
    if folder is None or not (folder / "model.pt").is_file():
        return ()
    state = (folder / "model.pt").stat()
    return (("weights", f"{state.st_size}-{state.st_mtime_ns}"),)


def _on_device(spec: RecogniserSpec, settings: Settings) -> RecogniserSpec:
    return dataclasses.replace(spec, device=_device(settings.speech.device))


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    try:
        import torch
    except ImportError:
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _funasr_notices(spec: RecogniserSpec, lacking: Sequence[str]) -> list[Notice]:
    notices: list[Notice] = []
    if lacking:
        notices.append(
            Notice(
                code="recogniser_download",
                message=f"FunASR's models are fetched once from {MODELSCOPE_HOST}: {', '.join(lacking)}. "
                "This takes about a gigabyte for each language.",
                remedy="To do without: --recogniser pocketsphinx, or VIDEOCLIP_OFFLINE=true.",
            )
        )
    folder = local_model(spec.model)
    kind = (model_class(folder) if folder else "") or spec.model
    if kind == "Paraformer" or spec.model in _WITHOUT_TIME_HEAD:
        notices.append(
            Notice(
                code="coarse_word_times",
                message=f"{spec.model} was not trained to tell word times; they may be off by a few "
                "tenths of a second inside sentences. Pauses are found in the sound itself.",
                remedy="For exact captions use a Paraformer with time stamps (BiCif or SeACo).",
            )
        )
    if spec.hotwords and not any(name in kind.lower() for name in _BIASED_CLASSES):
        notices.append(_hotwords_unused(spec.model))
    return notices


def _hotwords_unused(engine: str) -> Notice:
    return Notice(
        code="hotwords_unused",
        message=f"{engine} cannot be told which words to expect; the hotwords change nothing.",
        remedy="Use --recogniser funasr with a SeACo or contextual Paraformer, such as the usual Chinese model.",
    )


def _remedy(lacking: Sequence[str], settings: Settings) -> str:
    unlock = (
        "unset VIDEOCLIP_OFFLINE, and FunASR's models are fetched once (about 1 GB)"
        if settings.offline
        else f"connect this machine once, so that {', '.join(lacking)} can be fetched (about 1 GB)"
    )
    return (
        f"For FunASR {unlock}; or name model folders in VIDEOCLIP_SPEECH__MODEL_EN and "
        "VIDEOCLIP_SPEECH__MODEL_ZH; or give a transcript with --transcript FILE. The README tells more"
    )


def _no_weights(lacking: Sequence[str], settings: Settings) -> EngineUnavailable:
    why = "the settings say offline" if settings.offline else f"{MODELSCOPE_HOST} does not answer"
    return EngineUnavailable(
        f"FunASR's models are not on this machine ({', '.join(lacking)}), and {why}",
        _remedy(lacking, settings),
    )


def _unknown_language(base: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"no recogniser here knows the language {base}",
        "Use --language zh, en, yue, ja or ko, or give a transcript with --transcript FILE",
    )
