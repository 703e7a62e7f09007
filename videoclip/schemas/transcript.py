"""What was said, when, by whom; and what was found in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import FailFast, Field

from videoclip.schemas.base import Milliseconds, Record, Score
from videoclip.schemas.media import TimeRange

__all__ = ["Candidate", "Engine", "Product", "Sentence", "Transcript", "Word"]


class Word(Record):
    """One spoken word (or Chinese character) with its time."""

    id: int = Field(ge=0, description="number in the transcript, from 0")
    text: str = Field(min_length=1, description="as shown, with punctuation that belongs to it")
    start_ms: Milliseconds
    end_ms: Milliseconds
    confidence: Score | None = None
    speaker: str | None = None


class Sentence(Record):
    """A run of words that belong together; what highlights and captions refer to."""

    id: int = Field(ge=0, description="number in the transcript, from 0")
    text: str
    start_ms: Milliseconds = Field(description="start of the first word")
    end_ms: Milliseconds = Field(description="end of the last word")
    words: Annotated[list[Word], FailFast()] = Field(min_length=1)
    speaker: str | None = None


class Engine(Record):
    """Which engine did the work, so that a result can be made again."""

    name: str
    version: str = ""
    model: str = ""
    device: str = "cpu"


class Transcript(Record):
    """Everything that was said, in order. An empty one (no speech) is legal."""

    version: Literal[1] = 1
    language: str = Field(description="BCP 47, such as en or zh")
    duration_ms: Milliseconds = Field(description="length of the source")
    engine: Engine
    sentences: Annotated[list[Sentence], FailFast()] = Field(default_factory=list)
    untranscribed: list[TimeRange] = Field(
        default_factory=list, description="ranges whose recognition failed"
    )

    @property
    def words(self) -> list[Word]:
        """All words in order."""
        return [word for sentence in self.sentences for word in sentence.words]


class Product(Record):
    """A product that the video may sell; one clip at most is made of each."""

    name: str = Field(min_length=1, max_length=120, description="as clips are titled")
    aliases: list[str] = Field(
        default_factory=list, max_length=20, description="other words that are said for it"
    )


class Candidate(Record):
    """A run of whole sentences that might become a clip, chosen or dropped, and why."""

    id: str = Field(description="stable within a job, such as c03")
    first_sentence: int = Field(ge=0)
    last_sentence: int = Field(ge=0, description="inclusive")
    start_ms: Milliseconds = Field(
        description="derived from words, snapped into the silence before"
    )
    end_ms: Milliseconds = Field(description="derived from words, snapped into the silence after")
    title: str
    reason: str = Field(description="why it was picked, one sentence for people")
    quote: str = Field("", description="its strongest sentence, word for word")
    hook: str = Field("", description="a line that makes one watch; empty without a model")
    product: str = Field("", description="product of the request's list that it shows")
    score: Score
    scores: dict[str, float] = Field(default_factory=dict, description="score by criterion")
    hashtags: list[str] = Field(default_factory=list)
    engine: str = Field(description="highlighter that proposed it")
    selected: bool = False
    dropped: str | None = Field(
        None, description="why it was not selected, one sentence for people"
    )
