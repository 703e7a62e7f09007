"""Edited clips: edit lists with a style, in versions, rendered by jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from videoclip.client._async.resource import AsyncListing, AsyncResource, segment
from videoclip.client.bodies import dumped, read, valid
from videoclip.client.operations import operation
from videoclip.schemas import RenderOptions, TimeRange
from videoclip.schemas.api.clip_specs import RenderOut, SpecChange, SpecIn, SpecOut, SpecPage

__all__ = ["AsyncClipSpecs"]


class AsyncClipSpecs(AsyncResource):
    """Clips as people edit them."""

    @operation("POST /clip-specs")
    async def create(
        self, source: str, ranges: Iterable[TimeRange], *, title: str = "",
        render: RenderOptions | None = None, transcript_id: str | None = None,
        job_id: str | None = None,
    ) -> SpecOut:  # fmt: skip
        """Make one.

        Args:
            source: such as `asset:ID`.
            ranges: of the source, in the order they play.
            title: for the title card and the file's name.
            render: how it looks and sounds.
            transcript_id: whose words are the captions.
            job_id: in whose review it is made.
        """
        given: dict[str, Any] = {
            "source": source, "ranges": list(ranges), "title": title, "render": render,
            "transcript_id": transcript_id, "job_id": job_id,
        }  # fmt: skip
        wanted = valid(SpecIn, **{key: one for key, one in given.items() if one is not None})
        return await self._transport.post("/clip-specs", SpecOut, dumped(wanted))

    @operation("POST /jobs/{job_id}/highlights/{candidate_id}/clip-spec")
    async def of_highlight(self, job_id: str, candidate_id: str) -> SpecOut:
        """Make one that begins as a highlight of a job."""
        path = f"/jobs/{segment(job_id)}/highlights/{segment(candidate_id)}/clip-spec"
        return await self._transport.post(path, SpecOut)

    @operation("GET /clip-specs")
    async def page(
        self, *, cursor: str | None = None, limit: int = 50, job: str | None = None
    ) -> SpecPage:
        """Some of them, newest first; ``job``: only those of this job's review."""
        query = {"cursor": cursor, "limit": limit, "job": job}
        return await self._transport.get("/clip-specs", SpecPage, query)

    def list(self, *, job: str | None = None) -> AsyncListing[SpecPage, SpecOut]:
        """All of them, newest first; ``job``: only those of this job's review."""
        return AsyncListing(
            lambda cursor: self.page(cursor=cursor, limit=200, job=job),
            lambda page: page.clips,
            lambda page: page.next_cursor,
        )

    @operation("GET /clip-specs/{spec_id}")
    async def get(self, spec_id: str) -> SpecOut:
        """As it is now."""
        return await self._transport.get(f"/clip-specs/{segment(spec_id)}", SpecOut)

    @operation("PATCH /clip-specs/{spec_id}")
    async def edit(self, spec_id: str, base_version: int, **changes: Any) -> SpecOut:
        """Change it; what is not named stays.

        Args:
            spec_id: which one.
            base_version: the version that is changed.
            **changes: `title`, `ranges`, `render`, `transcript_id`; that may be None.

        Raises:
            Conflict: it was changed since that version; nothing is overwritten.
        """
        body = dumped(valid(SpecChange, base_version=base_version, **changes))
        answer = await self._transport.send("PATCH", f"/clip-specs/{segment(spec_id)}", json=body)
        return read(SpecOut, answer.content)

    @operation("DELETE /clip-specs/{spec_id}")
    async def delete(self, spec_id: str) -> None:
        """Forget it; what was rendered of it stays."""
        await self._transport.send("DELETE", f"/clip-specs/{segment(spec_id)}")

    @operation("POST /clip-specs/{spec_id}/render")
    async def render(self, spec_id: str) -> RenderOut:
        """Ask for a job that renders it as it is now. The same version again is the same job."""
        path = f"/clip-specs/{segment(spec_id)}/render"
        return await self._transport.post(path, RenderOut, safe=True)
