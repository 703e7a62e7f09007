"""The engines that one replica keeps: loaded at the first need, the least used one given up."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Sequence

from videoclip.errors import RecognitionFailed
from videoclip.speech.protocol import BatchRecogniser, Hypothesis, Pcm, Recogniser, RecogniserSpec
from videoclip.speech.resolve import build_recogniser

__all__ = ["Engines"]


class Engines:
    """Recognisers by spec, on one device. Not thread safe: one thread computes.

    Args:
        device: of this replica; what a caller's spec says about it does not count.
        most: engines kept.
    """

    def __init__(self, device: str, most: int) -> None:
        self._device = device
        self._most = most
        self._loaded: OrderedDict[RecogniserSpec, Recogniser] = OrderedDict()

    def get(self, spec: RecogniserSpec) -> Recogniser:
        """The engine for ``spec``; one loaded model serves all lists of hotwords where it can.

        Raises:
            EngineUnavailable: it does not load here.
        """
        spec = dataclasses.replace(spec, device=self._device)
        base = dataclasses.replace(spec, hotwords=())
        engine = self._loaded.get(base)
        if engine is None:
            while len(self._loaded) >= self._most:
                self._loaded.popitem(last=False)
            engine = self._loaded[base] = build_recogniser(base)
        self._loaded.move_to_end(base)
        listening = getattr(engine, "with_hotwords", None)
        return listening(spec.hotwords) if spec.hotwords and listening else engine

    def recognise(
        self, spec: RecogniserSpec, pcms: Sequence[Pcm]
    ) -> list[Hypothesis | RecognitionFailed]:
        """Words of each piece of sound, or why there are none; in one go where the engine can.

        Raises:
            RecognitionFailed: an engine that takes one piece at a time failed on one.
        """
        engine = self.get(spec)
        if len(pcms) > 1 and isinstance(engine, BatchRecogniser):
            return engine.recognise_batch(pcms)
        return [engine.recognise(pcm) for pcm in pcms]
