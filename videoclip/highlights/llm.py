"""The highlighter that asks a language model behind an OpenAI-compatible endpoint.

The model sees sentence ids, lengths and texts, and answers with sentence ids under a JSON schema; it never
sees or writes a time. An answer that does not hold is asked for once more; then the window falls to the
extractive ranker, with a notice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from math import ceil
from typing import Any

from videoclip.errors import HighlightFailed
from videoclip.highlights.answer import UnusableAnswer, answer_schema, parse_answer
from videoclip.highlights.endpoint import Endpoint, Reply, SchemaRefused
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.features import Features, analyse
from videoclip.highlights.prompts import Prompt, load_prompt, prompts_version
from videoclip.highlights.protocol import Brief, Proposal, Proposals, Window
from videoclip.highlights.text import clean_text
from videoclip.schemas import Engine, Notice
from videoclip.settings import LlmSettings

__all__ = ["LlmHighlighter"]

_VERSION = "1"
"""Raised whenever the same answers would become other proposals."""

_SPARE = 2
"""Highlights asked for beyond the number wanted, for what selection drops."""


class LlmHighlighter:
    """Asks a language model for runs of sentences.

    Args:
        settings: Endpoint, model, key and limits.
        explicit: The engine was asked for by name, so an endpoint that stays unreachable is an error;
            otherwise the window falls to the extractive ranker with a notice.
        attempts: Requests at most for one answer, where the endpoint is overloaded or silent.
        deadline_s: Seconds at most for one answer with all its attempts; default three timeouts.
        wait_initial_s: First back-off between attempts, seconds; it doubles.
    """

    def __init__(
        self,
        settings: LlmSettings,
        *,
        explicit: bool = False,
        attempts: int = 4,
        deadline_s: float | None = None,
        wait_initial_s: float = 0.5,
    ) -> None:
        self._settings = settings
        self._explicit = explicit
        self._endpoint = Endpoint(
            settings,
            attempts=attempts,
            deadline_s=deadline_s or 3 * settings.timeout_s,
            wait_initial_s=wait_initial_s,
        )
        self._schema_refused = False

    @property
    def engine(self) -> Engine:
        """Name, version (with the prompt files') and model, for the record."""
        digest = sha256(prompts_version().encode()).hexdigest()[:8]
        return Engine(
            name="llm", version=f"{_VERSION}+prompts.{digest}", model=self._settings.model
        )

    @staticmethod
    def fingerprint_for(model: str) -> dict[str, Any]:
        """What decides the proposals of a model besides window and brief."""
        return {"engine": "llm", "version": _VERSION, "model": model, "prompts": prompts_version()}

    def fingerprint_inputs(self) -> Mapping[str, Any]:
        """What decides the proposals besides window and brief. The address and the key are no part of it."""
        return self.fingerprint_for(self._settings.model)

    def propose(self, window: Window, brief: Brief) -> Proposals:
        """Runs of the window's sentences; see ``Highlighter.propose``.

        Raises:
            EngineUnavailable: the endpoint refuses the key, the model or the address.
            HighlightFailed: the endpoint stayed unreachable and the engine was asked for by name.
        """
        if not window.sentences:
            return Proposals(())
        features = analyse(window.sentences, window.energy, brief.genre)
        notices: list[Notice] = []
        try:
            proposals = self._asked(window, brief, features, notices)
        except UnusableAnswer as error:
            cause = f"the language model's answer could not be used twice: {error}"
        except HighlightFailed as error:
            if self._explicit:
                raise
            cause = error.cause
        else:
            return Proposals(tuple(proposals), tuple(notices))
        fallback = ExtractiveHighlighter().propose(window, brief)
        notice = Notice(
            code="highlighter_fallback",
            message=f"The extractive ranker stood in for window {window.index}: {cause}",
            remedy="Run the same command again, or use a larger model",
        )
        return Proposals(fallback.proposals, (*notices, notice, *fallback.notices))

    def _asked(
        self, window: Window, brief: Brief, features: Features, notices: list[Notice]
    ) -> list[Proposal]:
        prompt = load_prompt(brief.genre, brief.language)
        count = brief.top + _SPARE
        schema = answer_schema(window, brief, count)
        messages = _messages(prompt, window, brief, count)
        tokens = self._settings.max_tokens
        try:
            return self._answer(messages, schema, tokens, window, brief, features, notices)
        except UnusableAnswer as error:
            reminder = {
                "role": "user",
                "content": f"Your last answer could not be used: {error}. Answer again with the JSON object only.",
            }
            return self._answer(
                [*messages, reminder], schema, 2 * tokens, window, brief, features, notices
            )

    def _answer(
        self,
        messages: list[dict[str, str]],
        schema: dict[str, Any],
        tokens: int,
        window: Window,
        brief: Brief,
        features: Features,
        notices: list[Notice],
    ) -> list[Proposal]:
        reply = self._reply(messages, schema, tokens, notices)
        if reply.truncated:
            raise UnusableAnswer(f"it was cut off after {tokens} tokens")
        proposals, discarded = parse_answer(reply.content, window, brief, features)
        if discarded:
            notices.append(
                Notice(
                    code="highlighter_discarded",
                    message=f"{discarded} of the model's highlights in window {window.index} named sentences "
                    "that are not there and were discarded",
                )
            )
        return proposals

    def _reply(
        self,
        messages: list[dict[str, str]],
        schema: dict[str, Any],
        tokens: int,
        notices: list[Notice],
    ) -> Reply:
        if not self._schema_refused:
            strict = {"name": "highlights", "strict": True, "schema": schema}
            try:
                return self._endpoint.ask(
                    messages, {"type": "json_schema", "json_schema": strict}, tokens
                )
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
            "content": "Answer with one JSON object under this JSON schema:\n" + json.dumps(schema),
        }
        try:
            return self._endpoint.ask([*messages, described], {"type": "json_object"}, tokens)
        except SchemaRefused as error:
            raise HighlightFailed(
                f"the language model endpoint cannot answer in JSON: {error}",
                "Use an endpoint with response_format, or --highlighter extractive",
            ) from None


def _messages(prompt: Prompt, window: Window, brief: Brief, count: int) -> list[dict[str, str]]:
    system = prompt.fill(
        min_seconds=ceil(brief.min_ms / 1000), max_seconds=brief.max_ms // 1000, count=count
    )
    parts = []
    if brief.prompt.strip():
        parts.append(f"What the user looks for: {_data(brief.prompt, 4000)}")
    lines = (
        f"[{s.id}] ({(s.end_ms - s.start_ms) / 1000:.1f} s) {_data(s.text, 2000)}"
        for s in window.sentences
    )
    parts.append("<transcript>\n" + "\n".join(lines) + "\n</transcript>")
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n\n".join(parts)}]


def _data(text: str, limit: int) -> str:
    """One line that cannot close the block it stands in."""
    return clean_text(text, limit).replace("<", "‹").replace(">", "›")
