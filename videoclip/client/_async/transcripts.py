"""Transcripts: read, corrected in versions, exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from videoclip.client._async.resource import AsyncListing, AsyncResource, segment
from videoclip.client.bodies import dumped, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.transcripts import (
    CorrectionIn,
    TranscriptInfo,
    TranscriptOut,
    TranscriptPage,
    VersionList,
    VersionOut,
)

__all__ = ["AsyncTranscripts"]


class AsyncTranscripts(AsyncResource):
    """What was said."""

    @operation("GET /transcripts")
    async def page(self, *, cursor: str | None = None, limit: int = 50) -> TranscriptPage:
        """Some of those that somebody has opened, newest first, without their words."""
        query = {"cursor": cursor, "limit": limit}
        return await self._transport.get("/transcripts", TranscriptPage, query)

    def list(self) -> AsyncListing[TranscriptPage, TranscriptInfo]:
        """All that somebody has opened, newest first, without their words."""
        return AsyncListing(
            lambda cursor: self.page(cursor=cursor, limit=200),
            lambda page: page.transcripts,
            lambda page: page.next_cursor,
        )

    @operation("GET /jobs/{job_id}/transcript")
    async def of_job(self, job_id: str) -> TranscriptOut:
        """The transcript of a job, with the corrections that were made since."""
        return await self._transport.get(f"/jobs/{segment(job_id)}/transcript", TranscriptOut)

    @operation("GET /transcripts/{transcript_id}")
    async def get(self, transcript_id: str, *, version: int | None = None) -> TranscriptOut:
        """The newest version, or another one."""
        path = f"/transcripts/{segment(transcript_id)}"
        return await self._transport.get(path, TranscriptOut, {"version": version})

    @operation("GET /transcripts/{transcript_id}/versions")
    async def versions(self, transcript_id: str) -> Sequence[VersionOut]:
        """Who wrote which version, newest first."""
        path = f"/transcripts/{segment(transcript_id)}/versions"
        return (await self._transport.get(path, VersionList)).versions

    @operation("POST /transcripts/{transcript_id}/corrections")
    async def correct(
        self, transcript_id: str, base_version: int, *, words: Mapping[int, str] | None = None,
        speakers: Mapping[str, str] | None = None,
        sentences: Mapping[int, str | None] | None = None, note: str = "",
    ) -> TranscriptOut:  # fmt: skip
        """Write the next version; times and ids stay.

        Args:
            transcript_id: which one.
            base_version: the version that is corrected.
            words: new texts by the ids of words.
            speakers: new names by the old ones.
            sentences: who says them, by the ids of sentences.
            note: for people.

        Raises:
            Conflict: it was corrected since that version; nothing is overwritten.
        """
        wanted = valid(
            CorrectionIn, base_version=base_version, speakers=dict(speakers or {}), note=note,
            words=_pairs("text", words), sentences=_pairs("speaker", sentences),
        )  # fmt: skip
        path = f"/transcripts/{segment(transcript_id)}/corrections"
        return await self._transport.post(path, TranscriptOut, dumped(wanted))

    @operation("GET /transcripts/{transcript_id}/export")
    async def export(
        self, transcript_id: str, form: Literal["srt", "vtt", "txt", "json"] = "srt", *,
        version: int | None = None,
    ) -> str:  # fmt: skip
        """As SubRip, WebVTT, plain text with speakers, or this program's JSON."""
        path = f"/transcripts/{segment(transcript_id)}/export"
        query = {"format": form, "version": version}
        answer = await self._transport.send("GET", path, query=query)
        return answer.content.decode("utf-8", "replace")


def _pairs(
    key: str, given: Mapping[int, str] | Mapping[int, str | None] | None
) -> Iterable[dict[str, object]]:
    return [{"id": number, key: text} for number, text in (given or {}).items()]
