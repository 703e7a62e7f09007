"""Titles and texts for the platforms: written by a model where there is one, else from templates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videoclip.errors import EngineUnavailable, HighlightFailed
from videoclip.highlights.answer import Capped, CappedList, object_schema, text_schema
from videoclip.highlights.asking import Asker, UnusableAnswer, json_object, request_inputs
from videoclip.highlights.budget import BudgetSpent, Ledger
from videoclip.highlights.guard import Guard
from videoclip.highlights.llm import BUDGET_NOTICE, DEFAULT_CONTEXT
from videoclip.highlights.messages import Messages, as_data
from videoclip.highlights.platforms import LIMITS, fit_post
from videoclip.highlights.prompts import load_part
from videoclip.highlights.text import clean_text, is_chinese, segment, stop_words
from videoclip.schemas import Candidate, Genre, Notice, Platform, Post, Transcript
from videoclip.settings import LlmSettings

__all__ = ["POSTS_NOTICE", "ClipText", "PostWriter", "Posts", "template_posts"]

_VERSION = "1"
_SHORT = 300
"""Longest text that a model is asked for; longer ones are seldom read."""
_TEMPLATE = "template"

POSTS_NOTICE = "posts_from_template"
"""Code of the notice that templates stood in for the model."""

_GENRE_TAGS = {
    Genre.COMMERCE: ("好物分享", "GoodFinds"),
    Genre.TALK: ("演讲", "Talk"),
    Genre.INTERVIEW: ("访谈", "Interview"),
    Genre.COURSE: ("知识分享", "Learning"),
}


@dataclass(frozen=True, slots=True)
class ClipText:
    """What a post is written from."""

    title: str
    hook: str
    quote: str
    product: str
    hashtags: tuple[str, ...]
    sentences: tuple[str, ...]
    language: str
    genre: Genre
    platforms: tuple[Platform, ...]

    @classmethod
    def of(
        cls,
        candidate: Candidate,
        transcript: Transcript,
        genre: Genre,
        platforms: tuple[Platform, ...],
    ) -> ClipText:
        """Of a chosen candidate."""
        said = tuple(
            sentence.text
            for sentence in transcript.sentences
            if candidate.first_sentence <= sentence.id <= candidate.last_sentence
        )
        return cls(
            candidate.title,
            candidate.hook,
            candidate.quote,
            candidate.product,
            tuple(candidate.hashtags),
            said,
            transcript.language,
            genre,
            platforms,
        )


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts of one clip, in the order of the platforms asked for."""

    posts: tuple[Post, ...]
    notices: tuple[Notice, ...] = ()
    requests: int = 0


def template_posts(clip: ClipText) -> list[Post]:
    """Posts from the clip's own words: its title, its hook or quote, and its most repeated words as hashtags."""
    chinese = is_chinese("".join(clip.sentences))
    opening = clip.hook if clip.hook and clip.hook != clip.title else ""
    parts = [part for part in (opening, clip.quote) if part and part != clip.title]
    tags = [*clip.hashtags, *_frequent(clip)]
    if clip.product:
        tags.insert(0, "".join(clip.product.split()))
    if clip.genre in _GENRE_TAGS:
        tags.append(_GENRE_TAGS[clip.genre][0 if chinese else 1])
    text = ("" if chinese else " ").join(_ended(part, "。" if chinese else ".") for part in parts)
    return [fit_post(platform, clip.title, text, tags, _TEMPLATE) for platform in clip.platforms]


def _ended(sentence: str, mark: str) -> str:
    return sentence if sentence[-1] in "。！？.!?…" else sentence + mark


def _frequent(clip: ClipText) -> list[str]:
    stops = stop_words()
    counts = Counter(
        word
        for text in clip.sentences
        for word in segment(text.casefold())
        if word not in stops and not word.isdigit() and len(word) >= (4 if word.isascii() else 2)
    )
    return [word for word, count in counts.most_common(8) if count >= 2]


class _Written(BaseModel):
    model_config = ConfigDict(extra="ignore")

    title: Capped = ""
    description: Capped
    hashtags: CappedList = Field(default_factory=list)


class PostWriter:
    """Asks a language model for the posts of one clip in one request.

    Args:
        settings: Endpoint, model, key and limits.
        context_tokens: Length of the model's context; 0 where unknown.
        ledger: Where the job's costs are written.
        asking: Options of ``Asker``.
    """

    def __init__(
        self,
        settings: LlmSettings,
        *,
        context_tokens: int = 0,
        ledger: Ledger | None = None,
        **asking: Any,
    ) -> None:
        context = context_tokens or settings.context_tokens or DEFAULT_CONTEXT
        self._model = settings.model
        self._tokens = min(settings.max_tokens, context // 3)
        self._room = 2 * context  # characters of speech: about half of the context
        self._asker = Asker(settings, context, ledger, **asking)

    def inputs(self, clip: ClipText) -> Mapping[str, Any]:
        """Everything that decides the posts, as plain values."""
        request = request_inputs(self._model, self._messages(clip), _schema(clip), self._tokens)
        return {"version": _VERSION, "request": request, "clip": asdict(clip)}

    def write(self, clip: ClipText) -> Posts:
        """The posts; where the model fails, the templates', with a notice. Never raises for the model's sake."""
        notices: list[Notice] = []
        before = self._asker.requests
        code, remedy = POSTS_NOTICE, "Run the same command again, or use a larger model"
        guard = Guard(
            [load_part("posts", clip.language).body],
            [*clip.sentences, clip.title, clip.hook, clip.product],
        )
        try:
            posts, refused = self._asker.ask(
                "posts",
                self._messages(clip),
                _schema(clip),
                self._tokens,
                partial(_parse, clip=clip, guard=guard),
                notices,
            )
        except UnusableAnswer as error:
            cause = f"the language model's answer could not be used twice: {error}"
        except BudgetSpent as error:
            code, cause = BUDGET_NOTICE, str(error)
            remedy = "Raise VIDEOCLIP_LLM__MAX_JOB_TOKENS or VIDEOCLIP_LLM__MAX_JOB_SECONDS"
        except (HighlightFailed, EngineUnavailable) as error:
            cause = error.cause
        else:
            if refused:
                notices.append(
                    Notice(
                        code="posts_cleaned",
                        message=f"{refused} posts of {clip.title!r} repeated the instructions or held an "
                        "address or account that nobody named; templates stand in their places",
                    )
                )
            return Posts(tuple(posts), tuple(notices), self._asker.requests - before)
        notice = Notice(
            code=code,
            message=f"Templates stood in for the posts of {clip.title!r}: {cause}",
            remedy=remedy,
        )
        requests = self._asker.requests - before
        return Posts(tuple(template_posts(clip)), (*notices, notice), requests)

    def _messages(self, clip: ClipText) -> Messages:
        limits = "; ".join(_told(platform) for platform in clip.platforms)
        shape = {p.value: {"title": "", "description": "", "hashtags": []} for p in clip.platforms}
        for platform in clip.platforms:
            if not LIMITS[platform].title:
                del shape[platform.value]["title"]
        system = load_part("posts", clip.language).fill(
            limits=limits, shape=json.dumps(shape, ensure_ascii=False)
        )
        spoken = as_data(" ".join(clip.sentences), self._room)
        data = f"Title: {as_data(clip.title, 200)}\n\n<transcript>\n{spoken}\n</transcript>"
        return [{"role": "system", "content": system}, {"role": "user", "content": data}]


def _told(platform: Platform) -> str:
    limits = LIMITS[platform]
    title = f"title {limits.title}, " if limits.title else "no title, "
    text = min(_SHORT, limits.description // (2 if limits.weighted else 1))
    return f"{platform.value}: {title}description {text}, hashtags {limits.hashtags}"


def _schema(clip: ClipText) -> dict[str, Any]:
    posts = {}
    for platform in clip.platforms:
        limits = LIMITS[platform]
        post: dict[str, Any] = {"title": text_schema(limits.title)} if limits.title else {}
        post["description"] = text_schema(min(_SHORT, limits.description))
        post["hashtags"] = {
            "type": "array",
            "items": text_schema(30),
            "maxItems": limits.hashtags,
        }
        posts[platform.value] = object_schema(post)
    return object_schema(posts)


def _parse(content: str, clip: ClipText, guard: Guard) -> tuple[list[Post], int]:
    """The posts, and for how many platforms the template had to do."""
    answer = json_object(content)
    templates = template_posts(clip)
    posts, refused, missing = [], 0, 0
    for platform, instead in zip(clip.platforms, templates, strict=True):
        try:
            written = _Written.model_validate(answer.get(platform.value))
        except ValidationError:
            missing += 1
            posts.append(instead)
            continue
        texts = (written.title, written.description, *written.hashtags)
        if guard.leaks(*texts) or any(map(guard.names_stranger, texts)):
            refused += 1
            posts.append(instead)
            continue
        title = ""
        if LIMITS[platform].title:
            title = clean_text(written.title, 200) or clip.title
        text = clean_text(written.description, 5000)
        posts.append(
            fit_post(platform, title, text, written.hashtags or list(instead.hashtags), "llm")
        )
    if missing == len(clip.platforms):
        raise UnusableAnswer("it has no post for any platform")
    return posts, refused
