"""FunASR: Paraformer with word times, voice activity detection and punctuation, through its AutoModel."""

from __future__ import annotations

import copy
import dataclasses
import importlib.metadata
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videoclip.errors import EngineUnavailable, RecognitionFailed
from videoclip.schemas import Engine
from videoclip.speech.funasr_batch import Batches
from videoclip.speech.funasr_result import NoWordTimes, normalise
from videoclip.speech.protocol import Hypothesis, Pcm, RecogniserSpec
from videoclip.speech.quiet import quiet
from videoclip.speech.weights import local_model

__all__ = ["FunasrRecogniser", "hotword_text", "model_class"]

_CLASS = re.compile(r"""^\{?\s*"?model"?\s*:\s*["']?(\w+)""", re.MULTILINE)
_SENSEVOICE_LANGUAGES = ("zh", "yue", "en", "ja", "ko")
_MAX_SEGMENT_MS = 30_000


class FunasrRecogniser:
    """A loaded FunASR pipeline. One call at a time: an instance serialises its calls anyway.

    ``spec.model``, ``vad_model`` and ``punc_model`` are hub ids, local folders or FunASR's short names;
    the weights must be on this machine already (``prefetch``) or the hub within reach.

    Raises:
        EngineUnavailable: the package is missing or the model does not load.
    """

    def __init__(self, spec: RecogniserSpec) -> None:
        self._spec = spec
        self._hotwords = hotword_text(spec.hotwords)
        options: dict[str, Any] = {
            "model": _where(spec.model),
            "device": spec.device,
            "disable_update": True,
            "disable_pbar": True,
            "disable_log": True,
            "ncpu": int(dict(spec.options).get("threads", "") or _threads()),
        }
        if spec.vad_model:
            options["vad_model"] = _where(spec.vad_model)
            options["vad_kwargs"] = {"max_single_segment_time": _MAX_SEGMENT_MS}
        if spec.punc_model:
            options["punc_model"] = _where(spec.punc_model)
        if spec.spk_model:
            options["spk_model"] = _where(spec.spk_model)
        try:
            with quiet():
                from funasr import AutoModel

                self._model: Any = AutoModel(**options)
        except Exception as error:  # FunASR raises anything, AssertionError and KeyError among it
            raise EngineUnavailable(
                f"FunASR cannot load {spec.model}: {str(error) or type(error).__name__}",
                "Check the name or folder in speech.model_zh / speech.model_en, and that its files are complete",
            ) from error
        self._batches = Batches(
            self._model,
            spec.device,
            _options(spec, self._model),
            half=dict(spec.options).get("half") == "yes",
        )
        self._engine = Engine(
            name="funasr",
            version=importlib.metadata.version("funasr"),
            model=spec.model,
            device=spec.device,
        )

    @property
    def engine(self) -> Engine:
        """Name, version, model and device."""
        return self._engine

    def recognise(self, pcm: Pcm) -> Hypothesis:
        """Words in ``pcm`` (16 kHz mono), punctuated when a punctuation model is loaded.

        Raises:
            EngineUnavailable: the model gives no word times, so that nothing could be cut by it.
            RecognitionFailed: FunASR failed on these samples.
        """
        (answer,) = self.recognise_batch([pcm])
        if isinstance(answer, RecognitionFailed):
            raise answer
        return answer

    def recognise_batch(self, pcms: Sequence[Pcm]) -> list[Hypothesis | RecognitionFailed]:
        """Words of several pieces of sound, whose stretches of speech share the engine's batches.

        Args:
            pcms: 16 kHz mono, of any lengths.

        Returns:
            One answer for each, in order; the error of a piece does not touch the others.

        Raises:
            EngineUnavailable: the model gives no word times, so that nothing could be cut by it.
        """
        language = self._spec.language
        try:
            with quiet():
                results = self._batches.run(pcms, self._hotwords)
            return [
                result if isinstance(result, RecognitionFailed) else _hypothesis(result, language)
                for result in results
            ]
        except NoWordTimes:
            raise self._no_times() from None

    def with_hotwords(self, hotwords: Sequence[str]) -> FunasrRecogniser:
        """The same loaded model, listening for other words. Not to be used at the same time as this one."""
        other = copy.copy(self)
        other._spec = dataclasses.replace(self._spec, hotwords=tuple(hotwords))
        other._hotwords = hotword_text(hotwords)
        return other

    def _no_times(self) -> EngineUnavailable:
        return EngineUnavailable(
            f"the model {self._spec.model} gives no word times, and clips are cut by them",
            "Set speech.model_zh or speech.model_en to a Paraformer with time stamps "
            "(such as paraformer-zh), or use --recogniser pocketsphinx for English",
        )


def _hypothesis(result: dict[str, Any], language: str) -> Hypothesis:
    heard = normalise(result, language)
    return dataclasses.replace(heard, voices=tuple(result.get("voices") or ()))


def _options(spec: RecogniserSpec, model: Any) -> dict[str, Any]:
    """What the model's class wants to know in each call."""
    if type(model.model).__name__ != "SenseVoiceSmall":
        return {}
    return {
        "language": spec.language if spec.language in _SENSEVOICE_LANGUAGES else "auto",
        "use_itn": dict(spec.options).get("itn", "yes") == "yes",
    }


def hotword_text(hotwords: Sequence[str]) -> str:
    """Hotwords in FunASR's form: separated by spaces.

    FunASR takes a text that begins with ``http`` as an address to fetch and one that ends in ``.txt`` as a
    file to read; hotwords come from users, so neither may get through.
    """
    kept = [
        word
        for line in hotwords
        for word in line.split()
        if "://" not in word and not word.lower().endswith(".txt")
    ]
    return f" {' '.join(kept)} " if kept else ""


def _where(model: str) -> str:
    """The local folder of a model where there is one, so that FunASR asks no hub."""
    folder = local_model(model)
    return str(folder) if folder is not None else model


def _threads() -> int:
    """Threads of one instance: what the scheduler gave this process, else one."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) > 0 else 1


def model_class(folder: Path) -> str:
    """FunASR's class name in a model folder's ``config.yaml``; empty when it has none."""
    try:
        content = (folder / "config.yaml").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = _CLASS.search(content)
    return found[1] if found else ""
