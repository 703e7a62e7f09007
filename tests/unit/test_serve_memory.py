"""A replica that is out of memory ends once, whatever tells it so, and says so to everybody until then."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import ray.exceptions

from pipelines.faults import ran_out
from pipelines.served_speech import Heard, ServedRecogniser, Sound, SoundNotHere
from serve_apps.asr.memory import Memory
from videoclip.errors import EngineBusy, EngineOutOfMemory, RecognitionFailed
from videoclip.schemas import Engine
from videoclip.speech.protocol import Hypothesis, RecogniserSpec


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def test_a_failed_allocation_is_known_wherever_it_came_from() -> None:
    wrapped = RecognitionFailed("FunASR failed: CUDA out of memory", "less")
    wrapped.__cause__ = OutOfMemoryError("CUDA out of memory")
    assert ran_out(wrapped)
    assert ran_out(MemoryError())
    assert not ran_out(RecognitionFailed("bad sound", "another"))
    assert not ran_out(None)


def test_a_process_that_takes_more_than_it_may_ends_once_and_takes_no_more_work() -> None:
    left: list[str] = []
    unlimited = Memory(0, lambda: left.append("unlimited"))
    assert unlimited.over() is None
    roomy = Memory(1000, lambda: left.append("roomy"))
    assert roomy.over() is None
    roomy.admit()
    small = Memory(0.001, lambda: left.append("small"))
    small.admit()
    for _ in range(2):
        error = small.over()
        assert error is not None
        assert error.retryable
        assert "may take 0.0" in error.cause
    with pytest.raises(EngineBusy, match="about to end"):
        small.admit()
    assert "CUDA" in unlimited.lost("CUDA out of memory").cause
    with pytest.raises(EngineBusy):
        unlimited.admit()
    assert left == ["small", "unlimited"]


class Answers(ServedRecogniser):
    """Calls end one after the other as a test says, without a Serve."""

    ends: ClassVar[list[object]] = []

    def _once(self, sound: Sound, left_s: float) -> Heard | SoundNotHere:
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        assert isinstance(end, Heard)
        return end


def test_a_replica_that_rays_memory_monitor_ended_is_asked_again_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.served_speech._handle", lambda app: None)
    ended = ray.exceptions.OutOfMemoryError("Memory on the node was 97% used\n(and more)")
    spec = RecogniserSpec("pocketsphinx", "en", "en-us")
    engine = Engine(name="pocketsphinx", version="5", model="en-us", device="cpu")
    asked = Answers(spec, engine, "asr", deadline_s=30)
    words = Hypothesis(())
    Answers.ends = [ended, Heard(words, 0.5)]
    pcm = np.zeros(16, np.int16)
    assert asked.recognise(pcm) == words
    assert (asked.memory_losses, asked.gpu_s) == (1, 0.5)
    Answers.ends = [ended, ended]
    with pytest.raises(EngineOutOfMemory, match=r"2 replicas .* 97% used ") as caught:
        asked.recognise(pcm)
    assert "(and more)" not in caught.value.cause
