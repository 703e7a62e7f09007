"""Corrections of a transcript: other words in the same places, other names of speakers. Times stay."""

from __future__ import annotations

from collections.abc import Mapping

from videoclip.errors import UsageError
from videoclip.schemas import Sentence, Transcript, Word
from videoclip.speech.text import join_words

__all__ = ["correct"]


def correct(
    transcript: Transcript,
    *,
    words: Mapping[int, str] | None = None,
    speakers: Mapping[str, str] | None = None,
    sentence_speakers: Mapping[int, str | None] | None = None,
) -> Transcript:
    """A transcript with other words and speakers; ids and times are as before, so that highlights still fit.

    Args:
        transcript: the version that is corrected.
        words: new text by word id; it takes the place and the time of the word.
        speakers: new names by the old ones, everywhere.
        sentence_speakers: who says a sentence, by its id; None: nobody knows. Counts before ``speakers``.

    Raises:
        UsageError: there is no such word, sentence or speaker, or a text is empty.
    """
    words, speakers = words or {}, speakers or {}
    sentence_speakers = sentence_speakers or {}
    _check(transcript, words, speakers, sentence_speakers)
    sentences = []
    for sentence in transcript.sentences:
        changed = [_word(word, words, speakers) for word in sentence.words]
        if sentence.id in sentence_speakers:
            name = sentence_speakers[sentence.id]
            changed = [word.model_copy(update={"speaker": name}) for word in changed]
        if changed != sentence.words:
            sentences.append(_sentence(sentence, changed, transcript.language))
        else:
            sentences.append(sentence)
    return transcript.model_copy(update={"sentences": sentences})


def _word(word: Word, words: Mapping[int, str], speakers: Mapping[str, str]) -> Word:
    changes: dict[str, object] = {}
    if word.id in words and words[word.id] != word.text:
        # Somebody has looked at it: how sure the recogniser was says nothing any more.
        changes |= {"text": words[word.id].strip(), "confidence": None}
    if word.speaker is not None and word.speaker in speakers:
        changes["speaker"] = speakers[word.speaker]
    return word.model_copy(update=changes) if changes else word


def _sentence(sentence: Sentence, words: list[Word], language: str) -> Sentence:
    names = {word.speaker for word in words}
    return sentence.model_copy(
        update={
            "words": words,
            "text": join_words([word.text for word in words], language),
            "speaker": names.pop() if len(names) == 1 else None,
        }
    )


def _check(
    transcript: Transcript,
    words: Mapping[int, str],
    speakers: Mapping[str, str],
    sentence_speakers: Mapping[int, str | None],
) -> None:
    known_words = {word.id for word in transcript.words}
    known_sentences = {sentence.id for sentence in transcript.sentences}
    known_speakers = {word.speaker for word in transcript.words}
    wrong = (
        [f"word {number}" for number in words if number not in known_words]
        + [f"sentence {number}" for number in sentence_speakers if number not in known_sentences]
        + [f"speaker {name}" for name in speakers if name not in known_speakers]
    )
    if wrong:
        raise UsageError(
            f"the transcript has no {', '.join(wrong[:5])}",
            "Correct words, sentences and speakers that the transcript has",
        )
    texts = [*words.values(), *speakers.values(), *filter(None, sentence_speakers.values())]
    if any(not text.strip() or not text.isprintable() for text in texts):
        raise UsageError(
            "a word or a name is empty or has control characters", "Write one line of text"
        )
