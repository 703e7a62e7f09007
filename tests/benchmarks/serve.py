"""What Ray Serve costs a shard of 30 s, and throughput against batch size and replicas; pocketsphinx, on processors."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipelines.ray_runtime import RayRuntime
from pipelines.served_speech import ServedRecogniser
from tests.support.served import speech_app
from tests.support.sounds import speech
from videoclip.schemas import Engine
from videoclip.settings import RaySettings
from videoclip.speech.pocketsphinx_engine import PocketsphinxRecogniser
from videoclip.speech.protocol import SAMPLE_RATE, Pcm, RecogniserSpec

SPEC = RecogniserSpec("pocketsphinx", "en", "en-us")
ENGINE = Engine(name="pocketsphinx", version="5", model="en-us", device="cpu")
SHARD_S = 30
ROUNDS = 5


def shard() -> Pcm:
    """Thirty seconds of speech at 16 kHz."""
    spoken = speech("this is the jacket of the week and its price today is forty nine dollars only")
    even = spoken[: len(spoken) // 3 * 3].reshape(-1, 3).mean(axis=1)
    once = np.asarray(even * 32767, dtype=np.int16)
    return np.resize(once, SHARD_S * SAMPLE_RATE)


def serve(_folder: Path) -> None:
    """Print both."""
    sound = shard()
    with RayRuntime(RaySettings(num_cpus=2)) as runtime:
        runtime.start()
        overhead(sound)
        throughput(sound)


def overhead(sound: Pcm) -> None:
    """A call through Serve, and the time of the same batch inside the replica's engine, in turn."""
    here = PocketsphinxRecogniser(SPEC)
    # Health checks would come in between.
    with speech_app("overhead", health_period_s=300, batch_wait_ms=20):
        there = ServedRecogniser(SPEC, ENGINE, "overhead", 120)
        there.recognise(sound[:SAMPLE_RATE])
        direct, served, empty = [], [], []
        silence = np.zeros(SHARD_S * SAMPLE_RATE, np.int16)
        for _ in range(ROUNDS):
            direct.append(seconds(lambda: here.recognise(sound)))
            served.append(seconds(lambda: there.recognise(sound)))
            empty.append(
                seconds(lambda: there.recognise(silence)) - seconds(lambda: here.recognise(silence))
            )
    alone, through = statistics.median(direct), statistics.median(served)
    cost = statistics.median(empty)
    print(f"shard of {SHARD_S} s: in process {alone:.2f} s, through Serve {through:.2f} s")
    print(
        f"Serve's own part (the same with silence, less the engine's): {cost * 1000:.0f} ms, "
        f"{cost / alone:.1%} of the recognition (target: under 3 %)"
    )


def throughput(sound: Pcm) -> None:
    """Eight callers with twelve pieces of ten seconds; seconds of sound per second."""
    pieces = [sound[: 10 * SAMPLE_RATE]] * 12
    for replicas, items in ((1, 1), (1, 4), (1, 12), (2, 1), (2, 4)):
        name = f"through-{replicas}-{items}"
        options = {"min_replicas": replicas, "max_replicas": replicas, "batch_items": items}
        with speech_app(name, health_period_s=300, **options), ThreadPoolExecutor(8) as callers:
            there = ServedRecogniser(SPEC, ENGINE, name, 300)
            there.recognise(sound[:SAMPLE_RATE])
            wall = seconds(lambda: list(callers.map(there.recognise, pieces)))  # noqa: B023
        print(
            f"replicas {replicas}, batch of {items:2}: {10 * len(pieces) / wall:5.1f} x real time"
        )


def seconds(call: object) -> float:
    """Wall time of a call."""
    begun = time.monotonic()
    call()  # type: ignore[operator]
    return time.monotonic() - begun
