"""One question to an OpenAI-compatible endpoint: retries, a deadline, and a key that never leaves the header."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from videoclip.errors import EngineUnavailable, HighlightFailed
from videoclip.highlights.budget import Spent
from videoclip.highlights.tokens import estimate_tokens
from videoclip.observe import tracing
from videoclip.settings import LlmSettings

if TYPE_CHECKING:  # most commands ask no model, and these take half a second to load
    import httpx2
    import openai

__all__ = ["TEMPERATURE", "ContextExceeded", "Endpoint", "Reply", "SchemaRefused", "is_loopback"]

_MAX_BACKOFF_S = 30.0
_MAX_BYTES = 4 * 1024**2
"""Longest body that is read, bytes."""

TEMPERATURE = 0.0
"""The likeliest answer, so that the same question gets the same one."""

_TOO_LONG = (
    "context length",
    "context_length",
    "context window",
    "max_model_len",
    "too long",
    "too many tokens",
)
"""Words of vLLM, OpenAI, DeepSeek, Ollama and others for a prompt that does not fit."""

_MODELS_TIMEOUT_S = 5.0
_CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")
"""What vLLM, OpenRouter, Groq and LM Studio call the length of the context in ``/v1/models``."""


class SchemaRefused(Exception):
    """The endpoint does not know ``response_format`` with a JSON schema."""


class ContextExceeded(HighlightFailed):
    """The prompt and the answer's room are longer than the model's context."""


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
    spent: Spent = field(default_factory=Spent)


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
            ContextExceeded: prompt and answer do not fit into the model's context.
            HighlightFailed: it stayed unreachable or overloaded, or refuses the request.
        """
        import stamina

        begun = time.monotonic()
        until = begun + self._deadline_s
        tried = 0
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
                    tried += 1
                    left = max(0.05, until - time.monotonic())
                    with tracing.span("ask the language model"):
                        body = self._once(messages, response_format, max_tokens, left)
                    return _reply(body, messages, tried, time.monotonic() - begun)
        except _Transient as error:
            raise HighlightFailed(
                f"the language model endpoint gave no answer: {error}",
                "Try again later, or raise VIDEOCLIP_LLM__TIMEOUT_S",
                requests=tried,
            ) from None
        raise AssertionError("the retry context ends by returning or raising")

    def context_tokens(self) -> int | None:
        """Length of the model's context as ``/v1/models`` tells it; None where it does not. Never raises."""
        import httpx2

        key = self._settings.api_key.get_secret_value()
        try:
            with self._client(_MODELS_TIMEOUT_S) as http:
                answer = http.get(
                    f"{self._settings.base_url.rstrip('/')}/models",
                    headers={"Authorization": f"Bearer {key}"} if key else {},
                )
                listed = answer.json()["data"] if answer.is_success else []
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError):
            return None
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and entry.get("id") == self._settings.model:
                for name in _CONTEXT_KEYS:
                    if isinstance(entry.get(name), int) and entry[name] > 0:
                        return int(entry[name])
        return None

    def _client(self, timeout_s: float) -> httpx2.Client:
        import openai

        # A proxy from the environment must not see what is meant for this machine.
        trust = not is_loopback(self._settings.base_url)
        return openai.DefaultHttpxClient(timeout=timeout_s, trust_env=trust, follow_redirects=False)

    def _once(
        self,
        messages: Sequence[Mapping[str, str]],
        response_format: Mapping[str, Any],
        max_tokens: int,
        left_s: float,
    ) -> Mapping[str, Any]:
        """The body of one answer. It is read in pieces, or an endpoint that drips would never time out."""
        import httpx2
        import openai

        timeout = min(self._settings.timeout_s, left_s)
        until = time.monotonic() + timeout
        late = f"no whole answer within {timeout:.1f} s"
        with (
            self._client(timeout) as http,
            openai.OpenAI(
                base_url=self._settings.base_url,
                api_key=self._settings.api_key.get_secret_value() or "none",
                max_retries=0,
                timeout=timeout,
                http_client=http,
            ) as client,
        ):
            create: Any = client.chat.completions.with_streaming_response.create
            try:
                with create(
                    model=self._settings.model,
                    messages=list(messages),
                    response_format=dict(response_format),
                    max_tokens=max_tokens,
                    temperature=TEMPERATURE,
                ) as response:
                    body = b""
                    for piece in response.iter_bytes():
                        body += piece
                        if time.monotonic() > until:
                            raise _Transient(late)
                        if len(body) > _MAX_BYTES:
                            raise _Transient(f"the answer is longer than {_MAX_BYTES} bytes")
                parsed = json.loads(body)
            except openai.APIStatusError as error:
                # "from None": the original holds the request, and with it the key.
                raise self._status_error(error) from None
            except (openai.APITimeoutError, httpx2.TimeoutException):
                raise _Transient(late) from None
            except (openai.APIConnectionError, httpx2.HTTPError) as error:
                raise _Transient(self._clean(f"{error} {error.__cause__ or ''}")) from None
            except (openai.OpenAIError, ValueError, RecursionError) as error:
                raise _Transient(self._clean(f"the answer cannot be read: {error}")) from None
        if not isinstance(parsed, dict):
            raise _Transient("the answer is no JSON object")
        return parsed

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
        if status in {400, 413, 422} and any(word in text.lower() for word in _TOO_LONG):
            return ContextExceeded(
                f"the prompt is too long for the language model: {text}",
                "Set VIDEOCLIP_LLM__CONTEXT_TOKENS to the length of the model's context, or lower",
            )
        words = ("response_format", "json_schema", "schema", "structured", "guided", "grammar")
        if status in {400, 415, 422, 501} and any(word in text.lower() for word in words):
            return SchemaRefused(text)
        return HighlightFailed(
            f"the language model endpoint refuses the request: {text}",
            "Lower VIDEOCLIP_LLM__CONTEXT_TOKENS where the prompt is too long, or choose another model",
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


def _reply(
    body: Mapping[str, Any], messages: Sequence[Mapping[str, str]], tried: int, seconds: float
) -> Reply:
    """What of the body counts; every part may be missing or of another type."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    choice = choice if isinstance(choice, dict) else {}
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    content = content if isinstance(content, str) else ""
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    asked, answered = usage.get("prompt_tokens"), usage.get("completion_tokens")
    estimated = tried > 1
    if not (isinstance(asked, int) and isinstance(answered, int) and min(asked, answered) >= 0):
        asked = sum(estimate_tokens(message["content"]) for message in messages)
        answered, estimated = estimate_tokens(content), True
    spent = Spent(tried, asked, answered, seconds, estimated)
    return Reply(content, choice.get("finish_reason") == "length", spent)


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
