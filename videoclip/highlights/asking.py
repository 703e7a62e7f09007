"""A question under a JSON schema: asked once more where the answer cannot be used, within the job's budget."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from videoclip.errors import HighlightFailed
from videoclip.highlights.budget import Ledger, Spent
from videoclip.highlights.endpoint import TEMPERATURE, Endpoint, Reply, SchemaRefused
from videoclip.highlights.messages import Messages
from videoclip.highlights.tokens import estimate_tokens
from videoclip.schemas import Notice
from videoclip.settings import LlmSettings

__all__ = ["Asker", "UnusableAnswer", "json_object", "request_inputs"]

Result = TypeVar("Result")

_LONGEST = 400_000
_ROOM = 64
"""Tokens that a chat template adds, at most."""


class UnusableAnswer(ValueError):
    """The answer is no JSON of the right shape, or holds nothing usable."""


def request_inputs(
    model: str, messages: Messages, schema: Mapping[str, Any], tokens: int
) -> dict[str, Any]:
    """What decides an answer: model, messages, schema and sampling. Neither address nor key."""
    return {
        "model": model,
        "messages": messages,
        "schema": schema,
        "max_tokens": tokens,
        "temperature": TEMPERATURE,
    }


class Asker:
    """Asks one endpoint; remembers when it takes no schema.

    Args:
        settings: Endpoint, model, key and limits.
        context: Length of the model's context, tokens.
        ledger: Where costs are written and limits looked up; None: neither.
        attempts: Requests at most for one answer, where the endpoint is overloaded or silent.
        deadline_s: Seconds at most for one answer with all its attempts; default three time-outs.
        wait_initial_s: First back-off between attempts, seconds; it doubles.
    """

    def __init__(
        self,
        settings: LlmSettings,
        context: int,
        ledger: Ledger | None,
        *,
        attempts: int = 4,
        deadline_s: float | None = None,
        wait_initial_s: float = 0.5,
    ) -> None:
        self._context = context
        self._ledger = ledger
        self._endpoint = Endpoint(
            settings,
            attempts=attempts,
            deadline_s=deadline_s or 3 * settings.timeout_s,
            wait_initial_s=wait_initial_s,
        )
        self._schema_refused = False
        self.requests = 0
        """Requests sent so far, failed ones included."""

    def ask(
        self,
        name: str,
        messages: Messages,
        schema: Mapping[str, Any],
        tokens: int,
        use: Callable[[str], Result],
        notices: list[Notice],
    ) -> Result:
        """What ``use`` makes of the answer; where it raises, the question is put once more with more room.

        Raises:
            UnusableAnswer: both answers could not be used.
            BudgetSpent: the job may not spend more.
            EngineUnavailable, HighlightFailed: see ``Endpoint.ask``.
        """
        try:
            return self._used(name, messages, schema, tokens, use, notices)
        except UnusableAnswer as error:
            reminder = {
                "role": "user",
                "content": f"Your last answer could not be used: {error}. Answer again with the JSON object only.",
            }
            again = [*messages, reminder]
            room = self._context - _tokens(again) - _ROOM
            more = max(tokens, min(2 * tokens, room))
            return self._used(name, again, schema, more, use, notices)

    def _used(
        self,
        name: str,
        messages: Messages,
        schema: Mapping[str, Any],
        tokens: int,
        use: Callable[[str], Result],
        notices: list[Notice],
    ) -> Result:
        reply = self._reply(name, messages, schema, tokens, notices)
        if reply.truncated:
            raise UnusableAnswer(f"it was cut off after {tokens} tokens")
        return use(reply.content)

    def _reply(
        self,
        name: str,
        messages: Messages,
        schema: Mapping[str, Any],
        tokens: int,
        notices: list[Notice],
    ) -> Reply:
        if not self._schema_refused:
            strict = {"name": name, "strict": True, "schema": schema}
            try:
                return self._send(messages, {"type": "json_schema", "json_schema": strict}, tokens)
            except SchemaRefused:
                self._schema_refused = True
        if not any(notice.code == "highlighter_no_schema" for notice in notices):
            notices.append(
                Notice(
                    code="highlighter_no_schema",
                    message="The endpoint does not take a JSON schema; the answer's shape is only asked for",
                    remedy="Use an endpoint with structured outputs, such as vLLM",
                )
            )
        described = {
            "role": "user",
            "content": "Answer with one JSON object under this JSON schema:\n"
            + json.dumps(_short(schema), ensure_ascii=False),
        }
        try:
            return self._send([*messages, described], {"type": "json_object"}, tokens)
        except SchemaRefused as error:
            raise HighlightFailed(
                f"the language model endpoint cannot answer in JSON: {error}",
                "Use an endpoint with response_format, or --highlighter extractive",
            ) from None

    def _send(self, messages: Messages, response_format: Mapping[str, Any], tokens: int) -> Reply:
        reserved = _tokens(messages) + tokens
        if self._ledger is not None:
            self._ledger.reserve(reserved)
        spent = Spent(requests=1, estimated=True)
        try:
            reply = self._endpoint.ask(messages, response_format, tokens)
            spent = reply.spent
            return reply
        except HighlightFailed as error:
            spent = Spent(requests=error.context.get("requests", 1), estimated=True)
            raise
        finally:
            self.requests += spent.requests
            if self._ledger is not None:
                self._ledger.settle(reserved, spent)


def _short(schema: Any) -> Any:
    """The schema with limits instead of long lists of numbers: here it is part of the prompt."""
    if isinstance(schema, Mapping):
        ids = schema.get("enum")
        if schema.get("type") == "integer" and ids:
            return {"type": "integer", "minimum": min(ids), "maximum": max(ids)}
        return {key: _short(value) for key, value in schema.items()}
    return schema


def _tokens(messages: Messages) -> int:
    return sum(estimate_tokens(message["content"]) for message in messages)


def json_object(content: str) -> dict[str, Any]:
    """The JSON object of an answer, whatever a model wraps it in.

    Raises:
        UnusableAnswer: there is none.
    """
    if len(content) > _LONGEST:
        raise UnusableAnswer("it is far too long")
    if not content.strip():
        raise UnusableAnswer("it is empty")
    # Reasoning models think aloud first, and some put the object in a fence.
    text = content.rpartition("</think>")[2].strip().removeprefix("\ufeff")
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    try:
        # Not strict: raw control characters inside strings are common, and are cleaned away later.
        answer = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise UnusableAnswer("it is not JSON") from error
    if not isinstance(answer, dict):
        raise UnusableAnswer("it is no JSON object")
    return answer
