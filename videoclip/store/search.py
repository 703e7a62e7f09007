"""Search in everything that was said in a workspace's videos; a stranger's sentences are not found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import InvalidRequest, NotFound
from videoclip.schemas import TimeRange, Transcript
from videoclip.schemas.transcript import Sentence
from videoclip.store.models import Job, SearchSentence, TranscriptRow
from videoclip.store.search_terms import Phrase, asked, located, terms
from videoclip.store.transcripts import Transcripts

__all__ = [
    "Hit",
    "Ranges",
    "Search",
    "Word",
    "index_heard",
    "index_job",
    "search_words",
    "supercut",
]

_FTS = table("search_words", column("rowid"))
_BATCH = 200
_MOST_TERMS = 4000
"""Of one sentence; PostgreSQL counts places to 16,383."""
_MOST_HITS = 500
_GAP = 24
"""Characters of a sentence between two of its words at most: a word further on is another one."""


@dataclass(frozen=True, slots=True)
class Word:
    """A place where what was asked for stands: characters of the text, and when they are spoken."""

    begin: int
    end: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that was found."""

    job_id: str
    source: str
    sentence: int
    start_ms: int
    end_ms: int
    speaker: str | None
    text: str
    found: tuple[Word, ...]
    """What was asked for, in order; the first one is the exact time to jump to."""
    rank: float
    """Larger is better; only hits of one search compare."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ranges of one source, in order."""

    source: str
    ranges: tuple[TimeRange, ...]


class Search:
    """Statements over one session and one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._postgresql = session.get_bind().dialect.name == "postgresql"

    async def index_transcript(
        self, job_id: str, source: str, transcript: Transcript, known: Transcript | None = None
    ) -> int:
        """Make a job's transcript searchable, in place of what was there of it; returns how many sentences were written.

        Args:
            job_id: whose transcript it is.
            source: as render jobs name it, such as ``asset:ID``.
            transcript: its newest version.
            known: the version before it, if that is searchable: only sentences that differ are written.

        Raises:
            NotFound: the workspace has no such job.
        """
        owner = await self._session.scalar(select(Job.workspace_id).where(Job.id == job_id))
        if owner != self._workspace_id:
            raise NotFound(f"there is no job {job_id}", "List the jobs and use one of their ids")
        if known is not None and await self._has(job_id):
            sentences = _changed(known, transcript)
            await self._remove_sentences(job_id, [sentence.id for sentence in sentences])
        else:
            sentences = transcript.sentences
            await self.remove_transcript(job_id)
        rows = [self._row(job_id, source, sentence) for sentence in sentences]
        statement = insert(SearchSentence).values(
            words=self._stored(bindparam("terms", type_=Text))
        )
        for first in range(0, len(rows), _BATCH):
            await self._session.execute(statement, rows[first : first + _BATCH])
        return len(rows)

    async def remove_transcript(self, job_id: str) -> None:
        """Let nothing of a job's transcript be found any more."""
        await self._session.execute(
            delete(SearchSentence).where(
                SearchSentence.workspace_id == self._workspace_id, SearchSentence.job_id == job_id
            )
        )

    async def _has(self, job_id: str) -> bool:
        found = await self._session.scalar(
            select(SearchSentence.id).where(SearchSentence.job_id == job_id).limit(1)
        )
        return found is not None

    async def _remove_sentences(self, job_id: str, sentences: Sequence[int]) -> None:
        for first in range(0, len(sentences), _BATCH):
            await self._session.execute(
                delete(SearchSentence).where(
                    SearchSentence.workspace_id == self._workspace_id,
                    SearchSentence.job_id == job_id,
                    SearchSentence.sentence.in_(sentences[first : first + _BATCH]),
                )
            )

    async def find(
        self, query: str, *, source: str | None = None, job_id: str | None = None,
        limit: int = 50, skip: int = 0,
    ) -> list[Hit]:  # fmt: skip
        """Sentences in which everything that was asked for stands, the best first.

        Args:
            query: words; quotation marks hold words together.
            source: only of this source.
            job_id: only of this job.
            limit: how many at most.
            skip: leave out the first ones.

        Raises:
            InvalidRequest: nothing is asked for.
        """
        phrases = asked(query)
        if not phrases:
            raise InvalidRequest("the query holds no word", "Write a word or two to look for")
        wanted = [SearchSentence.workspace_id == self._workspace_id]
        if source is not None:
            wanted.append(SearchSentence.source == source)
        if job_id is not None:
            wanted.append(SearchSentence.job_id == job_id)
        matches, rank = self._matching(phrases)
        statement = (
            select(SearchSentence, rank.label("rank"))
            .where(*wanted, matches)
            .order_by(rank.desc(), SearchSentence.id)
            .limit(min(limit, _MOST_HITS))
            .offset(skip)
        )
        if not self._postgresql:
            statement = statement.join(_FTS, _FTS.c.rowid == SearchSentence.id)
        rows = await self._session.execute(statement)
        return [_hit(row[0], phrases, float(row[1])) for row in rows]

    async def pick(self, wanted: Sequence[tuple[str, int]], query: str | None = None) -> list[Hit]:
        """Certain sentences, in the order that was asked for.

        Args:
            wanted: ids of jobs and of sentences in their transcripts.
            query: what was searched for; None: nothing in particular.

        Raises:
            NotFound: one of them is not in the workspace.
        """
        phrases = asked(query) if query is not None else []
        by_job: dict[str, list[int]] = {}
        for job_id, sentence in wanted:
            by_job.setdefault(job_id, []).append(sentence)
        found: dict[tuple[str, int], SearchSentence] = {}
        for job_id, sentences in by_job.items():
            rows = await self._session.scalars(
                select(SearchSentence).where(
                    SearchSentence.workspace_id == self._workspace_id,
                    SearchSentence.job_id == job_id,
                    SearchSentence.sentence.in_(sentences),
                )
            )
            found.update(((row.job_id, row.sentence), row) for row in rows)
        missing = [key for key in wanted if key not in found]
        if missing:
            raise NotFound(
                f"there is no sentence {missing[0][1]} of job {missing[0][0]}", "Search again"
            )
        return [_hit(found[key], phrases, 0.0) for key in dict.fromkeys(wanted)]

    def _matching(
        self, phrases: Sequence[Phrase]
    ) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
        if self._postgresql:
            wanted = cast(literal(_tsquery(phrases), Text), TSQUERY)
            words = SearchSentence.words
            # 1: long sentences count a little less.
            return words.op("@@", is_comparison=True)(wanted), func.ts_rank_cd(words, wanted, 1)
        match = literal_column("search_words").op("MATCH", is_comparison=True)(_fts5(phrases))
        return match, literal_column("-bm25(search_words)", Float)

    def _row(self, job_id: str, source: str, sentence: Sentence) -> dict[str, Any]:
        return {
            "workspace_id": self._workspace_id, "job_id": job_id, "source": source,
            "sentence": sentence.id, "start_ms": sentence.start_ms, "end_ms": sentence.end_ms,
            "speaker": sentence.speaker, "text": sentence.text, "times": _times(sentence),
            "terms": search_words(sentence.text, postgresql=self._postgresql),
        }  # fmt: skip

    def _stored(self, words: Any) -> Any:
        return cast(words, TSVECTOR) if self._postgresql else words


async def index_job(
    session: AsyncSession, job_id: str, transcript: Transcript, known: Transcript | None = None
) -> int:
    """Make the transcript of a workspace's job searchable; returns how many sentences were written.

    Args:
        session: of the transaction that the job's end is written in.
        job_id: whose transcript it is; a job of the command line has no workspace, and is not indexed.
        transcript: what was said.
        known: the version before, if that is searchable: only sentences that differ are written.
    """
    job = (
        await session.execute(select(Job.workspace_id, Job.request).where(Job.id == job_id))
    ).one_or_none()
    if job is None or job.workspace_id is None:
        return 0
    # An address keeps no query: that is where secrets are.
    source = str(job.request.get("source", "")).partition("?")[0][:255]
    search = Search(session, job.workspace_id)
    return await search.index_transcript(job_id, source, transcript, known)


async def index_heard(session: AsyncSession, job_id: str, heard: Transcript) -> int:
    """As ``index_job``, at the end of a run: where people have corrected what an earlier run heard, that is found.

    Args:
        session: of the transaction that the job's end is written in.
        job_id: whose transcript it is.
        heard: by this run.
    """
    # Held, so that no correction is written in between.
    row = await session.scalar(
        select(TranscriptRow).where(TranscriptRow.job_id == job_id).with_for_update()
    )
    if row is None:
        return await index_job(session, job_id, heard)
    content = await Transcripts(session, row.workspace_id).content(row.id)
    return await index_job(session, job_id, Transcript.model_validate(content))


def _changed(before: Transcript, after: Transcript) -> list[Sentence]:
    old = {sentence.id: sentence for sentence in before.sentences}
    return [sentence for sentence in after.sentences if old.get(sentence.id) != sentence]


def search_words(text: str, *, postgresql: bool) -> str:
    """The column `words` of a sentence, as text that the database takes."""
    found = terms(text)[:_MOST_TERMS]
    if not postgresql:
        return " ".join(found)
    places: dict[str, list[int]] = {}
    for place, term in enumerate(found, 1):
        places.setdefault(term, []).append(place)
    # Terms are letters and digits: nothing in them needs quoting.
    return " ".join(f"'{term}':{','.join(map(str, where[:255]))}" for term, where in places.items())


def supercut(hits: Iterable[Hit], *, pad_ms: int = 0, whole_sentences: bool = True) -> list[Ranges]:
    """Ranges of each source that play what was found, in order, without playing anything twice.

    Args:
        hits: what was found; sources come in the order of their first hit.
        pad_ms: what is added before and after each hit.
        whole_sentences: the sentence, or only the words that were found.
    """
    spans: dict[str, list[tuple[int, int]]] = {}
    for hit in hits:
        first, last = hit.start_ms, hit.end_ms
        if not whole_sentences and hit.found:
            first, last = hit.found[0].start_ms, max(word.end_ms for word in hit.found)
        spans.setdefault(hit.source, []).append((max(0, first - pad_ms), last + pad_ms))
    return [Ranges(source, tuple(_merged(found))) for source, found in spans.items()]


def _merged(spans: list[tuple[int, int]]) -> list[TimeRange]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [TimeRange(start_ms=start, end_ms=end) for start, end in merged if end > start]


def _times(sentence: Sentence) -> list[list[int]]:
    """Where each word begins in the text, and when it is spoken."""
    found: list[list[int]] = []
    place = 0
    for word in sentence.words:
        here = sentence.text.find(word.text, place, place + len(word.text) + _GAP)
        if here < 0:  # written otherwise in the sentence: it shares the place of the word before
            here = place
        else:
            place = here + len(word.text)
        found.append([here, word.start_ms, word.end_ms])
    return found


def _hit(row: SearchSentence, phrases: Sequence[Phrase], rank: float) -> Hit:
    return Hit(
        job_id=row.job_id, source=row.source, sentence=row.sentence, start_ms=row.start_ms,
        end_ms=row.end_ms, speaker=row.speaker, text=row.text, found=_found(row, phrases), rank=rank,
    )  # fmt: skip


def _found(row: SearchSentence, phrases: Sequence[Phrase]) -> tuple[Word, ...]:
    places = located(row.text)
    spans: set[tuple[int, int]] = set()
    for phrase in phrases:
        count = len(phrase.terms)
        for first in range(len(places) - count + 1):
            if _fits([term for term, _, _ in places[first : first + count]], phrase):
                spans.add((places[first][1], places[first + count - 1][2]))
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(Word(begin, end, *_spoken(row, begin, end)) for begin, end in joined)


def _fits(here: list[str], phrase: Phrase) -> bool:
    *rest, last = phrase.terms
    return here[:-1] == rest and (here[-1] == last or (phrase.prefix and here[-1].startswith(last)))


def _spoken(row: SearchSentence, begin: int, end: int) -> tuple[int, int]:
    """When characters of the text are spoken: the times of the words that they stand in."""
    first = [word for word in row.times if word[0] <= begin]
    last = [word for word in row.times if word[0] < end]
    return (
        first[-1][1] if first else row.start_ms,
        last[-1][2] if last else row.end_ms,
    )


def _tsquery(phrases: Sequence[Phrase]) -> str:
    def one(phrase: Phrase) -> str:
        quoted = [f"'{term}'" for term in phrase.terms]
        if phrase.prefix:
            quoted[-1] += ":*"
        return "(" + " <-> ".join(quoted) + ")"

    return " & ".join(map(one, phrases))


def _fts5(phrases: Sequence[Phrase]) -> str:
    return " AND ".join(f'"{" ".join(p.terms)}"' + ("*" if p.prefix else "") for p in phrases)
