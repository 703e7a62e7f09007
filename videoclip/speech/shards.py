"""Where speech is, where the pauses are, and how a long recording is cut into shards at pauses.

Frame energy against an adaptive threshold: for every ten seconds the noise floor (10th percentile) and
the speech level (95th percentile) of the minute round it come from histograms of frame levels. Memory is
one byte for ten milliseconds plus one histogram for ten seconds, so hours of audio need megabytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from videoclip.speech.audio import iter_pcm, samples_to_ms, total_samples
from videoclip.speech.protocol import SAMPLE_RATE, Pcm, Shard

__all__ = ["ShardPlan", "Span", "analyse", "plan_shards", "speech_spans"]

Span = tuple[int, int]
"""Half-open range of samples or frames."""

_FRAME = SAMPLE_RATE // 100
_BLOCK = SAMPLE_RATE * 60  # samples read at a time; a whole number of frames
_FLOOR_DB = -96.0
_STEP_DB = 0.5  # resolution of the level histogram
_BINS = int(-_FLOOR_DB / _STEP_DB) + 1
_SEGMENT = 1000  # frames that share a threshold: 10 s
_REACH = 3  # segments on each side that count as the neighbourhood
_RANGE_DB = 50.0  # what lies further below the loudest speech is equally silent
_QUIET_FILE_DB = -62.0  # nothing louder than this anywhere: no speech
_PAUSE_FRAMES = 15
_CLICK_FRAMES = 3
_MARGIN = SAMPLE_RATE // 4  # silence kept round speech, so that weak first and last sounds stay in
_LONG_SILENCE = 3 * SAMPLE_RATE
_VERY_LONG_SILENCE = 10 * SAMPLE_RATE
_OVERLAP = 3 * SAMPLE_RATE // 2

Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """Shards in order, with what they were planned from. All numbers are absolute samples.

    Every sample of ``speech`` is in a shard; what no shard holds is inside one of ``pauses``.
    """

    shards: tuple[Shard, ...]
    speech: tuple[Span, ...]
    pauses: tuple[Span, ...]
    """Silent stretches of at least 150 ms, the ends of the recording included."""
    total_samples: int

    @property
    def pauses_ms(self) -> list[tuple[int, int]]:
        """Silent stretches of at least 150 ms as ``(start_ms, end_ms)``."""
        return [(samples_to_ms(start), samples_to_ms(end)) for start, end in self.pauses]

    def to_json(self) -> dict[str, Any]:
        """Plain dictionary of JSON types."""
        return {
            "shards": [
                [s.index, s.start_sample, s.end_sample, s.overlap_samples] for s in self.shards
            ],
            "speech": [list(span) for span in self.speech],
            "pauses": [list(span) for span in self.pauses],
            "total_samples": self.total_samples,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ShardPlan:
        """The plan that ``to_json`` wrote."""
        return cls(
            shards=tuple(Shard(*fields) for fields in content["shards"]),
            speech=tuple((start, end) for start, end in content["speech"]),
            pauses=tuple((start, end) for start, end in content["pauses"]),
            total_samples=content["total_samples"],
        )


def plan_shards(pcm_path: Path, *, target_ms: int, max_ms: int) -> ShardPlan:
    """Cut a recording into shards of about ``target_ms`` and never more than ``max_ms``.

    Shards end inside pauses. Long silence belongs to no shard. Where speech has no pause for ``max_ms``,
    the cut goes to the lowest energy and both sides keep 1.5 s in common.

    Raises:
        RecognitionFailed: the file cannot be read.
        ValueError: ``max_ms`` is under 5 s or under ``target_ms``.
    """
    if max_ms < max(5_000, target_ms):
        raise ValueError("max_ms must be at least 5000 and at least target_ms")
    length = total_samples(pcm_path)
    levels = _levels(iter_pcm(pcm_path, _BLOCK))
    speech, pauses = _spans(levels, length)
    shards = _pack(levels, speech, length, target_ms * 16, max_ms * 16)
    return ShardPlan(tuple(shards), tuple(speech), tuple(pauses), length)


def analyse(pcm: Pcm) -> tuple[list[Span], list[Span]]:
    """Speech and pauses (at least 150 ms) of samples in memory, as sample ranges in them."""
    return _spans(_levels([pcm]), len(pcm))


def speech_spans(pcm: Pcm, *, min_pause_ms: int, margin_ms: int, max_ms: int) -> list[Span]:
    """Utterances: speech joined over pauses under ``min_pause_ms``, widened by up to ``margin_ms``.

    Neighbours never overlap, and together they hold all speech. One that would be longer than ``max_ms``
    is cut at its longest pause, or at its lowest energy where it has none.
    """
    levels = _levels([pcm])
    speech, _ = _spans(levels, len(pcm))
    joined: list[Span] = []
    for start, end in speech:
        if joined and start - joined[-1][1] < min_pause_ms * 16:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    split = [part for span in joined for part in _halve(span, speech, levels, max_ms * 16)]
    margin = margin_ms * 16
    widened: list[Span] = []
    for i, (start, end) in enumerate(split):
        before = start if i == 0 else (start - split[i - 1][1]) // 2
        after = len(pcm) - end if i + 1 == len(split) else (split[i + 1][0] - end) // 2
        widened.append((start - min(margin, before), end + min(margin, after)))
    return widened


def _halve(span: Span, speech: list[Span], levels: Levels, limit: int) -> list[Span]:
    """Cut recursively until every part is within ``limit`` samples."""
    start, end = span
    if end - start <= limit:
        return [span]
    edge = (end - start) // 6
    inside = [s for s in speech if s[0] >= start and s[1] <= end]
    gaps = [
        (right[0] - left[1], left[1], right[0])
        for left, right in pairwise(inside)
        if left[1] >= start + edge and right[0] <= end - edge
    ]
    if gaps:
        _, left_end, right_start = max(gaps)
    else:
        left_end = right_start = _weakest(levels, start + edge, end - edge)
    return [
        *_halve((start, left_end), speech, levels, limit),
        *_halve((right_start, end), speech, levels, limit),
    ]


def _levels(blocks: Iterable[Pcm]) -> Levels:
    """Level of each 10 ms frame in steps of half a decibel above -96 dBFS; direct current removed."""
    parts: list[Levels] = []
    for block in blocks:
        missing = -len(block) % _FRAME
        padded = np.pad(block, (0, missing)) if missing else block
        frames = padded.reshape(-1, _FRAME).astype(np.float32)
        power = frames.var(axis=1) / np.float32(32768.0**2)
        decibels = 10.0 * np.log10(np.maximum(power, 1e-12))
        steps = np.clip(np.rint((decibels - _FLOOR_DB) / _STEP_DB), 0, _BINS - 1)
        parts.append(steps.astype(np.uint8))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)


def _percentile(histograms: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.int64]:
    """The level under which ``share`` of the frames lie, for each row."""
    cumulated = histograms.cumsum(axis=1)
    wanted = np.maximum(1, np.ceil(cumulated[:, -1:] * share))
    return np.asarray((cumulated >= wanted).argmax(axis=1), np.int64)


def _thresholds(levels: Levels) -> npt.NDArray[np.uint8]:
    """The level from which a frame counts as speech, for each segment."""
    count = -(-len(levels) // _SEGMENT)
    whole = np.bincount(levels, minlength=_BINS)[None, :].astype(np.int64)
    loudest = int(_percentile(whole, 0.98)[0])
    if loudest * _STEP_DB + _FLOOR_DB < _QUIET_FILE_DB:
        return np.full(count, 255, np.uint8)
    silent = max(0, loudest - int(_RANGE_DB / _STEP_DB))
    room = int(_percentile(whole, 0.05)[0])
    clamped = np.maximum(levels, silent)
    cumulated = np.zeros((count + 1, _BINS), np.int64)
    for i in range(count):
        part = clamped[i * _SEGMENT : (i + 1) * _SEGMENT]
        cumulated[i + 1] = cumulated[i] + np.bincount(part, minlength=_BINS)
    first = np.clip(np.arange(count) - _REACH, 0, count)
    last = np.clip(np.arange(count) + _REACH + 1, 0, count)
    near = cumulated[last] - cumulated[first]
    floor, top = _percentile(near, 0.10), _percentile(near, 0.95)
    spread = top - floor
    # 4 to 12 dB over the floor: under 4 the floor's own flutter passes, over 12 soft consonants fall.
    threshold = floor + np.clip(0.3 * spread, 8, 24)
    # A flat minute is either room noise (as quiet as the quietest of the file) or loud all along,
    # such as music; the latter counts as speech, since nobody can tell from energy alone.
    flat = spread * _STEP_DB < 7.0
    quiet = (top <= max(room, silent) + 16) & (top < loudest - 24)
    threshold = np.where(flat & quiet, 255, np.where(flat, 1, threshold))
    return np.clip(threshold, 1, 255).astype(np.uint8)


def _runs(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Start and end of each run of true frames, one row each."""
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    return np.stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)), axis=1)


def _spans(levels: Levels, length: int) -> tuple[list[Span], list[Span]]:
    """Speech and pauses as sample ranges; silence under 150 ms counts as speech."""
    if not length:
        return [], []
    mask = levels >= np.repeat(_thresholds(levels), _SEGMENT)[: len(levels)]
    for start, end in _runs(mask):
        if end - start < _CLICK_FRAMES:
            mask[start:end] = False
    for start, end in _runs(~mask):
        if end - start < _PAUSE_FRAMES and start > 0 and end < len(mask):
            mask[start:end] = True
    pauses = [
        (int(start) * _FRAME, min(int(end) * _FRAME, length))
        for start, end in _runs(~mask)
        if end - start >= _PAUSE_FRAMES
    ]
    speech = [(int(start) * _FRAME, min(int(end) * _FRAME, length)) for start, end in _runs(mask)]
    # Too short a silence at either end of the recording is no pause; it goes with the speech there.
    if speech and 0 < speech[0][0] < _PAUSE_FRAMES * _FRAME:
        speech[0] = (0, speech[0][1])
    if speech and 0 < length - speech[-1][1] < _PAUSE_FRAMES * _FRAME:
        speech[-1] = (speech[-1][0], length)
    return speech, pauses


def _weakest(levels: Levels, start: int, end: int) -> int:
    """The sample between ``start`` and ``end`` with the least energy over 100 ms round it."""
    first = start // _FRAME
    part = levels[first : max(first + 1, end // _FRAME)].astype(np.float64)
    smooth = np.convolve(np.pad(part, 5, mode="edge"), np.full(11, 1 / 11), mode="valid")
    return (first + int(smooth.argmin())) * _FRAME


def _pack(levels: Levels, speech: list[Span], length: int, target: int, limit: int) -> list[Shard]:
    """Walk over the speech and close a shard at the best pause within reach."""
    shards: list[Shard] = []
    at = 0  # next stretch of speech
    start = 0
    overlap = 0
    while at < len(speech):
        if not overlap:
            start = max(speech[at][0] - _MARGIN, shards[-1].end_sample if shards else 0)
        last, cut = _reach(speech, at, start, target, limit)
        if cut:
            middle = _weakest(
                levels, start + min(target, limit - _OVERLAP) * 3 // 4, start + limit - _OVERLAP
            )
            end = middle + _OVERLAP // 2
            shards.append(Shard(len(shards), start, end, overlap))
            start, overlap = end - _OVERLAP, _OVERLAP
            continue
        following = speech[last + 1][0] if last + 1 < len(speech) else length
        room = following - speech[last][1]
        end = speech[last][1] + min(_MARGIN, room if last + 1 == len(speech) else room // 2)
        end = min(end, start + limit)
        shards.append(Shard(len(shards), start, end, overlap))
        at, overlap = last + 1, 0
    return shards


def _reach(speech: list[Span], at: int, start: int, target: int, limit: int) -> tuple[int, bool]:
    """The last stretch for the shard that begins with stretch ``at``; true when it must be cut inside."""
    best, best_score, early = -1, float("-inf"), -1
    for i in range(at, len(speech)):
        end = speech[i][1]
        length = end - start
        if length > limit:
            break
        pause = speech[i + 1][0] - end if i + 1 < len(speech) else _VERY_LONG_SILENCE
        if pause >= _VERY_LONG_SILENCE or (pause >= _LONG_SILENCE and length >= target // 3):
            # The rest of the pause costs nothing when the shard ends here; not when that is far too late.
            return (i, False) if length <= target * 5 // 4 or best < 0 else (best, False)
        if length < target // 2:
            early = i
            continue
        # A second of pause is worth twenty seconds of distance from the wished length.
        score = min(pause, SAMPLE_RATE) - abs(length - target) / 20
        if score > best_score:
            best, best_score = i, score
    last = best if best >= 0 else early
    return (last, False) if last >= 0 else (at, True)
