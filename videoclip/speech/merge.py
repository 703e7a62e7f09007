"""Shard results to one transcript: overlaps deduplicated, times in order, words grouped into sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from videoclip.schemas import Engine, TimeRange, Transcript
from videoclip.speech.audio import samples_to_ms
from videoclip.speech.protocol import Shard, TimedWord
from videoclip.speech.recognise import ShardResult
from videoclip.speech.sentences import build_sentences
from videoclip.speech.shards import ShardPlan
from videoclip.speech.speakers import DISTANCE, name_speakers
from videoclip.speech.text import strip_punctuation

__all__ = ["merge"]

_EDGE_MS = 40
_SHORTEST_MS = 20  # less of a word than this is not worth keeping apart
_SAME_WORD_MS = 250  # how far apart two hearings of one word may be


def merge(
    results: Sequence[ShardResult],
    plan: ShardPlan,
    *,
    duration_ms: int,
    engine: Engine,
    language: str,
    failed: Sequence[Shard] = (),
    speaker_distance: float = DISTANCE,
) -> Transcript:
    """The transcript of the whole recording.

    Args:
        results: one for each shard that was recognised, in any order.
        plan: the plan that the shards came from.
        duration_ms: length of the source; nothing reaches beyond it.
        engine: what recognised, for the record.
        language: BCP 47 as asked for; "auto" takes what the engine heard most.
        failed: shards that were given up; their ranges become ``untranscribed``.
        speaker_distance: between voices of two speakers, where a speaker model listened.
    """
    ordered = sorted(results, key=lambda result: result.index)
    by_index = {shard.index: shard for shard in plan.shards}
    words: list[TimedWord] = []
    for result in ordered:
        shard = by_index.get(result.index)
        overlap = shard.overlap_samples if shard else 0
        if shard is None or not overlap or not words:
            words.extend(result.words)
            continue
        start_ms = samples_to_ms(shard.start_sample)
        words = _join(words, list(result.words), start_ms, start_ms + samples_to_ms(overlap))
    heard = _majority(ordered)
    spoken = heard if language in {"", "auto"} and heard else language
    spoken = "und" if spoken in {"", "auto"} else spoken
    punctuated = any(result.punctuated for result in ordered)
    clean = _monotonic(_trim(words, plan.pauses_ms), duration_ms)
    voices = [voice for result in ordered for voice in result.voices]
    clean = name_speakers(clean, voices, speaker_distance)
    sentences = build_sentences(clean, spoken, punctuated=punctuated, pauses_ms=plan.pauses_ms)
    return Transcript(
        language=spoken,
        duration_ms=duration_ms,
        engine=engine,
        sentences=sentences,
        untranscribed=_ranges(failed, duration_ms),
    )


def _join(
    before: list[TimedWord], after: list[TimedWord], start_ms: int, end_ms: int
) -> list[TimedWord]:
    """Two hearings of ``[start_ms, end_ms)`` as one.

    They change over at a word that both have at the same time; without one, in the middle, where each
    side still has context. A word that the middle halves belongs to the side that holds more of it.
    """
    tail = [i for i, word in enumerate(before) if word.end_ms > start_ms]
    head = [i for i, word in enumerate(after) if word.start_ms < end_ms]
    middle = (start_ms + end_ms) // 2
    shared = [
        (abs(_centre(before[i]) - middle), i, j)
        for i in tail
        for j in head
        if strip_punctuation(before[i].text) == strip_punctuation(after[j].text)
        and abs(_centre(before[i]) - _centre(after[j])) <= _SAME_WORD_MS
    ]
    if shared:
        _, i, j = min(shared)
        return before[: i + 1] + after[j + 1 :]
    return [word for word in before if _centre(word) < middle] + [
        word for word in after if _centre(word) >= middle
    ]


def _trim(words: Sequence[TimedWord], pauses_ms: Sequence[tuple[int, int]]) -> list[TimedWord]:
    """Take silence off the edges of words, since engines stretch them over the pause beside.

    A word with silence in the middle keeps its longer part; one that lies in silence wholly stays as it is.
    """
    # Energy rises a little after a soft consonant begins, so the pauses count from 40 ms inside of them.
    inner = [(start + _EDGE_MS, end - _EDGE_MS) for start, end in pauses_ms]
    ends = [end for _, end in inner]
    trimmed: list[TimedWord] = []
    for word in words:
        start, end = word.start_ms, word.end_ms
        i = bisect_right(ends, start)
        while i < len(inner) and inner[i][0] < end:
            silent, loud = inner[i]
            i += 1
            before, after = silent - start, end - loud
            if max(before, after) < _SHORTEST_MS:
                continue
            if before >= after:
                end = silent
            else:
                start = loud
        trimmed.append(replace(word, start_ms=start, end_ms=end))
    return trimmed


def _centre(word: TimedWord) -> int:
    return (word.start_ms + word.end_ms) // 2


def _monotonic(words: Sequence[TimedWord], duration_ms: int) -> list[TimedWord]:
    """Words in order, each of a millisecond at least, none overlapping the next, all inside the source."""
    clean: list[TimedWord] = []
    floor = 0
    for word in sorted(words, key=lambda word: (word.start_ms, word.end_ms)):
        start = max(word.start_ms, floor)
        end = min(max(word.end_ms, start + 1), duration_ms)
        if end <= start:
            continue
        clean.append(replace(word, start_ms=start, end_ms=end))
        floor = end
    return clean


def _majority(results: Sequence[ShardResult]) -> str:
    """The language with the most words; on a tie the one heard first."""
    votes: dict[str, int] = {}
    for result in results:
        if result.language:
            votes[result.language] = votes.get(result.language, 0) + len(result.words)
    return max(votes, key=lambda name: votes[name]) if votes else ""


def _ranges(failed: Sequence[Shard], duration_ms: int) -> list[TimeRange]:
    """Failed shards as ranges, touching ones joined."""
    ranges: list[TimeRange] = []
    for shard in sorted(failed, key=lambda shard: shard.start_sample):
        start = samples_to_ms(shard.start_sample)
        end = min(samples_to_ms(shard.end_sample), duration_ms)
        if end <= start:
            continue
        if ranges and start <= ranges[-1].end_ms:
            start = ranges.pop().start_ms
        ranges.append(TimeRange(start_ms=start, end_ms=end))
    return ranges
