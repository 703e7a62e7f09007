"""Search in everything that was said."""

from __future__ import annotations

from collections.abc import Iterable

from videoclip.client._async.resource import AsyncListing, AsyncResource
from videoclip.client.bodies import dumped, valid
from videoclip.client.idempotency import key_header
from videoclip.client.operations import operation
from videoclip.schemas import RenderOptions
from videoclip.schemas.api.search import HitOut, HitPage, Pick, SupercutIn, SupercutOut

__all__ = ["AsyncSearch"]


class AsyncSearch(AsyncResource):
    """Sentences of all transcripts of the workspace, and clips of them."""

    @operation("GET /search")
    async def page(
        self, q: str, *, source: str | None = None, job: str | None = None, skip: int = 0,
        limit: int = 50,
    ) -> HitPage:  # fmt: skip
        """Some hits, the best first.

        Args:
            q: words, all of which are said in a sentence; quotation marks hold some together.
            source: only in this source, such as `asset:ID`.
            job: only in this job's transcript.
            skip: hits of the pages before.
            limit: hits at most.
        """
        query = {"q": q, "source": source, "job": job, "skip": skip, "limit": limit}
        return await self._transport.get("/search", HitPage, query)

    def find(
        self, q: str, *, source: str | None = None, job: str | None = None
    ) -> AsyncListing[HitPage, HitOut]:
        """All hits, the best first; see `page`."""
        return AsyncListing(
            lambda skip: self.page(q, source=source, job=job, skip=skip or 0, limit=200),
            lambda page: page.hits,
            lambda page: page.next_skip,
        )

    @operation("POST /search/supercut")
    async def supercut(
        self, hits: Iterable[HitOut | Pick], *, q: str | None = None, pad_ms: int = 150,
        title: str = "", render: RenderOptions | None = None, idempotency_key: str | None = None,
    ) -> SupercutOut:  # fmt: skip
        """Ask for clips that play hits in order, one job for each source.

        Args:
            hits: that are taken.
            q: what was searched for: then only these words are played; None: whole sentences.
            pad_ms: more before and after each hit.
            title: of the clips.
            render: how they look and sound.
            idempotency_key: a word of your own: the same again is the same jobs; None: one is made.
        """
        picks = [Pick(job_id=hit.job_id, sentence=hit.sentence) for hit in hits]
        style = {} if render is None else {"render": render}
        wanted = valid(SupercutIn, hits=picks, q=q, pad_ms=pad_ms, title=title, **style)
        return await self._transport.post(
            "/search/supercut", SupercutOut, dumped(wanted), safe=True,
            headers=key_header(idempotency_key),
        )  # fmt: skip
