"""Runs of sentences inside a topic: what each sentence is worth, which runs make clips, how they score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from videoclip.highlights.features import Features
from videoclip.highlights.topics import Topic
from videoclip.schemas import Genre

__all__ = ["Run", "best_runs", "score_run", "sentence_values", "similarities"]

_BASE = 0.22
"""Value below which a sentence does not earn its place at the edge of a clip."""

_STRUCTURE = {
    True: (("central", 0.4), ("complete", 0.4), ("delivery", 0.2)),
    False: (("central", 0.8), ("complete", 0.6), ("delivery", 0.3)),
}
"""Weights of what does not hang on cues: more in speech, where a good part may have none, than in selling."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """Positions of sentences, last one included, with the sum of their values."""

    first: int
    last: int
    value: float


def similarities(features: Features, first: int, last: int) -> tuple[Array, Array]:
    """LexRank (Erkan and Radev, JAIR 2004) and cosine to the centroid of the sentences first..last.

    Both in 0..1, LexRank relative to the most central sentence. At most a topic at a time, so the square
    matrix stays small.
    """
    lines = features.terms[first : last + 1]
    columns = {term: k for k, term in enumerate(sorted({term for line in lines for term in line}))}
    matrix = np.zeros((len(lines), max(1, len(columns))))
    for row, line in enumerate(lines):
        for term in line:
            matrix[row, columns[term]] += features.weights[term]
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = matrix / np.where(norms > 0, norms, 1.0)
    centroid = unit.sum(axis=0)
    others = centroid[None, :] - unit  # a sentence is not similar to a subject for being in it
    lengths = np.linalg.norm(others, axis=1)
    cosine = (unit * others).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)
    graph = unit @ unit.T + 1e-6
    graph /= graph.sum(axis=1, keepdims=True)
    rank = np.full(len(lines), 1.0 / len(lines))
    for _ in range(30):
        rank = 0.15 / len(lines) + 0.85 * (graph.T @ rank)
    return rank / rank.max(), cosine


def sentence_values(features: Features, topic: Topic, wanted: frozenset[int]) -> list[float]:
    """What each sentence of a topic adds to a clip; may be negative."""
    rank, cosine = similarities(features, topic.first, topic.last)
    values = []
    for k, i in enumerate(range(topic.first, topic.last + 1)):
        cues = sum(
            criterion.weight * (1 - exp(-len(hits)))
            for criterion, hits in zip(features.criteria, features.hits[i], strict=True)
        )
        value = (
            0.9 * min(1.0, 1.8 * float(cosine[k])) + 0.15 * float(rank[k]) + 0.45 * min(1.6, cues)
        )
        value += 0.1 * (features.energy[i] - 0.5) - 1.1 * features.chat[i]
        if i == topic.first:
            value += 0.6 * features.opener[i] * topic.opening
        if wanted.intersection(features.terms[i]):
            value += 1.0
        values.append(value - _BASE)
    return values


def best_runs(
    features: Features, topic: Topic, values: list[float], *, min_ms: int, max_ms: int, count: int
) -> list[Run]:
    """Runs of min_ms..max_ms inside the topic, best first; later ones share no sentence with earlier ones."""
    sums = [0.0, *accumulate(values)]
    size = topic.last - topic.first + 1
    found: list[Run] = []
    for first in range(size):
        lead = topic.opening if first == 0 else 0.0
        if features.continuer[topic.first + first]:
            lead -= 0.4  # "it", "and": leans on a sentence that the clip would lack
        for last in range(first, size):
            length = features.duration_ms(topic.first + first, topic.first + last)
            if length > max_ms:
                break
            if length >= min_ms:
                tail = 0.6 * topic.closing if last == size - 1 else 0.0
                value = sums[last + 1] - sums[first] + 0.6 * lead + tail
                found.append(Run(topic.first + first, topic.first + last, value))
    found.sort(key=lambda run: (-run.value, run.first, run.last))
    kept: list[Run] = []
    for run in found:
        if all(run.last < other.first or run.first > other.last for other in kept):
            kept.append(run)
            if len(kept) == count:
                break
    return kept


def score_run(
    features: Features, topic: Topic, run: Run, wanted: frozenset[int]
) -> tuple[float, dict[str, float]]:
    """Total and score by criterion, each 0..1.

    Every part is absolute (counts that saturate, cosines), so that totals of different videos compare.
    """
    inside = range(run.first, run.last + 1)
    chat = sum(features.chat[i] for i in inside) / len(inside)
    scores: dict[str, float] = {}
    total = weights = 0.0
    for k, criterion in enumerate(features.criteria):
        distinct = {hit for i in inside for hit in features.hits[i][k]}
        scores[criterion.name] = 1 - exp(-len(distinct) / criterion.saturation)
        total += criterion.weight * scores[criterion.name]
        weights += criterion.weight
    scores["central"] = _connected(features, run)
    covered = features.duration_ms(run.first, run.last) / max(
        1, features.duration_ms(topic.first, topic.last)
    )
    whole_start = 1.0 if run.first == topic.first else 0.5
    scores["complete"] = min(
        1.0, 0.5 * sqrt(covered) + 0.5 * whole_start * (0.5 + 0.5 * topic.opening)
    )
    pace = sum(features.pace[i] for i in inside) / len(inside)
    energy = sum(features.energy[i] for i in inside) / len(inside)
    scores["delivery"] = 0.5 * pace + 0.5 * energy
    for name, weight in _STRUCTURE[features.genre is Genre.COMMERCE]:
        total += weight * scores[name]
        weights += weight
    total /= weights
    if wanted:
        present = wanted.intersection(term for i in inside for term in features.terms[i])
        mass = sum(features.weights[term] for term in wanted)
        scores["prompt"] = sum(features.weights[term] for term in present) / mass
        # What the user asked for outweighs what usually works.
        total = 0.3 * total + 0.7 * scores["prompt"]
    total *= 1 - 0.7 * chat
    return min(1.0, max(0.0, total)), {name: round(value, 3) for name, value in scores.items()}


def _connected(features: Features, run: Run) -> float:
    """Share of the sentences that have a term in common with another sentence of the run."""
    seen = Counter(term for i in range(run.first, run.last + 1) for term in set(features.terms[i]))
    linked = sum(
        any(seen[term] > 1 for term in features.terms[i]) for i in range(run.first, run.last + 1)
    )
    return linked / (run.last - run.first + 1)
