"""Who speaks: voices of the whole recording in groups, and the words of each group."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from videoclip.speech.protocol import TimedWord, Voice
from videoclip.speech.text import ends_sentence

__all__ = ["DISTANCE", "group_voices", "name_speakers"]

DISTANCE = 0.5
"""Groups whose voices are further apart than this on average (one less the cosine) are two speakers."""

_MOST = 4_000  # voices compared each with each (60 MB); of longer recordings an even sample
_TURN_MS, _PHRASE_GAP_MS = 1_000, 200
_FEWEST_SHARE = (
    0.02  # a group with less of all voices is joined to the nearest: a cough is no speaker
)


def name_speakers(
    words: Sequence[TimedWord], voices: Sequence[Voice], distance: float = DISTANCE
) -> list[TimedWord]:
    """The words with their speakers, named S1, S2, ... in the order in which they are first heard.

    Args:
        words: in order; times in ms of the recording.
        voices: of the whole recording, in any order, all of one speaker model.
        distance: see ``DISTANCE``.
    """
    if not voices or not words:
        return list(words)
    ordered = sorted(voices, key=lambda voice: voice.start_ms + voice.end_ms)
    groups = group_voices(np.array([voice.embedding for voice in ordered]), distance)
    centres = [voice.start_ms + voice.end_ms for voice in ordered]
    heard = [int(groups[_nearest(centres, word.start_ms + word.end_ms)]) for word in words]
    names: dict[int, str] = {}
    named: list[TimedWord] = []
    for word, group in zip(words, _smooth(words, heard), strict=True):
        name = names.setdefault(group, f"S{len(names) + 1}")
        named.append(replace(word, speaker=name))
    return named


def _nearest(centres: Sequence[int], middle: int) -> int:
    at = bisect_left(centres, middle)
    near = [i for i in (at - 1, at) if 0 <= i < len(centres)]
    return min(near, key=lambda i: abs(centres[i] - middle))


def _smooth(words: Sequence[TimedWord], groups: Sequence[int]) -> list[int]:
    """Nobody takes over within a phrase for less than a second: such words go to who says most of it."""
    smooth = list(groups)
    for first, last in _phrases(words):
        said: dict[int, int] = {}
        for i in range(first, last):
            said[groups[i]] = said.get(groups[i], 0) + words[i].end_ms - words[i].start_ms
        most = max(said, key=lambda group: said[group])
        start = first
        for i in range(first, last):
            if i + 1 == last or groups[i + 1] != groups[i]:
                if words[i].end_ms - words[start].start_ms < _TURN_MS:
                    smooth[start : i + 1] = [most] * (i + 1 - start)
                start = i + 1
    return smooth


def _phrases(words: Sequence[TimedWord]) -> Iterator[tuple[int, int]]:
    """Runs of words, half-open, between pauses and ends of sentences."""
    start = 0
    for i, word in enumerate(words):
        last = i + 1 == len(words)
        if (
            last
            or ends_sentence(word.text)
            or words[i + 1].start_ms - word.end_ms >= _PHRASE_GAP_MS
        ):
            yield start, i + 1
            start = i + 1


def group_voices(embeddings: npt.NDArray[np.float64], distance: float) -> npt.NDArray[np.int64]:
    """A group number for each row; hierarchical clustering by average cosine distance.

    Args:
        embeddings: voices by values.
        distance: between the groups, at least.
    """
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-9)
    if len(unit) < 2:
        return np.zeros(len(unit), np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage

    sample = unit[np.linspace(0, len(unit) - 1, min(len(unit), _MOST)).astype(int)]
    found = fcluster(linkage(sample, "average", metric="cosine"), distance, "distance")
    counts = {int(label): int((found == label).sum()) for label in np.unique(found)}
    fewest = max(2, round(_FEWEST_SHARE * len(sample)))
    kept = [label for label, count in counts.items() if count >= fewest] or [
        max(counts, key=lambda label: counts[label])
    ]
    centres = np.array([sample[found == label].mean(0) for label in kept])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return np.asarray(np.argmax(unit @ centres.T, axis=1), np.int64)
