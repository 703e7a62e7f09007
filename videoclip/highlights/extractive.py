"""The highlighter without a model: term weights, centrality, cue phrases and topic borders.

Deterministic and offline. Time and memory grow linearly with the transcript.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from videoclip.highlights.features import Features, analyse
from videoclip.highlights.mentions import product_mentions, product_topic
from videoclip.highlights.protocol import Brief, Proposal, Proposals, Window
from videoclip.highlights.ranking import Run, best_runs, score_run, sentence_values
from videoclip.highlights.text import clean_text, is_chinese, terms
from videoclip.highlights.titles import (
    key_phrase,
    price_of,
    product_title,
    reason_of,
    strongest,
    title_of,
)
from videoclip.highlights.topics import Topic, split_topics
from videoclip.schemas import Engine, Notice, Product

__all__ = ["ExtractiveHighlighter", "describe_run"]

_VERSION = "3"
"""Raised whenever the same transcript would get other proposals."""

_RUNS_PER_TOPIC = 3


class ExtractiveHighlighter:
    """Ranks runs of sentences that stay inside one subject."""

    @property
    def engine(self) -> Engine:
        """Name and version, for the record."""
        return Engine(name="extractive", version=_VERSION)

    def inputs(self, window: Window, brief: Brief) -> Mapping[str, Any]:
        """What decides the proposals."""
        return {
            "engine": "extractive",
            "version": _VERSION,
            "brief": brief.inputs(),
            "window": window.inputs(),
        }

    def propose(self, window: Window, brief: Brief) -> Proposals:
        """Runs of the window's sentences, best first; see ``Highlighter.propose``."""
        if not window.sentences:
            return Proposals(())
        features = analyse(window.sentences, window.energy, brief.genre)
        wanted, notices = _wanted_terms(features, brief)
        topics = split_topics(features)
        if brief.products:
            return Proposals(_one_a_product(features, topics, brief, wanted), notices)
        proposals = _propose_in(features, topics, brief, wanted, joined=False)
        if len(proposals) < brief.top:
            # Subjects shorter than the shortest clip: offer neighbours together, marked and scored as such.
            merged = _merge_short(features, topics, brief.min_ms)
            inside = {(p.first_sentence, p.last_sentence) for p in proposals}
            proposals += [
                p
                for p in _propose_in(features, merged, brief, wanted, joined=True)
                if (p.first_sentence, p.last_sentence) not in inside
            ]
        if (
            not proposals
        ):  # nothing has the wanted length: selection says so of each subject's best sentence
            proposals = [
                describe_run(features, best, best, brief)
                for best in (_best_sentence(features, topic, wanted) for topic in topics)
            ]
        proposals.sort(key=lambda p: (-p.score, p.first_sentence, p.last_sentence))
        return Proposals(tuple(proposals), notices)


def describe_run(features: Features, first: int, last: int, brief: Brief) -> Proposal:
    """Title, reason, quote and scores for a run that something else has chosen, by positions of sentences."""
    topic = Topic(first, last, 0.5, 0.5)
    values = sentence_values(features, topic, frozenset())
    run = Run(first, last, sum(values))
    return _proposal(features, topic, run, values, frozenset(), brief, joined=False)


def _best_sentence(features: Features, topic: Topic, wanted: frozenset[int]) -> int:
    values = sentence_values(features, topic, wanted)
    return topic.first + values.index(max(values))


def _wanted_terms(features: Features, brief: Brief) -> tuple[frozenset[int], tuple[Notice, ...]]:
    asked = set(terms(brief.prompt, prompt=True))
    if not asked:
        return frozenset(), ()
    wanted = frozenset(i for i, term in enumerate(features.vocabulary) if term in asked)
    if wanted:
        return wanted, ()
    return frozenset(), (
        Notice(
            code="prompt_not_matched",
            message="No word of the prompt occurs in what was said, so it did not influence the choice",
            remedy="Use words that are spoken in the video, or configure a language model endpoint",
        ),
    )


_OF_PRODUCT = 0.8
"""What naming the product adds to a sentence's value, and naming another one takes from it."""


def _one_a_product(
    features: Features, topics: list[Topic], brief: Brief, wanted: frozenset[int]
) -> tuple[Proposal, ...]:
    """The best run about each product of the list that is talked about, best first."""
    mentions = product_mentions(features, brief.products)
    whole_ms = features.duration_ms(0, len(features.sentences) - 1)
    proposals = []
    for k, product in enumerate(brief.products):
        others = [row for j, row in enumerate(mentions) if j != k]
        topic = product_topic(features, topics, mentions[k], others, brief.max_ms)
        if topic is None:
            continue
        values = sentence_values(features, topic, wanted)
        for i in range(topic.first, topic.last + 1):
            rival = max((row[i] for row in others), default=0.0)
            values[i - topic.first] += _OF_PRODUCT * (
                mentions[k][i] - max(0.0, rival - mentions[k][i])
            )
        runs = best_runs(
            features,
            topic,
            values,
            min_ms=min(brief.min_ms, whole_ms),
            max_ms=brief.max_ms,
            count=1,
        )
        for run in runs or [Run(topic.first, topic.last, sum(values))]:
            proposal = _proposal(features, topic, run, values, wanted, brief, joined=False)
            proposals.append(_titled(proposal, product, features, run, brief))
    proposals.sort(key=lambda p: (-p.score, p.first_sentence, p.last_sentence))
    return tuple(proposals)


def _titled(
    proposal: Proposal, product: Product, features: Features, run: Run, brief: Brief
) -> Proposal:
    chinese = is_chinese(product.name)
    title = product_title(product.name, price_of(features, run, brief.language), chinese=chinese)
    tag = "".join(c for c in product.name if c.isalnum())
    hashtags = tuple(dict.fromkeys((tag, *proposal.hashtags))) if tag else proposal.hashtags
    return replace(proposal, title=title, product=product.name, hashtags=hashtags)


def _merge_short(features: Features, topics: list[Topic], min_ms: int) -> list[Topic]:
    """Join each topic that is too short with its neighbours until it is long enough; only the joined ones."""
    joined: list[Topic] = []
    for k, topic in enumerate(topics):
        if features.duration_ms(topic.first, topic.last) >= min_ms:
            continue
        low = high = k
        while features.duration_ms(topics[low].first, topics[high].last) < min_ms:
            before = topics[low].opening if low > 0 else 2.0
            after = topics[high].closing if high + 1 < len(topics) else 2.0
            if before == after == 2.0:
                break
            if after <= before:  # the weaker border gives way
                high += 1
            else:
                low -= 1
        joined.append(
            Topic(
                topics[low].first,
                topics[high].last,
                topics[low].opening / 2,
                topics[high].closing / 2,
            )
        )
    return joined


def _propose_in(
    features: Features, topics: list[Topic], brief: Brief, wanted: frozenset[int], *, joined: bool
) -> list[Proposal]:
    whole_ms = features.duration_ms(0, len(features.sentences) - 1)
    min_ms = min(brief.min_ms, whole_ms)  # a short source may be one clip; selection decides
    proposals = []
    for topic in topics:
        values = sentence_values(features, topic, wanted)
        runs = best_runs(
            features, topic, values, min_ms=min_ms, max_ms=brief.max_ms, count=_RUNS_PER_TOPIC
        )
        proposals += [
            _proposal(features, topic, run, values, wanted, brief, joined=joined) for run in runs
        ]
    return proposals


def _proposal(
    features: Features,
    topic: Topic,
    run: Run,
    values: list[float],
    wanted: frozenset[int],
    brief: Brief,
    *,
    joined: bool,
) -> Proposal:
    total, scores = score_run(features, topic, run, wanted)
    quote = strongest(features, run, values, topic.first)
    phrase = key_phrase(features, run, brief.language.lower().startswith("zh"))
    hashtag = "".join(word.capitalize() for word in phrase.split())
    return Proposal(
        first_sentence=features.sentences[run.first].id,
        last_sentence=features.sentences[run.last].id,
        title=title_of(features, run, quote, brief.language),
        reason=reason_of(features, scores, brief.language, joined=joined),
        quote=clean_text(features.sentences[quote].text, 400),
        score=round(total * (0.85 if joined else 1.0), 4),
        scores=scores,
        hashtags=(hashtag,) if hashtag else (),
        engine="extractive",
    )
