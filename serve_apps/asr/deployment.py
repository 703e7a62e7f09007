"""The deployment: takes pieces of sound, batches them, runs the engine on a thread, tells whether it is well."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Hashable, Sequence
from typing import cast

import numpy as np

from pipelines.served_speech import Sound, SoundNotHere
from serve_apps.asr.batcher import Batcher
from serve_apps.asr.engines import Engines
from serve_apps.config import AsrServing
from videoclip.errors import RecognitionFailed
from videoclip.schemas import Notice, RecogniserName
from videoclip.settings import load_settings
from videoclip.speech.protocol import SAMPLE_RATE, Hypothesis, Pcm, RecogniserSpec
from videoclip.speech.resolve import prefetch, resolve_recogniser

__all__ = ["Asr"]

_PROBE_S = 0.5


class Asr:
    """One replica: one device, one thread that computes, one batch in flight.

    Args:
        serving: the plan's settings.
        device: cpu or cuda.

    Raises:
        EngineUnavailable: the recogniser cannot be had on this machine.
    """

    def __init__(self, serving: AsrServing, device: str) -> None:
        self._serving = serving
        spec, _ = resolve_recogniser(serving.recogniser, serving.language, [], load_settings())
        prefetch(spec)
        self._spec = dataclasses.replace(spec, device=device)
        self._engines = Engines(device, serving.engines)
        self._engines.get(self._spec)
        self._answered = self._batches = self._items = 0
        self._probe = _probe()
        self._batcher: Batcher[Pcm, Hypothesis] = Batcher(
            self._compute,
            most=serving.batch_seconds,
            most_items=serving.batch_items,
            wait_s=serving.batch_wait_ms / 1000,
        )

    async def recognise(self, sound: Sound) -> Hypothesis | SoundNotHere:
        """Words in ``sound``, times from its start.

        Returns:
            The words, or that the path means nothing on this machine; the caller then sends the samples.

        Raises:
            RecognitionFailed: the engine failed on it.
            EngineUnavailable: the caller's engine does not load here.
        """
        try:
            pcm = await asyncio.to_thread(sound.read)
        except FileNotFoundError:
            return SoundNotHere()
        spec = dataclasses.replace(sound.spec, device=self._spec.device)
        heard = await self._batcher.submit(pcm, len(pcm) / SAMPLE_RATE, spec)
        self._answered += 1
        return heard

    async def resolve(
        self, choice: RecogniserName, language: str, hotwords: list[str]
    ) -> tuple[RecogniserSpec, list[Notice]]:
        """Which engine this replica takes for such a wish.

        Raises:
            EngineUnavailable: none that could.
        """
        settings = load_settings()
        # Asks the disk, and perhaps the hub.
        spec, notices = await asyncio.to_thread(
            resolve_recogniser, choice, language, hotwords, settings
        )
        return dataclasses.replace(spec, device=self._spec.device), notices

    async def statistics(self) -> dict[str, float]:
        """Calls answered, callers' batches and pieces in them, how long the present one has been running."""
        return {
            "answered": self._answered,
            "batches": self._batches,
            "items": self._items,
            "running_s": self._batcher.running_s,
        }

    async def pid(self) -> int:
        """Process of this replica, for those who look after it."""
        return os.getpid()

    async def check_health(self) -> None:
        """Ask the engine itself: a process that answers may hold a device that no longer does.

        Raises:
            RuntimeError: a batch hangs; Serve replaces the replica.
        """
        running_s = self._batcher.running_s
        if running_s > self._serving.stall_s:
            message = f"a batch has been running for {running_s:.0f} s"
            raise RuntimeError(message)
        recent = time.monotonic() - self._batcher.last_success < self._serving.health_period_s
        if running_s or recent:
            return
        await self._batcher.submit(self._probe, _PROBE_S, self._spec)

    def _compute(
        self, group: Hashable, pcms: Sequence[Pcm]
    ) -> Sequence[Hypothesis | RecognitionFailed]:
        heard = self._engines.recognise(cast("RecogniserSpec", group), pcms)
        callers = sum(pcm is not self._probe for pcm in pcms)
        self._items += callers
        self._batches += bool(callers)
        return heard

    def __del__(self) -> None:
        batcher = getattr(self, "_batcher", None)
        if batcher is not None:
            batcher.close()


def _probe() -> Pcm:
    """Half a second of a swelling tone: every engine computes on it, none hears a word."""
    time_s = np.arange(int(_PROBE_S * SAMPLE_RATE)) / SAMPLE_RATE
    tone = 3000 * np.sin(2 * np.pi * 220 * time_s) * np.sin(2 * np.pi * 4 * time_s) ** 2
    return cast("Pcm", tone.astype(np.int16))
