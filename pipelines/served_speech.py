"""A recogniser that lives in Ray Serve, through the same protocol as one in this process.

Sound travels as a path and a range of samples; where the replica does not see the path, as samples. A replica
that dies or is full is asked again, with jitter, until a deadline.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import stamina

from videoclip.errors import EngineBusy, EngineUnavailable, VideoClipError
from videoclip.schemas import Engine, Notice, RecogniserName
from videoclip.speech.audio import read_pcm
from videoclip.speech.protocol import Hypothesis, Pcm, RecogniserSpec

__all__ = ["ServedRecogniser", "Sound", "SoundNotHere", "resolve_served"]

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of sound on its way to a replica: a range of a file, or the samples themselves."""

    spec: RecogniserSpec
    path: str = ""
    start_sample: int = 0
    end_sample: int = 0
    samples: bytes = b""
    """Little-endian 16-bit samples; used when ``path`` is empty."""

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
        """
        answer = self._ask(Sound(self._spec, samples=pcm.astype("<i2").tobytes()))
        return cast("Hypothesis", answer)

    def recognise_range(self, path: Path, start_sample: int, end_sample: int) -> Hypothesis:
        """Words in a range of a file of 16-bit samples; times from the start of the range.

        Raises:
            RecognitionFailed: the file cannot be read or the engine failed on it.
            EngineBusy: no replica could take it until the deadline.
        """
        if self._paths_travel:
            answer = self._ask(Sound(self._spec, str(path), start_sample, end_sample))
            if isinstance(answer, Hypothesis):
                return answer
            self._paths_travel = False
        return self.recognise(read_pcm(path, start_sample, end_sample))

    def _ask(self, sound: Sound) -> Hypothesis | SoundNotHere:
        until = time.monotonic() + self._deadline_s
        retries = stamina.retry_context(
            on=_comes_again,
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
            if _comes_again(error) or isinstance(error, TimeoutError):
                raise EngineBusy(
                    f"the Serve application {self._app} gave no answer within {self._deadline_s:.0f} s: "
                    f"{type(error).__name__}",
                    "Run the command again later, raise asr.max_replicas, or VIDEOCLIP_SPEECH__SERVE_DEADLINE_S",
                ) from error
            raise
        raise AssertionError("the retry context ends by returning or raising")

    def _once(self, sound: Sound, left_s: float) -> Hypothesis | SoundNotHere:
        answer = _result(self._handle.recognise.remote(sound), left_s)
        return cast("Hypothesis | SoundNotHere", answer)


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


def _comes_again(error: Exception) -> bool:
    """Whether another try may help: the replica died or is out of reach, or all of them are full."""
    from ray.exceptions import RayActorError
    from ray.serve.exceptions import BackPressureError, ReplicaUnavailableError

    return isinstance(error, (RayActorError, BackPressureError, ReplicaUnavailableError))
