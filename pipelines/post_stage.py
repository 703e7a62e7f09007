"""Posts for the chosen clips, and what the language model has cost the job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.context import JobContext
from pipelines.highlight_stage import Highlights, job_ledger
from pipelines.units import Unit, WorkerResult, run_units
from videoclip.fingerprint import fingerprint
from videoclip.highlights.budget import Ledger
from videoclip.highlights.features import analyse
from videoclip.highlights.llm import BUDGET_NOTICE
from videoclip.highlights.posts import POSTS_NOTICE, ClipText, PostWriter, template_posts
from videoclip.highlights.resolve import HighlighterSpec
from videoclip.schemas import (
    Candidate,
    ClipRequest,
    Failure,
    Genre,
    LlmUsage,
    Notice,
    Post,
    StageReport,
    Transcript,
)
from videoclip.settings import LlmSettings, Settings

__all__ = ["WrittenPosts", "llm_usage", "write_posts"]

_POSTS_VERSION = 1
_PARALLEL_REQUESTS = 4


@dataclass(frozen=True, slots=True)
class WrittenPosts:
    """Posts by candidate id; no report where no model was asked."""

    posts: dict[str, list[Post]]
    report: StageReport | None = None
    failures: tuple[Failure, ...] = ()
    cached: int = 0


@dataclass(frozen=True, slots=True)
class _WriterFactory:
    spec: HighlighterSpec
    settings: Settings
    ledger: Ledger

    def __call__(self) -> _PostWorker:
        return _PostWorker(_writer(self.spec, self.settings.llm, self.ledger))


class _PostWorker:
    def __init__(self, writer: PostWriter) -> None:
        self._writer = writer

    def work(self, task: Any) -> WorkerResult:
        assert isinstance(task, ClipText)
        answer = self._writer.write(task)
        makeshift = {POSTS_NOTICE, BUDGET_NOTICE}
        return WorkerResult(
            {
                "posts": [post.model_dump(mode="json") for post in answer.posts],
                "notices": [notice.model_dump() for notice in answer.notices],
                "requests": answer.requests,
            },
            lasting=all(notice.code not in makeshift for notice in answer.notices),
        )


def _writer(spec: HighlighterSpec, llm: LlmSettings, ledger: Ledger | None) -> PostWriter:
    chosen = llm.model_copy(update={"model": spec.model})
    return PostWriter(chosen, context_tokens=spec.context_tokens, ledger=ledger)


def write_posts(
    context: JobContext,
    request: ClipRequest,
    highlights: Highlights,
    chosen: Sequence[Candidate],
    transcript: Transcript,
) -> WrittenPosts:
    """Posts of the chosen candidates for the platforms of the request."""
    if not (chosen and request.platforms):
        return WrittenPosts({})
    genre = request.genre
    if genre is Genre.AUTO:
        genre = analyse(transcript.sentences, (), Genre.AUTO).genre
    platforms = tuple(dict.fromkeys(request.platforms))
    texts = {c.id: ClipText.of(c, transcript, genre, platforms) for c in chosen}
    if highlights.spec.engine != "llm":
        return WrittenPosts({key: template_posts(text) for key, text in texts.items()})
    writer = _writer(highlights.spec, context.settings.llm, None)
    outcome = run_units(
        context,
        "posts",
        [
            Unit(key, fingerprint("posts", _POSTS_VERSION, dict(writer.inputs(text))), text)
            for key, text in texts.items()
        ],
        _WriterFactory(highlights.spec, context.settings, job_ledger(context)),
        measure="clips",
        num_cpus=0.25,
        workers=_PARALLEL_REQUESTS,
        inline_single=True,
    )
    posts = {}
    for key, text in texts.items():
        artifact = outcome.artifacts.get(key)
        if artifact is None:  # the failure is told; the clip still has a text
            posts[key] = template_posts(text)
            continue
        posts[key] = [Post.model_validate(post) for post in artifact.payload["posts"]]
        for notice in artifact.payload["notices"]:
            context.notice(Notice.model_validate(notice))
    cached = sum(outcome.artifacts[key].payload["requests"] for key in outcome.reused)
    return WrittenPosts(posts, outcome.report, tuple(outcome.failures), cached)


def llm_usage(
    context: JobContext, highlights: Highlights, written: WrittenPosts
) -> LlmUsage | None:
    """What the language model has cost this attempt; None where none was asked."""
    if highlights.spec.engine != "llm":
        return None
    total = job_ledger(context).total()
    return LlmUsage(
        model=highlights.spec.model,
        requests=total.requests,
        cached=highlights.cached + written.cached,
        prompt_tokens=total.prompt_tokens,
        completion_tokens=total.completion_tokens,
        seconds=round(total.seconds, 3),
        estimated=total.estimated,
    )
