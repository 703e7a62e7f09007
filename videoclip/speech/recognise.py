"""One shard through a recogniser: read its samples, make its times absolute, keep it as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoclip.speech.audio import read_pcm, samples_to_ms
from videoclip.speech.protocol import Hypothesis, Recogniser, Shard, TimedWord, Voice

__all__ = ["ShardResult", "recognise_shard", "shard_result"]


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What was heard in one shard; times in ms from the start of the recording."""

    index: int
    words: tuple[TimedWord, ...] = ()
    language: str = ""
    punctuated: bool = False
    voices: tuple[Voice, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dictionary of JSON types.

        A word is ``[text, start_ms, end_ms, confidence, speaker]``, a voice ``[start_ms, end_ms, embedding]``.
        """
        return {
            "index": self.index,
            "language": self.language,
            "punctuated": self.punctuated,
            "words": [
                [word.text, word.start_ms, word.end_ms, word.confidence, word.speaker]
                for word in self.words
            ],
            "voices": [
                [voice.start_ms, voice.end_ms, [round(value, 4) for value in voice.embedding]]
                for voice in self.voices
            ],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ShardResult:
        """The result that ``to_json`` wrote."""
        return cls(
            index=content["index"],
            words=tuple(TimedWord(*fields) for fields in content["words"]),
            language=content["language"],
            punctuated=content["punctuated"],
            voices=tuple(
                Voice(start, end, tuple(embedding))
                for start, end, embedding in content.get("voices", ())
            ),
        )


def recognise_shard(recogniser: Recogniser, pcm_path: Path, shard: Shard) -> ShardResult:
    """Recognise one shard of the recording at ``pcm_path``.

    Words come back in order, inside the shard, at least one millisecond long.

    Raises:
        RecognitionFailed: the audio cannot be read or the engine failed on it.
    """
    pcm = read_pcm(pcm_path, shard.start_sample, shard.end_sample)
    if not len(pcm):
        return ShardResult(shard.index)
    return shard_result(recogniser.recognise(pcm), shard, len(pcm))


def shard_result(heard: Hypothesis, shard: Shard, samples: int) -> ShardResult:
    """What was heard in ``samples`` samples from the shard's start, with absolute times."""
    offset = samples_to_ms(shard.start_sample)
    limit = max(1, samples_to_ms(samples))
    words: list[TimedWord] = []
    for word in sorted(heard.words, key=lambda word: word.start_ms):
        start = min(max(word.start_ms, 0), limit - 1)
        end = min(max(word.end_ms, start + 1), limit)
        if word.text.strip():
            words.append(
                TimedWord(
                    word.text.strip(), offset + start, offset + end, word.confidence, word.speaker
                )
            )
    voices = tuple(
        Voice(offset + voice.start_ms, offset + voice.end_ms, voice.embedding)
        for voice in heard.voices
    )
    return ShardResult(shard.index, tuple(words), heard.language, heard.punctuated, voices)
