"""One question to an OpenAI-compatible endpoint: retries, a deadline, and a key that never leaves the header."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import openai
import stamina

from videoclip.errors import EngineUnavailable, HighlightFailed
from videoclip.settings import LlmSettings

__all__ = ["Endpoint", "Reply", "SchemaRefused", "is_loopback"]

_MAX_BACKOFF_S = 30.0


class SchemaRefused(Exception):
    """The endpoint does not know ``response_format`` with a JSON schema."""


class _Transient(Exception):
    """Worth another try. Its text is free of the key, because the retry library logs it."""

    def __init__(self, cause: str, wait_s: float | None = None) -> None:
        super().__init__(cause)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    content: str
    truncated: bool


class Endpoint:
    """Asks one model. Holds no connection between calls, so it can be pickled and shared."""

    def __init__(
        self, settings: LlmSettings, *, attempts: int, deadline_s: float, wait_initial_s: float
    ) -> None:
        self._settings = settings
        self._attempts = attempts
        self._deadline_s = deadline_s
        self._wait_initial_s = wait_initial_s

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        response_format: Mapping[str, Any],
        max_tokens: int,
    ) -> Reply:
        """One answer; timeouts, 429 and 5xx are tried again until the deadline.

        Raises:
            SchemaRefused: the endpoint refuses this ``response_format``.
            EngineUnavailable: it refuses the key, the model or the address.
            HighlightFailed: it stayed unreachable or overloaded, or refuses the request.
        """
        until = time.monotonic() + self._deadline_s
        retries = stamina.retry_context(
            on=_wait_of,
            attempts=self._attempts,
            timeout=self._deadline_s,
            wait_initial=self._wait_initial_s,
            wait_max=min(_MAX_BACKOFF_S, self._deadline_s / 4),
            wait_jitter=self._wait_initial_s,
        )
        try:
            for attempt in retries:
                with attempt:
                    left = max(0.05, until - time.monotonic())
                    return self._once(messages, response_format, max_tokens, left)
        except _Transient as error:
            raise HighlightFailed(
                f"the language model endpoint gave no answer: {error}",
                "Try again later, or raise VIDEOCLIP_LLM__TIMEOUT_S",
            ) from None
        raise AssertionError("the retry context ends by returning or raising")

    def _once(
        self,
        messages: Sequence[Mapping[str, str]],
        response_format: Mapping[str, Any],
        max_tokens: int,
        left_s: float,
    ) -> Reply:
        timeout = min(self._settings.timeout_s, left_s)
        # A proxy from the environment must not see what is meant for this machine.
        trust = not is_loopback(self._settings.base_url)
        with (
            openai.DefaultHttpxClient(
                timeout=timeout, trust_env=trust, follow_redirects=False
            ) as http,
            openai.OpenAI(
                base_url=self._settings.base_url,
                api_key=self._settings.api_key.get_secret_value() or "none",
                max_retries=0,
                timeout=timeout,
                http_client=http,
            ) as client,
        ):
            create: Any = client.chat.completions.create
            try:
                completion = create(
                    model=self._settings.model,
                    messages=list(messages),
                    response_format=dict(response_format),
                    max_tokens=max_tokens,
                    temperature=0.0,
                )
            except openai.APIStatusError as error:
                # "from None": the original holds the request, and with it the key.
                raise self._status_error(error) from None
            except openai.APITimeoutError:
                raise _Transient(f"no answer within {timeout:.1f} s") from None
            except openai.APIConnectionError as error:
                raise _Transient(self._clean(f"{error} {error.__cause__ or ''}")) from None
            except (openai.OpenAIError, ValueError) as error:
                raise _Transient(self._clean(f"the answer cannot be read: {error}")) from None
        choices = getattr(completion, "choices", None)
        if not choices:
            return Reply("", truncated=False)
        message = choices[0].message
        return Reply((message and message.content) or "", choices[0].finish_reason == "length")

    def _status_error(self, error: openai.APIStatusError) -> Exception:
        status = error.status_code
        text = self._clean(str(error))
        if status in {408, 409, 425, 429} or status >= 500:
            return _Transient(f"HTTP {status}", _retry_after(error.response.headers))
        if status in {401, 403}:
            return EngineUnavailable(
                f"the language model endpoint refuses the key: HTTP {status}",
                "Set VIDEOCLIP_LLM__API_KEY",
            )
        if status == 404 or 300 <= status < 400:
            return EngineUnavailable(
                f"the language model endpoint does not know the address or the model: {text}",
                "Check VIDEOCLIP_LLM__BASE_URL (it usually ends in /v1) and VIDEOCLIP_LLM__MODEL",
            )
        words = ("response_format", "json_schema", "schema", "structured", "guided", "grammar")
        if status in {400, 415, 422, 501} and any(word in text.lower() for word in words):
            return SchemaRefused(text)
        return HighlightFailed(
            f"the language model endpoint refuses the request: {text}",
            "Lower VIDEOCLIP_LLM__WINDOW_CHARS where the context is too long, or choose another model",
        )

    def _clean(self, text: str) -> str:
        """Without the key (endpoints quote it in errors), on one line, short."""
        key = self._settings.api_key.get_secret_value()
        if key:
            text = text.replace(key, "***")
        user_info = urlsplit(self._settings.base_url).netloc.rpartition("@")[0]
        if user_info:
            text = text.replace(user_info, "***")
        flat = " ".join(text.split())
        return flat if len(flat) <= 300 else flat[:299] + "…"


def is_loopback(url: str) -> bool:
    """Whether the address names this machine (by ``localhost`` or a loopback address)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _wait_of(error: Exception) -> bool | float:
    """For the retry library: whether to try again, or after how many seconds."""
    if not isinstance(error, _Transient):
        return False
    return True if error.wait_s is None else error.wait_s


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None  # absent, or a date: the usual back-off will do
    return min(_MAX_BACKOFF_S, seconds) if seconds >= 0 else None
