"""Topic borders: where one subject ends and the next begins.

The text is split where the sum of costs is least: each segment costs the code length of its words under its
own smoothed word distribution (Utiyama and Isahara, "A Statistical Model for Domain-Independent Text
Segmentation", ACL 2001), so that segments which repeat their own words are cheap; borders get cheaper with
opening and closing phrases, pauses and a new speaker, and dearer where a sentence leans on the one before.
Dynamic programming over a bounded segment length keeps time and memory linear in the transcript.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from statistics import median

from videoclip.highlights.features import Features
from videoclip.schemas import Genre

__all__ = ["Topic", "split_topics"]

_MAX_SENTENCES = 96
_MAX_MS = 8 * 60_000
_WORDING = 0.7
"""Weight of the words against the other evidence; spoken subjects repeat themselves less than written ones."""
_HALF_A_PITCH = 3.0
"""Cost of a subject that praises without a price, or names a price without praise: half of a pitch."""
_USUAL_MS = {
    Genre.COMMERCE: 50_000,
    Genre.TALK: 75_000,
    Genre.INTERVIEW: 75_000,
    Genre.COURSE: 90_000,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """Positions of sentences, last one included, and how sure the borders are (0..1)."""

    first: int
    last: int
    opening: float
    closing: float


def split_topics(features: Features) -> list[Topic]:
    """Topics in order; together they hold every sentence once."""
    count = len(features.sentences)
    if count == 0:
        return []
    evidence = [_border_evidence(features, i) for i in range(count)]
    starts = _cheapest_starts(features, evidence)
    certainty = [1.0 if i == 0 else _certainty(evidence[i]) for i in starts] + [1.0]
    ends = [*starts[1:], count]
    return [
        Topic(first, end - 1, certainty[k], certainty[k + 1])
        for k, (first, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _certainty(evidence: float) -> float:
    return min(1.0, max(0.2, 0.3 + evidence / 8.0))


def _border_evidence(features: Features, i: int) -> float:
    """Nats in favour of a border before sentence ``i``."""
    if i == 0:
        return 0.0
    before = features.sentences[i - 1]
    evidence = 5.0 * features.opener[i]
    evidence += 1.5 * features.closer[i - 1]
    evidence += 3.0 * _pause(features, i)
    # Small talk begins or ends.
    evidence += 4.0 * abs(_near_chat(features, i, 2) - _near_chat(features, i - 2, 2))
    speaker = features.sentences[i].speaker
    if speaker and before.speaker and speaker != before.speaker:
        # In conversation speakers alternate all the time; in a show a new voice is a new subject.
        evidence += 0.5 if features.genre is Genre.INTERVIEW else 3.0
    if features.genre is Genre.INTERVIEW and features.hits[i][0] and not features.hits[i - 1][0]:
        evidence += 3.0  # a question opens the subject that its answer belongs to
    evidence += 1.5 * _dip(features.crossing, i) - min(5.0, 1.5 * features.crossing[i])
    if features.continuer[i]:
        evidence -= 2.5
    if features.genre is Genre.COMMERCE:
        evidence += _selling_evidence(features, i)
    return evidence


def _selling_evidence(features: Features, i: int) -> float:
    """A pitch goes from the product over its benefits and price to the order: no subject starts with a price."""
    offer, action = features.hits[i][0], features.hits[i][3]
    evidence = 0.0
    if action:
        evidence -= 3.5 * features.opener[i]  # "order item number two" begins nothing
    if (offer or action) and features.opener[i] < 1.0:
        evidence -= 2.5
    if features.hits[i - 1][3] and not (offer or action):
        evidence += 1.5
    elif features.opener[i] == 0.0 and not _near_chat(features, i - 2, 4):
        evidence -= (
            3.0  # nothing was sold to the end, nothing is introduced: the same pitch goes on
        )
    before = _selling(features, i - 3, i)
    after = _selling(features, i, i + 3)
    return evidence + 3.0 * max(0.0, abs(before - after) - 0.34)


def _selling(features: Features, first: int, end: int) -> float:
    """Share of the sentences that sell something."""
    near = range(max(0, first), min(len(features.sentences), end))
    return sum(any(features.hits[k]) and features.chat[k] < 0.3 for k in near) / max(1, len(near))


def _dip(crossing: list[float], i: int) -> float:
    """How far cohesion rises on both sides of the border (the depth of TextTiling; Hearst, CL 1997)."""
    left = max(crossing[max(0, i - 5) : i], default=0.0)
    right = max(crossing[i + 1 : i + 6], default=0.0)
    return max(0.0, min(2.0, min(left, right) - crossing[i]))


def _near_chat(features: Features, first: int, length: int) -> float:
    near = features.chat[max(0, first) : max(0, first) + length]
    return sum(near) / len(near) if near else 0.0


def _pause(features: Features, i: int) -> float:
    """0..1: how far the pause stands out among its neighbours."""
    near = features.gap_ms[max(1, i - 15) : i + 16]
    usual = max(250.0, float(median(near)))
    return min(1.0, max(0.0, (features.gap_ms[i] - 1.5 * usual) / (2.5 * usual)))


class _Segment:
    """A growing run of sentences and what it costs as one subject, in nats."""

    def __init__(self, features: Features, smoothing: float, gain: list[float]) -> None:
        self._features = features
        self._smoothing = smoothing
        self._gain = gain
        self._seen: dict[int, int] = {}
        self._words = 0
        self._saved = 0.0
        self._praised = self._priced = 0
        self._sells = features.genre is Genre.COMMERCE

    def add(self, i: int) -> None:
        seen, gain = self._seen, self._gain
        line = self._features.terms[i]
        for term in line:
            times = seen.get(term, 0)
            self._saved += gain[min(times, len(gain) - 1)]
            seen[term] = times + 1
        self._words += len(line)
        if self._sells:
            offer, benefit, proof, action = self._features.hits[i]
            self._praised += bool(benefit or proof)
            self._priced += bool(offer or action)

    def cost(self, length_ms: int) -> float:
        wording = self._words * log(self._words + self._smoothing) - self._saved
        cost = _WORDING * wording + _length_cost(length_ms, _USUAL_MS[self._features.genre])
        if self._sells and (
            (self._praised > 1 and not self._priced) or (self._priced and not self._praised)
        ):
            cost += _HALF_A_PITCH
        return cost


def _cheapest_starts(features: Features, evidence: list[float]) -> list[int]:
    count = len(features.terms)
    total = sum(map(len, features.terms))
    smoothing = float(max(20, min(400, len(features.vocabulary))))
    border = log(max(20, min(2_000, total)))
    # Change of f log(f + 1) when a word is seen once more.
    gain = [(f + 1) * log(f + 2) - f * log(f + 1) for f in range(1_000)]
    best = [0.0] + [float("inf")] * count
    back = [0] * (count + 1)
    for first in range(count):
        segment = _Segment(features, smoothing, gain)
        so_far = best[first] + (border - evidence[first] if first else 0.0)
        for last in range(first, min(count, first + _MAX_SENTENCES)):
            length_ms = features.duration_ms(first, last)
            if length_ms > _MAX_MS and last > first:
                break
            segment.add(last)
            cost = so_far + segment.cost(length_ms)
            if cost < best[last + 1]:
                best[last + 1] = cost
                back[last + 1] = first
    starts = []
    at = count
    while at > 0:
        at = back[at]
        starts.append(at)
    return starts[::-1]


def _length_cost(length_ms: int, usual_ms: int) -> float:
    """A weak log-normal prior: subjects of a few seconds or many minutes are rare."""
    return 0.8 * log(max(1_000, length_ms) / usual_ms) ** 2
