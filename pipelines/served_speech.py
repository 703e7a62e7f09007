"""A recogniser that lives in Ray Serve, through the same protocol as one in this process.

Sound travels as a path and a range of samples; where the replica does not see the path, as samples. A replica
that dies or is full is asked again, with jitter, until a deadline.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import stamina

from videoclip.errors import EngineBusy, EngineOutOfMemory, EngineUnavailable, VideoClipError
from videoclip.observe import tracing
from videoclip.schemas import Engine, Notice, RecogniserName
from videoclip.speech.audio import read_pcm
from videoclip.speech.protocol import Hypothesis, Pcm, RecogniserSpec

__all__ = [
    "LOSSES",
    "Heard",
    "ServedRecogniser",
    "Sound",
    "SoundNotHere",
    "resolve_served",
    "told_losses",
]

LOSSES = "memory_losses"
"""Key of a piece's result: replicas that ran out of memory before one got through."""

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 10.0
_MOST_MEMORY_LOSSES = 2
"""A sound on which so many replicas ran out of memory is not handed to another: each serves other jobs too."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of sound on its way to a replica: a range of a file, or the samples themselves."""

    spec: RecogniserSpec
    path: str = ""
    start_sample: int = 0
    end_sample: int = 0
    samples: bytes = b""
    """Little-endian 16-bit samples; used when ``path`` is empty."""
    trace: str = ""
    """Of `tracing.carry`."""

    def read(self) -> Pcm:
        """The samples.

        Raises:
            FileNotFoundError: the path means nothing on this machine.
            RecognitionFailed: the file cannot be read.
        """
        if not self.path:
            return np.frombuffer(self.samples, dtype="<i2").astype(np.int16)
        if not Path(self.path).is_file():
            raise FileNotFoundError(self.path)
        return read_pcm(Path(self.path), self.start_sample, self.end_sample)


@dataclass(frozen=True, slots=True)
class Heard:
    """A replica's answer: the words, and what they cost."""

    words: Hypothesis
    gpu_s: float = 0.0
    """Its share of a graphics card, times its part of the batch's time."""


@dataclass(frozen=True, slots=True)
class SoundNotHere:
    """A replica's answer to a path that it does not see."""


class ServedRecogniser:
    """Asks the Serve application ``app``; holds no model. Joins the Ray that this process is in.

    Args:
        spec: which engine the replica is to use; its device is the replica's affair.
        engine: for the record.
        app: name of the Serve application.
        deadline_s: for one piece of sound, retries included.

    Raises:
        EngineUnavailable: no such application runs in this Ray.
    """

    def __init__(self, spec: RecogniserSpec, engine: Engine, app: str, deadline_s: float) -> None:
        self._spec = spec
        self._engine = engine
        self._app = app
        self._deadline_s = deadline_s
        self._paths_travel = True
        self.retries = 0
        """Calls that had to be made again."""
        self.memory_losses = 0
        """Those of them that met a replica which ran out of memory."""
        self.gpu_s = 0.0
        """Graphics card seconds of all answers."""
        self._handle = _handle(app)

    @property
    def engine(self) -> Engine:
        """Name, version and model."""
        return self._engine

    def recognise(self, pcm: Pcm) -> Hypothesis:
        """Words in ``pcm`` (16 kHz mono), which travels whole.

        Raises:
            RecognitionFailed: the engine failed on these samples.
            EngineBusy: no replica could take it until the deadline.
            EngineOutOfMemory: two replicas ran out of memory on it.
        """
        answer = self._ask(Sound(self._spec, samples=pcm.astype("<i2").tobytes()))
        assert isinstance(answer, Heard)
        return self._words(answer)

    def recognise_range(self, path: Path, start_sample: int, end_sample: int) -> Hypothesis:
        """Words in a range of a file of 16-bit samples; times from the start of the range.

        Raises:
            RecognitionFailed: the file cannot be read or the engine failed on it.
            EngineBusy: no replica could take it until the deadline.
            EngineOutOfMemory: two replicas ran out of memory on it.
        """
        if self._paths_travel:
            answer = self._ask(Sound(self._spec, str(path), start_sample, end_sample))
            if isinstance(answer, Heard):
                return self._words(answer)
            self._paths_travel = False
        return self.recognise(read_pcm(path, start_sample, end_sample))

    def _words(self, answer: Heard) -> Hypothesis:
        self.gpu_s += answer.gpu_s
        return answer.words

    def _ask(self, sound: Sound) -> Heard | SoundNotHere:
        until = time.monotonic() + self._deadline_s
        losses = 0

        def comes_again(error: Exception) -> bool:
            nonlocal losses
            if _out_of_memory(error):
                losses += 1
                self.memory_losses += 1
                return losses < _MOST_MEMORY_LOSSES
            return _comes_again(error)

        retries = stamina.retry_context(
            on=comes_again,
            attempts=None,
            timeout=self._deadline_s,
            wait_initial=_FIRST_WAIT_S,
            wait_max=_LONGEST_WAIT_S,
            wait_jitter=_FIRST_WAIT_S,
        )
        try:
            for attempt in retries:
                with attempt:
                    self.retries += attempt.num > 1
                    return self._once(sound, max(0.1, until - time.monotonic()))
        except Exception as error:
            if _out_of_memory(error):
                raise _as_known(error, self._app, losses) from error
            if _comes_again(error) or isinstance(error, TimeoutError):
                raise EngineBusy(
                    f"the Serve application {self._app} gave no answer within {self._deadline_s:.0f} s: "
                    f"{type(error).__name__}",
                    "Run the command again later, raise asr.max_replicas, or VIDEOCLIP_SPEECH__SERVE_DEADLINE_S",
                ) from error
            raise
        raise AssertionError("the retry context ends by returning or raising")

    def _once(self, sound: Sound, left_s: float) -> Heard | SoundNotHere:
        with tracing.span("ask the recogniser"):
            asked = dataclasses.replace(sound, trace=tracing.carry())
            answer = _result(self._handle.recognise.remote(asked), left_s)
        return cast("Heard | SoundNotHere", answer)


def resolve_served(
    app: str, choice: RecogniserName, language: str, hotwords: list[str], *, within_s: float = 120.0
) -> tuple[RecogniserSpec, list[Notice]]:
    """Which engine the replicas of ``app`` would use: their weights decide, not this machine's.

    Raises:
        EngineUnavailable: no such application runs, it does not answer, or it has no such engine.
    """
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        answer = _result(_handle(app).resolve.remote(choice, language, hotwords), within_s)
    except (RayError, RayServeException, TimeoutError) as error:
        raise EngineUnavailable(
            f"the Serve application {app} does not answer: {type(error).__name__}",
            "Look at `serve status`, or unset VIDEOCLIP_SPEECH__SERVE_APP to recognise in the workers",
        ) from error
    return cast("tuple[RecogniserSpec, list[Notice]]", answer)


def told_losses(results: Iterable[Mapping[str, Any]]) -> Iterator[Notice]:
    """What the user should know of replicas that ran out of memory, although all went well in the end."""
    losses = sum(result.get(LOSSES, 0) for result in results)
    if losses:
        yield Notice(
            code=EngineOutOfMemory.code,
            message=f"The served recogniser ran out of memory {losses} times; what it had in hand was recognised again",
            remedy="Lower asr.batch_seconds or speech.shard_target_ms, or give the replicas' machines more memory",
        )


def _handle(app: str) -> Any:
    from ray import serve
    from ray.serve.exceptions import RayServeException

    try:
        return serve.get_app_handle(app)
    except (RayServeException, ValueError) as error:
        raise EngineUnavailable(
            f"no Serve application called {app} runs in this Ray",
            "Start it (videoclip up), or unset VIDEOCLIP_SPEECH__SERVE_APP to recognise in the workers",
        ) from error


def _result(response: Any, within_s: float) -> Any:
    """A replica's answer; its own errors come out as they were raised there."""
    from ray.exceptions import RayTaskError

    try:
        return response.result(timeout_s=within_s)
    except RayTaskError as error:
        if isinstance(error.cause, VideoClipError):
            raise error.cause from None
        raise
    except BaseException:
        # Nobody waits for the answer any more: the replica need not work for it.
        response.cancel()
        raise


def _out_of_memory(error: Exception) -> bool:
    """Whether the replica said so before it ended, or Ray's memory monitor ended it."""
    from ray.exceptions import OutOfMemoryError

    return isinstance(error, (EngineOutOfMemory, OutOfMemoryError))


def _as_known(error: Exception, app: str, losses: int) -> EngineOutOfMemory:
    why = error.cause if isinstance(error, EngineOutOfMemory) else str(error).partition("\n")[0]
    return EngineOutOfMemory(
        f"{losses} replicas of the Serve application {app} ran out of memory on the same sound: {why}",
        "Lower asr.batch_seconds or speech.shard_target_ms, or give the replicas' machines more memory",
    )


def _comes_again(error: Exception) -> bool:
    """Whether another try may help: the replica died, is about to end or out of reach, or all of them are full."""
    from ray.exceptions import RayActorError
    from ray.serve.exceptions import BackPressureError, ReplicaUnavailableError

    return isinstance(
        error, (RayActorError, BackPressureError, ReplicaUnavailableError, EngineBusy)
    )
