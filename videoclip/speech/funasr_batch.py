"""Several pieces of sound through FunASR's models: stretches of speech, batches by length, punctuation.

``AutoModel.generate`` batches the stretches of one recording only, and drops a whole batch in which one
stretch has no token. Here the stretches of all pieces are batched together, and what fails is tried alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from videoclip.errors import RecognitionFailed
from videoclip.speech.funasr_result import NoWordTimes, read_tags
from videoclip.speech.funasr_sureness import Sureness
from videoclip.speech.protocol import SAMPLE_RATE, Pcm, Voice

__all__ = ["Batches"]

_SHORTEST = 1_600  # samples; under 100 ms the front end has no frame
_PER_MS = SAMPLE_RATE // 1_000
_GPU_BATCH_MS, _CPU_BATCH_MS = 300_000, 20_000
"""Sound in one batch, its padding included. A processor gains little by batching and much by little padding."""

_WINDOW, _HOP = int(1.5 * SAMPLE_RATE), int(0.75 * SAMPLE_RATE)  # of the speaker model

Samples = npt.NDArray[np.float32]
Result = dict[str, Any]


@dataclass(slots=True)
class _Stretch:
    """A stretch of speech; ``start_ms`` counts from the start of its piece."""

    piece: int
    start_ms: int
    samples: Samples
    result: Result = field(default_factory=dict)

    @property
    def length_ms(self) -> int:
        return len(self.samples) // _PER_MS


class Batches:
    """Runs a loaded ``AutoModel``'s speech detector, recogniser and punctuation, each where there is one.

    Args:
        model: ``funasr.AutoModel``.
        device: that it runs on.
        options: of each call.
        half: compute in 16 bits (CUDA only).
    """

    def __init__(
        self, model: Any, device: str, options: Result | None = None, *, half: bool = False
    ) -> None:
        self._model = model
        self._options: Result = {"output_timestamp": True, **(options or {})}
        self._half = half and device.startswith("cuda")
        self._sureness = Sureness(model.model)
        self._limit_ms = _CPU_BATCH_MS if device == "cpu" else _GPU_BATCH_MS

    def run(self, pcms: Sequence[Pcm], hotwords: str = "") -> list[Result | RecognitionFailed]:
        """FunASR's result for each piece, in order: ``text``, ``raw_text``, ``timestamp`` (ms in the piece).

        Raises:
            NoWordTimes: the model cannot tell them, whatever the sound.
        """
        failed: dict[int, RecognitionFailed] = {}
        stretches: list[_Stretch] = []
        for piece, pcm in enumerate(pcms):
            try:
                stretches += self._speech(piece, pcm)
            except Exception as error:  # noqa: BLE001  FunASR raises anything
                failed[piece] = _failure(error)
        options = dict(self._options)
        if hotwords:
            options["hotword"] = hotwords
        for batch in _batches(stretches, self._limit_ms):
            self._recognise([s for s in batch if s.piece not in failed], options, failed)
        answers: list[Result | RecognitionFailed] = []
        for piece in range(len(pcms)):
            own = sorted(
                (s for s in stretches if s.piece == piece and s.result), key=lambda s: s.start_ms
            )
            try:
                result = failed.get(piece) or self._punctuated(_join(own))
                if isinstance(result, dict) and self._model.spk_model is not None:
                    result["voices"] = [voice for s in own for voice in self._voices(s)]
                answers.append(result)
            except Exception as error:  # noqa: BLE001
                answers.append(_failure(error))
        return answers

    def _speech(self, piece: int, pcm: Pcm) -> Iterator[_Stretch]:
        if len(pcm) < _SHORTEST:
            return
        samples = pcm.astype(np.float32) / np.float32(32_768.0)
        spans = [(0, len(pcm) // _PER_MS + 1)]
        if self._model.vad_model is not None:
            (found,) = self._model.inference(
                [samples], model=self._model.vad_model, kwargs=self._model.vad_kwargs, batch_size=1
            )
            spans = [(int(start), int(end)) for start, end in found["value"]]
        for start, end in spans:
            part = samples[start * _PER_MS : end * _PER_MS]
            if len(part) >= _SHORTEST:
                yield _Stretch(piece, start, part)

    def _recognise(
        self, batch: Sequence[_Stretch], options: Result, failed: dict[int, RecognitionFailed]
    ) -> None:
        if not batch:
            return
        self._sureness.forget()
        try:
            with self._precision():
                results = self._model.inference(
                    [stretch.samples for stretch in batch], batch_size=len(batch), **options
                )
        except UnboundLocalError:
            # A plain Paraformer with sentence pieces trips over its own missing time stamps.
            raise NoWordTimes from None
        except Exception as error:  # noqa: BLE001
            if len(batch) == 1:
                failed[batch[0].piece] = _failure(error)
                return
            results = []
        if len(results) == len(batch):
            for stretch, result in zip(batch, results, strict=True):
                stretch.result = dict(result)
            self._sureness.add_to([stretch.result for stretch in batch])
        elif len(batch) > 1:
            for stretch in batch:
                if stretch.piece not in failed:
                    self._recognise([stretch], options, failed)

    def _precision(self) -> AbstractContextManager[Any]:
        if not self._half:
            return nullcontext()
        import torch

        # FunASR's own `fp16` makes the weights half and leaves the features single; the two do not multiply.
        return torch.autocast("cuda", dtype=torch.float16)

    def _voices(self, stretch: _Stretch) -> Iterator[Voice]:
        """Windows of 1.5 s, every 0.75 s, as FunASR cuts them; a shorter stretch is one window, repeated."""
        if not str(stretch.result.get("text") or "").strip():
            return
        count = max(1, 1 + -(-(len(stretch.samples) - _WINDOW) // _HOP))
        windows = [stretch.samples[i * _HOP : i * _HOP + _WINDOW] for i in range(count)]
        (found,) = self._model.inference(
            [np.resize(window, _WINDOW) for window in windows],
            model=self._model.spk_model,
            kwargs=self._model.spk_kwargs,
            batch_size=len(windows),
        )
        for i, (window, row) in enumerate(zip(windows, found["spk_embedding"], strict=True)):
            values = np.asarray(row.detach().float().cpu(), dtype=np.float64)
            start = stretch.start_ms + i * _HOP // _PER_MS
            unit = values / max(float(np.linalg.norm(values)), 1e-9)
            yield Voice(start, start + len(window) // _PER_MS, tuple(float(v) for v in unit))

    def _punctuated(self, result: Result) -> Result:
        text = str(result.get("text") or "").strip()
        if self._model.punc_model is None or not text or result.get("rich"):
            return result  # SenseVoice punctuates
        (shown,) = self._model.inference(
            text, model=self._model.punc_model, kwargs=self._model.punc_kwargs
        )
        return {**result, "raw_text": text, "text": shown["text"]}


def _batches(stretches: Sequence[_Stretch], limit_ms: int) -> Iterator[list[_Stretch]]:
    """Stretches of like length together; length of the longest times their number stays in the limit."""
    batch: list[_Stretch] = []
    for stretch in sorted(stretches, key=lambda s: (s.length_ms, s.piece, s.start_ms)):
        if batch and stretch.length_ms * (len(batch) + 1) > limit_ms:
            yield batch
            batch = []
        batch.append(stretch)
    if batch:
        yield batch


def _join(stretches: Sequence[_Stretch]) -> Result:
    """Results of the stretches of one piece as one, times from its start."""
    texts: list[str] = []
    times: list[list[int]] = []
    words: list[str] = []
    sure: list[float] = []
    languages: dict[str, int] = {}
    for stretch in stretches:
        rich = read_tags(str(stretch.result.get("text") or ""))
        text = rich.text
        if not text or rich.silent:
            continue
        found = stretch.result.get("timestamp") or []
        if not found:
            return {"text": text}  # no times: said by whoever pairs them
        texts.append(text)
        times += [
            [stretch.start_ms + int(start), stretch.start_ms + int(end)] for start, end in found
        ]
        words += [str(word) for word in stretch.result.get("words") or ()]
        sure += stretch.result.get("confidence") or ()
        if rich.language:
            languages[rich.language] = languages.get(rich.language, 0) + len(found)
    joined: Result = {"text": " ".join(texts), "timestamp": times}
    if words and len(words) == len(times):
        joined["words"] = words
    if len(sure) == len(times):
        joined["confidence"] = sure
    if languages:
        joined["language"] = max(languages, key=lambda name: languages[name])
        joined["rich"] = True
    return joined


def _failure(error: Exception) -> RecognitionFailed:
    failure = RecognitionFailed(
        f"FunASR failed: {str(error) or type(error).__name__}",
        "Run the command again; on a GPU a smaller speech.shard_target_ms needs less memory",
    )
    failure.__cause__ = error
    return failure
