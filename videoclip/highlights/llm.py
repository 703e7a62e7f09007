"""The highlighter that asks a language model behind an OpenAI-compatible endpoint.

The model sees sentence ids, lengths and texts, and answers with sentence ids under a JSON schema; it never
sees or writes a time. An answer that does not hold is asked for once more; then, and where the job's budget is
spent, the window falls to the extractive ranker, with a notice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from videoclip.errors import HighlightFailed
from videoclip.highlights.answer import Parsed, answer_schema, answer_shape, parse_answer
from videoclip.highlights.asking import Asker, UnusableAnswer, request_inputs
from videoclip.highlights.budget import BudgetSpent, Ledger
from videoclip.highlights.endpoint import ContextExceeded
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.features import analyse
from videoclip.highlights.guard import Guard
from videoclip.highlights.messages import Messages, highlight_messages
from videoclip.highlights.prompts import load_part, load_prompt, prompts_version
from videoclip.highlights.protocol import Brief, Proposals, Window
from videoclip.highlights.tokens import estimate_tokens
from videoclip.highlights.windows import merge_proposals
from videoclip.schemas import Engine, Notice
from videoclip.settings import LlmSettings

__all__ = ["BUDGET_NOTICE", "DEFAULT_CONTEXT", "FALLBACK_NOTICE", "LlmHighlighter"]

_VERSION = "2"
"""Raised whenever the same answers would become other proposals."""

_SPARE = 2
"""Highlights asked for beyond the number wanted, for what selection drops."""
_LEAST_COUNT = 8
"""Asking for at least so many, and for doubles of it beyond, makes other clip counts the same question."""

DEFAULT_CONTEXT = 16_384
"""Tokens of context where neither the settings nor the endpoint say."""
_ROOM = 256
"""Tokens kept free for the chat template and the reminder of a second try."""
_LEAST_WINDOW = 100
_CRITERION = re.compile(r"^- \w+[:：].*$", re.MULTILINE)
"""A line of a prompt that says what a criterion means."""
_LEAST_SPLIT = 16
"""Sentences below which a window that does not fit is not halved once more."""

FALLBACK_NOTICE = "highlighter_fallback"
"""Code of the notice that the ranker answered in the model's place."""
BUDGET_NOTICE = "llm_budget_spent"
"""Code of the notice that the job's budget was spent."""


class LlmHighlighter:
    """Asks a language model for runs of sentences.

    Args:
        settings: Endpoint, model, key and limits.
        explicit: The engine was asked for by name, so an endpoint that stays unreachable is an error;
            otherwise the window falls to the extractive ranker with a notice.
        context_tokens: Length of the model's context; 0 where unknown.
        ledger: Where the job's costs are written; None: nowhere, and no limit holds.
        asking: Options of ``Asker``: attempts, deadline_s, wait_initial_s.
    """

    def __init__(
        self,
        settings: LlmSettings,
        *,
        explicit: bool = False,
        context_tokens: int = 0,
        ledger: Ledger | None = None,
        **asking: Any,
    ) -> None:
        self._settings = settings
        self._explicit = explicit
        self._context = context_tokens or settings.context_tokens or DEFAULT_CONTEXT
        # Of a small context the prompt gets the larger part.
        self._answer_tokens = min(settings.max_tokens, self._context // 3)
        self._asker = Asker(settings, self._context, ledger, **asking)

    @property
    def engine(self) -> Engine:
        """Name, version (with the prompt files') and model, for the record."""
        digest = sha256(prompts_version().encode()).hexdigest()[:8]
        return Engine(
            name="llm", version=f"{_VERSION}+prompts.{digest}", model=self._settings.model
        )

    def window_tokens(self, brief: Brief) -> int:
        """Tokens of transcript that fit into one prompt, beside instructions, schema and answer."""
        empty = Window(0, ())
        told = sum(estimate_tokens(m["content"]) for m in self._messages(empty, brief))
        schema = estimate_tokens(str(answer_schema(empty, brief, 0)))
        left = self._context - self._answer_tokens - told - schema - _ROOM
        return max(_LEAST_WINDOW, min(self._settings.window_tokens, left))

    def inputs(self, window: Window, brief: Brief) -> Mapping[str, Any]:
        """What decides the proposals: the request itself, and what else of the window counts."""
        messages = self._messages(window, brief)
        schema = answer_schema(window, brief, _count(brief))
        request = request_inputs(self._settings.model, messages, schema, self._answer_tokens)
        return {
            "engine": "llm",
            "version": _VERSION,
            "request": request,
            "genre": brief.genre.value,
            "language": brief.language,
            "products": [product.model_dump() for product in brief.products],
            "window": window.inputs(),
        }

    def propose(self, window: Window, brief: Brief) -> Proposals:
        """Runs of the window's sentences; see ``Highlighter.propose``.

        Raises:
            EngineUnavailable: the endpoint refuses the key, the model or the address.
            HighlightFailed: the endpoint stayed unreachable and the engine was asked for by name.
        """
        if not window.sentences:
            return Proposals(())
        notices: list[Notice] = []
        before = self._asker.requests
        code, remedy = FALLBACK_NOTICE, "Run the same command again, or use a larger model"
        try:
            parsed = self._fitting(window, brief, notices)
        except UnusableAnswer as error:
            cause = f"the language model's answer could not be used twice: {error}"
        except BudgetSpent as error:
            code, cause = BUDGET_NOTICE, str(error)
            remedy = "Raise VIDEOCLIP_LLM__MAX_JOB_TOKENS or VIDEOCLIP_LLM__MAX_JOB_SECONDS"
        except HighlightFailed as error:
            if self._explicit:
                raise
            cause = error.cause
        else:
            notices += _said(parsed, window.index)
            requests = self._asker.requests - before
            return Proposals(tuple(parsed.proposals), tuple(notices), requests)
        fallback = ExtractiveHighlighter().propose(window, brief)
        notice = Notice(
            code=code,
            message=f"The extractive ranker stood in for window {window.index}: {cause}",
            remedy=remedy,
        )
        requests = self._asker.requests - before
        return Proposals(fallback.proposals, (*notices, notice, *fallback.notices), requests)

    def _messages(self, window: Window, brief: Brief) -> Messages:
        prompt = load_prompt(brief.genre, brief.language)
        return highlight_messages(
            prompt, window.sentences, brief, _count(brief), answer_shape(brief)
        )

    def _fitting(self, window: Window, brief: Brief, notices: list[Notice]) -> Parsed:
        """The answer for a window; where a model has smaller tokens than was estimated, of its two halves."""
        try:
            return self._asked(window, brief, notices)
        except ContextExceeded:
            count = len(window.sentences)
            if count < _LEAST_SPLIT:
                raise
            if not any(notice.code == "llm_window_split" for notice in notices):
                notices.append(
                    Notice(
                        code="llm_window_split",
                        message=f"Window {window.index} was too long for the language model and was halved",
                        remedy="Lower VIDEOCLIP_LLM__CONTEXT_TOKENS, which spares the refused requests",
                    )
                )
        middle, overlap = count // 2, count // 8
        halves = [
            Window(k, window.sentences[part], window.energy[part])
            for k, part in enumerate((slice(0, middle + overlap), slice(middle - overlap, count)))
        ]
        parts = [self._fitting(half, brief, notices) for half in halves]
        return Parsed(
            merge_proposals(halves, [part.proposals for part in parts]),
            sum(part.discarded for part in parts),
            sum(part.leaked for part in parts),
            sum(part.cleaned for part in parts),
        )

    def _asked(self, window: Window, brief: Brief, notices: list[Notice]) -> Parsed:
        # Criteria are no secret, and a good reason names them in their own words.
        told = [_CRITERION.sub("", load_prompt(brief.genre, brief.language).body)]
        if brief.products:
            told.append(load_part("products", brief.language).body)
        names = (name for p in brief.products for name in (p.name, *p.aliases))
        said = (sentence.text for sentence in window.sentences)
        guard = Guard(told, [*said, brief.prompt, *names])
        features = analyse(window.sentences, window.energy, brief.genre)
        return self._asker.ask(
            "highlights",
            self._messages(window, brief),
            answer_schema(window, brief, _count(brief)),
            self._answer_tokens,
            partial(parse_answer, window=window, brief=brief, features=features, guard=guard),
            notices,
        )


def _count(brief: Brief) -> int:
    wanted = max(brief.top + _SPARE, len(brief.products))
    count = _LEAST_COUNT
    while count < wanted:
        count *= 2
    return count


def _said(parsed: Parsed, window: int) -> list[Notice]:
    told = (
        (
            "highlighter_discarded",
            parsed.discarded,
            "named sentences or products that are not there and were discarded",
        ),
        ("highlighter_leak", parsed.leaked, "repeated the instructions and were discarded"),
        (
            "highlighter_cleaned",
            parsed.cleaned,
            "held an address, account or number that nobody named, or echoed the prompt, and lost that text",
        ),
    )
    return [
        Notice(code=code, message=f"{count} of the model's highlights in window {window} {what}")
        for code, count, what in told
        if count
    ]
