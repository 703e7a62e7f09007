"""From proposals to candidates: checked, timed, fitted, without doubles, ranked, and the best ones chosen.

Every candidate that is not chosen carries the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt

from videoclip.highlights.features import analyse
from videoclip.highlights.protocol import Brief, Proposal
from videoclip.highlights.snapping import Timeline
from videoclip.highlights.text import clean_text, terms
from videoclip.highlights.topics import split_topics
from videoclip.schemas import Candidate, Transcript

__all__ = ["DEFAULT_THRESHOLD", "select"]

DEFAULT_THRESHOLD = 0.25
"""Total below which a run is not worth a clip.

Totals are absolute. On the made shows (English and Chinese) and the sample, small talk stays under 0.22. Whole
product windows lie above 0.55 in the shows that the cues were tuned on, and above 0.25 in all others (most of
them above 0.5); plain coherent speech without any cue lies around 0.28 and should still give clips.
"""

_SAME_RANGE = 0.5
"""Overlap over union above which two candidates are the same clip."""

_SAME_WORDS = 0.8
"""Cosine of the content words above which two candidates say the same."""

_DIVERSITY = 0.25
"""What similarity to a chosen clip costs in the choice (maximal marginal relevance)."""

_UNKNOWN = "names sentences that do not exist"


@dataclass(frozen=True, slots=True)
class _Entry:
    proposal: Proposal
    first: int
    last: int
    start_ms: int
    end_ms: int
    fault: str = ""
    whole: bool = False


def select(
    proposals: Sequence[Proposal],
    transcript: Transcript,
    brief: Brief,
    *,
    pauses_ms: Sequence[tuple[int, int]],
    duration_ms: int,
    threshold: float = DEFAULT_THRESHOLD,
) -> list[Candidate]:
    """Candidates by falling score; the best ``brief.top`` that pass are ``selected``, the others say why not.

    Args:
        proposals: What the highlighters answered, of all windows, in any order.
        transcript: What was said; an empty one gives no candidates.
        brief: Length limits (of the clip with its margins of silence) and the number wanted.
        pauses_ms: Silences found in the sound, ``(start, end)``; empty when unknown.
        duration_ms: Length of the video.
        threshold: Least total, 0..1.

    Selected clips never overlap. A video shorter than ``brief.min_ms`` may become one clip as a whole.
    """
    if not transcript.sentences:
        return []
    fitter = _Fitter(transcript, brief, Timeline(transcript, pauses_ms, duration_ms), duration_ms)
    entries = sorted(
        (fitter.fit(_cleaned(proposal)) for proposal in proposals),
        key=lambda e: (-e.proposal.score, e.first, e.last, e.proposal.engine, e.proposal.title),
    )
    dropped = _choose(entries, _bags(entries, transcript), brief, threshold)
    return [
        _candidate(entry, transcript, f"c{rank + 1:02d}", reason)
        for rank, (entry, reason) in enumerate(zip(entries, dropped, strict=True))
    ]


def _cleaned(proposal: Proposal) -> Proposal:
    score = proposal.score if isfinite(proposal.score) else 0.0
    return replace(
        proposal,
        title=clean_text(proposal.title, 80),
        reason=clean_text(proposal.reason, 400),
        quote=clean_text(proposal.quote, 400),
        hook=clean_text(proposal.hook, 80),
        score=min(1.0, max(0.0, score)),
        scores={
            name: min(1.0, max(0.0, value))
            for name, value in proposal.scores.items()
            if isfinite(value)
        },
    )


class _Fitter:
    """Brings a proposal to a length that is allowed, by whole sentences."""

    def __init__(
        self, transcript: Transcript, brief: Brief, timeline: Timeline, duration_ms: int
    ) -> None:
        self._transcript = transcript
        self._brief = brief
        self._timeline = timeline
        self._duration_ms = duration_ms
        self._positions = {s.id: k for k, s in enumerate(transcript.sentences)}
        self._subjects: list[tuple[int, int]] | None = None

    def fit(self, proposal: Proposal) -> _Entry:
        first = self._positions.get(proposal.first_sentence)
        last = self._positions.get(proposal.last_sentence)
        if first is None or last is None or last < first:
            return _Entry(proposal, 0, 0, 0, 0, _UNKNOWN)
        if self._duration_ms < self._brief.min_ms:
            return self._whole(proposal)
        if self._transcript.sentences[last].end_ms > self._duration_ms:
            return self._entry(proposal, first, last, "reaches beyond the end of the video")
        if self._length(first, last) > self._brief.max_ms:
            return self._shrink(proposal, first, last)
        if self._length(first, last) < self._brief.min_ms:
            return self._grow(proposal, first, last)
        return self._entry(proposal, first, last)

    def _length(self, first: int, last: int) -> int:
        start, end = self._timeline.times(first, last)
        return end - start

    def _entry(self, proposal: Proposal, first: int, last: int, fault: str = "") -> _Entry:
        return _Entry(proposal, first, last, *self._timeline.times(first, last), fault)

    def _whole(self, proposal: Proposal) -> _Entry:
        note = f"The whole video: it is shorter than {_seconds(self._brief.min_ms)}"
        longer = replace(proposal, reason=clean_text(f"{note}. {proposal.reason}", 400))
        last = len(self._transcript.sentences) - 1
        fault = "" if self._duration_ms > 0 else "the video has no length"
        return _Entry(longer, 0, last, 0, self._duration_ms, fault, whole=True)

    def _shrink(self, proposal: Proposal, first: int, last: int) -> _Entry:
        """Drop sentences from the end, but from the beginning once the quote would go."""
        kept = next(
            (
                k
                for k in range(first, last + 1)
                if proposal.quote and proposal.quote in self._transcript.sentences[k].text
            ),
            first,
        )
        low, high = first, last
        while low < high and self._length(low, high) > self._brief.max_ms:
            if high > kept:
                high -= 1
            else:
                low += 1
        length = self._length(low, high)
        if length > self._brief.max_ms:
            fault = f"one sentence alone is longer than {_seconds(self._brief.max_ms)}"
            return self._entry(proposal, low, high, fault)
        if length < self._brief.min_ms:
            fault = (
                f"no run of its sentences lasts between {_seconds(self._brief.min_ms)} "
                f"and {_seconds(self._brief.max_ms)}"
            )
            return self._entry(proposal, low, high, fault)
        return self._entry(proposal, low, high)

    def _grow(self, proposal: Proposal, first: int, last: int) -> _Entry:
        """Add neighbouring sentences of the same subject, across the shorter pause first."""
        lowest, highest = self._subject(first, last)
        sentences = self._transcript.sentences
        low, high = first, last
        while self._length(low, high) < self._brief.min_ms:
            before = sentences[low].start_ms - sentences[low - 1].end_ms if low > lowest else None
            after = (
                sentences[high + 1].start_ms - sentences[high].end_ms if high < highest else None
            )
            if after is not None and (before is None or after <= before):
                wider = (low, high + 1)
            elif before is not None:
                wider = (low - 1, high)
            else:
                break
            if self._length(*wider) > self._brief.max_ms:
                break
            low, high = wider
        if self._length(low, high) < self._brief.min_ms:
            fault = (
                f"shorter than {_seconds(self._brief.min_ms)} and cannot grow inside its subject"
            )
            return self._entry(proposal, first, last, fault)
        return self._entry(proposal, low, high)

    def _subject(self, first: int, last: int) -> tuple[int, int]:
        if self._subjects is None:
            features = analyse(self._transcript.sentences, (), self._brief.genre)
            self._subjects = [(topic.first, topic.last) for topic in split_topics(features)]
        low = next(subject[0] for subject in self._subjects if subject[1] >= first)
        high = next(subject[1] for subject in self._subjects if subject[1] >= last)
        return low, high


def _bags(entries: Sequence[_Entry], transcript: Transcript) -> list[dict[str, float]]:
    """Content words of each entry as a vector of length one."""
    lines: dict[int, list[str]] = {}
    bags = []
    for entry in entries:
        bag: dict[str, int] = {}
        if not entry.fault:
            for k in range(entry.first, entry.last + 1):
                if k not in lines:
                    lines[k] = terms(transcript.sentences[k].text)
                for term in lines[k]:
                    bag[term] = bag.get(term, 0) + 1
        norm = sqrt(sum(count * count for count in bag.values()))
        bags.append({term: count / norm for term, count in bag.items()})
    return bags


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    if len(b) < len(a):
        a, b = b, a
    return sum(weight * b.get(term, 0.0) for term, weight in a.items())


def _choose(
    entries: Sequence[_Entry], bags: Sequence[dict[str, float]], brief: Brief, threshold: float
) -> list[str | None]:
    """Why each entry was dropped; None for the chosen ones."""
    dropped: list[str | None] = [None] * len(entries)
    open_ones: list[int] = []
    for k, entry in enumerate(entries):
        if entry.fault:
            dropped[k] = entry.fault
        elif brief.products and not entry.proposal.product:
            dropped[k] = "shows no product of the list"
        elif brief.products and (twin := _same_product(entries, open_ones, k)) is not None:
            dropped[k] = f"shows the same product as c{twin + 1:02d}, which scores at least as high"
        elif entry.proposal.score < threshold and not entry.whole and not brief.products:
            dropped[k] = f"under the threshold {threshold:.2f}"
        else:
            twin = next((o for o in open_ones if _same(entries, bags, o, k)), None)
            if twin is None or (brief.products and _overlap_ms(entries[k], entries[twin]) <= 0):
                open_ones.append(k)
            else:
                dropped[k] = f"a duplicate of c{twin + 1:02d}, which scores at least as high"
    chosen: list[int] = []
    likeness = dict.fromkeys(open_ones, 0.0)
    while open_ones and len(chosen) < brief.top:
        best = max(
            open_ones, key=lambda k: (entries[k].proposal.score - _DIVERSITY * likeness[k], -k)
        )
        chosen.append(best)
        open_ones.remove(best)
        for k in list(open_ones):
            if _overlap_ms(entries[k], entries[best]) > 0:
                dropped[k] = _overlap_reason(entries, k, best)
                open_ones.remove(k)
            else:
                likeness[k] = max(likeness[k], _cosine(bags[k], bags[best]))
    for k in open_ones:
        dropped[k] = f"not among the best {brief.top}"
    return dropped


def _overlap_reason(entries: Sequence[_Entry], k: int, best: int) -> str:
    scores_higher = entries[best].proposal.score > entries[k].proposal.score
    why = "which scores higher" if scores_higher else "which was preferred"
    return f"overlaps c{best + 1:02d}, {why}"


def _overlap_ms(a: _Entry, b: _Entry) -> int:
    return min(a.end_ms, b.end_ms) - max(a.start_ms, b.start_ms)


def _same(
    entries: Sequence[_Entry], bags: Sequence[dict[str, float]], one: int, other: int
) -> bool:
    a, b = entries[one], entries[other]
    shared = _overlap_ms(a, b)
    union = max(a.end_ms, b.end_ms) - min(a.start_ms, b.start_ms)
    if shared > 0 and shared > _SAME_RANGE * union:
        return True
    return _cosine(bags[one], bags[other]) > _SAME_WORDS


def _same_product(entries: Sequence[_Entry], open_ones: Sequence[int], k: int) -> int | None:
    """The better entry that shows the same product."""
    product = entries[k].proposal.product
    return next((o for o in open_ones if entries[o].proposal.product == product), None)


def _candidate(entry: _Entry, transcript: Transcript, name: str, dropped: str | None) -> Candidate:
    proposal = entry.proposal
    known = entry.fault != _UNKNOWN
    # Growing and shrinking change the run, so the ids come from the fitted one where there is one.
    first, last = transcript.sentences[entry.first].id, transcript.sentences[entry.last].id
    return Candidate(
        id=name,
        first_sentence=first if known else max(0, proposal.first_sentence),
        last_sentence=last if known else max(0, proposal.last_sentence),
        start_ms=entry.start_ms,
        end_ms=entry.end_ms,
        title=proposal.title,
        reason=proposal.reason,
        quote=proposal.quote,
        hook=proposal.hook,
        product=proposal.product,
        score=proposal.score,
        scores=dict(proposal.scores),
        hashtags=list(proposal.hashtags),
        engine=proposal.engine,
        selected=dropped is None,
        dropped=dropped,
    )


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g} s"
