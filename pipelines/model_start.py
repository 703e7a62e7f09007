"""A language model that sleeps: woken when the job starts, and its start is a stage that the user sees.

Any endpoint may sleep (a Serve application scaled to zero, Ollama after a while): what tells is that a question
of one token has no answer after a moment.
"""

from __future__ import annotations

import threading
import time

import httpx

from pipelines.context import JobContext
from videoclip.highlights.endpoint import is_loopback
from videoclip.settings import LlmSettings

__all__ = ["ModelStart"]

_AWAKE_S = 3.0
"""An answer within this time needs no stage."""
_AGAIN_S = 2.0
_STAGE = "model_start"


class ModelStart:
    """Asks the endpoint for one token, on a thread, so that it wakes while the job does something else."""

    def __init__(self, llm: LlmSettings) -> None:
        self._llm = llm
        self._answered = threading.Event()
        self._left = threading.Event()
        self._thread: threading.Thread | None = None
        self.reached = False
        """Whether the model answered."""

    def begin(self) -> None:
        """Wake it; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._wake, name="model-start", daemon=True)
            self._thread.start()

    def wait(self, context: JobContext) -> None:
        """Return when it is up; show a stage while it is not.

        An endpoint that refuses or stays silent is no error here: whoever asks it says so, with the right words.

        Raises:
            Cancelled: the user stopped the job.
        """
        self.begin()
        if self._answered.wait(_AWAKE_S):
            return
        context.progress.start(_STAGE, 1, "model")
        until = time.monotonic() + self._llm.start_timeout_s
        try:
            while not self._answered.wait(0.5) and time.monotonic() < until:
                context.check_cancelled()
        finally:
            self._left.set()
            if self.reached:
                context.progress.advance(1)
            context.progress.finish()

    def _wake(self) -> None:
        until = time.monotonic() + self._llm.start_timeout_s
        try:
            while not self._left.is_set() and (left := until - time.monotonic()) > 0:
                if self._ask(left):
                    return
                self._left.wait(_AGAIN_S)
        finally:
            self._answered.set()

    def _ask(self, left_s: float) -> bool:
        """One question; whether asking again is of no use."""
        llm = self._llm
        key = llm.api_key.get_secret_value()
        question = {
            "model": llm.model,
            "messages": [{"role": "user", "content": "1"}],
            "max_tokens": 1,
        }
        try:
            answer = httpx.post(
                f"{llm.base_url.rstrip('/')}/chat/completions",
                json=question,
                headers={"authorization": f"Bearer {key}"} if key else {},
                timeout=httpx.Timeout(left_s, connect=10.0),
                trust_env=not is_loopback(llm.base_url),
            )
        except httpx.ReadTimeout:
            return False
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return True
        self.reached = answer.is_success
        # 408, 429 and 503 come from gateways and schedulers whose model is still loading.
        return answer.status_code not in {408, 429, 503}
