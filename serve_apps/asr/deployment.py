"""The deployment: takes pieces of sound, batches them, runs the engine on a thread, tells whether it is well."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
import time
from collections.abc import Hashable, Sequence
from typing import cast

import numpy as np

from pipelines.faults import ran_out
from pipelines.served_speech import Heard, Sound, SoundNotHere
from serve_apps.asr.batcher import Batcher
from serve_apps.asr.engines import Engines
from serve_apps.asr.memory import Memory
from serve_apps.config import AsrServing
from serve_apps.metrics import RayMeter
from videoclip.errors import EngineOutOfMemory, RecognitionFailed
from videoclip.observe import tracing
from videoclip.schemas import Notice, RecogniserName
from videoclip.settings import load_settings
from videoclip.speech.protocol import SAMPLE_RATE, Hypothesis, Pcm, RecogniserSpec
from videoclip.speech.resolve import prefetch, resolve_recogniser

__all__ = ["Asr", "gpu_seconds"]

_PROBE_S = 0.5
_LAST_ANSWERS_S = 0.5
"""Between running out of memory and the end: the answers that say so still go out."""


class Asr:
    """One replica: one device, one thread that computes, one batch in flight.

    Args:
        serving: the plan's settings.
        device: cpu or cuda.
        num_gpus: share of a graphics card that Ray holds for it.

    Raises:
        EngineUnavailable: the recogniser cannot be had on this machine.
    """

    def __init__(self, serving: AsrServing, device: str, num_gpus: float = 0.0) -> None:
        self._serving, self._num_gpus = serving, num_gpus
        spec, _ = resolve_recogniser(serving.recogniser, serving.language, [], load_settings())
        prefetch(spec)
        self._spec = dataclasses.replace(spec, device=device)
        self._engines = Engines(device, serving.engines)
        self._engines.get(self._spec)
        self._memory = Memory(serving.max_rss_gib, _leave)
        self._answered = self._batches = self._items = 0
        self._meter = RayMeter()
        self._probe = _probe()
        self._batcher: Batcher[Pcm, Heard] = Batcher(
            self._compute,
            most=serving.batch_seconds,
            most_items=serving.batch_items,
            wait_s=serving.batch_wait_ms / 1000,
        )

    async def recognise(self, sound: Sound) -> Heard | SoundNotHere:
        """Words in ``sound``, times from its start.

        Returns:
            The words, or that the path means nothing on this machine; the caller then sends the samples.

        Raises:
            RecognitionFailed: the engine failed on it.
            EngineUnavailable: the caller's engine does not load here.
            EngineOutOfMemory: this replica took too much memory with it, and ends.
            EngineBusy: it is about to end for that reason.
        """
        with tracing.continued(sound.trace, "videoclip-asr", "recognise"):
            return await self._recognise(sound)

    async def _recognise(self, sound: Sound) -> Heard | SoundNotHere:
        self._memory.admit()
        try:
            pcm = await asyncio.to_thread(sound.read)
        except FileNotFoundError:
            return SoundNotHere()
        except MemoryError as error:
            raise self._memory.lost("the sound does not fit") from error
        lost = self._memory.over()
        if lost is not None:
            raise lost
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
    ) -> Sequence[Heard | RecognitionFailed | EngineOutOfMemory]:
        self._memory.admit()
        began = time.monotonic()
        try:
            heard = self._engines.recognise(cast("RecogniserSpec", group), pcms)
        except Exception as error:
            if ran_out(error):
                return [self._memory.lost(str(error) or type(error).__name__)] * len(pcms)
            raise
        callers = [pcm for pcm in pcms if pcm is not self._probe]
        self._items += len(callers)
        self._batches += bool(callers)
        if callers:
            self._count(callers, heard, time.monotonic() - began)
        self._memory.over()  # what leaks: these answers are good, the next ones come from another replica
        costs = gpu_seconds(self._num_gpus, time.monotonic() - began, [len(pcm) for pcm in pcms])
        return [self._answer(answer, cost) for answer, cost in zip(heard, costs, strict=True)]

    def _count(
        self, pcms: Sequence[Pcm], heard: Sequence[Hypothesis | RecognitionFailed], took_s: float
    ) -> None:
        meter = self._meter
        meter.observe("videoclip_asr_batch_duration_seconds", took_s)
        meter.observe("videoclip_asr_batch_items", len(pcms))
        meter.count("videoclip_asr_audio_seconds_total", sum(map(len, pcms)) / SAMPLE_RATE)
        failed = sum(isinstance(answer, RecognitionFailed) for answer in heard)
        meter.count("videoclip_asr_requests_total", len(pcms) - failed, outcome="heard")
        meter.count("videoclip_asr_requests_total", failed, outcome="failed")

    def _answer(
        self, answer: Hypothesis | RecognitionFailed, gpu_s: float
    ) -> Heard | RecognitionFailed | EngineOutOfMemory:
        if isinstance(answer, RecognitionFailed):
            return self._memory.lost(answer.cause) if ran_out(answer) else answer
        return Heard(answer, gpu_s)

    def __del__(self) -> None:
        batcher = getattr(self, "_batcher", None)
        if batcher is not None:
            batcher.close()


def gpu_seconds(share: float, wall_s: float, lengths: Sequence[int]) -> list[float]:
    """What each piece of a batch costs of a graphics card: the share held, the batch's time by length of sound."""
    total = sum(lengths)
    return [share * wall_s * length / total if total else 0.0 for length in lengths]


def _leave() -> None:
    timer = threading.Timer(_LAST_ANSWERS_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _probe() -> Pcm:
    """Half a second of a swelling tone: every engine computes on it, none hears a word."""
    time_s = np.arange(int(_PROBE_S * SAMPLE_RATE)) / SAMPLE_RATE
    tone = 3000 * np.sin(2 * np.pi * 220 * time_s) * np.sin(2 * np.pi * 4 * time_s) ** 2
    return cast("Pcm", tone.astype(np.int16))
